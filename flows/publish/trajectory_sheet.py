"""The sheet "Trajectory in sessions" of a supervision workbook: words, and a ladder that shows how far each episode got.

Drawn like the profile: dark circles and pale diamonds on grey rungs, so that it reads in grey and in a photocopy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import Reference, ScatterChart
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import INK, MIDDLE, Box, draw_axis, place, plot_area
from flows.publish.supervision_rows import WIDTHS, PageRow
from flows.publish.trajectory_facts import Path
from flows.publish.trajectory_rows import AXIS_POINTS, RUNG_POINTS, Ladder, trajectory_rows
from flows.publish.workbook import put

SHEET = "Trajectory in sessions"
A4 = 9  # the number of that paper in a workbook
POINTS_A_CM, CM_A_WIDTH = 28.35, 0.214  # as in supervision_picture
MARGIN_INCHES = 0.39
FIRST_NUMBER = len(WIDTHS) + 1  # column of the first number behind the picture
SIGNS = (("In order", 1, "circle", 8, INK), ("Furthest", 2, "diamond", 9, MIDDLE))  # column, mark, size, fill
NUMBERS = ("number of the episode", "rung reached in order", "furthest rung")
RUNG_LINE = LineProperties(solidFill="8C8C8C", w=15_875)


def add_trajectory(book: Workbook, therapist_id: str, paths: Sequence[Path]) -> None:
    """Add the sheet to a supervision workbook, when anything is known of the therapist's trajectories."""
    if not paths:
        return
    rows, ladders = trajectory_rows(therapist_id, paths)
    sheet = book.create_sheet(SHEET)
    for number, row in enumerate(rows, 1):
        _write_row(sheet, number, row)
    for ladder in ladders[1:]:
        sheet.row_breaks.append(Break(id=ladder.head))  # no ladder is cut by the end of a page
    for ladder in ladders:
        _draw(sheet, ladder, therapist_id)
    _set_up_page(sheet, len(rows))


def _write_row(sheet: Worksheet, number: int, row: PageRow) -> None:
    sheet.row_dimensions[number].height = row.height
    for column, (text, style) in enumerate(zip(row.texts, row.styles, strict=True), 1):
        if text:
            cell = sheet.cell(number, column)
            cell.style = style
            put(cell, text)
    _write_numbers(sheet, number, row.numbers)


def _write_numbers(sheet: Worksheet, row: int, numbers: Sequence[float | str | None]) -> None:
    for column, value in enumerate(numbers, FIRST_NUMBER):
        if value is not None:  # a text or a nought in its place would be drawn
            cell = sheet.cell(row, column)
            cell.style = "Head right" if isinstance(value, str) else "Mean"
            put(cell, value)


def _draw(sheet: Worksheet, ladder: Ladder, therapist_id: str) -> None:
    """A ladder into column D, over the rows of its rungs, with the numbers behind it to the right of the page."""
    if not ladder.n_episodes:
        return
    chart = ScatterChart()
    chart.style, chart.scatterStyle, chart.legend = 2, "lineMarker", None
    head = ladder.first_episode
    _write_numbers(sheet, head, [f"Not printed, behind the picture: {what}" for what in NUMBERS])
    for at in range(ladder.n_rungs):
        chart.series.append(_line(sheet, ladder, at))
    first, last = head + 1, head + ladder.n_episodes
    for title, offset, symbol, size, fill in SIGNS[::-1]:  # circles lie upon diamonds
        series = SeriesFactory(
            Reference(sheet, min_col=FIRST_NUMBER + offset, min_row=first, max_row=last),
            Reference(sheet, min_col=FIRST_NUMBER, min_row=first, max_row=last),
            title=title,
        )
        series.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
        series.marker.symbol, series.marker.size = symbol, size
        ink = LineProperties(solidFill=INK, w=12_700)
        series.marker.graphicalProperties = GraphicalProperties(solidFill=fill, ln=ink)
        chart.series.append(series)
    _frame(chart, ladder)
    points = ladder.n_rungs * RUNG_POINTS
    chart.layout = plot_area(0.04, 0.0, 0.92, points / (points + AXIS_POINTS))
    box = Box(len(WIDTHS) - 1, ladder.first_rung, WIDTHS[-1] * CM_A_WIDTH, (points + AXIS_POINTS) / POINTS_A_CM)
    place(chart, box, _alternative(ladder, therapist_id))
    sheet.add_chart(chart)


def _line(sheet: Worksheet, ladder: Ladder, at: int) -> Any:
    """A rung; in the place of the topmost and the lowest row the two rails. Its ends stand to the right of its row."""
    row, left, right = ladder.first_rung + 1 + at, 0.5, ladder.n_episodes + 0.5
    top = ladder.n_rungs - 1.5
    height = float(ladder.n_rungs - 1 - at)
    ends = {0: (left, left, -0.5, top), ladder.n_rungs - 1: (right, right, -0.5, top)}
    _write_numbers(sheet, row, ends.get(at, (left, right, height, height)))
    x, y = FIRST_NUMBER, FIRST_NUMBER + 2
    series = SeriesFactory(
        Reference(sheet, min_col=y, max_col=y + 1, min_row=row), Reference(sheet, min_col=x, max_col=x + 1, min_row=row)
    )
    series.graphicalProperties = GraphicalProperties(ln=RUNG_LINE)
    series.marker.symbol, series.smooth = "none", False
    return series


def _frame(chart: ScatterChart, ladder: Ladder) -> None:
    across: Any = chart.x_axis
    draw_axis(across)
    across.scaling.min, across.scaling.max = 0, ladder.n_episodes + 1
    across.crosses = "min"  # below the ground, not through it
    across.majorUnit, across.number_format, across.majorGridlines = 1, "General", None
    chart.y_axis.delete = True
    chart.y_axis.majorGridlines = None
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = -0.5, ladder.n_rungs - 0.5
    chart.graphical_properties = GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))


def _alternative(ladder: Ladder, therapist_id: str) -> str:
    what = "episodes" if ladder.path.is_timeline else "sessions"
    return (
        f"A ladder with a rung for each step. Marks for the last {ladder.n_episodes} {what} of therapist {therapist_id}, oldest "
        "on the left: a dark circle on the step reached in order, a pale diamond on the furthest step that came at all. The same "
        "stands in words in the rows below."
    )


def _set_up_page(sheet: Worksheet, n_rows: int) -> None:
    """A4 upright, one page wide and as many high as it needs; protected, without a password."""
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number in range(FIRST_NUMBER, sheet.max_column + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 16
    sheet.print_area = f"A1:{get_column_letter(len(WIDTHS))}{n_rows}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "portrait", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, MARGIN_INCHES)
    sheet.print_options.horizontalCentered = True
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.protection.formatRows = sheet.protection.formatColumns = False  # False: allowed
