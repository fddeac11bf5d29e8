"""The picture on a supervision sheet: a mark for each element and scale, in the row of its words, against the threshold.

Dark circles and pale diamonds, so that it reads in grey and in a photocopy. It draws the numbers beside the page.
"""

from __future__ import annotations

from typing import Any

from openpyxl.chart import Reference, ScatterChart
from openpyxl.chart.data_source import NumDataSource, NumRef
from openpyxl.chart.error_bar import ErrorBars
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import INK, MIDDLE, Box, draw_axis, grey_grid, line_of_threshold, place, plot_area
from flows.publish.supervision_page import Page
from flows.publish.supervision_profile import AXIS_POINTS, NUMBERS
from flows.publish.supervision_rows import WIDTHS

POINTS_A_CM = 28.35
CM_A_WIDTH = 0.214  # of one unit of column width in our font: eight of 96 pixels an inch, and the cell's edges
FIRST_NUMBER = len(WIDTHS) + 1  # column of the first number behind the picture
SIGNS = (("circle", 7, INK), ("diamond", 8, MIDDLE))  # mark, size, fill
SMALL = 4  # size of a mark that rests on too little; a hollow one LibreOffice does not show


def draw_profile(sheet: Worksheet, page: Page, therapist_id: str) -> None:
    """Draw the page's first block into column D, over the rows of its profile."""
    if page.drawn is None or not page.n_drawn:
        return
    chart = ScatterChart()
    chart.style, chart.scatterStyle, chart.legend = 2, "lineMarker", None
    first, last = page.first_drawn + 1, page.first_drawn + page.n_drawn
    scales = page.drawn.scales[:2]
    at_threshold = FIRST_NUMBER + len(scales) * len(NUMBERS)
    if any(sheet.cell(row, at_threshold).value is not None for row in range(first, last + 1)):
        line = _series(sheet, at_threshold, at_threshold + 1, first, last, "good enough")
        line_of_threshold(line)
        chart.series.append(line)
    for at, (scale, sign) in enumerate(zip(scales, SIGNS, strict=False)):
        column = FIRST_NUMBER + at * len(NUMBERS)
        chart.series.append(_marks(sheet, column, (first, last), scale.title, sign))
        small = (sign[0], SMALL, sign[2])
        chart.series.append(_marks(sheet, column + 4, (first, last), f"{scale.title}, too few to say", small))
    rows_points = sum(row.height for row in page.rows[page.first_drawn : page.first_drawn + page.n_drawn])
    _frame(chart, page, rows_points)
    chart.layout = plot_area(0.04, 0.0, 0.92, rows_points / (rows_points + AXIS_POINTS))
    height_cm = (rows_points + AXIS_POINTS) / POINTS_A_CM
    place(
        chart,
        Box(len(WIDTHS) - 1, page.first_drawn, WIDTHS[-1] * CM_A_WIDTH, height_cm),
        _alternative(page, therapist_id),
    )
    sheet.add_chart(chart)


def _series(sheet: Worksheet, x: int, y: int, first: int, last: int, title: str) -> Any:
    return SeriesFactory(
        Reference(sheet, min_col=y, min_row=first, max_row=last),
        Reference(sheet, min_col=x, min_row=first, max_row=last),
        title=title,
    )


def _marks(sheet: Worksheet, column: int, rows: tuple[int, int], title: str, sign: tuple[str, int, str]) -> Any:
    """A scale's marks, each with the bar of its interval."""
    first, last = rows
    series = _series(sheet, column, column + 3, first, last, title)
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    symbol, size, fill = sign
    series.marker.symbol, series.marker.size = symbol, size
    series.marker.graphicalProperties = GraphicalProperties(solidFill=fill, ln=LineProperties(solidFill=INK, w=12_700))
    series.errBars = ErrorBars(
        errDir="x",
        errBarType="both",
        errValType="cust",
        noEndCap=True,
        minus=_numbers(sheet, column + 1, first, last),
        plus=_numbers(sheet, column + 2, first, last),
        spPr=GraphicalProperties(ln=LineProperties(solidFill=INK, w=15_875)),
    )
    return series


def _numbers(sheet: Worksheet, column: int, first: int, last: int) -> NumDataSource:
    letter = get_column_letter(column)
    return NumDataSource(numRef=NumRef(f=f"{quote_sheetname(sheet.title)}!${letter}${first}:${letter}${last}"))


def _frame(chart: ScatterChart, page: Page, rows_points: float) -> None:
    assert page.drawn is not None  # noqa: S101 - narrows the type
    scales = page.drawn.scales[:2]
    lowest, highest = min(s.lowest for s in scales), max(s.highest for s in scales)
    across: Any = chart.x_axis
    draw_axis(across)
    across.scaling.min, across.scaling.max = lowest, highest
    across.majorUnit = 1 if highest - lowest <= 10 else None
    across.number_format = "General"
    grey_grid(across)
    chart.y_axis.delete = True
    chart.y_axis.majorGridlines = None
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, rows_points
    chart.graphical_properties = GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))


def _alternative(page: Page, therapist_id: str) -> str:
    assert page.drawn is not None  # noqa: S101 - narrows the type
    names = " and ".join(scale.title.lower() for scale in page.drawn.scales[:2])
    return (
        f"A mark and its bar for the {names} of each element of therapist {therapist_id}, against a dashed line where good "
        "enough begins: the mark is the estimate of her level, the bar its 95 per cent interval. A bar that crosses the line "
        "does not settle it; a small mark rests on too little. The counts stand beside it in words, and the numbers in "
        "the columns to the right of the page."
    )
