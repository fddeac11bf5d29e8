"""The charts of the Excel summary: how a team delivers each element, and whether that holds from quarter to quarter.

Each chart draws rows of a table in the same workbook, one team and one instrument at a time: teams are never set against each
other. Observers' ratings only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import FILLS, INK, Box, draw_axis, grey_grid, letters, line_of_threshold, name_title, place
from flows.publish.summary_tables import Row, Table
from flows.publish.workbook import NOT_AVAILABLE, clean_text
from schemas.codes import Role

MOST_CHARTS = 40  # of one sheet
Place = tuple[Worksheet, int]  # a table's sheet, and the row of its heading


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of a table that become one series: the scale's name, and the first and last row on its sheet."""

    scale: str
    first: int
    last: int
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart to draw: its question, what its two axes are, where its series stand, and the range of the scale."""

    question: str
    alternative: str
    across: str
    stretches: tuple[Stretch, ...]
    column_of_labels: int
    column_of_mean: int
    column_of_threshold: int
    lowest: float
    highest: float
    is_long: bool


Ranges = dict[tuple[str, str], tuple[float, float]]  # (instrument, scale's title) -> lowest, highest


def profile_pictures(table: Table, ranges: Ranges, head_row: int) -> list[Picture]:
    """For each team and instrument: how does it deliver each element?"""
    pictures = []
    for rows in _groups(table.rows, (0, 1)):
        team, instrument = rows[0][1][0], rows[0][1][1]
        question = f"How does team {_said(team)} deliver each element? ({instrument})"
        pictures.append(_picture(table, rows, question, "Element", ("Element id", 3), ranges, head_row, is_long=True))
    return pictures


def trend_pictures(table: Table, ranges: Ranges, head_row: int) -> list[Picture]:
    """For each team, instrument and domain: does it hold from quarter to quarter?"""
    pictures = []
    for rows in _groups(table.rows, (0, 1, 3)):
        team, instrument, _, domain = rows[0][1][:4]
        question = f"Does team {_said(team)} keep {domain} up from quarter to quarter? ({instrument})"
        pictures.append(_picture(table, rows, question, "Quarter", ("Quarter", 4), ranges, head_row, is_long=False))
    return pictures


def draw(picture: Picture, sheet: Worksheet, box: Box) -> BarChart:
    """Columns of the means on each scale, and a dashed line for good enough, over the table on `sheet`."""
    chart = BarChart()
    chart.type, chart.grouping, chart.gapWidth, chart.overlap = "col", "clustered", 60, 0
    chart.style = 10
    for stretch, fill in zip(picture.stretches, FILLS, strict=False):
        series = SeriesFactory(_column(sheet, picture.column_of_mean, stretch), title=stretch.scale)
        series.graphicalProperties = GraphicalProperties(solidFill=fill, ln=LineProperties(solidFill=INK, w=9_525))
        chart.series.append(series)
    chart.set_categories(_column(sheet, picture.column_of_labels, picture.stretches[0]))
    _name_axes(chart, picture)
    for line in _threshold_lines(picture, sheet):
        chart += line
    name_title(chart, picture.question, 13, bold=True)
    chart.legend.position = "t"
    chart.legend.txPr = letters()
    place(chart, box, picture.alternative)
    return chart


def _name_axes(chart: BarChart, picture: Picture) -> None:
    draw_axis(chart.x_axis, picture.across, turned=picture.is_long)
    draw_axis(chart.y_axis, "Mean of session means")
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = picture.lowest, picture.highest
    chart.y_axis.majorUnit = 1 if picture.highest - picture.lowest <= 10 else None
    chart.y_axis.number_format = "General"
    chart.y_axis.crosses = "min"
    grey_grid(chart.y_axis)


def _threshold_lines(picture: Picture, sheet: Worksheet) -> Iterator[LineChart]:
    """A line for each threshold: one where the scales share it."""
    thresholds = {s.threshold: s for s in reversed(picture.stretches) if s.threshold is not None}
    for threshold, stretch in sorted(thresholds.items()):
        line = LineChart()
        series = SeriesFactory(
            _column(sheet, picture.column_of_threshold, stretch), title=f"good enough ({threshold:g})"
        )
        line_of_threshold(series)
        line.series.append(series)
        yield line


def _column(sheet: Worksheet, column: int, stretch: Stretch) -> Reference:
    return Reference(sheet, min_col=column, max_col=column, min_row=stretch.first, max_row=stretch.last)


def _groups(rows: Sequence[Row], key: tuple[int, ...]) -> Iterator[list[tuple[int, Row]]]:
    """Observers' rows that share a key, each with its 0-based place in the table."""
    groups: dict[Row, list[tuple[int, Row]]] = {}
    for place_in_table, row in enumerate(rows):
        if row[2] == Role.OBSERVER:
            groups.setdefault(tuple(row[k] for k in key), []).append((place_in_table, row))
    yield from groups.values()


def _picture(
    table: Table,
    rows: list[tuple[int, Row]],
    question: str,
    across: str,
    labels_and_scale: tuple[str, int],
    ranges: Ranges,
    head_row: int,
    *,
    is_long: bool,
) -> Picture:
    titles = [column.title for column in table.columns]
    labels, at_scale = labels_and_scale
    at_threshold = titles.index("Threshold")
    runs: dict[str, list[tuple[int, Row]]] = {}
    for place_in_table, row in rows:
        runs.setdefault(row[at_scale], []).append((place_in_table, row))
    stretches = tuple(
        Stretch(clean_text(scale), head_row + 1 + run[0][0], head_row + 1 + run[-1][0], run[0][1][at_threshold])
        for scale, run in runs.items()
    )
    bounds = [ranges[rows[0][1][1], scale] for scale in runs if (rows[0][1][1], scale) in ranges] or [(0.0, 1.0)]
    return Picture(
        clean_text(question),
        clean_text(
            f"{question} Columns: the mean of session means by {across.lower()}, one for each of "
            f"{' and '.join(runs)}; a dashed line where good enough begins. The numbers stand on the sheet {table.sheet}."
        ),
        across,
        stretches,
        titles.index(labels) + 1,
        titles.index("Mean") + 1,
        at_threshold + 1,
        min(low for low, _ in bounds),
        max(high for _, high in bounds),
        is_long,
    )


def _said(team: str | None) -> str:
    return NOT_AVAILABLE if team is None else team
