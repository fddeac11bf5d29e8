"""Hostile workbooks in compound files: xls, and what looks like one."""

from __future__ import annotations

import struct

from schemas.codes import Code
from tests.hostile.books import good, rating, rows_of
from tests.hostile.containers import biff8, ole_bytes, record8
from tests.hostile.made import READ, hostile

FILEPASS = 0x2F
BOOK = "Workbook"


def book(**how: object) -> bytes:
    """An xls with one rating and something wrong."""
    return ole_bytes({BOOK: biff8({"Sheet1": rows_of(rating("S-lost"))}, **how)})  # type: ignore[arg-type]


for kind, content in {
    "rc4": struct.pack("<HHH", 1, 1, 1) + bytes(48),
    "cryptoapi": struct.pack("<HHH", 1, 2, 2) + bytes(120),
    "xor": struct.pack("<HHH", 0, 0x1234, 0x5678),
    "xor of excel 5": struct.pack("<HH", 0x1234, 0x5678),
}.items():

    @hostile(f"password {kind}.xls", Code.PASSWORD)
    def with_password(content: bytes = content) -> bytes:
        """An xls with a FILEPASS record: what follows is encrypted."""
        whole = bytearray(book(after_start=record8(FILEPASS, content)))
        at = whole.find(record8(FILEPASS, content)) + 4 + len(content)
        whole[at : at + 40] = bytes(b ^ 0x5A for b in whole[at : at + 40])
        return bytes(whole)


for share in (1, 10, 30, 60, 90):

    @hostile(f"first {share} of a hundred.xls", Code.DAMAGED)
    def truncated(share: int = share) -> bytes:
        """Half an xls."""
        whole = good("xls", "S-lost")
        return whole[: max(9, len(whole) * share // 100)]


@hostile("cycle.xls", Code.DAMAGED)
def cyclic_chain() -> bytes:
    """The sectors of the workbook follow one another in a circle."""
    whole = bytearray(good("xls", "S-lost"))
    fat = 512
    whole[fat + 4 * 3 : fat + 4 * 4] = struct.pack("<I", 2)  # the workbook's second sector leads back to its first
    return bytes(whole)


@hostile("cycle of directories.xls", Code.DAMAGED, READ)
def cyclic_directory() -> bytes:
    """The directory of the compound file follows itself."""
    whole = bytearray(good("xls", "S-directory"))
    whole[512 + 4 : 512 + 8] = struct.pack("<I", 1)
    return bytes(whole)


@hostile("endless record.xls", Code.DAMAGED)
def long_record() -> bytes:
    """A record that claims more bytes than the file has."""
    return ole_bytes({BOOK: biff8({"Sheet1": rows_of(rating("S-lost"))}, before_end=struct.pack("<HH", 0x203, 0xFFFF))})


@hostile("huge sizes.xls", Code.DAMAGED, READ)
def huge_stream() -> bytes:
    """A directory that claims a workbook of 4 GiB."""
    whole = bytearray(good("xls", "S-huge"))
    at = whole.find(BOOK.encode("utf-16-le")) + 120
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(whole)


@hostile("huge header.xls", READ, Code.DAMAGED)
def huge_fat() -> bytes:
    """A header that claims four billion sectors of sector tables."""
    whole = bytearray(good("xls", "S-header"))
    whole[44:48] = whole[72:76] = b"\xff\xff\xff\x7f"
    return bytes(whole)


@hostile("stray.xls", Code.STRAY_CELL)
def stray() -> bytes:
    """One stray cell in the last corner that an xls has."""
    return ole_bytes({BOOK: biff8({"Sheet1": {**rows_of(rating("S-lost")), 65_535: {255: 1.0}}})})


@hostile("stray on every sheet.xls", Code.STRAY_CELL)
def many_strays() -> bytes:
    """Forty sheets with a stray cell each: the reader holds all of them at once."""
    return ole_bytes({BOOK: biff8({f"S{k}": {65_535: {255: 1.0}} for k in range(40)})})


@hostile("macros.xls", Code.MACRO_SHEET)
def macro_sheet() -> bytes:
    """A workbook of Excel 4 macros and nothing else."""
    return book(kind=1)


@hostile("chart.xls", Code.NO_WORKSHEET)
def chart_sheet() -> bytes:
    """A workbook of one chart."""
    return book(kind=2)


@hostile("excel 4.xls", Code.NOT_A_SPREADSHEET)
def excel_4() -> bytes:
    """A worksheet of Excel 4, from before there were workbooks."""
    return record8(0x409, struct.pack("<HHH", 0, 0x10, 0)) + record8(0xA)


@hostile("letter.doc", Code.NOT_A_SPREADSHEET)
def letter() -> bytes:
    """A letter of an old Word."""
    return ole_bytes({"WordDocument": b"\xec\xa5" * 3000})


@hostile("letter.xls", Code.NOT_A_SPREADSHEET)
def letter_in_disguise() -> bytes:
    """A letter of an old Word under a workbook's name."""
    return ole_bytes({"WordDocument": b"\xec\xa5" * 3001})


@hostile("mail.msg", Code.NOT_A_SPREADSHEET)
def mail() -> bytes:
    """A mail of Outlook that talks about a Workbook and an EncryptedPackage."""
    return ole_bytes({"__substg1.0_1000001F": "The Workbook is an EncryptedPackage.".encode("utf-16-le") * 200})


@hostile("talks of encryption.xls", READ)
def talkative() -> bytes:
    """A good xls in which a cell says EncryptedPackage."""
    table = rating("S-talk")
    table[0].append("scratch")
    table[1].append("EncryptedPackage WordDocument")
    return ole_bytes({BOOK: biff8({"Sheet1": rows_of(table)}) + "EncryptedPackage".encode("utf-16-le")})


@hostile("empty.xls", Code.DAMAGED, Code.NOT_A_SPREADSHEET)
def no_streams() -> bytes:
    """A compound file that holds nothing."""
    return ole_bytes({})


@hostile("nothing entered.xls", Code.EMPTY_WORKBOOK)
def blank() -> bytes:
    """A workbook in which nothing was ever entered."""
    return ole_bytes({BOOK: biff8({"Sheet1": {}})})
