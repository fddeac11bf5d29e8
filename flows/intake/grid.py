"""A workbook's bytes become grids of cells. What the bytes are decides, never what the name says.

Runs only inside a guarded child (`flows.intake.pool`): a hostile file may abort the process.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
)

from flows.intake.findings import Refused
from flows.intake.text import Value
from flows.settings import MIB, Settings
from schemas.codes import Code

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXT_NAMES = frozenset({".csv", ".tsv", ".xls", ".xlsx"})  # programs export delimited text under spreadsheet names too
Merged = tuple[tuple[int, int], tuple[int, int]]


class Kind(Enum):
    """What the bytes are."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: `rows[r][c]` is the value of the cell in 0-based row r and column c; "" when blank."""

    name: str
    is_hidden: bool
    rows: list[list[Value]]
    merged: tuple[Merged, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask of its reader."""

    file_bytes: int
    unpacked_bytes: int
    cells: int


def limits_of(settings: Settings) -> Limits:
    """The limits that a home sets."""
    return Limits(settings.max_file_mib * MIB, settings.max_unpacked_mib * MIB, settings.max_cells)


@dataclass(frozen=True, slots=True)
class Workbook:
    """An opened file. `grids(encoding, delimiter)` gives its sheets; the two matter for delimited text only."""

    kind: Kind
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
        return Workbook(kind, lru_cache(lambda encoding, delimiter: [_text_grid(content, encoding, delimiter)]))
    grids = _sheet_grids(path, limits)
    return Workbook(kind, lambda _encoding, _delimiter: grids)


def find_kind(path: Path, suffix: str, limits: Limits) -> Kind:
    """Tell from the bytes what a file is; raises Refused when it is no spreadsheet or may not be opened."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _kind_of_zip(path, limits)
    if head.startswith(OLE):
        return _kind_of_ole(path)
    if (
        suffix not in TEXT_NAMES
        or head.lstrip()[:1] == b"<"
        or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")))
    ):
        raise Refused(Code.NOT_A_SPREADSHEET)
    return Kind.TEXT


def _kind_of_zip(path: Path, limits: Limits) -> Kind:
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            names = {member.filename for member in members}
            if any(member.flag_bits & 1 for member in members):
                raise Refused(Code.PASSWORD)
            if sum(member.file_size for member in members) > limits.unpacked_bytes:
                raise Refused(Code.TOO_LARGE)
            if "mimetype" in names and b"opendocument.spreadsheet" in packed.read("mimetype"):
                if b"encryption-data" in packed.read("META-INF/manifest.xml"):
                    raise Refused(Code.PASSWORD)
                return Kind.ODS
    except (zipfile.BadZipFile, KeyError, NotImplementedError, OSError):
        raise Refused(Code.DAMAGED) from None
    if any(name.endswith("workbook.bin") for name in names):
        return Kind.XLSB
    if any(name.endswith("workbook.xml") for name in names):
        return Kind.XLSX
    raise Refused(Code.NOT_A_SPREADSHEET)


def _kind_of_ole(path: Path) -> Kind:
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused(Code.PASSWORD)
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return Kind.XLS
    raise Refused(Code.NOT_A_SPREADSHEET)


def _sheet_grids(path: Path, limits: Limits) -> list[Grid]:
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            return [
                _grid(workbook.get_sheet_by_name(sheet.name), sheet.visible != SheetVisibleEnum.Visible, limits)
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet
            ]
    except PasswordError:
        raise Refused(Code.PASSWORD) from None
    except (CalamineError, ZipError, OSError, ValueError) as wrong:
        # calamine words a password in several ways, and not always as PasswordError
        raise Refused(Code.PASSWORD if "password" in str(wrong).lower() else Code.DAMAGED) from None


def _grid(sheet: CalamineSheet, is_hidden: bool, limits: Limits) -> Grid:
    if sheet.total_height * sheet.total_width > limits.cells:
        raise Refused(Code.TOO_MANY_CELLS)
    return Grid(sheet.name, is_hidden, sheet.to_python(skip_empty_area=False), tuple(sheet.merged_cell_ranges or ()))


def _text_grid(content: bytes, encoding: str | None, delimiter: str | None) -> Grid:
    text = decode(content, encoding)
    try:
        rows = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or find_delimiter(text), strict=False)
        )
    except csv.Error:
        raise Refused(Code.DAMAGED) from None
    width = max((len(row) for row in rows), default=0)
    return Grid("", is_hidden=False, rows=[[*row, *[""] * (width - len(row))] for row in rows])


def decode(content: bytes, encoding: str | None) -> str:
    """Delimited text as a string: by its byte-order mark, as UTF-8 when it is that, else as `encoding` (cp1252)."""
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", encoding or "cp1252", "latin-1"]
    for candidate in encodings:
        try:
            return content.decode(candidate).replace("\0", "")
        except UnicodeDecodeError:
            continue
        except LookupError:
            break
    raise Refused(Code.DAMAGED)


def find_delimiter(text: str) -> str:
    """Semicolon, tab, comma or bar: whichever the first line that has one of them uses most."""
    for line in text.splitlines()[:20]:
        counts = {mark: line.count(mark) for mark in ";\t,|"}
        if any(counts.values()):
            return max(counts, key=lambda mark: counts[mark])
    return ","
