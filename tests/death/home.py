"""A small lab's home before, during and after nights that die: what is published, what is kept, what lies about."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from flows.load.connection import open_published, open_working
from flows.settings import Settings, load_settings
from schemas.published import PUBLISHED
from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

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
ANSWER = "I saw it otherwise."
# What a night may leave for the next one or for the operating system; everything else that lies about is too much.
LASTING = {"night.lock", "last-night.json", "working.duckdb", "published", "receipts", "spool", "prefect"}

MONDAY = """
session | rater | therapist | patient | date       | revision | adherence | competence | remark
S-1     | R-1   | T-1       | P-1     | 2026-06-01 | 1        | 4         | 5          | calm
S-1     | R-2   | T-1       | P-1     | 2026-06-01 | 1        | 5         | 5          | .
S-2     | R-1   | T-2       | P-2     | 2026-06-02 | 1        | 3         | 9          | .
"""
MENDED = """
session | rater | therapist | patient | date       | revision | adherence | competence
S-2     | R-1   | T-2       | P-2     | 2026-06-02 | 2        | 3         | 4
"""
CORRECTED = """
session | rater | therapist | patient | date       | revision | adherence | competence | remark
S-1     | R-1   | T-1       | P-1     | 2026-06-01 | 2        | 6         | 6          | on second thoughts
"""
NEW = """
session | rater | therapist | patient | date       | adherence | competence
S-3     | R-2   | T-3       | P-3     | 2026-07-03 | 2         | 3
S-4     | R-2   | T-3       | P-3     | 2026-07-04 | 9         | 3
"""


def make_lab(home: Path) -> Lab:
    """A lab of three therapists and two supervisors, with its first evening's sheets in the inbox."""
    lab = Lab(home).draws()
    rows = [["therapist_id", "team", "supervisor_id"], *([f"T-{n}", "team", f"SV-{1 + n // 3}"] for n in (1, 2, 3))]
    (lab.settings.raw).mkdir(parents=True)
    (lab.settings.raw / "therapists.csv").write_bytes(csv_bytes(rows))
    (lab.settings.raw / "raters.csv").write_bytes(csv_bytes([["rater_id", "team", "also_written"], ["R-1"], ["R-2"]]))
    lab.sends("monday.csv", MONDAY)
    lab.sends("letter.xlsx", content=b"Dear all")
    return lab


def send_second(lab: Lab) -> None:
    """What comes before the night that dies: corrections, news, a copy, what is no sheet, what is no use."""
    lab.sends("mended.csv", MENDED)
    lab.sends("team/corrected.csv", CORRECTED)
    lab.sends("new.xlsx", NEW)
    lab.sends("copy of new.xlsx", content=(lab.settings.inbox / "new.xlsx").read_bytes())
    lab.sends("half.xlsx", content=b"PK\x03\x04 half")
    lab.sends("~$new.xlsx", content=b"lock")


def copy_home(home: Path, to: Path) -> Path:
    """A home in another place, as it is, times of change included."""
    shutil.copytree(home, to, symlinks=True)
    return to


@dataclass(frozen=True, slots=True)
class State:
    """A home as it can be compared with another: what each published file shows, and what history and the archive hold."""

    published: Mapping[str, Content]
    history: Mapping[str, Rows]
    kept: frozenset[str]
    bytes_of: Mapping[str, str]  # SHA-256 of each published file, which saves reading it again


def state_of(home: Path) -> State:
    """Everything that a night promises. The working file is opened as the next night would open it."""
    files = published_files(home)
    return State(
        {name: shown(path) for name, path in files.items()},
        _history(home),
        frozenset(kept(home)),
        {name: _sha256(path) for name, path in files.items()},
    )


def published_files(home: Path) -> dict[str, Path]:
    """Every file that people open, by its place."""
    root = load_settings(home).published
    found = [p for p in sorted(root.rglob("*")) if p.suffix in (".duckdb", ".xlsx") and not p.name.startswith(".")]
    return {p.relative_to(root).as_posix(): p for p in found}


def assert_whole(home: Path, before: State, after: State) -> None:
    """Each published file is there, opens, and shows what it showed before the night or what it shows after it."""
    files = published_files(home)
    assert set(before.published) <= set(files)
    for name, path in files.items():
        if _sha256(path) in (before.bytes_of.get(name), after.bytes_of.get(name)):
            continue
        now = undated(shown(path))
        assert now in (undated(before.published.get(name)), undated(_of_any_date(after, name))), name


def assert_same(state: State, wanted: State, *, dated: bool) -> None:
    """One home tells the same as another; unless `dated`, whether on this night or on the next."""
    assert state.kept == wanted.kept
    if dated:
        assert state.history == wanted.history
        assert state.published == wanted.published
    else:
        assert undated(state.history) == undated(wanted.history)
        assert undated(state.published) == undated(wanted.published)


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
    """What one published file shows; it must open, and must have all that it ought to have."""
    return _tables(path) if path.suffix == ".duckdb" else _cells(path)


def _tables(path: Path) -> Content:
    with open_published(path) as con:
        found = {f"{s}.{t}" for s, t in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
        assert found == set(PUBLISHED), path
        nights = con.execute("select count(*) from about.run where is_newest").fetchone()
        assert nights == (1,), path
        return {t: con.execute(f"from {t} order by all").fetchall() for t in PUBLISHED if t != "about.run"}


def _cells(path: Path) -> Content:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def _history(home: Path) -> dict[str, Rows]:
    """Every row of history; the nights' own records, and which night it was, aside."""
    with open_working(_settings(home)) as con:
        return {
            table: con.execute(f"select * {left_out} from history.{table} order by all").fetchall()
            for table, left_out in _HISTORY.items()
        }


def lies_about(home: Path) -> list[str]:
    """Temporary files and folders that no night should leave once one has ended well."""
    settings = _settings(home)
    found = [p.name for p in settings.warehouse.iterdir() if p.name not in LASTING]
    found += [p.name for name in ("receipts", "spool") for p in (settings.warehouse / name).glob("*")]
    found += [p.name for p in settings.published.rglob(".*") if p.name not in (".fingerprints.json", ".standing")]
    found += [p.name for p in settings.archive.iterdir() if len(p.name) != 2]
    found += [p.name for p in settings.published.rglob("*") if p.suffix in (".new", ".part", ".wal")]
    return found


def kept(home: Path) -> set[str]:
    """The SHA-256 of every original in the archive; each must be the bytes that its name says."""
    originals = [p for p in load_settings(home).archive.glob("??/*") if p.is_file()]
    assert [p for p in originals if _sha256(p) != p.name] == []
    return {p.name for p in originals}


def write_into(sheet: Path) -> None:
    """A person saves her own answer into a supervision sheet."""
    book = load_workbook(sheet)
    book.worksheets[0]["A40"] = ANSWER
    book.save(sheet)


def _settings(home: Path) -> Settings:
    return load_settings(home, processes=1)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
