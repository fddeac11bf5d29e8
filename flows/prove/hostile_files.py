"""A dozen files of the kinds that end, fill up or fool a reader, each made by code that shows what is wrong with it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from openpyxl import Workbook

from schemas.codes import Code

MIB = 1024 * 1024
UNPACKED_MIB = 400  # what the bomb unpacks to; a home refuses 300 unless it says otherwise
_SHEET = "xl/worksheets/sheet1.xml"
_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file: its name, how its bytes are made, and the reasons of refusal that fit it; none: it is to be ignored."""

    name: str
    make: Callable[[], bytes]
    reasons: frozenset[Code]


def xlsx(change: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """A small workbook, with parts of it changed."""
    book = Workbook()
    book.worksheets[0].append(["session", 1])
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            new.writestr(name, (change or {}).get(name, bytes)(old.read(name)))
    return out.getvalue()


def _far_cell(part: bytes) -> bytes:
    return part.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def _entities(part: bytes) -> bytes:
    """The billion laughs: entities of entities."""
    names = "abcdefghij"
    nested = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    head = f'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a "ha">{nested}]>'.encode()
    body = part.partition(b"?>")[2] if part.startswith(b"<?xml") else part
    return head + body.replace(b"<sheetData>", b'<sheetData><row r="9"><c r="A9" t="str"><v>&j;</v></c></row>', 1)


def _bomb(part: bytes) -> bytes:
    return part.replace(b"<sheetData>", b"<sheetData>" + b" " * (UNPACKED_MIB * MIB), 1)


def _zip_of_text() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("letter.txt", "Dear all")
    return out.getvalue()


def ole(*streams: str) -> bytes:
    """A compound file with up to three empty streams: header, one sector of allocation table, one of directory, the streams."""
    each = 4096 // _SECTOR
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + _numbers(2, 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
        + _numbers(4, 0, 1, 1, 0, 4096, _END, 0, _END, 0, 0) + b"\xff" * 4 * 108
    )  # fmt: skip
    starts = [2 + each * k for k in range(len(streams))]
    links = [_FAT, _END, *(link for at in starts for link in (*range(at + 1, at + each), _END))]
    table = _numbers(4, *links) + b"\xff" * (_SECTOR - 4 * len(links))
    entries = [_entry(name, 2, _FREE, at, 4096) for name, at in zip(streams, starts, strict=True)]
    directory = b"".join([_entry("Root Entry", 5, 1, _END, 0), *entries]).ljust(_SECTOR, b"\0")
    return header + table + directory + bytes(4096 * len(streams))


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    spelt = name.encode("utf-16-le") + b"\0\0"
    links = _numbers(4, _FREE, _FREE, child)
    return (
        spelt.ljust(64, b"\0")
        + _numbers(2, len(spelt))
        + bytes([kind, 1])
        + links
        + bytes(36)
        + _numbers(4, start, size, 0)
    )


def _numbers(size: int, *numbers: int) -> bytes:
    return b"".join(number.to_bytes(size, "little") for number in numbers)


_UNREADABLE = frozenset({Code.DAMAGED, Code.NOT_A_SPREADSHEET})
_TOO_MUCH = frozenset({Code.TOO_LARGE, Code.TOO_MANY_CELLS, Code.STRAY_CELL, Code.READER_STOPPED, Code.TOOK_TOO_LONG})
_STRANGE = frozenset({Code.NOT_A_SPREADSHEET, Code.LAYOUT_UNKNOWN})

HOSTILE = (
    Hostile("half.xlsx", lambda: b"PK\x03\x04 half", _UNREADABLE),
    Hostile("cut short.xlsx", lambda: xlsx()[:1500], _UNREADABLE),
    Hostile("empty.xlsx", bytes, frozenset({Code.EMPTY_FILE})),
    Hostile("password.xlsx", lambda: ole("EncryptionInfo", "EncryptedPackage"), frozenset({Code.PASSWORD})),
    Hostile("no workbook.xls", lambda: ole("Contents"), _UNREADABLE),
    Hostile("bomb.xlsx", lambda: xlsx({_SHEET: _bomb}), _TOO_MUCH),
    Hostile("far cell.xlsx", lambda: xlsx({_SHEET: _far_cell}), _TOO_MUCH),
    Hostile("laughs.xlsx", lambda: xlsx({_SHEET: _entities}), _UNREADABLE | _TOO_MUCH | _STRANGE),
    Hostile("columns.csv", lambda: b"," * 2_500_000, _TOO_MUCH | _STRANGE),
    Hostile("picture.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000), _STRANGE),
    Hostile("letters.xlsx", _zip_of_text, _UNREADABLE),
    Hostile("page.xls", lambda: b"<html><script>alert(1)</script>", _STRANGE),
    Hostile(f"{'long ' * 45}\u202excod\u0007.xlsx", lambda: b"PK\x05\x06", _UNREADABLE),
    Hostile("~$open.xlsx", lambda: b"lock", frozenset()),
)  # fmt: skip
