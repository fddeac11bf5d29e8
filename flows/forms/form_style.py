"""How a form looks: typefaces, colours, and the few ways in which a cell is written.

Style is data here; where things stand is `form_plan`, what they say is `rating_form` and `timeline`.
"""

from __future__ import annotations

from datetime import date

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Protection, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

FACE = "Arial"  # every office suite has it or a twin of the same widths, so that rows keep their heights
INK, QUIET, DEEP, BAND, CREAM, GREY, LINE = (
    "1F2A30",
    "4A5960",
    "1F5A66",
    "DCEBEC",
    "FFF9E6",
    "E3E5E6",
    "B8C4C7",
)
ISO_DATE = "yyyy-mm-dd"
AS_TEXT = "@"

TITLE_FONT = Font(name=FACE, size=16, bold=True, color=DEEP)
LABEL_FONT = Font(name=FACE, size=10, color=QUIET)
FILL_FONT = Font(name=FACE, size=11, color=INK)
HEADER_FONT = Font(name=FACE, size=10.5, bold=True, color="FFFFFF")
BAND_FONT = Font(name=FACE, size=10.5, bold=True, color=DEEP)
NUMBER_FONT = Font(name=FACE, size=10, color=QUIET)
SMALL_FONT = Font(name=FACE, size=9, color=QUIET)
SMALL_ITALIC = Font(name=FACE, size=9, italic=True, color=QUIET)
COUNTER_FONT = Font(name=FACE, size=11, bold=True, color=DEEP)
BOLD_RUN = InlineFont(rFont=FACE, sz=11, b=True, color=Color(rgb=INK))
PLAIN_RUN = InlineFont(rFont=FACE, sz=10, color=Color(rgb=INK))
GUIDE_RUN = InlineFont(rFont=FACE, sz=9, i=True, color=Color(rgb=QUIET))

THIN = Side(style="thin", color=LINE)
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
UNDERLINE = Border(bottom=THIN)

LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="center", indent=1)
LOW = Alignment(horizontal="left", vertical="bottom", wrap_text=True, indent=1)
LOW_CENTRE = Alignment(horizontal="center", vertical="bottom", wrap_text=True)
TOP = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)


def paint(colour: str) -> PatternFill:
    """A plain fill."""
    return PatternFill("solid", start_color=colour, end_color=colour)


def new_workbook() -> tuple[Workbook, Worksheet]:
    """A workbook whose column widths are counted in the form's own typeface, and its one sheet."""
    workbook = Workbook()
    # Widths are measured in digits of this font; where openpyxl's Calibri is absent the columns would grow.
    workbook._fonts[0] = Font(name=FACE, size=10)  # type: ignore[attr-defined]
    workbook._named_styles["Normal"].font = Font(name=FACE, size=10)  # type: ignore[attr-defined]
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one
    return workbook, sheet


def put_text(
    sheet: Worksheet, cell: str, text: str, font: Font, align: Alignment = LEFT, fill: str | None = None
) -> None:
    """Write a text that stays a text, whatever it begins with."""
    target = sheet[cell]
    target.value = text
    target.data_type = "s"  # openpyxl takes a text that begins with = for a formula
    target.font, target.alignment = font, align
    if fill is not None:
        target.fill = paint(fill)


def put_runs(sheet: Worksheet, cell: str, runs: list[tuple[InlineFont, str]]) -> None:
    """Write a text in several typefaces."""
    sheet[cell].value = CellRichText(*(TextBlock(font, text) for font, text in runs if text))
    sheet[cell].alignment = LEFT


def put_fill_in(sheet: Worksheet, area: str, align: Alignment = LEFT, number_format: str = "General") -> None:
    """Make a cell, or a merged range, one that people fill in: unlocked, cream, boxed."""
    if ":" in area:
        sheet.merge_cells(area)
    first, _, last = area.partition(":")
    for row in sheet[f"{first}:{last or first}"]:
        for cell in row:
            cell.protection = Protection(locked=False)
            cell.fill, cell.border, cell.font = paint(CREAM), BOX, FILL_FONT
            cell.alignment, cell.number_format = align, number_format


def put_value(sheet: Worksheet, cell: str, value: str | int | date | None) -> None:
    """Prefill a cell that people fill in; the text can never become a formula."""
    if value is None:
        return
    sheet[cell].value = value
    if isinstance(value, str):
        sheet[cell].data_type = "s"


def protect(sheet: Worksheet) -> None:
    """Lock all but the cells to fill in. No password: this is against slips. Rows may be made higher."""
    sheet.protection.sheet = True
    sheet.protection.formatRows = False  # False: not forbidden
    sheet.protection.formatColumns = False


def lines_needed(text: str, width: float) -> int:
    """Lines that a text takes in a column `width` characters wide, words kept whole."""
    lines, used = 1, 0.0
    for word in text.split():
        if used and used + 1 + len(word) > width:
            lines, used = lines + 1, len(word)
        else:
            used += len(word) + (1 if used else 0)
    return lines


def set_page(sheet: Worksheet, landscape: bool, pages_high: int, footer: str) -> None:
    """A4, one page wide and at most `pages_high` high, with a quiet footer."""
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, pages_high
    sheet.page_margins.left = sheet.page_margins.right = 0.45
    sheet.page_margins.top, sheet.page_margins.bottom = 0.45, 0.6
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter = HeaderFooterItem(
        left=_HeaderFooterPart(footer.replace("&", "&&"), size=8), right=_HeaderFooterPart("&P / &N", size=8)
    )
    sheet.sheet_view.showGridLines = False
