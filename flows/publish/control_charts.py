"""The control charts of the Excel summary: a team's sessions one after the other, with their mean and limits (XmR).

They draw the table Team sessions. A point that fires a rule is drawn as a large diamond; what it fires stands in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from openpyxl.chart import LineChart, Reference
from openpyxl.chart.marker import DataPoint, Marker
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import INK, MIDDLE, Box, draw_axis, grey_grid, letters, line_of_threshold, name_title, place
from flows.publish.summary_charts import Ranges
from flows.publish.summary_tables import Table
from flows.publish.workbook import clean_text

MOST_LABELS = 20  # along the axis of sessions
MANY = 50  # points, from which on they are drawn smaller
_LINES = (("Mean", "mean"), ("Lower limit", "lower limit"), ("Upper limit", "upper limit"))


@dataclass(frozen=True, slots=True)
class ControlPicture:
    """One chart to draw: its question and text, its rows on the sheet (first and last), and which points fire a rule."""

    question: str
    alternative: str
    rows: tuple[int, int]
    firing: tuple[int, ...]
    titles: tuple[str, ...]
    lowest: float
    highest: float


def control_pictures(table: Table, ranges: Ranges, head_row: int) -> list[ControlPicture]:
    """For each team, instrument, domain and scale: do its sessions change, or vary as they always did?"""
    titles = tuple(column.title for column in table.columns)
    pictures = []
    placed = list(enumerate(table.rows, head_row + 1))
    for (team, instrument, domain, scale), rows in groupby(placed, key=lambda one: tuple(one[1][:4])):
        group = list(rows)
        question = clean_text(f"Team {team}: does {domain} change, or vary as it always did? ({scale}, {instrument})")
        firing = tuple(n for n, (_, row) in enumerate(group) if row[-1])
        alternative = clean_text(
            f"{question} A line through {len(group)} sessions in the order of their dates, with dashed lines for their mean and "
            f"the limits within which sessions vary by chance. {_told(len(firing))} The numbers stand on the sheet {table.sheet}."
        )
        span = group[0][0], group[-1][0]
        low, high = _span(group[0][1], ranges.get((instrument, scale)))
        pictures.append(ControlPicture(question, alternative, span, firing, titles, low, high))
    return pictures


def draw_control(picture: ControlPicture, sheet: Worksheet, box: Box) -> LineChart:
    """The line of points with its mean and limits, over the table on `sheet`."""
    chart = LineChart()
    chart.style = 10
    points = SeriesFactory(_column(sheet, picture, "Value"), title="session")
    points.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=INK, w=15_875))
    n_points = 1 + picture.rows[1] - picture.rows[0]
    points.marker = _marker("circle", 6 if n_points <= MANY else 4, INK)
    points.smooth = False
    points.dPt = [DataPoint(idx=n, marker=_marker("diamond", 12, MIDDLE)) for n in picture.firing]
    chart.series.append(points)
    for title, words in _LINES:
        line = SeriesFactory(_column(sheet, picture, title), title=words)
        line_of_threshold(line)
        chart.series.append(line)
    chart.set_categories(_column(sheet, picture, "Place"))
    along: Any = chart.x_axis
    draw_axis(along, "Place of the session, by date")
    draw_axis(chart.y_axis, "Mean of the session's elements")
    along.number_format = chart.y_axis.number_format = "General"
    along.tickLblSkip = along.tickMarkSkip = -(-n_points // MOST_LABELS)
    along.tickLblPos, along.crosses = "low", "min"
    chart.y_axis.majorUnit = 1 if picture.highest - picture.lowest <= 10 else None
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = picture.lowest, picture.highest
    grey_grid(chart.y_axis)
    name_title(chart, picture.question, 13, bold=True)
    assert chart.legend is not None  # noqa: S101 - a new chart has one
    chart.legend.position = "t"
    chart.legend.txPr = letters()
    place(chart, box, picture.alternative)
    return chart


def _told(n_firing: int) -> str:
    if not n_firing:
        return "No point fires a rule."
    return f"{n_firing} of the points, large diamonds, {'fires' if n_firing == 1 else 'fire'} a rule."


def _span(row: tuple[object, ...], ends: tuple[float, float] | None) -> tuple[float, float]:
    """The scale's own ends, or wider where the limits lie beyond them."""
    lower, upper = (float(str(limit)) for limit in row[-3:-1])
    low, high = ends or (lower, upper)
    return min(low, float(int(lower) - (lower < 0))), max(high, float(int(upper) + 1))


def _marker(symbol: Literal["circle", "diamond"], size: int, fill: str) -> Marker:
    marker = Marker(symbol=symbol, size=size)
    marker.graphicalProperties = GraphicalProperties(solidFill=fill, ln=LineProperties(solidFill=INK, w=12_700))
    return marker


def _column(sheet: Worksheet, picture: ControlPicture, title: str) -> Reference:
    at = picture.titles.index(title) + 1
    return Reference(sheet, min_col=at, max_col=at, min_row=picture.rows[0], max_row=picture.rows[1])
