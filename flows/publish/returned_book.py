"""Making one copy that goes back to a rater: her own sheets, marked, behind a sheet that lists what to mend.

Runs only inside a guarded child (`flows.intake.guarded`): her workbook is opened here once more, and may be hostile.
"""

from __future__ import annotations

import os
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from flows.intake.findings import Refused
from flows.intake.grid import Grid, Kind, Limits, find_kind, open_workbook
from flows.intake.returned import is_mend_list
from flows.publish.returned_marks import clear_marks, mark_cells
from flows.publish.returned_page import MendPage, remove_mend_lists, write_mend_page
from flows.publish.returned_rebuilt import rebuild

STRICT = b"purl.oclc.org/ooxml"
DRAWN = ("xl/media/", "xl/charts/", "xl/drawings/drawing", "xl/ctrlProps/", "xl/activeX/", "xl/diagrams/")

# What openpyxl raises on workbooks that the night's own reader could read.
UNREADABLE = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    DefusedXmlException,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OSError,
    MemoryError,
)


class Way(Enum):
    """How a copy is made, from the truest down."""

    HER_OWN = "her own workbook, marked"
    NEW = "a new workbook with the same content"
    LIST = "only what to mend"


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """All that the child must know to make one copy."""

    original: Path
    suffix: str  # of the name it was dropped under
    limits: Limits
    encoding: str | None  # of delimited text, as its layout says
    delimiter: str | None
    text_sheet: str  # what the sheet of delimited text is called in the copy
    page: MendPage
    part: Path  # where to write it
    way: Way  # the best way to try


def make_copy(order: CopyOrder) -> Way:
    """Write one copy; gives back the way in which it could be made."""
    with warnings.catch_warnings(action="ignore"):  # they quote cells
        if order.way is Way.HER_OWN and _mark_her_own(order):
            return Way.HER_OWN
        if order.way is Way.LIST:
            book = Workbook()
            book.remove(book.worksheets[0])
            write_mend_page(book, order.page, order.page.headings.list_only)
        else:
            book = rebuild(_grids(order), order.text_sheet, order.page)
        _save(book, order.part)
    return order.way if order.way is Way.LIST else Way.NEW


def _mark_her_own(order: CopyOrder) -> bool:
    """Mark her own workbook, where openpyxl can open and save it and every value is the same afterwards."""
    try:
        if find_kind(order.original, order.suffix, order.limits) is not Kind.XLSX:
            return False
        parts = _parts_to_keep(order.original)
        if parts is None:
            return False
        with order.original.open("rb") as file:
            book = load_workbook(file, rich_text=True)
        formulas = {sheet.title: _formulas(sheet) for sheet in book.worksheets}
        remove_mend_lists(book)
        clear_marks(book)
        mark_cells(book, order.page, {sheet.title: sheet.title for sheet in book.worksheets})
        write_mend_page(book, order.page, order.page.headings.pictures if parts else "")
        _save(book, order.part)
        return _says_the_same(_grids(order), _grids_of(order.part, ".xlsx", order), formulas)
    except (*UNREADABLE, Refused):
        return False


def _parts_to_keep(path: Path) -> list[str] | None:
    """Parts of an xlsx that openpyxl leaves out and the rater would miss; None when she would have another workbook then."""
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        workbook = next(name for name in names if name.endswith("workbook.xml"))
        if any(name.endswith("vbaProject.bin") for name in names) or STRICT in packed.read(workbook):
            return None
    return [name for name in names if name.startswith(DRAWN)]


def _formulas(sheet: Worksheet) -> frozenset[tuple[int, int]]:
    """0-based places of formulas: their results are worked out anew when she opens the copy."""
    return frozenset(
        (r, c) for r, row in enumerate(sheet.iter_rows()) for c, cell in enumerate(row) if cell.data_type == "f"
    )


def _grids(order: CopyOrder) -> list[Grid]:
    """Her sheets, without a list of ours that came with them."""
    found = open_workbook(order.original, order.suffix, order.limits).grids(order.encoding, order.delimiter)
    return [grid for grid in found if not is_mend_list(grid)]


def _grids_of(path: Path, suffix: str, order: CopyOrder) -> list[Grid]:
    return [g for g in open_workbook(path, suffix, order.limits).grids(None, None) if not is_mend_list(g)]


def _says_the_same(hers: list[Grid], copied: list[Grid], formulas: dict[str, frozenset[tuple[int, int]]]) -> bool:
    """Whether every sheet is there in its place, hidden or not as before, with the same value in every cell."""
    if [(g.name, g.is_hidden) for g in hers] != [(g.name, g.is_hidden) for g in copied]:
        return False
    return all(
        _values(mine, formulas[mine.name]) == _values(other, formulas[mine.name])
        for mine, other in zip(hers, copied, strict=True)
    )


def _values(grid: Grid, but: frozenset[tuple[int, int]]) -> dict[tuple[int, int], object]:
    return {
        (r, c): value
        for r, row in enumerate(grid.rows)
        for c, value in enumerate(row)
        if value != "" and (r, c) not in but
    }


def _save(book: Workbook, part: Path) -> None:
    with part.open("wb") as file:
        book.save(file)
        file.flush()
        os.fsync(file.fileno())
