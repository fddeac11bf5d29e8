"""A workbook's bytes become grids of cells. What the bytes are decides, never what the name says.

Runs only inside a guarded child (`flows.intake.pool`): a hostile file may abort the process.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache, partial
from pathlib import Path

import xlrd
from python_calamine import (
    CalamineError,
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
TABLE_NAMES = frozenset({".txt", ".tab"})  # so does Excel's "Unicode text"; other texts have these names as well
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r\x1a"))
OLE_NAMES = frozenset({".xls", ".xlt", ".xlsx"})
Merged = tuple[tuple[int, int], tuple[int, int]]
Cells = tuple[list[list[Value]], tuple[Merged, ...]]


class Kind(Enum):
    """What the bytes are."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"


@dataclass(frozen=True)
class Grid:
    """One sheet, read when its cells are first asked for; that may raise Refused."""

    name: str
    is_hidden: bool
    _read: Callable[[], Cells]

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
        return Workbook(kind, lru_cache(lambda encoding, delimiter: [_text_grid(content, encoding, delimiter, limits)]))
    grids = _sheet_grids(path, kind, limits)
    return Workbook(kind, lambda _encoding, _delimiter: grids)


def find_kind(path: Path, suffix: str, limits: Limits) -> Kind:
    """Tell from the bytes what a file is; raises Refused when it is no spreadsheet or may not be opened."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _kind_of_zip(path, limits)
    if head.startswith(OLE):
        return _kind_of_ole(path, suffix)
    is_named_so = suffix in TEXT_NAMES or (suffix in TABLE_NAMES and _is_table(path))
    if not is_named_so or head.lstrip()[:1] == b"<" or _is_binary(head):
        raise Refused(Code.NOT_A_SPREADSHEET)
    return Kind.TEXT


def _is_binary(head: bytes) -> bool:
    """Whether more than two in a hundred bytes are control characters; real text has a stray NUL at most."""
    if head.startswith(UTF16_MARKS):
        return False
    return (len(head) - len(head.translate(None, CONTROLS))) * 50 > len(head)


def _is_table(path: Path) -> bool:
    lines = decode(path.read_bytes(), None).splitlines()
    first = next((line for line in lines if line.strip()), "")
    return "\t" in first or ";" in first


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
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, EOFError, OSError):
        raise Refused(Code.DAMAGED) from None
    if any(name.endswith("workbook.bin") for name in names):
        return Kind.XLSB
    if any(name.endswith("workbook.xml") for name in names):
        return Kind.XLSX
    raise Refused(Code.NOT_A_SPREADSHEET)


def _kind_of_ole(path: Path, suffix: str) -> Kind:
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused(Code.PASSWORD)
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return Kind.XLS
    # the names of what is inside stand near the end, and half a file has none
    is_other = any(name.encode("utf-16-le") in content for name in ("WordDocument", "PowerPoint Document"))
    raise Refused(Code.DAMAGED if suffix in OLE_NAMES and not is_other else Code.NOT_A_SPREADSHEET)


def _sheet_grids(path: Path, kind: Kind, limits: Limits) -> list[Grid]:
    with _refusals(path, kind):
        workbook = CalamineWorkbook.from_path(str(path))
        return [
            Grid(s.name, s.visible != SheetVisibleEnum.Visible, partial(_cells, workbook, s.name, path, kind, limits))
            for s in workbook.sheets_metadata
            if s.typ == SheetTypeEnum.WorkSheet
        ]


@contextmanager
def _refusals(path: Path, kind: Kind) -> Iterator[None]:
    """What calamine raises, as the refusal that it means."""
    try:
        yield
    except PasswordError:
        raise Refused(Code.PASSWORD) from None
    except (CalamineError, ZipError, OSError, ValueError) as wrong:
        # calamine words a password in several ways, and not always as PasswordError
        has_password = "password" in str(wrong).lower() or (kind is Kind.XLS and _is_encrypted_xls(path))
        raise Refused(Code.PASSWORD if has_password else Code.DAMAGED) from None


def _is_encrypted_xls(path: Path) -> bool:
    """Whether a file that calamine cannot open has a password; it would tell by the ending, which originals have not."""
    try:
        xlrd.open_workbook(str(path), logfile=None, on_demand=True)
    except xlrd.XLRDError as wrong:
        return "encrypted" in str(wrong).lower()
    except (LookupError, ValueError, struct.error, AssertionError, TypeError, AttributeError):
        return False
    return False


def _cells(workbook: CalamineWorkbook, name: str, path: Path, kind: Kind, limits: Limits) -> Cells:
    with _refusals(path, kind):
        sheet = workbook.get_sheet_by_name(name)
        if sheet.total_height * sheet.total_width > limits.cells:
            raise Refused(Code.TOO_MANY_CELLS)
        return sheet.to_python(skip_empty_area=False), tuple(sheet.merged_cell_ranges or ())


def _text_grid(content: bytes, encoding: str | None, delimiter: str | None, limits: Limits) -> Grid:
    text = decode(content, encoding)
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or find_delimiter(text), strict=False)
        rows: list[list[Value]] = [[*row] for row in read]
    except csv.Error:
        raise Refused(Code.DAMAGED) from None
    if sum(map(len, rows)) > limits.cells:
        raise Refused(Code.TOO_MANY_CELLS)
    return Grid("", is_hidden=False, _read=lambda: (rows, ()))


def decode(content: bytes, encoding: str | None) -> str:
    """Delimited text as a string: by its byte-order mark, as UTF-8 when it is that, else as `encoding` (cp1252)."""
    is_utf16 = content.startswith(UTF16_MARKS)
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
