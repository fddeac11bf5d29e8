"""The containers of spreadsheets, written byte by byte, so that a test can get any part of them wrong.

`zip_bytes` packs parts, `ole_bytes` writes a compound file (the container of xls and of encrypted workbooks), `biff8` and
`biff12` write the records of xls and xlsb.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Cell = float | str | None  # "#N/A" is an error cell; None is blank
Rows = Mapping[int, Mapping[int, Cell]]  # 0-based row -> 0-based column -> cell


def zip_bytes(parts: Mapping[str, bytes], level: int = 6) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def ole_bytes(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams in its root, each long enough to need no short sectors."""
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items()}
    n_directory = -(-(len(streams) + 1) // 4)
    lengths = [-(-len(content) // SECTOR) for content in padded.values()]
    n_fat = 1
    while n_fat * (SECTOR // 4) < n_fat + n_directory + sum(lengths):
        n_fat += 1
    fat = [FAT] * n_fat + [*range(n_fat + 1, n_fat + n_directory), END]
    starts = []
    for length in lengths:
        starts.append(len(fat))
        fat += [*range(len(fat) + 1, len(fat) + length), END]
    fat += [FREE] * (n_fat * (SECTOR // 4) - len(fat))
    entries = [_entry("Root Entry", 5, END, 0, child=1 if streams else FREE)]
    for k, (name, start) in enumerate(zip(padded, starts, strict=True), start=1):
        right = k + 1 if k < len(padded) else FREE
        entries.append(_entry(name, 2, start, len(padded[name]), right=right))
    directory = b"".join(entries).ljust(n_directory * SECTOR, b"\0")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, n_fat, n_fat, 0, 4096,
        END, 0, END, 0,
    )  # fmt: skip
    places = [*range(n_fat), *([FREE] * (109 - n_fat))]
    whole = header + struct.pack("<109I", *places) + struct.pack(f"<{len(fat)}I", *fat) + directory
    return whole + b"".join(content.ljust(-(-len(content) // SECTOR) * SECTOR, b"\0") for content in padded.values())


def _entry(name: str, kind: int, start: int, size: int, right: int = FREE, child: int = FREE) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", text, len(text) + 2, kind, 1, FREE, right, child, start, size)


def record8(kind: int, content: bytes = b"") -> bytes:
    """One record of an xls."""
    return struct.pack("<HH", kind, len(content)) + content


def biff8(sheets: Mapping[str, Rows], *, after_start: bytes = b"", kind: int = 0, before_end: bytes = b"") -> bytes:
    """The Workbook stream of an xls. `after_start` are records behind its first one; `kind` 1 makes macro sheets, 2 charts."""
    start = record8(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    names = [name.encode("latin-1") for name in sheets]
    bodies = [_sheet8(rows, before_end) for rows in sheets.values()]
    at = len(start) + len(after_start) + sum(4 + 8 + len(name) for name in names) + 4
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        bounds += record8(0x85, struct.pack("<IBBBB", at, 0, kind, len(name), 0) + name)
        at += len(body)
    return start + after_start + bounds + record8(0xA) + b"".join(bodies)


def _sheet8(rows: Rows, before_end: bytes) -> bytes:
    cells = b"".join(_cell8(row, column, cell) for row, cells in rows.items() for column, cell in cells.items())
    return record8(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + before_end + record8(0xA)


def _cell8(row: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if cell is None:
        return record8(0x201, place)
    if cell == "#N/A":
        return record8(0x205, place + b"\x2a\x01")
    if isinstance(cell, str):
        return record8(0x204, place + struct.pack("<HB", len(cell), 0) + cell.encode("latin-1"))
    return record8(0x203, place + struct.pack("<d", cell))


def record12(kind: int, content: bytes = b"") -> bytes:
    """One record of an xlsb."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(content), b""
    while True:
        size, seven = size >> 7, size & 0x7F
        length += bytes([seven | (0x80 if size else 0)])
        if not size:
            return head + length + content


def biff12(sheets: Mapping[str, Rows]) -> dict[str, bytes]:
    """The parts of an xlsb."""
    bundle = b"".join(
        record12(156, struct.pack("<II", 0, k) + _wide(f"rId{k}") + _wide(name))
        for k, name in enumerate(sheets, start=1)
    )
    relations = [(f"rId{k}", "worksheet", f"worksheets/sheet{k}.bin") for k in range(1, len(sheets) + 1)]
    parts = {
        "[Content_Types].xml": content_types([("bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main")]),
        "_rels/.rels": relationships([("rId1", "officeDocument", "xl/workbook.bin")]),
        "xl/workbook.bin": record12(131) + record12(143) + bundle + record12(144) + record12(132),
        "xl/_rels/workbook.bin.rels": relationships(relations),
    }
    for k, rows in enumerate(sheets.values(), start=1):
        parts[f"xl/worksheets/sheet{k}.bin"] = _sheet12(rows)
    return parts


def _sheet12(rows: Rows) -> bytes:
    body = b""
    for row, cells in rows.items():
        body += record12(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0))
        body += b"".join(_cell12(column, cell) for column, cell in cells.items())
    return record12(129) + record12(148, bytes(16)) + record12(145) + body + record12(146) + record12(130)


def _cell12(column: int, cell: Cell) -> bytes:
    place = struct.pack("<II", column, 0)
    if cell is None:
        return record12(1, place)
    if cell == "#N/A":
        return record12(3, place + b"\x2a")
    if isinstance(cell, str):
        return record12(6, place + _wide(cell))
    return record12(5, place + struct.pack("<d", cell))


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def content_types(defaults: Iterable[tuple[str, str]] = ()) -> bytes:
    """`[Content_Types].xml`, which says of every ending what it holds."""
    entries = "".join(f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in defaults)
    return (
        f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{entries}</Types>'
    ).encode()


def relationships(relations: Sequence[tuple[str, str, str]], office: str = OFFICE) -> bytes:
    """A part that says which id means which part."""
    entries = "".join(f'<Relationship Id="{i}" Type="{office}/{kind}" Target="{to}"/>' for i, kind, to in relations)
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{entries}</Relationships>'.encode()
