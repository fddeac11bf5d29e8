"""The first sheet of a copy that goes back: "What to mend", in the rater's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from flows.intake.returned import MARKER_ROWS, MEND_MARKER
from flows.publish.workbook import FONT, LINE_POINTS, SIZE, n_lines, put
from schemas.wording import Headings

PLAIN, BOLD = Font(name=FONT, size=SIZE), Font(name=FONT, size=SIZE, bold=True)
TITLE, LINK = Font(name=FONT, size=16, bold=True), Font(name=FONT, size=SIZE, underline="single", color="0B5394")
TOP = Alignment(vertical="top", wrap_text=True)
UNWRAPPED = Alignment(vertical="top")
LINE = Border(bottom=Side(style="thin", color="000000"))
HEAD_FILL = PatternFill("solid", fgColor="E7E6E6")
WIDTHS = {"A": 18, "B": 13, "C": 50, "D": 62}


@dataclass(frozen=True, slots=True)
class MendRow:
    """One place to mend, in the words of the rater's language."""

    sheet: str
    cell: str
    problem: str
    to_do: str


@dataclass(frozen=True, slots=True)
class MendPage:
    """What the first sheet says."""

    headings: Headings
    workbook: str
    n_waiting: int
    rows: tuple[MendRow, ...]


def write_mend_page(book: Workbook, page: MendPage, remark: str = "", titles: Mapping[str, str] | None = None) -> None:
    """Put the list before all other sheets; `titles` gives the copy's name of each of her sheets where it has another."""
    head = page.headings
    sheet = book.create_sheet(head.sheet, 0)
    _put(sheet, "A1", MEND_MARKER, PLAIN)
    sheet.row_dimensions[1].hidden = True
    _put(sheet, "A2", head.title, TITLE)
    sheet.row_dimensions[2].height = 24
    said = [
        head.workbook.format(workbook=page.workbook),
        head.waits.format(n=page.n_waiting),
        *([remark] if remark == head.list_only else [head.mend, head.stays, remark]),
    ]
    lines = [line for line in said if line]
    for row, line in enumerate(lines, start=MARKER_ROWS):
        _put(sheet, f"A{row}", line, PLAIN)
    first = MARKER_ROWS + len(lines) + 1
    for column, word in zip("ABCD", (head.place_sheet, head.place_cell, head.problem, head.to_do), strict=True):
        _put(sheet, f"{column}{first}", word, BOLD, TOP)
        sheet[f"{column}{first}"].border, sheet[f"{column}{first}"].fill = LINE, HEAD_FILL
    for number, found in enumerate(page.rows, start=first + 1):
        _write_row(sheet, number, found, head.whole_sheet, (titles or {}).get(found.sheet, found.sheet))
    _set_up(book, sheet, first)


def remove_mend_lists(book: Workbook) -> None:
    """Take away the list of an earlier copy, which this one replaces."""
    for sheet in book.worksheets:
        if sheet["A1"].value == MEND_MARKER:
            book.remove(sheet)


def _write_row(sheet: Worksheet, number: int, found: MendRow, whole_sheet: str, title: str) -> None:
    for column, text in zip("ABCD", (title, found.cell or whole_sheet, found.problem, found.to_do), strict=True):
        _put(sheet, f"{column}{number}", text, PLAIN, TOP)
    if title in sheet.parent.sheetnames:  # type: ignore[union-attr] # a sheet of a workbook has one
        link, target = sheet[f"B{number}"], f"{quote_sheetname(title)}!{found.cell or 'A1'}"
        link.hyperlink = Hyperlink(ref=f"B{number}", location=target)
        link.font = LINK
    height = max(n_lines(found.problem, WIDTHS["C"]), n_lines(found.to_do, WIDTHS["D"]), n_lines(title, WIDTHS["A"]))
    sheet.row_dimensions[number].height = LINE_POINTS * height + 4


def _put(sheet: Worksheet, cell: str, text: str, font: Font, alignment: Alignment = UNWRAPPED) -> None:
    put(sheet[cell], text, blank="")
    sheet[cell].font, sheet[cell].alignment = font, alignment


def print_across(sheet: Worksheet) -> None:
    """Let a new sheet print across the page, as wide as one and as long as it takes."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr] # a new sheet has them


def _set_up(book: Workbook, sheet: Worksheet, header: int) -> None:
    for column, width in WIDTHS.items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = f"A{header + 1}"
    sheet.sheet_view.showGridLines = False
    print_across(sheet)
    sheet.print_title_rows = f"{header}:{header}"
    for other in (*book.worksheets, *book.chartsheets):
        # two selected sheets would both be written into
        other.sheet_view.tabSelected = other is sheet  # type: ignore[attr-defined] # both kinds have a view
    book.active = 0
    for view in book.views:
        view.firstSheet = 0
