"""Files that lie about in a home: the inbox, sheets sent back, receipts, what nights left half done, what is published."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.intake.door import Ground, redactions
from flows.intake.erased import RATER, THERAPIST, Erased
from flows.intake.inbox import hash_file, receipts_folder, write_whole
from flows.intake.parts import mentions_in_bytes
from flows.intake.redact import Left, Redaction, harmless_name
from flows.names import names_of
from flows.publish.returned_record import RECORD as RETURNS
from flows.publish.returned_record import read_returns
from flows.publish.unchanged import ASIDE, read_record
from flows.publish.workbook import sync_folder
from flows.settings import MIB, Settings

TEMPORARY = ("spool", "tmp")
AS_OF = "as-of"
OWN_FOLDERS = (
    (
        "raters",
        (RATER,),
        "select rater_id from history.rating union select rater_id from history.roster_rater",
    ),
    ("supervision", (THERAPIST, RATER), "select supervisor_id from history.roster_therapist"),
)


@dataclass(slots=True)
class Swept:
    """How many files were redacted where they lay, and how many were removed."""

    n_redacted: int = 0
    n_removed: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(self.n_redacted + other.n_redacted, self.n_removed + other.n_removed)


def sweep_inbox(ground: Ground) -> Swept:
    """Redact what waits in the inbox; what cannot be redacted, or is about nobody else, is removed."""
    return _sweep_files(ground, ground.settings.inbox, _files(ground.settings.inbox))


def sweep_returned(ground: Ground, moved_bytes: Mapping[str, str]) -> Swept:
    """Remove our own copies that are touched (the night writes them anew), and redact those that raters wrote into."""
    folder = ground.settings.raw / "returned"
    if not folder.is_dir():
        return Swept()
    record = read_returns(folder)
    ours = {path for path, shown in record.written.items() if _sha256(folder / path) in shown}
    swept = Swept()
    for path in sorted(ours):
        if _mentions(folder / path, path, ground):
            (folder / path).unlink()
            swept.n_removed += 1
    others = [path for path in _files(folder) if path not in ours and path != RETURNS]
    swept += _sweep_files(ground, folder, others)
    _follow_answers(folder, [path for path in _files(folder) if path not in ours], moved_bytes)
    _save_record(folder, ground.erased)
    _remove_empty(folder)
    return swept


def _follow_answers(folder: Path, paths: Iterable[str], moved_bytes: Mapping[str, str]) -> None:
    """A copy's name says which bytes it answers; those have another hash now."""
    heads = {f"~mend-{old[:12]}": f"~mend-{new[:12]}" for old, new in moved_bytes.items()}
    for path in paths:
        for old, new in heads.items():
            if old in path:
                (folder / path).replace(folder / path.replace(old, new))


def _save_record(folder: Path, erased: Erased) -> None:
    path = folder / RETURNS
    if path.exists():
        written = {name: shown for name, shown in read_returns(folder).written.items() if not erased.mentions(name)}
        write_whole(path, json.dumps(written, indent=0, sort_keys=True).encode())


def sweep_receipts(settings: Settings, erased: Erased, moved_bytes: Mapping[str, str]) -> None:
    """Tell the receipts of a killed night by the hashes and names that its sheets have now."""
    for receipt in sorted(receipts_folder(settings).glob("*.jsonl")):
        lines = [json.loads(line) for line in receipt.read_text(encoding="utf-8").splitlines()]
        for noted in lines:
            noted["workbook"] = harmless_name(noted["workbook"], erased)
            noted["inbox_path"] = harmless_name(noted["inbox_path"], erased)
            noted["sha256"] = moved_bytes.get(noted["sha256"], noted["sha256"])
        write_whole(receipt, "\n".join(json.dumps(noted) for noted in lines).encode())


def clear_temporary(settings: Settings) -> None:
    """Remove what nights left half done: what was read, what DuckDB had set aside, what was being received."""
    for name in TEMPORARY:
        shutil.rmtree(settings.warehouse / name, ignore_errors=True)
    shutil.rmtree(settings.archive / ".incoming", ignore_errors=True)


def sweep_published(ground: Ground) -> Swept:
    """Before publishing anew: remove what mentions an erased person, and every folder of a past publication.

    Sheets that a person wrote into keep all rows but those that mention one, as a copy set aside.
    """
    published = ground.settings.published
    shutil.rmtree(published / AS_OF, ignore_errors=True)
    swept = Swept()
    for path in sorted((p for p in published.rglob("*") if p.is_dir()), reverse=True):
        if ground.erased.mentions(path.name):
            shutil.rmtree(path)
            swept.n_removed += 1
    for path in sorted(published.rglob("*")):
        if path.is_file() and path.suffix != ".duckdb" and _mentions(path, path.name, ground):
            swept.n_redacted += _set_aside(path, ground)
            path.unlink()
            swept.n_removed += 1
            reached("between published files removed")
    return swept


def remove_folders(settings: Settings, con: DuckDBPyConnection, erased: Erased) -> int:
    """Remove an erased rater's or supervisor's own published folder, also where the id is too short to be known in names.

    Before history forgets them: their ids are read from it. How many folders went.
    """
    people = [
        (folder, person)
        for folder, kinds, query in OWN_FOLDERS
        for (person,) in con.execute(query).fetchall()
        if any(erased.names(kind, person) for kind in kinds)
    ]
    there = {settings.published / folder / name for folder, person in people for name in names_of(person)}
    gone = [path for path in there if path.is_dir()]
    for path in gone:
        shutil.rmtree(path)
    return len(gone)


def _set_aside(path: Path, ground: Ground) -> bool:
    """Keep what a person wrote into a sheet of ours; nothing when nobody did."""
    if path.suffix != ".xlsx" or ground.erased.mentions(path.name):
        return False
    written = {sha256 for pairs in read_record(path.parent).writings.values() for sha256, _content in pairs}
    if hash_file(path) in written or not read_record(path.parent).writings:
        return False
    from flows.keeping.answers import without_mentions

    content = without_mentions(path, ground)
    if content is None:
        return False
    stem = path.stem if ASIDE in path.stem else f"{path.stem}{ASIDE}redacted"
    path.with_name(f"{stem}~{hash_file(path)[:6]}.xlsx").write_bytes(content)
    return True


def _sweep_files(ground: Ground, folder: Path, paths: Iterable[str]) -> Swept:
    beside = ground.settings.warehouse / "tmp"
    beside.mkdir(parents=True, exist_ok=True)
    orders = [
        ground.order(folder / path, path, hash_file(folder / path), beside / f"{number}.part")
        for number, path in enumerate(paths)
    ]
    swept = Swept()
    for order, done in zip(orders, redactions(ground.settings, orders), strict=True):
        swept += _put(folder, order.path, order.part, done)
        reached("between files swept")
    _remove_empty(folder)
    return swept


def _put(folder: Path, path: Path, part: Path, done: Redaction) -> Swept:
    """Put what is left of a file in its place, with its time of change, which says when it came."""
    if done.left is Left.WHOLE:
        return Swept()
    if done.left is Left.NOTHING:
        path.unlink()
        return Swept(n_removed=1)
    seen = path.stat()
    place = folder / done.workbook
    place.parent.mkdir(parents=True, exist_ok=True)
    os.utime(part, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    part.replace(place)
    if place != path:
        path.unlink()
    sync_folder(place.parent)
    return Swept(n_redacted=1)


def _mentions(path: Path, name: str, ground: Ground) -> bool:
    limits = ground.settings.max_unpacked_mib * MIB
    return ground.erased.mentions(name) or mentions_in_bytes(path, ground.erased, limits)


def _files(folder: Path) -> list[str]:
    """Regular files below a folder, as paths below it; links are not followed."""
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _remove_empty(folder: Path) -> None:
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        with suppress(OSError):  # it still holds something
            path.rmdir()


def _sha256(path: Path) -> str:
    return hash_file(path) if path.is_file() else ""
