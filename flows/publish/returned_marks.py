"""Marking cells in a rater's workbook: a fill, a frame and a note, so that nothing hangs on colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.returned_page import MendPage
from flows.publish.returned_words import whole_message
from flows.publish.workbook import clean_text

SIGN = "Session Fidelity"  # the author of our notes, by whom they are known again
FILL = PatternFill("solid", fgColor="FFD966")
SIDE = Side(style="medium", color="9C0006")
FRAME = Border(left=SIDE, right=SIDE, top=SIDE, bottom=SIDE)
NOTE_WIDTH, LINE_CHARACTERS, LINE_HEIGHT = 340, 50, 18  # pixels, characters, pixels


class Marked(NamedTuple):
    """A place to mark in a sheet of the copy."""

    sheet: str
    cell: str


def mark_cells(book: Workbook, page: MendPage, titles: Mapping[str, str]) -> None:
    """Mark every cell that the page lists; `titles` gives the copy's name of each of her sheets."""
    notes: dict[Marked, list[str]] = {}
    for row in page.rows:
        if row.cell and row.sheet in titles:
            notes.setdefault(Marked(titles[row.sheet], row.cell), []).append(whole_message(row.problem, row.to_do))
    for (title, cell), said in notes.items():
        _mark(_anchor(book[title], cell), f"{page.headings.note}: ", said)


def clear_marks(book: Workbook) -> None:
    """Take away the marks of an earlier copy: what she has mended in it is not to be shown as wrong."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and cell.comment is not None and SIGN in cell.comment.text:
                    _unmark(cell)


def _mark(cell: Cell, head: str, said: list[str]) -> None:
    hers = "" if cell.comment is None else cell.comment.text.rstrip()
    text = f"{SIGN} – {head}" + "\n".join(said)
    lines = sum(1 + len(line) // LINE_CHARACTERS for line in (hers + "\n" + text).split("\n"))
    author = cell.comment.author if cell.comment is not None else SIGN
    note = Comment(
        clean_text(f"{hers}\n\n{text}" if hers else text), author, height=20 + LINE_HEIGHT * lines, width=NOTE_WIDTH
    )
    cell.comment = note
    cell.fill, cell.border = FILL, FRAME


def _unmark(cell: Cell) -> None:
    assert cell.comment is not None  # noqa: S101 - the caller looked
    hers, _, _ = cell.comment.text.partition(SIGN)
    cell.comment = Comment(hers.rstrip(), cell.comment.author) if hers.strip() else None
    if cell.fill.fgColor.rgb == FILL.fgColor.rgb:
        cell.fill, cell.border = PatternFill(), Border()


def _anchor(sheet: Worksheet, cell: str) -> Cell:
    """The cell itself, or of merged cells the one that shows."""
    found = sheet[cell]
    if isinstance(found, MergedCell):
        merged = next(area for area in sheet.merged_cells.ranges if cell in area)
        found = sheet.cell(merged.min_row, merged.min_col)
    assert isinstance(found, Cell)  # noqa: S101 - the first of merged cells is one
    return found
