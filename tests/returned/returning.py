"""A lab that also sends sheets back after its nights, and what can be asked of the copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from flows.load.night import working_file
from flows.publish import returned
from flows.publish.returned import send_back
from flows.publish.returned_book import CopyOrder, Way, make_copy
from schemas.catalog import load_catalog
from tests.support.lab import Lab


class HereAndNow:
    """Guarded calls without children; a way in `broken` gets no answer, as if its child had died."""

    def __init__(self, broken: Sequence[Way]) -> None:
        self.broken = broken

    def answers(self, act: Callable[[CopyOrder], Way], orders: Sequence[CopyOrder]) -> list[Way | None]:
        assert act is make_copy
        return [None if order.way in self.broken else make_copy(order) for order in orders]


class ReturningLab(Lab):
    """A lab whose night ends with sending sheets back."""

    def makes_copies_here(self, monkeypatch: pytest.MonkeyPatch, *, broken: Sequence[Way] = ()) -> None:
        """Make copies in this process; ways that are `broken` fail."""

        @contextmanager
        def here(_memory: int, _seconds: int, _processes: int) -> Iterator[HereAndNow]:
            yield HereAndNow(broken)

        monkeypatch.setattr(returned, "guarded_calls", here)

    def night(self, *args: Any, **how: Any) -> Mapping[str, int]:
        """A night, and then the sheets sent back."""
        counts = super().night(*args, **how)
        return {**counts, **self.sends_back()}

    def sends_back(self) -> dict[str, int]:
        """Only the sending back, once more."""
        self.leaves()
        with working_file(self.settings) as con:
            return send_back(con, self.settings, load_catalog((self.settings.own_schemas,)))

    @property
    def returned(self) -> list[str]:
        """The copies that lie there, by path below raw/returned."""
        folder = self.settings.raw / "returned"
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.xlsx"))

    @property
    def copy(self) -> Path:
        """The only copy."""
        (path,) = self.returned
        return self.settings.raw / "returned" / path

    def book(self) -> Workbook:
        """The only copy, opened."""
        return load_workbook(self.copy, rich_text=True)

    def mends(self, changes: Mapping[str, object], sheet: str = "Sheet1", folder: str = "") -> str:
        """Mend the only copy and drop it in the inbox, as a rater would; gives back its name there."""
        book = self.book()
        for cell, value in changes.items():
            book[sheet][cell] = value
        name = f"{folder}{self.copy.name}"
        path = self.settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
        return name


def places_of(book: Workbook) -> list[tuple[str, str, str, str]]:
    """The rows of the list: sheet, cell, what is wrong, what to do."""
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if row[3] is not None)
    return [(str(a), str(b), str(c), str(d)) for a, b, c, d, *_ in rows[head + 1 :]]


def marks_of(book: Workbook) -> dict[str, tuple[str, str]]:
    """`sheet!cell` -> fill and note of every cell with a note."""
    return {
        f"{sheet.title}!{cell.coordinate}": (str(cell.fill.fgColor.rgb), cell.comment.text)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None
    }
