"""Surveys of sheets in binary records: xls (BIFF5 and BIFF8, [MS-XLS]) and xlsb (BIFF12, [MS-XLSB])."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from flows.intake.markup import MOST_COLUMNS, MOST_ROWS, part_named, relation_targets
from flows.intake.survey import Broken, Survey, unpacked

Record = tuple[int, bytes]
# xls
_START, _END, _SHEET, _PASSWORD = 0x809, 0x0A, 0x85, 0x2F
_VALUES = frozenset({0x203, 0x204, 0xFD, 0xD6, 0x27E})  # number, text, shared text, rich text, short number
_BOOLEAN_OR_ERROR, _FORMULA, _SHORT_NUMBERS = 0x205, 0x06, 0xBD
_OLD_STARTS = (b"\x09\x00", b"\x09\x02", b"\x09\x04")
# xlsb
_ROW12, _LISTED12, _ERROR12, _FORMULA_ERROR12 = 0, 156, 3, 11
_VALUES12 = frozenset(range(2, 12))


def is_before_excel_5(head: bytes) -> bool:
    """Whether a file is a bare worksheet of Excel 2, 3 or 4."""
    return head[:2] in _OLD_STARTS and head[2:4] in (b"\x04\x00", b"\x06\x00")


def has_password(stream: bytes) -> bool:
    """Whether the Workbook stream of an xls is encrypted: a FILEPASS record stands near its start."""
    for number, (kind, _content) in enumerate(_records(stream, 0)):
        if kind == _PASSWORD:
            return True
        if kind in (_END, _SHEET) or number > 20:
            break
    return False


def survey_xls(stream: bytes, most_cells: int) -> Iterator[Survey]:
    """A survey of every sheet of an xls, from its Workbook stream.

    Raises:
        Refused: a sheet holds too many cells.
        Broken: a record is longer than what is left.
    """
    for at, name in list(_sheets(stream)):
        survey = Survey(name, most_cells)
        _survey_records(_records(stream, at), survey)
        yield survey


def _records(stream: bytes, at: int) -> Iterator[Record]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream):
            raise Broken
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _sheets(stream: bytes) -> Iterator[tuple[int, str]]:
    """Where each sheet begins, and its name."""
    for kind, content in _records(stream, 0):
        if kind == _END:
            return
        if kind == _SHEET and len(content) >= 8:
            (at,) = struct.unpack_from("<I", content)
            yield at, _sheet_name(content)


def _sheet_name(content: bytes) -> str:
    if len(content) == 7 + content[6]:  # BIFF5 says nothing of how the name is written
        return content[7:].decode("latin-1")
    return content[8:].decode("utf-16-le" if content[7] & 1 else "latin-1", "replace")


def _survey_records(records: Iterator[Record], survey: Survey) -> None:
    depth = 0  # charts inside a sheet have records of their own between a start and an end
    for kind, content in records:
        depth += (kind == _START) - (kind == _END)
        if depth <= 0:
            return
        if depth > 1 or len(content) < 6:
            continue
        row, column = struct.unpack_from("<HH", content)
        if kind in _VALUES:
            survey.add(row, column)
        elif kind in (_BOOLEAN_OR_ERROR, _FORMULA):
            survey.add(row, column)
            if _is_error(kind, content):
                survey.is_error(row, column)
        elif kind == _SHORT_NUMBERS:
            survey.add(row, column, 1, max(1, (len(content) - 6) // 6))


def _is_error(kind: int, content: bytes) -> bool:
    if kind == _BOOLEAN_OR_ERROR:
        return len(content) > 7 and content[7] == 1
    return content[12:14] == b"\xff\xff" and content[6] == 2  # a result that is no number, and is an error


def survey_xlsb(packed: zipfile.ZipFile, most_cells: int) -> Iterator[Survey]:
    """A survey of every worksheet of an xlsb.

    Raises:
        Refused: a sheet holds too many cells.
        Broken: a record is longer than what is left, or a cell is where no sheet has any.
    """
    names = _sheet_names12(packed)
    for part in packed.namelist():
        if "worksheets/" in part.lower() and part.endswith(".bin"):
            survey = Survey(names.get(part, ""), most_cells)
            _survey_records12(unpacked(packed, part), survey)
            yield survey


def _survey_records12(content: bytes, survey: Survey) -> None:
    row = 0
    for kind, at, length in _records12(content):
        if kind not in _VALUES12 and kind != _ROW12:
            continue
        if length < 8:
            raise Broken
        (number,) = struct.unpack_from("<I", content, at)
        if number >= (MOST_ROWS if kind == _ROW12 else MOST_COLUMNS):
            raise Broken
        if kind == _ROW12:
            row = number
            continue
        survey.add(row, number)
        if kind in (_ERROR12, _FORMULA_ERROR12):
            survey.is_error(row, number)


def _records12(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record."""
    at = 0
    while at < len(content):
        kind, at = _number12(content, at, 2)
        length, at = _number12(content, at, 4)
        if at + length > len(content):
            raise Broken
        yield kind, at, length
        at += length


def _number12(content: bytes, at: int, most_bytes: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = 0
    for k in range(most_bytes):
        if at >= len(content):
            raise Broken
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << (7 * k)
        if not byte & 0x80:
            break
    return number, at


def _sheet_names12(packed: zipfile.ZipFile) -> dict[str, str]:
    part = next((name for name in packed.namelist() if name.endswith("workbook.bin")), "")
    if not part:
        return {}
    content, targets = unpacked(packed, part), relation_targets(packed, part)
    names: dict[str, str] = {}
    for kind, at, length in _records12(content):
        if kind == _LISTED12:
            relation, after = _text12(content, at + 8, at + length)
            name, _ = _text12(content, after, at + length)
            names[part_named(targets.get(relation, ""), PurePosixPath(part).parent)] = name
    return names


def _text12(content: bytes, at: int, end: int) -> tuple[str, int]:
    if at + 4 > end:
        raise Broken
    (length,) = struct.unpack_from("<I", content, at)
    after = at + 4 + 2 * length
    if after > end:
        raise Broken
    return content[at + 4 : after].decode("utf-16-le", "replace"), after
