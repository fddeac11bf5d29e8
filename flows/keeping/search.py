"""Searching a home for people who must not be in it any more: every file, what is packed in it, every cell, every table.

Ids of six characters and more are searched as parts of any text. Shorter ones collide with everything: they are searched as
whole cells, and as whole values of the columns that hold ids of their kind; those of one or two characters, and short
numbers, in these columns alone.
"""

from __future__ import annotations

import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from flows.intake.door import guarded
from flows.intake.erased import FIELD, PATIENT, RATER, THERAPIST, WORD, found_as
from flows.intake.findings import Refused
from flows.intake.grid import Limits, limits_of, open_workbook
from flows.intake.text import comparable, text_of
from flows.keeping.registry import Holds, holds
from flows.load.connection import text_columns_of
from flows.settings import Settings

SEARCHED = ("raw", "warehouse", "schemas", "fidelity.toml")
SQLITE = b"SQLite format 3\0"
SHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt", "")
KINDS_OF: Mapping[Holds | None, frozenset[str]] = {
    Holds.PATIENT: frozenset({PATIENT}),
    Holds.THERAPIST: frozenset({THERAPIST}),
    Holds.RATER: frozenset({RATER}),
    Holds.SUPERVISOR: frozenset({THERAPIST, RATER}),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """Ids in clear, as they may be searched."""

    parts: frozenset[str]  # anywhere in a text
    cells: frozenset[str]  # as a whole cell
    values: Mapping[str, frozenset[str]]  # as a whole value, by kind

    @property
    def needles(self) -> tuple[bytes, ...]:
        """What to look for in bytes."""
        return tuple(n for part in sorted(self.parts) for n in (part.encode(), part.encode("utf-16-le")))

    def masked(self, text: str) -> str:
        """A text that may be told: `***` in the place of every id."""
        for part in sorted(self.parts | self.cells, key=len, reverse=True):
            alone = (r"(?<![^\W_])", r"(?![^\W_])") if part in self.cells else ("", "")
            text = re.sub(f"{alone[0]}{re.escape(part)}{alone[1]}", "***", text, flags=re.IGNORECASE)
        is_left = any(part in comparable.__wrapped__(text) for part in self.parts)
        return "***" if is_left else text

    def is_in(self, text: str) -> bool:
        """Whether a cell's text holds an id."""
        plain = comparable.__wrapped__(text)
        return plain in self.cells or any(part in plain for part in self.parts)


@dataclass(slots=True)
class Found:
    """How much was searched, and the places where something was found."""

    n_files: int = 0
    n_tables: int = 0
    n_prefect: int = 0
    hits: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The search in one line."""
        gone = " Prefect's own records held an id and were removed." if self.n_prefect else ""
        what = f"found {len(self.hits)} places" if self.hits else "found nothing"
        return [f"Searched {self.n_files} files and {self.n_tables} tables: {what}.{gone}"]


@dataclass(frozen=True, slots=True)
class CellOrder:
    """One file whose cells a guarded child looks through."""

    path: Path
    suffix: str
    limits: Limits
    sought: Sought


def sought_of(spelt: Mapping[str, Iterable[str]]) -> Sought:
    """Spellings by kind, as they may be searched."""
    plain = {kind: frozenset(comparable(text) for text in texts) for kind, texts in spelt.items()}
    every = {text for texts in plain.values() for text in texts}
    parts = frozenset(t for t in every if found_as(t) not in (WORD, FIELD))
    return Sought(parts, frozenset(t for t in every if found_as(t) == WORD), plain)


def search(settings: Settings, spelt: Mapping[str, Iterable[str]], others: Sequence[Path] = ()) -> Found:
    """Search a home, and the folders of `others` (backups). Prefect's own records are removed when they hold an id."""
    sought, found = sought_of(spelt), Found()
    found.n_prefect = _clear_prefect(settings, sought)
    files = [path for root in (settings.home, *others) for path in _files(root)]
    for path in files:
        found.n_files += 1
        found.n_tables += _search_file(path, sought, found.hits)
    _search_cells(settings, [p for p in files if p.suffix.lower() in SHEETS], sought, found.hits)
    found.hits = list(dict.fromkeys("/".join(map(sought.masked, hit.split("/"))) for hit in found.hits))
    return found


def _clear_prefect(settings: Settings, sought: Sought) -> int:
    """Prefect keeps records of runs and no ids; should one have got there, the records go. How many files held one."""
    folder = settings.warehouse / "prefect"
    hits: list[str] = []
    for path in folder.rglob("*"):
        if path.is_file():
            _search_file(path, sought, hits)
    if hits:
        import shutil

        shutil.rmtree(folder)
    return len(set(hits))


def _files(root: Path) -> Iterator[Path]:
    for name in SEARCHED:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                yield path


def _search_file(path: Path, sought: Sought, hits: list[str]) -> int:
    """Names and bytes of a file, what is packed in it, and the tables in it; how many tables."""
    if sought.is_in(path.name) or any(part in comparable(str(path)) for part in sought.parts):
        hits.append(f"the name of {path}")
    content = path.read_bytes()
    if any(needle in text for text in _bytes_of(path, content) for needle in sought.needles):
        hits.append(str(path))
    if path.suffix == ".duckdb":
        tables = text_columns_of(path)
    elif content.startswith(SQLITE):
        tables = _sqlite_columns(path)
    else:
        return 0
    names = set()
    for table, column, values in tables:
        names.add(table)
        if any(_is_hit(table, column, value, sought) for value in values):
            hits.append(f"{path}, {table}.{column}")
    return len(names)


def _bytes_of(path: Path, content: bytes) -> Iterator[bytes]:
    yield content.lower()
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                yield member.filename.encode().lower()
                if not member.flag_bits & 1:
                    yield packed.read(member).lower()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError):
        return


def _is_hit(table: str, column: str, value: str, sought: Sought) -> bool:
    plain = comparable.__wrapped__(value)
    kinds = KINDS_OF.get(holds(table, column), frozenset())
    return any(part in plain for part in sought.parts) or any(plain in sought.values.get(k, ()) for k in kinds)


def _sqlite_columns(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        tables = [name for (name,) in con.execute("select name from sqlite_master where type = 'table'").fetchall()]
        for table in tables:
            cursor = con.execute(f'select * from "{table}"')
            rows = cursor.fetchall()
            for number, (column, *_) in enumerate(cursor.description):
                yield table, column, [str(row[number]) for row in rows if row[number] is not None]


def _search_cells(settings: Settings, paths: Sequence[Path], sought: Sought, hits: list[str]) -> None:
    """Every cell, decoded in guarded children: what a reader sees may be put together from several pieces of a file."""
    if not paths or not (sought.parts or sought.cells):
        return
    orders = [CellOrder(path, path.suffix or ".csv", limits_of(settings), sought) for path in paths]
    with guarded(settings, len(orders)) as calls:
        for order, is_hit in zip(orders, calls.answers(holds_sought, orders), strict=True):
            if is_hit:
                hits.append(str(order.path))


def holds_sought(order: CellOrder) -> bool:
    """Whether a cell or a sheet's name of a file holds an id; False for what is no spreadsheet."""
    try:
        grids = open_workbook(order.path, order.suffix, order.limits).grids(None, None)
        return any(
            order.sought.is_in(grid.name)
            or any(order.sought.is_in(text_of(v)) for row in grid.rows for v in row if v != "")
            for grid in grids
        )
    except Refused:
        return False
