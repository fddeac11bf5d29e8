"""Homes that let go of people: nights and redactions in this process, and everything that a home holds, to be searched."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pandera.config import config_context
from python_calamine import CalamineError, CalamineWorkbook

import flows.measure
import flows.nightly
import flows.publish.night
from flows.console import Silence
from flows.failpoints import arm
from flows.intake import door
from flows.keeping.erase import People, erase
from flows.load.connection import open_published
from flows.measure.fits import TABLES
from flows.nightly import run_night
from flows.prove.nights import in_process
from flows.publish import returned
from flows.publish.supervision_sheet import SheetCounts
from flows.settings import Settings, load_settings
from flows.steps import do_plainly
from schemas.published import PUBLISHED
from tests.support.lab import Lab

Rows = list[tuple[Any, ...]]
FIRST = dt.date(2026, 7, 1)


class InProcess:
    """Guarded calls without children."""

    def answers(self, act: Callable[[Any], Any], orders: Sequence[Any]) -> list[Any]:
        return [act(order) for order in orders]


def reads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, redact and send back in this process: starting guarded children takes longer than such a night does."""

    @contextmanager
    def calls(*_limits: object) -> Iterator[InProcess]:
        yield InProcess()

    monkeypatch.setattr(flows.nightly, "reading_pool", in_process)
    monkeypatch.setattr(door, "guarded_calls", calls)
    monkeypatch.setattr(returned, "guarded_calls", calls)


def without_workbooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish the tables alone, where nobody looks at summaries and sheets."""
    monkeypatch.setattr(flows.publish.night, "write_summary", lambda *_: None)
    monkeypatch.setattr(flows.publish.night, "write_raters_book", lambda *_: None)
    monkeypatch.setattr(flows.publish.night, "write_rater_sheets", lambda *_: 0)
    monkeypatch.setattr(flows.publish.night, "write_supervision_sheets", lambda *_: SheetCounts())


def without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit no models: `test_erase` has them, and elsewhere here nobody asks for figures."""
    monkeypatch.setattr(flows.measure, "renew_fits", lambda con: con.execute(TABLES.read_text(encoding="utf-8")))


class Home:
    """A lab's home with whole nights, ends of nights and erasures."""

    def __init__(self, path: Path, *, n_nights: int = 0, validates: bool = False, **settings: Any) -> None:
        self.path = path
        self.validates = validates  # tables' schemas are other tests' matter, save in `test_erase`
        self.lab = Lab(path).draws()
        self.given = settings
        self.n_nights = n_nights

    @property
    def settings(self) -> Settings:
        return load_settings(self.path, settle_seconds=0, processes=1, min_free_mib=0, **self.given)

    def now(self, days: int = 0) -> dt.datetime:
        """The moment of the next night, or of days after."""
        return dt.datetime.combine(FIRST, dt.time(4, 15), dt.UTC) + dt.timedelta(days=7 * self.n_nights + days)

    def night(self) -> Mapping[str, int]:
        """A whole night, a week after the last one."""
        self.lab.leaves()
        now = self.now()
        self.n_nights += 1
        with config_context(validation_enabled=self.validates):
            return run_night(self.settings, now, now.date(), do_plainly, Silence()).counts

    def erases(self, *, failpoint: str = "", **people: Sequence[str]) -> list[str]:
        """Erase people, as the command does."""
        self.lab.leaves()
        arm(failpoint)
        try:
            with config_context(validation_enabled=self.validates):
                return erase(self.settings, People(**people), self.now(-1))
        finally:
            arm("")

    def published(self, *, but: Sequence[str] = ("about.run",)) -> dict[str, Rows]:
        """Every table of the lab's published file."""
        with open_published(self.settings.published / "fidelity.duckdb") as con:
            return {t: con.execute(f"from {t} order by all").fetchall() for t in PUBLISHED if t not in but}

    def asks(self, query: str) -> Rows:
        """The rows of a query on the lab's published file."""
        with open_published(self.settings.published / "fidelity.duckdb") as con:
            return con.execute(query).fetchall()

    def where(self, *canaries: str) -> list[str]:
        """Every place of the home that holds one of these texts: names, bytes, unpacked parts, cells, tables."""
        self.lab.leaves()
        return [place for path in sorted(self.path.rglob("*")) for place in _where(path, canaries)]


def _where(path: Path, canaries: Sequence[str]) -> Iterator[str]:
    sought = [c.lower() for c in canaries]
    if any(c in path.name.lower() for c in sought):
        yield f"name of {path}"
    if path.is_file():
        content = path.read_bytes()
        for part, text in _texts(path, content):
            if any(c in text.lower() for c in sought):
                yield f"{path}: {part}"
        for part, found in _bytes(path, content):
            lowered = found.lower()  # of letters of the alphabet alone, of which canaries are made
            if any(c.encode(coding) in lowered for c in sought for coding in ("ascii", "utf-16-le")):
                yield f"{path}: {part}"


def _bytes(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "bytes", content
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield name, name.encode() + packed.read(name)


def _texts(path: Path, content: bytes) -> Iterator[tuple[str, str]]:
    if content.startswith((b"PK", b"\xd0\xcf")):
        with suppress(CalamineError):  # no spreadsheet
            book = CalamineWorkbook.from_path(str(path))
            for sheet in book.sheet_names:
                yield f"sheet {sheet}", sheet + repr(book.get_sheet_by_name(sheet).to_python())
    yield from _tables(path, content)


def _tables(path: Path, content: bytes) -> Iterator[tuple[str, str]]:
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
            for (table,) in tables:
                yield table, repr(con.execute(f"from {table}").fetchall())
    if content.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(path)) as sqlite:
            for (table,) in sqlite.execute("select name from sqlite_master where type = 'table'").fetchall():
                yield table, repr(sqlite.execute(f"select * from '{table}'").fetchall())
