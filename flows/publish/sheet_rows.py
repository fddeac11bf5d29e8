"""Rows of a streamed sheet, written top down: heights that show all of a wrapped text, and few cells for many rows.

openpyxl's streaming keeps memory flat, but looks at no row again: heights and widths must be known when a row is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.workbook import LINE_POINTS, n_lines, put

A4 = 9  # the number of that paper in a workbook
PRINTED_WIDTH = 260  # in characters; what fits the width of a landscape page in print of 6 to 7 points
MARGIN_INCHES = 0.4
INDENT = 3  # characters of a column that what is indented cannot use
MOST_POINTS = 409  # Excel's rows are no taller
HEADING_POINTS = {"Heading 1": 24.0, "Heading 2": 20.0}
INDENTED = ("Text apart", "Head apart", "Head right")
WRAPPED = ("Text", "Link", "Head", *INDENTED)  # styles that wrap
LEFT = ("Text", "Link")  # styles that stand to the left; numbers and dates stand to the right, and so do their headings


class SheetRows:
    """One streamed sheet under construction; `row` is the last row written, counted from 1."""

    def __init__(self, book: Workbook, name: str, widths: Sequence[int], *, is_upright: bool = False) -> None:
        self.sheet: Worksheet = book.create_sheet(name)
        self.widths = widths
        self.row = 0
        for number, width in enumerate(widths, 1):
            self.sheet.column_dimensions[get_column_letter(number)].width = width
        self.sheet.page_setup.orientation = "portrait" if is_upright else "landscape"
        self.sheet.page_setup.paperSize = A4
        self.sheet.page_margins = PageMargins(*[MARGIN_INCHES] * 4)
        # a table wider than the print can show legibly goes over several pages, its first column on each
        self.sheet.page_setup.fitToWidth, self.sheet.page_setup.fitToHeight = ceil(sum(widths) / PRINTED_WIDTH), 0
        if sum(widths) > PRINTED_WIDTH:
            self.sheet.print_title_cols = "A:A"
        self.sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        self.sheet.sheet_view.showGridLines = False

    def cell(self, value: object, style: str) -> Cell:
        """A cell of this sheet in one of our styles."""
        cell = WriteOnlyCell(self.sheet)
        cell.style = style
        if value is not None:
            put(cell, value)
        return cell

    def line(self, words: str, style: str = "Sentence") -> None:
        """A line of words in column A; in a style that does not wrap it runs on over the columns to its right."""
        self.append([self.cell(words, style)], [style])

    def gap(self, n_rows: int) -> None:
        """Empty rows, for a chart to stand on."""
        for _ in range(n_rows):
            self.append([], [])

    def append(self, cells: Sequence[Cell], styles: Sequence[str]) -> None:
        """Write a row of cells in these styles, high enough for its text."""
        self.row += 1
        height = max(self._heights(cells, styles), default=0.0)
        if height:
            self.sheet.row_dimensions[self.row].height = min(height, MOST_POINTS)
        self.sheet.append(list(cells))

    def _heights(self, cells: Iterable[Cell], styles: Iterable[str]) -> Iterator[float]:
        """Heights that cells ask for; one line of ordinary text asks for none."""
        for cell, style, width in zip(cells, styles, self.widths, strict=False):
            if style in HEADING_POINTS:
                yield HEADING_POINTS[style]
            elif style in WRAPPED:
                text = str(cell.value)
                room = width - INDENT if style in INDENTED else width
                if "\n" in text or len(text) > 0.9 * room:
                    yield n_lines(text, room, bold=style.startswith("Head")) * LINE_POINTS


def side_by_side(styles: Sequence[str]) -> tuple[list[str], list[str]]:
    """The styles of a table's cells and of its headings: text that follows another column stands apart from it.

    Numbers have a gap to their right, but not every program keeps it.
    """
    cells = [f"{style} apart" if place and style == "Text" else style for place, style in enumerate(styles)]
    heads = [_head(style, is_first=not place) for place, style in enumerate(styles)]
    return cells, heads


def _head(style: str, *, is_first: bool) -> str:
    if style not in LEFT:
        return "Head right"
    return "Head" if is_first else "Head apart"
