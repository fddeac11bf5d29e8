"""A home as it can be compared with another: what is published and sent back, what history holds, what is kept, what lies about.

Comparisons give back sentences, one for each thing that is not as it should be; none when all is well. They name files and
tables, and never what stands in them.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import Error as DuckDBError
from python_calamine import CalamineError, CalamineWorkbook

from flows.intake.inbox import hash_file
from flows.load.connection import open_published, open_working
from flows.prove.nights import settings_of
from schemas.published import PUBLISHED

FIRST, SECOND, THIRD = "2026-07-01", "2026-07-08", "2026-07-09"  # night before, night that dies, night after
Rows = list[tuple[Any, ...]]
Content = Mapping[str, Rows | list[Any]]  # table or sheet -> what is shown there
# the night, its moment, the start of its window, and three months before it
_TONIGHT = re.compile(r"(2026|2024)-07-0[89]([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?|2026-04-(09|10)")
_NIGHT = "exclude (night_id)"
_HISTORY = {
    "workbook": _NIGHT,
    "rating": _NIGHT,
    "score": "",
    "comment": "",
    "finding": "exclude (night_id, closed_night_id)",
    "event": _NIGHT,
}
# What a night may leave for the next one or for the operating system; everything else that lies about is too much.
LASTING = {"night.lock", "last-night.json", "working.duckdb", "published", "receipts", "spool", "prefect"}
OURS = (".fingerprints.json", ".standing", ".written.json")


@dataclass(frozen=True, slots=True)
class State:
    """What people see in a home, and what history and the archive hold."""

    published: Mapping[str, Content]
    returned: Mapping[str, Content]
    history: Mapping[str, Rows]
    kept: frozenset[str]
    bytes_of: Mapping[str, str]  # SHA-256 of each published file, which saves reading it again


class NotWhole(Exception):
    """A file that people see cannot be opened, or does not have all that it ought to have."""


def copy_home(home: Path, to: Path) -> Path:
    """A home in another place, as it is, times of change included."""
    shutil.copytree(home, to, symlinks=True)
    return to


def state_of(home: Path) -> State:
    """Everything that a night promises. The working file is opened as the next night would open it.

    Raises:
        NotWhole: a file that people see cannot be read.
    """
    files = published_files(home)
    back = settings_of(home).raw / "returned"
    return State(
        {name: shown(path) for name, path in files.items()},
        {p.relative_to(back).as_posix(): shown(p) for p in sorted(back.glob("*/*")) if not p.name.startswith(".")},
        _history(home),
        frozenset(kept(home)),
        {name: hash_file(path) for name, path in files.items()},
    )


def published_files(home: Path) -> dict[str, Path]:
    """Every file that people open, by its place."""
    root = settings_of(home).published
    found = [p for p in sorted(root.rglob("*")) if p.suffix in (".duckdb", ".xlsx") and not p.name.startswith(".")]
    return {p.relative_to(root).as_posix(): p for p in found}


def whole(home: Path, before: State, after: State) -> list[str]:
    """Whether each published file is there, opens, and shows what it showed before the night or what it shows after it."""
    files = published_files(home)
    wrong = [f"{name} is gone" for name in before.published if name not in files]
    for name, path in files.items():
        if hash_file(path) in (before.bytes_of.get(name), after.bytes_of.get(name)):
            continue
        try:
            now = undated(shown(path))
        except NotWhole as broken:
            wrong.append(str(broken))
            continue
        if now not in (undated(before.published.get(name)), undated(_of_any_date(after, name))):
            wrong.append(f"{name} shows neither yesterday nor today")
    return wrong


def differences(state: State, wanted: State, *, dated: bool) -> list[str]:
    """What one home tells otherwise than another; unless `dated`, whether on this night or on the next."""
    return [
        *([] if state.kept == wanted.kept else ["the originals that are kept differ"]),
        *_differing(state.history, wanted.history, dated, "history."),
        *_differing(state.published, wanted.published, dated, "published "),
        *_differing(state.returned, wanted.returned, dated, "returned "),
    ]


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any], dated: bool, kind: str) -> Iterator[str]:
    if not dated:
        found, wanted = undated(found), undated(wanted)
    for name in sorted({*found, *wanted}):
        if found.get(name) != wanted.get(name):
            yield f"{kind}{name} differs"


def lost(state: State, wanted: State) -> int:
    """Workbooks and ratings that ought to be in history once each and are not there, or are there more often; lost originals."""
    missing = len(wanted.kept - state.kept)
    for table, n_key in (("workbook", 2), ("rating", 1)):
        there = Counter(row[:n_key] for row in state.history[table])
        due = Counter(row[:n_key] for row in wanted.history[table])
        missing += sum(abs(there[key] - due[key]) for key in {*there, *due})
    return missing


def _of_any_date(state: State, name: str) -> Content | None:
    return {undated(n): content for n, content in state.published.items()}.get(undated(name))


def undated(told: Any) -> Any:
    """The same with "tonight" for the date and the moments of the night that dies and of the one after."""
    match told:
        case Mapping():
            return {undated(name): undated(one) for name, one in told.items()}
        case list():
            return sorted((undated(one) for one in told), key=repr)
        case tuple():
            return tuple(undated(one) for one in told)
        case dt.date():
            return undated(told.isoformat())
        case str():
            return _TONIGHT.sub("tonight", told)
    return told


def shown(path: Path) -> Content:
    """What one file shows.

    Raises:
        NotWhole: it does not open, or does not have all that it ought to have.
    """
    try:
        if path.suffix == ".duckdb":
            return _tables(path)
        book = CalamineWorkbook.from_path(str(path))
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except (DuckDBError, CalamineError, OSError):
        raise NotWhole(f"{path.name} does not open") from None


def _tables(path: Path) -> Content:
    with open_published(path) as con:
        found = {f"{s}.{t}" for s, t in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
        if found != set(PUBLISHED):
            raise NotWhole(f"{path.name} has not all its tables")
        if con.execute("select count(*) from about.run where is_newest").fetchone() != (1,):
            raise NotWhole(f"{path.name} does not say of one night that it is the newest")
        return {t: con.execute(f"from {t} order by all").fetchall() for t in PUBLISHED if t != "about.run"}


def _history(home: Path) -> dict[str, Rows]:
    """Every row of history; the nights' own records, and which night it was, aside."""
    with open_working(settings_of(home)) as con:
        return {
            table: con.execute(f"select * {left_out} from history.{table} order by all").fetchall()
            for table, left_out in _HISTORY.items()
        }


def lies_about(home: Path) -> list[str]:
    """Temporary files and folders that no night should leave once one has ended well."""
    settings = settings_of(home)
    found = [p for p in settings.warehouse.iterdir() if p.name not in LASTING]
    found += [p for name in ("receipts", "spool") for p in (settings.warehouse / name).glob("*")]
    for root in (settings.published, settings.raw / "returned"):
        found += [p for p in root.rglob(".*") if p.name not in OURS]
        found += [p for p in root.rglob("*") if p.suffix in (".new", ".part", ".wal")]
    found += [p for p in settings.archive.iterdir() if len(p.name) != 2]
    return [f"{p.name} lies about" for p in found]


def kept(home: Path) -> set[str]:
    """The SHA-256 of every original in the archive.

    Raises:
        NotWhole: one does not hold the bytes that its name says.
    """
    originals = [p for p in settings_of(home).archive.glob("??/*") if p.is_file()]
    torn = [p for p in originals if hash_file(p) != p.name]
    if torn:
        raise NotWhole(f"{len(torn)} originals do not hold the bytes that their names say")
    return {p.name for p in originals}
