"""The kept originals: each that holds something of an erased person is replaced by what is left of it, under its own hash."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.intake.door import Ground, redactions
from flows.intake.inbox import open_receipts, original, write_whole
from flows.intake.redact import Left, Redaction, nothing_left
from flows.keeping.history import Going, Moves
from flows.settings import Settings

STALE = ".stale"  # hashes of originals, of which those are deleted that rewritten history does not know
AT_ONCE = 500  # files whose redaction is asked for at a time
_LEDGER = (
    "select sha256, min_by(workbook, (received_at, workbook)) from history.workbook where sha256 <> '' group by sha256"
)
_FOUND_IN = (
    "select sha256, list(rating_id) from history.rating where rating_id in (select unnest($ids)) group by sha256"
)


@dataclass(slots=True)
class Replaced:
    """Originals that are replaced: what else is called by new names, and which files may be deleted after the commit."""

    moves: Moves = field(default_factory=Moves)
    gone: set[str] = field(default_factory=set)  # ids of ratings that were found in files and go
    stale: list[Path] = field(default_factory=list)
    n_copies: int = 0
    n_removed: int = 0


def replace_originals(ground: Ground, con: DuckDBPyConnection, going: Going) -> Replaced:
    """Write what is left of every original that is touched beside it; the original itself still stands afterwards.

    Where history knows of a rating that goes and the file does not show it, nothing of the file is kept.
    """
    settings, done = ground.settings, Replaced()
    names = _names(con, settings)
    _delete_left_over(settings, names)
    needed = _by_workbook(con, going)
    beside = settings.archive / ".erasing"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    kept = sorted(path for path in settings.archive.glob("??/*") if path.is_file())
    for at in range(0, len(kept), AT_ONCE):
        _replace_some(ground, kept[at : at + AT_ONCE], names, needed, going, done)
    shutil.rmtree(beside)
    may_go = sorted({*names, *done.moves.bytes, *done.moves.bytes.values()})
    write_whole(settings.archive / STALE, "\n".join(may_go).encode())
    return done


def _delete_left_over(settings: Settings, names: Mapping[str, str]) -> None:
    """Delete what an erasure that was killed after its commit had still to delete: what it knew and nobody knows any more."""
    note = settings.archive / STALE
    for sha256 in note.read_text(encoding="ascii").split() if note.exists() else ():
        if sha256 not in names:
            original(settings, sha256).unlink(missing_ok=True)


def _names(con: DuckDBPyConnection, settings: Settings) -> dict[str, str]:
    """Under which name each original came: from the ledger, or from the receipt of a night that was killed."""
    noted = {sheet.sha256: sheet.workbook for sheet in open_receipts(settings)}
    return noted | dict(con.execute(_LEDGER).fetchall())


def _by_workbook(con: DuckDBPyConnection, going: Going) -> dict[str, frozenset[str]]:
    rows = con.execute(_FOUND_IN, {"ids": sorted(going.gone | going.trimmed)}).fetchall()
    return {sha256: frozenset(ids) for sha256, ids in rows}


def _replace_some(
    ground: Ground,
    paths: Iterable[Path],
    names: Mapping[str, str],
    needed: Mapping[str, frozenset[str]],
    going: Going,
    done: Replaced,
) -> None:
    archive = ground.settings.archive
    orders = [
        ground.order(
            path, names.get(path.name, ""), path.name, archive / ".erasing" / path.name,
            needed.get(path.name, frozenset()) & going.gone,
        )
        for path in paths
    ]  # fmt: skip
    for order, found in zip(orders, redactions(ground.settings, orders), strict=True):
        missed = needed.get(order.sha256, frozenset()) - set(found.gone) - {old for old, _ in found.moved}
        redaction = nothing_left(order, gone=found.gone) if missed else found
        if redaction.left is not Left.WHOLE:
            _take(ground.settings, order.path, order.workbook, order.part, redaction, done)
            reached("between redactions")


def _take(settings: Settings, path: Path, name: str, part: Path, redaction: Redaction, done: Replaced) -> None:
    place = original(settings, redaction.sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    part.replace(place)
    done.gone.update(redaction.gone)
    if redaction.left is Left.COPY:
        done.n_copies += 1
        done.moves.ratings.update(redaction.moved)
    else:
        done.n_removed += 1
        done.moves.notes.add(redaction.sha256)
    done.moves.bytes[path.name] = redaction.sha256
    if redaction.workbook != name:
        done.moves.names[name] = redaction.workbook
    if place != path:
        done.stale.append(path)


def delete_originals(replaced: Replaced) -> None:
    """After the commit: delete what was replaced."""
    for path in replaced.stale:
        path.unlink(missing_ok=True)
        reached("between originals deleted")


def forget_unknown(settings: Settings, known_before: Iterable[str], con: DuckDBPyConnection) -> int:
    """Delete originals that left the ledger since; how many."""
    gone = set(known_before) - set(_names(con, settings))
    paths = [original(settings, sha256) for sha256 in gone]
    there = [path for path in paths if path.is_file()]
    for path in there:
        path.unlink()
    (settings.archive / STALE).unlink(missing_ok=True)
    for folder in settings.archive.glob("??"):
        with suppress(OSError):  # it still holds something
            folder.rmdir()
    return len(there)


def known_originals(con: DuckDBPyConnection, settings: Settings) -> set[str]:
    """The hashes that the ledger or a receipt knows."""
    return set(_names(con, settings))
