"""Writing the redacted copy of a workbook: the same cells in the same places, but for those that go, and nothing else.

Only values are carried over. Remarks of cells, pictures, properties, hidden parts and formulas are not: nobody can say what
stands in them. The same redaction always gives the same bytes, so that a sheet sent again is known again by its hash.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

from flows.intake.grid import Grid
from flows.intake.text import Value

NOTE_SHEET = "Erased"
NOTE_MARKER = "session-fidelity erasure note"  # in a hidden first row, so that reading knows the sheet for ours
NOTE = (
    "Some of what stood in this workbook is kept no longer: its cells are blank, and the originals were deleted.",
    "All other cells stand where they stood. Formulas became their results; remarks and pictures were left out.",
)
NOTHING_LEFT = ("What stood in this workbook is kept no longer, and the original was deleted.",)
TEXT_LIMIT = 32_767
_MOMENT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_FORMATS: dict[type, str] = {
    dt.datetime: "yyyy-mm-dd hh:mm:ss",
    dt.date: "yyyy-mm-dd",
    dt.time: "hh:mm:ss",
    dt.timedelta: "[h]:mm:ss",
}
Cell = tuple[int, int]  # 0-based row and column


@dataclass(slots=True)
class Changes:
    """What changes in one sheet: cells that become blank or say something else, cells that hold an error, a new title."""

    blank: set[Cell] = field(default_factory=set)
    texts: dict[Cell, Value] = field(default_factory=dict)
    errors: set[Cell] = field(default_factory=set)
    title: str = ""


def is_erasure_note(grid: Grid) -> bool:
    """Whether a sheet is the note that we put behind what is left."""
    return any(row[:1] == [NOTE_MARKER] for row in grid.rows[:1])


def redacted_text(grid: Grid, changes: Changes, delimiter: str) -> bytes:
    """Delimited text with the changes made; UTF-8 with a mark, which is read before any other encoding."""
    out = io.StringIO()
    rows = [[str(value) for value in row] for row in _changed(grid, changes)]
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def redacted_workbook(grids: Sequence[Grid], changes: Mapping[str, Changes], mark: str) -> bytes:
    """An xlsx of the sheets with the changes made, and the note behind them."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for grid in grids:
        change = changes.get(grid.name, Changes())
        sheet = book.create_sheet(change.title or grid.name)
        _fill(sheet, grid, change)
        sheet.sheet_state = "hidden" if grid.is_hidden else "visible"
    _add_note(book, NOTE, mark)
    return _packed(book)


def note_alone(mark: str) -> bytes:
    """An xlsx that says that nothing is left; the mark makes it another file for each workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    _add_note(book, NOTHING_LEFT, mark)
    return _packed(book)


def _changed(grid: Grid, changes: Changes) -> list[list[Value]]:
    return [
        ["" if (r, c) in changes.blank else changes.texts.get((r, c), value) for c, value in enumerate(row)]
        for r, row in enumerate(grid.rows)
    ]


def _fill(sheet: Worksheet, grid: Grid, changes: Changes) -> None:
    for r, row in enumerate(_changed(grid, changes), start=1):
        for c, value in enumerate(row, start=1):
            if value != "":
                _write(sheet, r, c, value)
    for r, c in changes.errors - changes.blank:
        sheet.cell(r + 1, c + 1).value = "#N/A"
        sheet.cell(r + 1, c + 1).data_type = "e"
    for (top, left), (bottom, right) in grid.merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)


def _write(sheet: Worksheet, row: int, column: int, value: Value) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value)):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value))[:TEXT_LIMIT]
        cell.data_type = "s"  # a text that begins with = stays a text
        return
    cell.value = value
    if type(value) in _FORMATS:
        cell.number_format = _FORMATS[type(value)]


def _add_note(book: Workbook, sentences: Collection[str], mark: str) -> None:
    title, number = NOTE_SHEET, 2
    while title.casefold() in {name.casefold() for name in book.sheetnames}:
        title, number = f"{NOTE_SHEET} {number}", number + 1
    sheet = book.create_sheet(title)
    for r, text in enumerate((NOTE_MARKER, *sentences, f"Reference {mark[:16]}"), start=1):
        sheet.cell(r, 1).value = text
    sheet.row_dimensions[1].hidden = True
    sheet.column_dimensions["A"].width = 110


def _packed(book: Workbook) -> bytes:
    """The workbook's bytes, with no moment of writing in them."""
    book.properties.creator = "Session Fidelity"
    written, packed = io.BytesIO(), io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MOMENT.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
