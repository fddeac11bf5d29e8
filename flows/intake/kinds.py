"""What a file is, by its bytes and never by its name, or why it cannot be a rating sheet."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from flows.intake.compound import SIGNATURE, Compound, CompoundBroken
from flows.intake.findings import Refused
from flows.intake.records import has_password, is_before_excel_5
from flows.intake.survey import Broken, unpacked
from flows.settings import MIB, Settings
from schemas.codes import Code

OLE = SIGNATURE
TEXT_NAMES = frozenset({".csv", ".tsv"})
TABLE_NAMES = frozenset({".xls", ".xlsx", ".txt", ".tab"})  # programs export delimited text under these as well
OLE_NAMES = frozenset({".xls", ".xlt", ".xlsx", ".xlsm", ".xlsb", ".xltx"})
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r\x1a"))
LOOKED_AT = 65_536  # bytes in which text is looked at for being a table
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
ENCRYPTED_STREAMS = ("EncryptionInfo", "EncryptedPackage")
WORKBOOK_STREAMS = ("Workbook", "Book")
# What files that are no spreadsheets begin with, and what a person calls them.
KNOWN_BEGINNINGS = (
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "a packed file: unpack it first"),
    (b"7z\xbc\xaf", "a packed file: unpack it first"),
    (b"Rar!", "a packed file: unpack it first"),
    (b"BZh", "a packed file: unpack it first"),
    (b"\xfd7zXZ", "a packed file: unpack it first"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format", "a database"),
    (b"ID;P", "a SYLK file"),
    (b"MIME-Version:", "a web page or a mail"),
    (b"From:", "a mail"),
)
MARKUP = (
    (b"urn:schemas-microsoft-com:office:spreadsheet", "a workbook in the XML of Excel 2003"),
    (b"opendocument:xmlns:office", "an OpenDocument file in one piece"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
    (b"<table", "a web page"),
)
IN_ZIPS = (
    ("word/", "a text document"),
    ("ppt/", "a presentation"),
    ("visio/", "a drawing"),
    ("index/document.iwa", "a document of Apple's programs: export it as xlsx"),
)


class Kind(Enum):
    """What the bytes are."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask of its reader."""

    file_bytes: int
    unpacked_bytes: int
    cells: int


def limits_of(settings: Settings) -> Limits:
    """The limits that a home sets."""
    return Limits(settings.max_file_mib * MIB, settings.max_unpacked_mib * MIB, settings.max_cells)


def find_kind(path: Path, suffix: str, limits: Limits) -> Kind:
    """Tell from the bytes what a file is; `suffix` is that of the name it was dropped under.

    Raises:
        Refused: it is no spreadsheet, or it may not be opened.
    """
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
    if head.startswith(b"PK"):
        return _kind_of_zip(path, limits)
    if head.startswith(OLE):
        return _kind_of_ole(path, suffix)
    _refuse_known(head)
    if _is_binary(head[:4096]):
        raise Refused(Code.NOT_A_SPREADSHEET)
    if suffix not in TEXT_NAMES and not _is_table(head, suffix):
        raise _not_but("plain text" if head.strip() else "")
    return Kind.TEXT


def _not_but(what: str) -> Refused:
    return Refused(Code.NOT_A_SPREADSHEET, f" By its bytes it is {what}." if what else "")


def _refuse_known(head: bytes) -> None:
    """Refuse what is known to be something else, and say what."""
    for beginning, what in KNOWN_BEGINNINGS:
        if head.startswith(beginning):
            raise _not_but(what)
    if is_before_excel_5(head):
        raise _not_but("a worksheet of Excel 4 or older")
    if head.removeprefix(UTF8_MARK).lstrip()[:1] == b"<":
        raise _not_but(next((what for words, what in MARKUP if words in head.lower()), "markup"))


def _is_binary(head: bytes) -> bool:
    """Whether more than two in a hundred bytes are control characters; real text has a stray NUL at most."""
    if utf16_of(head) is not None:
        return False
    return (len(head) - len(head.translate(None, CONTROLS))) * 50 > len(head)


def utf16_of(content: bytes) -> str | None:
    """The kind of UTF-16 that a text is in, with or without a mark; None when it is none."""
    if content.startswith(UTF16_MARKS):
        return "utf-16"
    head = content[:1000]
    if len(head) < 4:
        return None
    zeros = head[::2].count(0), head[1::2].count(0)  # most letters of Europe have a zero for their other byte
    if zeros[0] == 0 and zeros[1] * 3 > len(head):
        return "utf-16-le"
    return "utf-16-be" if zeros[1] == 0 and zeros[0] * 3 > len(head) else None


def _is_table(head: bytes, suffix: str) -> bool:
    """Whether text looks like a table: most of its first lines have the same number of cells, more than one."""
    lines = [line for line in decode_head(head).splitlines() if line.strip()][:20]
    if not lines:
        return suffix in TABLE_NAMES
    if suffix in TABLE_NAMES and any(mark in lines[0] for mark in "\t;"):
        return True
    mark = find_delimiter("\n".join(lines))
    try:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark))
    except csv.Error:
        return False
    width, n_alike = widths.most_common(1)[0]
    return len(lines) > 1 and width > 1 and n_alike * 5 >= len(lines) * 4


def decode_head(head: bytes) -> str:
    """The beginning of a text, good enough to look at."""
    return head.decode(utf16_of(head) or "utf-8", "replace").replace("\0", "")


def find_delimiter(text: str) -> str:
    """Semicolon, tab, comma or bar: whichever the first line that has one of them uses most."""
    for line in text[:LOOKED_AT].splitlines()[:20]:
        counts = {mark: line.count(mark) for mark in ";\t,|"}
        if any(counts.values()):
            return max(counts, key=lambda mark: counts[mark])
    return ","


def _kind_of_zip(path: Path, limits: Limits) -> Kind:
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            if any(member.flag_bits & 1 for member in members):
                raise Refused(Code.PASSWORD)
            if sum(member.file_size for member in members) > limits.unpacked_bytes:
                raise Refused(Code.TOO_LARGE)
            return _kind_of_members(packed)
    except BROKEN_ZIP:
        raise Refused(Code.DAMAGED) from None


def _kind_of_members(packed: zipfile.ZipFile) -> Kind:
    names = [name.replace("\\", "/").lower() for name in packed.namelist()]
    if "mimetype" in names:
        return _kind_of_open_document(packed)
    if any(name.endswith("workbook.bin") for name in names):
        return Kind.XLSB
    if any(name.endswith("workbook.xml") for name in names):
        return Kind.XLSX
    raise _not_but(next((what for start, what in IN_ZIPS if any(n.startswith(start) for n in names)), "a packed file"))


def _kind_of_open_document(packed: zipfile.ZipFile) -> Kind:
    if b"opendocument.spreadsheet" not in unpacked(packed, "mimetype"):
        raise _not_but("a document of another kind")
    if b"encryption-data" in unpacked(packed, "META-INF/manifest.xml"):
        raise Refused(Code.PASSWORD)
    return Kind.ODS


def _kind_of_ole(path: Path, suffix: str) -> Kind:
    content = path.read_bytes()
    try:
        compound = Compound(content)
        names = compound.names
        if names.issuperset(ENCRYPTED_STREAMS):
            raise Refused(Code.PASSWORD)
        stream = next((name for name in WORKBOOK_STREAMS if name in names), None)
        if stream is None:
            raise _not_but("a document of an older Office program" if names - {"Root Entry"} else "")
        if has_password(compound.stream(stream)):
            raise Refused(Code.PASSWORD)
    except (CompoundBroken, Broken, KeyError):
        if all(name.encode("utf-16-le") in content for name in ENCRYPTED_STREAMS):
            raise Refused(Code.PASSWORD) from None
        # half a file has lost the names of what is inside, which stand near its end
        raise Refused(Code.DAMAGED if suffix in OLE_NAMES else Code.NOT_A_SPREADSHEET) from None
    return Kind.XLS
