"""Drawn tables become files: xlsx, ods and delimited text, made by code so that one can see what is in them.

A drawing has a line a row and `|` between cells. In xlsx and ods a number becomes a number, `2026-03-01` a date,
`=A1` a formula (never calculated), `#N/A` an error, and `'4` the text 4; everything else is text. A cell that is
only `.` is blank, so that a row can begin with one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from openpyxl import Workbook

Table = Sequence[Sequence[str]]
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.3" '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    "<office:body><office:spreadsheet>"
)
ODS_MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"


def drawn(text: str) -> list[list[str]]:
    """The cells of a drawing, all rows of one width."""
    rows = [[_cell(part) for part in line.split("|")] for line in text.strip("\n").splitlines() if line.strip()]
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _cell(part: str) -> str:
    return "" if part.strip() == "." else part.strip().replace("\\n", "\n")


def value_of(text: str) -> object:
    """What a person who types the text into a spreadsheet gets."""
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if _DATE.fullmatch(text):
        return dt.datetime.fromisoformat(text)
    return text.removeprefix("'")


def xlsx_bytes(
    sheets: Mapping[str, Table],
    *,
    merged: Sequence[str] = (),
    hidden_sheets: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
) -> bytes:
    """An xlsx workbook; `merged` and `hidden_rows` are those of its first sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for r, row in enumerate(rows, start=1):
            for c, text in enumerate(row, start=1):
                if text:
                    sheet.cell(r, c, value_of(text))
        if name in hidden_sheets:
            sheet.sheet_state = "hidden"
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    for row_number in hidden_rows:
        book.worksheets[0].row_dimensions[row_number].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_bytes(rows: Table, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Delimited text as programs export it: quoted where needed, lines ended as on Windows."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([[cell.removeprefix("'") for cell in row] for row in rows])
    return out.getvalue().encode(encoding)


def ods_bytes(sheets: Mapping[str, Table]) -> bytes:
    """An OpenDocument spreadsheet, as small as one can be."""
    tables = "".join(_ods_table(name, rows) for name, rows in sheets.items())
    content = f"{_ODS_HEAD}{tables}</office:spreadsheet></office:body></office:document-content>"
    return ods_package(content)


def ods_package(content: str, manifest: str = "") -> bytes:
    """The parts of an OpenDocument file, packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", ODS_MIMETYPE, zipfile.ZIP_STORED)
        packed.writestr("META-INF/manifest.xml", manifest or _ods_manifest())
        packed.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _ods_manifest() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f"<manifest:file-entry manifest:full-path={quoteattr(path)} manifest:media-type={quoteattr(kind)}/>"
        for path, kind in (("/", ODS_MIMETYPE), ("content.xml", "text/xml"))
    )
    return f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{space}">{entries}</manifest:manifest>'


def _ods_table(name: str, rows: Table) -> str:
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    return f"<table:table table:name={quoteattr(name)}>{body}</table:table>"


def _ods_cell(text: str) -> str:
    value = value_of(text)
    shown = f"<text:p>{escape(text.removeprefix(chr(39)))}</text:p>"
    if not text:
        return "<table:table-cell/>"
    if text == "#N/A":
        kind = ' table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"'
        return f"<table:table-cell{kind}>{shown}</table:table-cell>"
    if isinstance(value, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{value}">{shown}</table:table-cell>'
    if isinstance(value, dt.datetime):
        return f'<table:table-cell office:value-type="date" office:date-value="{text}">{shown}</table:table-cell>'
    return f'<table:table-cell office:value-type="string">{shown}</table:table-cell>'
