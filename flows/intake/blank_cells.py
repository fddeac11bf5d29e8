"""Why a cell that reads as blank is blank: error values and formulas never calculated look the same to the reader.

Only cells that ought to hold a rating and read as blank are looked at again, with a slower library for each kind of
file. Delimited text and xlsb have nothing more to tell.
"""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import openpyxl
import xlrd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from flows.intake.cells import ERROR_CELL, UNCALCULATED_CELL
from flows.intake.grid import Kind
from flows.intake.text import place

Reasons = dict[str, str]
# What the slower libraries raise on workbooks that the first reader could read.
UNREADABLE = (
    InvalidFileException,
    xlrd.XLRDError,
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
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


def blank_reasons(path: Path, kind: Kind, sheet: str, cells: Iterable[str]) -> Mapping[str, str]:
    """Cell -> ERROR_CELL or UNCALCULATED_CELL, for those of `cells` that are not truly blank."""
    look: dict[Kind, Callable[[Path, str, list[str]], Reasons]] = {
        Kind.XLSX: _in_xlsx,
        Kind.XLS: _in_xls,
        Kind.ODS: _in_ods,
    }
    if kind not in look:
        return {}
    try:
        with warnings.catch_warnings(action="ignore"):  # they quote cells, and are about what is not looked at
            return look[kind](path, sheet, list(cells))
    except UNREADABLE:
        return {}  # the cells stay blank, which holds the rating just as well; only the reason is plainer


def _in_xlsx(path: Path, sheet: str, cells: list[str]) -> Reasons:
    with path.open("rb") as file:
        results = openpyxl.load_workbook(file, data_only=True)[sheet]
    reasons = {cell: ERROR_CELL for cell in cells if results[cell].data_type == "e"}
    # a formula with the text "" as its result is blank on purpose; one without any result was never calculated
    empty = [cell for cell in cells if results[cell].data_type == "n"]
    if empty:
        with path.open("rb") as file:
            formulas: Worksheet = openpyxl.load_workbook(file)[sheet]
        reasons |= {cell: UNCALCULATED_CELL for cell in empty if formulas[cell].data_type == "f"}
    return reasons


def _in_xls(path: Path, sheet: str, cells: list[str]) -> Reasons:
    found = xlrd.open_workbook(str(path), logfile=None, on_demand=True).sheet_by_name(sheet)
    places = {cell: place(cell) for cell in cells}
    return {
        cell: ERROR_CELL
        for cell, (row, column) in places.items()
        if row < found.nrows and column < found.row_len(row) and found.cell_type(row, column) == xlrd.XL_CELL_ERROR
    }


def _in_ods(path: Path, sheet: str, cells: list[str]) -> Reasons:
    with zipfile.ZipFile(path) as packed:
        content = fromstring(packed.read("content.xml"))
    tables = {table.get(f"{_TABLE}name"): table for table in content.iter(f"{_TABLE}table")}
    table = tables[sheet]
    wanted = {place(cell): cell for cell in cells}
    return {
        wanted[row, column]: ERROR_CELL
        for row, in_row in _spread(table.iter(f"{_TABLE}table-row"), "rows", {row for row, _ in wanted})
        for column, cell in _spread(
            (c for c in in_row if c.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")),
            "columns",
            {column for r, column in wanted if r == row},
        )
        if cell.get(_CALC_TYPE) == "error"
    }


def _spread(elements: Iterable[Element], what: str, wanted: set[int]) -> list[tuple[int, Element]]:
    """Position and element for the wanted positions, counting an element that stands for several in a row."""
    found: list[tuple[int, Element]] = []
    position = 0
    for element in elements:
        repeated = int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
        found += [(p, element) for p in wanted if position <= p < position + repeated]
        position += repeated
    return found
