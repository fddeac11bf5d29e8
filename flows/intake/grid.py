"""A workbook's bytes become grids of cells. What the bytes are decides, never what the name says.

Runs only inside a guarded child (`flows.intake.pool`): a hostile file may abort the process.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
)

from flows.intake.compound import Compound, CompoundBroken
from flows.intake.findings import Refused
from flows.intake.kinds import BROKEN_ZIP, WORKBOOK_STREAMS, utf16_of
from flows.intake.kinds import OLE as OLE
from flows.intake.kinds import Kind as Kind
from flows.intake.kinds import Limits as Limits
from flows.intake.kinds import find_delimiter as find_delimiter
from flows.intake.kinds import find_kind as find_kind
from flows.intake.kinds import limits_of as limits_of
from flows.intake.markup import survey_ods, survey_xlsx
from flows.intake.records import survey_xls, survey_xlsb
from flows.intake.survey import Broken, Place, Survey
from flows.intake.text import Value
from schemas.codes import Code

Merged = tuple[tuple[int, int], tuple[int, int]]
Cells = tuple[list[list[Value]], tuple[Merged, ...]]


@dataclass(frozen=True)
class Grid:
    """One sheet, read when its cells are first asked for; that may raise Refused."""

    name: str
    is_hidden: bool
    _read: Callable[[], Cells]
    odd: Mapping[Place, str] = field(default_factory=dict)  # cells that read as blank: ERROR_CELL or UNCALCULATED_CELL

    @cached_property
    def cells(self) -> Cells:
        """Rows and merged areas."""
        return self._read()

    @cached_property
    def rows(self) -> list[list[Value]]:
        """`rows[r][c]` is the value of the cell in 0-based row r and column c; "" when blank. Rows may be ragged."""
        return self.cells[0]

    @property
    def merged(self) -> tuple[Merged, ...]:
        """First and last cell of each merged area."""
        return self.cells[1]


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened file. `grids(encoding, delimiter)` gives its sheets; the two matter for delimited text only."""

    kind: Kind
    holds_macros: bool  # a sheet of Excel 4 macros, which is not read
    grids: Callable[[str | None, str | None], list[Grid]]


def open_workbook(path: Path, suffix: str, limits: Limits) -> Workbook:
    """Look at the bytes and open the file with what reads them. `suffix` is that of the name it was dropped under.

    Raises:
        Refused: the file cannot be read, with the code that says why.
    """
    size = path.stat().st_size
    if size == 0:
        raise Refused(Code.EMPTY_FILE)
    if size > limits.file_bytes:
        raise Refused(Code.TOO_LARGE)
    kind = find_kind(path, suffix.lower(), limits)
    if kind is Kind.TEXT:
        content = path.read_bytes()
        text = lru_cache(lambda encoding, delimiter: [_text_grid(content, encoding, delimiter, limits)])
        return Workbook(kind, holds_macros=False, grids=text)
    odd = _survey(path, kind, limits)
    grids, holds_macros = _sheet_grids(path, odd)
    return Workbook(kind, holds_macros, lambda _encoding, _delimiter: grids)


def _survey(path: Path, kind: Kind, limits: Limits) -> Mapping[str, Mapping[Place, str]]:
    """Sheet -> its odd cells; refuses what the reader must not even begin with."""
    odd: dict[str, Mapping[Place, str]] = {}
    try:
        for survey in _surveys(path, kind, limits.cells):
            survey.check()
            odd[survey.name] = survey.odd
    except (Broken, CompoundBroken, *BROKEN_ZIP):
        raise Refused(Code.DAMAGED) from None
    return odd


def _surveys(path: Path, kind: Kind, most_cells: int) -> Iterator[Survey]:
    if kind is Kind.XLS:
        compound = Compound(path.read_bytes())
        name = next(name for name in WORKBOOK_STREAMS if name in compound.names)
        yield from survey_xls(compound.stream(name), most_cells)
        return
    look = {Kind.XLSX: survey_xlsx, Kind.XLSB: survey_xlsb, Kind.ODS: survey_ods}[kind]
    with zipfile.ZipFile(path) as packed:
        yield from look(packed, most_cells)


def _sheet_grids(path: Path, odd: Mapping[str, Mapping[Place, str]]) -> tuple[list[Grid], bool]:
    """The worksheets, and whether there are sheets of macros beside them."""
    with _refusals(path):
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = workbook.sheets_metadata
        grids = [
            Grid(s.name, s.visible != SheetVisibleEnum.Visible, partial(_cells, workbook, k, path), odd.get(s.name, {}))
            for k, s in enumerate(sheets)
            if s.typ == SheetTypeEnum.WorkSheet
        ]
    if sheets and not grids:
        raise Refused(Code.NO_WORKSHEET if all(s.typ != SheetTypeEnum.MacroSheet for s in sheets) else Code.MACRO_SHEET)
    return grids, any(s.typ == SheetTypeEnum.MacroSheet for s in sheets)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What calamine raises, as the refusal that it means."""
    try:
        yield
    except PasswordError:
        raise Refused(Code.PASSWORD) from None
    except (CalamineError, ZipError, OSError, ValueError) as wrong:
        if (
            "password" in str(wrong).lower()
        ):  # calamine words a password in several ways, and not always as PasswordError
            raise Refused(Code.PASSWORD) from None
        raise Refused(Code.MACRO_SHEET if _has_macro_sheets(path) else Code.DAMAGED) from None


def _has_macro_sheets(path: Path) -> bool:
    """Whether a workbook that calamine gave up holds sheets of Excel 4 macros, which is why it does."""
    try:
        with zipfile.ZipFile(path) as packed:
            return any("macrosheets/" in name.lower() for name in packed.namelist())
    except BROKEN_ZIP:
        return False


def _cells(workbook: CalamineWorkbook, index: int, path: Path) -> Cells:
    with _refusals(path):
        sheet = workbook.get_sheet_by_index(index)
        return sheet.to_python(skip_empty_area=False), tuple(sheet.merged_cell_ranges or ())


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def _text_grid(content: bytes, encoding: str | None, delimiter: str | None, limits: Limits) -> Grid:
    text = decode(content, encoding)
    mark = delimiter or find_delimiter(text)
    if text.count(mark) > limits.cells:  # before a row of them is made
        raise Refused(Code.TOO_MANY_CELLS)
    lines = (line.group() for line in _LINE.finditer(text))
    try:
        rows: list[list[Value]] = [[*row] for row in csv.reader(lines, delimiter=mark, strict=False)]
    except csv.Error:
        raise Refused(Code.DAMAGED) from None
    if sum(map(len, rows)) > limits.cells:
        raise Refused(Code.TOO_MANY_CELLS)
    return Grid("", is_hidden=False, _read=lambda: (rows, ()))


def decode(content: bytes, encoding: str | None) -> str:
    """Delimited text as a string: UTF-16 by its mark or its zeros, as UTF-8 when it is that, else as `encoding` (cp1252)."""
    utf16 = utf16_of(content)
    encodings = [utf16] if utf16 else ["utf-8-sig", encoding or "cp1252", "latin-1"]
    for candidate in encodings:
        try:
            return content.decode(candidate).replace("\0", "")
        except UnicodeDecodeError:
            continue
        except LookupError:
            break
    raise Refused(Code.DAMAGED)
