"""Readers who have the published files open while a night replaces them: they keep yesterday, and a new one sees today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from duckdb import DuckDBPyConnection
from duckdb import Error as DuckDBError

from flows.load.connection import open_published
from flows.prove.state import SECOND, differences, lost, published_files, state_of
from flows.prove.trial import Bench, Figures, figures_of
from schemas.published import PUBLISHED


def try_readers(bench: Bench) -> Figures:
    """Open every published file, have the night, and ask each reader again."""
    with bench.home("readers") as home:
        with ExitStack() as readers:
            asking = {name: readers.enter_context(_reader(path)) for name, path in published_files(home).items()}
            yesterday = {name: reader.shows() for name, reader in asking.items()}
            ended = bench.nights.have(home, SECOND)
            tries = [([] if reader.shows() == yesterday[name] else [f"a reader of {name} was disturbed"], 0)
                     for name, reader in asking.items()]  # fmt: skip
        state = state_of(home)
    new = differences(state, bench.evening.undisturbed, dated=True)
    if ended.exit_code:
        new.append(f"a night with readers ended with exit code {ended.exit_code}")
    return figures_of(
        [*tries, (new, lost(state, bench.evening.undisturbed))], "the last: who opens them now sees today"
    )


class _Reader:
    """One person with one file open."""

    def __init__(self, asked: DuckDBPyConnection | None, read: object) -> None:
        self._con, self._file = asked, read

    def shows(self) -> object:
        """What the file shows, asked anew."""
        if self._con is None:
            return _bytes_of(self._file)
        try:
            return {table: self._con.execute(f"from {table} order by all").fetchall() for table in PUBLISHED}
        except DuckDBError:
            return None


def _bytes_of(file: object) -> bytes:
    file.seek(0)  # type: ignore[attr-defined]
    return file.read()  # type: ignore[attr-defined,no-any-return]


@contextmanager
def _reader(path: Path) -> Iterator[_Reader]:
    if path.suffix == ".duckdb":
        with open_published(path) as con:
            yield _Reader(con, None)
    else:
        with path.open("rb") as file:
            yield _Reader(None, file)
