"""One good rating in every format, drawn by hand, and the parts of an xlsx to spoil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from flows.intake.text import column_letters
from tests.hostile.containers import (
    MAIN,
    OFFICE,
    Cell,
    Rows,
    biff8,
    biff12,
    content_types,
    ole_bytes,
    relationships,
    zip_bytes,
)
from tests.support.intake_sheets import ods_bytes

HEADER = ("session", "rater", "therapist", "adherence", "competence")
FORMATS = ("xlsx", "xlsm", "xltx", "xls", "xlsb", "ods", "csv", "tsv")
Table = Sequence[Sequence[Cell]]
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def rating(session: str) -> list[list[Cell]]:
    """A wide table with one rating: adherence 4, competence 5."""
    return [[*HEADER], [session, "R-1", "T-1", 4.0, 5.0]]


def rows_of(table: Table) -> Rows:
    """The same by row and column."""
    return {r: {c: cell for c, cell in enumerate(row) if cell is not None} for r, row in enumerate(table)}


def good(kind: str, session: str) -> bytes:
    """A file of this format with one rating of this session."""
    table = rating(session)
    if kind in ("csv", "tsv"):
        mark = "," if kind == "csv" else "\t"
        return "".join(mark.join(_plain(cell) for cell in row) + "\r\n" for row in table).encode()
    if kind == "xls":
        return ole_bytes({"Workbook": biff8({"Sheet1": rows_of(table)})})
    if kind == "xlsb":
        return zip_bytes(biff12({"Sheet1": rows_of(table)}))
    if kind == "ods":
        return ods_bytes({"Sheet1": [[_plain(cell) for cell in row] for row in table]})
    return zip_bytes(parts(table))


def _plain(cell: Cell) -> str:
    return f"{cell:g}" if isinstance(cell, float) else cell or ""


def parts(table: Table = (), *, sheet: bytes | None = None, strict: bool = False) -> dict[str, bytes]:
    """The parts of an xlsx with one sheet: a table's, or this XML."""
    main, office = (STRICT, STRICT_OFFICE) if strict else (MAIN, OFFICE)
    return {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relationships([("rId1", "officeDocument", "xl/workbook.xml")], office),
        "xl/workbook.xml": workbook_xml(["Sheet1"], main=main, office=office),
        "xl/_rels/workbook.xml.rels": relationships([("rId1", "worksheet", "worksheets/sheet1.xml")], office),
        "xl/worksheets/sheet1.xml": sheet_xml(rows_of(table), main=main) if sheet is None else sheet,
    }


def workbook_xml(
    names: Sequence[str],
    *,
    main: str = MAIN,
    office: str = OFFICE,
    more: str = "",
    states: Mapping[str, str] | None = None,
) -> bytes:
    """`xl/workbook.xml` with sheets of these names."""
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{k}" r:id="rId{k}"{(states or {}).get(name, "")}/>'
        for k, name in enumerate(names, start=1)
    )
    return f'<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{office}">{more}<sheets>{sheets}</sheets></workbook>'.encode()


def sheet_xml(rows: Rows, *, main: str = MAIN, head: str = "", cells: str = "", tail: str = "") -> bytes:
    """A worksheet. `head` stands before its rows, `cells` are more rows, and `tail` stands behind them."""
    body = "".join(
        f'<row r="{r + 1}">{"".join(cell_xml(r, c, cell) for c, cell in row.items())}</row>' for r, row in rows.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{main}">{head}'
        f"<sheetData>{body}{cells}</sheetData>{tail}</worksheet>"
    ).encode()


def cell_xml(row: int, column: int, cell: Cell) -> str:
    """One cell: text inline, `=…` a formula that was never calculated, `#N/A` an error."""
    place = f"{column_letters(column)}{row + 1}"
    if cell is None:
        return f'<c r="{place}"/>'
    if isinstance(cell, float):
        return f'<c r="{place}"><v>{cell:g}</v></c>'
    if cell.startswith("="):
        return f'<c r="{place}"><f>{escape(cell[1:])}</f></c>'
    if cell.startswith("#"):
        return f'<c r="{place}" t="e"><v>{escape(cell)}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
