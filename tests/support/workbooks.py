"""Reading a workbook that we wrote, in tests: its tables as dictionaries, and all the text that is anywhere in the file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet


def open_book(path: Path) -> Workbook:
    """The workbook as openpyxl reads it."""
    return load_workbook(path)


def table_of(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows of the one marked-up table of a sheet."""
    (table,) = sheet.tables.values()
    head, *rows = [[cell.value for cell in row] for row in sheet[table.ref]]
    return [dict(zip(head, row, strict=True)) for row in rows]


def rows_where(sheet: Worksheet, **wanted: Any) -> list[dict[str, Any]]:
    """The table's rows that have these values, a column's name written with underscores."""
    return [
        row for row in table_of(sheet) if all(row[name.replace("_", " ")] == value for name, value in wanted.items())
    ]


def texts_of(sheet: Worksheet) -> list[str]:
    """All texts of a sheet, row by row."""
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def heights_of_pages(sheet: Worksheet) -> list[float]:
    """Points from the top to the bottom of each page that the sheet's own breaks make."""
    ends = [*(brk.id for brk in sheet.row_breaks.brk), sheet.max_row]
    begins = [1, *(end + 1 for end in ends)]
    return [
        sum(sheet.row_dimensions[row].height for row in range(begin, end + 1))
        for begin, end in zip(begins, ends, strict=False)
    ]


def anything_in(path: Path) -> str:
    """Every part of a file as text: what a canary must not be found in."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes().decode("utf-8", "replace")
    with zipfile.ZipFile(path) as parts:
        return "\n".join(name + parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
