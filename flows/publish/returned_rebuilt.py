"""A new workbook with the content of one that cannot be marked itself: the same values in the same cells."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from flows.intake.grid import Grid
from flows.intake.text import Value
from flows.publish.returned_marks import mark_cells
from flows.publish.returned_page import MendPage, print_across, write_mend_page
from flows.publish.workbook import put

WIDEST, NARROWEST, ROWS_MEASURED = 44, 9, 300
LONGEST_TITLE = 31
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
FORMATS: dict[type, str] = {
    dt.datetime: "yyyy-mm-dd hh:mm",
    dt.date: "yyyy-mm-dd",
    dt.time: "hh:mm",
    dt.timedelta: "[h]:mm",
}


def rebuild(grids: Sequence[Grid], text_sheet: str, page: MendPage) -> Workbook:
    """The sheets as a new workbook, marked, behind the list; `text_sheet` names the one sheet of delimited text."""
    book = Workbook()
    book.remove(book.worksheets[0])
    titles: dict[str, str] = {}
    for grid in grids:
        titles[grid.name] = _title(grid.name or text_sheet, book)
        sheet = book.create_sheet(titles[grid.name])
        _fill(sheet, grid)
        sheet.sheet_state = "hidden" if grid.is_hidden else "visible"
        print_across(sheet)
    mark_cells(book, page, titles)
    write_mend_page(book, page, page.headings.new_copy, titles)
    return book


def _title(name: str, book: Workbook) -> str:
    """The sheet's name, or as near to it as an xlsx allows."""
    title = name.translate(FORBIDDEN).strip("'")[:LONGEST_TITLE] or "Sheet"
    taken = {known.casefold() for known in book.sheetnames}
    number = 2
    while title.casefold() in taken:
        title, number = f"{title[: LONGEST_TITLE - 4]} {number}", number + 1
    return title


def _fill(sheet: Worksheet, grid: Grid) -> None:
    widths: dict[int, int] = {}
    for r, row in enumerate(grid.rows, start=1):
        for c, value in enumerate(row, start=1):
            if value == "":
                continue
            _write(sheet, r, c, value)
            # what has nothing to its right runs on over the next cells, as a title does
            if r <= ROWS_MEASURED and c < len(row) and row[c] != "":
                widths[c] = max(widths.get(c, NARROWEST), min(WIDEST, len(str(value)) + 2))
    for c, width in widths.items():
        sheet.column_dimensions[get_column_letter(c)].width = width
    for (top, left), (bottom, right) in grid.merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)


def _write(sheet: Worksheet, row: int, column: int, value: Value) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
        put(cell, str(value), blank="")
        cell.alignment = Alignment(vertical="top", wrap_text=len(str(value)) > WIDEST)
        return
    cell.value = value
    if type(value) in FORMATS:
        cell.number_format = FORMATS[type(value)]
