"""The small pictures of a line across instruments: each side on the axis of its own scale, an upright line where it changed.

Two instruments have an axis each, even where their scales are written alike: a 4 of one is not a 4 of the other. The
numbers behind stand to the right of the page, in the row of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from openpyxl.chart import Reference, ScatterChart
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import INK, MIDDLE, Box, draw_axis, line_of_threshold, name_title, place, plot_area
from flows.publish.course_facts import Course, CourseLine, Point
from flows.publish.course_rows import Shown, short_name
from flows.publish.workbook import put

PICTURE_POINTS = 112.0
POINTS_A_CM = 28.35
PICTURE_CM = 13.0  # its width
SECOND_AXIS = 200
SIGNS = (("circle", 7, INK), ("diamond", 8, MIDDLE))  # mark, size, fill, as in the profile
Numbers = Sequence[float | None]


def drawn_lines(course: Course) -> list[CourseLine]:
    """The lines that more than one instrument tells with a mean: only there is a line on both sides of a change."""
    told = [
        (line, {v.instrument for v, p in zip(course.visits, line.points, strict=True) if p.mean is not None})
        for line in course.lines
    ]
    return [line for line, instruments in told if len(instruments) > 1]


def draw_line(sheet: Worksheet, at: tuple[int, int], line: CourseLine, shown: Shown, which: tuple[int, str]) -> int:
    """Draw one line into a row: `at` is the row and the first free column for numbers; gives back the next free column.

    `which` says whether it is the picture to the left (0) or to the right (1), and whose it is.
    """
    charts = [_chart(), _chart()]
    row, column = at
    instruments = shown.course.instruments
    scales = [_scale_of(line, shown.course, instrument) for instrument in instruments]
    for (_, instrument), places in _stretches(shown.course):
        side = instruments.index(instrument)
        means = [line.points[n].mean for n in places]
        series, column = _series(sheet, row, column, ([n + 1.0 for n in places], means), shown.letters[instrument])
        _mark(series, SIGNS[side])
        charts[side].series.append(series)
        threshold = scales[side].threshold
        if threshold is not None:
            ends = [places[0] + 0.6, places[-1] + 1.4]
            series, column = _series(sheet, row, column, (ends, [threshold] * 2), "good enough")
            line_of_threshold(series)
            charts[side].series.append(series)
    column = _draw_changes(sheet, (row, column), shown.course, scales[0], charts[0])
    _frame(charts, scales, shown)
    n, therapist_id = which
    box = Box(0 if n == 0 else 2, row - 1, PICTURE_CM, (PICTURE_POINTS - 4) / POINTS_A_CM)
    place(charts[0], box, _alternative(line, therapist_id))
    charts[0] += charts[1]  # one picture, two axes
    sheet.add_chart(charts[0])
    return column


def _chart() -> ScatterChart:
    chart = ScatterChart()
    chart.style, chart.scatterStyle, chart.legend = 2, "lineMarker", None
    chart.display_blanks = "gap"  # no line is drawn over a session that says nothing
    return chart


def _scale_of(line: CourseLine, course: Course, instrument: str) -> Point:
    """A point that tells this instrument's scale."""
    return next(p for p, v in zip(line.points, course.visits, strict=True) if v.instrument == instrument)


def _stretches(course: Course) -> list[tuple[tuple[int, str], list[int]]]:
    """(stretch, instrument) with the places of its visits, from 0."""
    numbered = sorted(enumerate(course.visits), key=lambda found: (found[1].stretch, found[1].instrument, found[0]))
    grouped = groupby(numbered, key=lambda found: (found[1].stretch, found[1].instrument))
    return [(key, [n for n, _ in of_stretch]) for key, of_stretch in grouped]


def _series(sheet: Worksheet, row: int, column: int, points: tuple[Numbers, Numbers], title: str) -> tuple[Any, int]:
    """A series of places and heights, written side by side from this column on; gives back the next free column."""
    n = len(points[0])
    for k, value in enumerate((*points[0], *points[1])):
        if value is not None:
            cell = sheet.cell(row, column + k)
            cell.style = "Mean"
            put(cell, value)
    across = Reference(sheet, min_col=column, max_col=column + n - 1, min_row=row)
    up = Reference(sheet, min_col=column + n, max_col=column + 2 * n - 1, min_row=row)
    return SeriesFactory(up, across, title=title), column + 2 * n


def _mark(series: Any, sign: tuple[str, int, str]) -> None:
    symbol, size, fill = sign
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=fill, w=15_875))
    series.marker.symbol, series.marker.size, series.smooth = symbol, size, False
    series.marker.graphicalProperties = GraphicalProperties(solidFill=fill, ln=LineProperties(solidFill=INK, w=12_700))


def _draw_changes(sheet: Worksheet, at: tuple[int, int], course: Course, scale: Point, chart: ScatterChart) -> int:
    row, column = at
    visits = course.visits
    for n in range(1, len(visits)):
        if visits[n].stretch != visits[n - 1].stretch:
            series, column = _series(sheet, row, column, ([n + 0.5] * 2, [scale.lowest, scale.highest]), "change")
            series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="000000", w=28_575))
            series.marker.symbol, series.smooth = "none", False
            chart.series.append(series)
    return column


def _frame(charts: Sequence[ScatterChart], scales: Sequence[Point], shown: Shown) -> None:
    """Sessions from left to right; the first instrument's points up the left side, the second's up the right."""
    for chart, scale, letter in zip(charts, scales, shown.letters.values(), strict=False):
        across: Any = chart.x_axis
        draw_axis(across)
        across.scaling.min, across.scaling.max = 0, len(shown.course.visits) + 1
        across.majorUnit, across.majorGridlines, across.crosses = 1, None, "min"
        across.number_format = f'[<1]"";[>{len(shown.course.visits)}]"";0'
        up: Any = chart.y_axis
        draw_axis(up)
        name_title(up, letter, bold=True)
        up.scaling.min, up.scaling.max = scale.lowest, scale.highest
        up.number_format, up.majorGridlines = "General", None
        up.majorUnit = ((scale.highest or 0) - (scale.lowest or 0)) / 2
        chart.layout = plot_area(0.1, 0.05, 0.8, 0.75)
    charts[0].y_axis.crosses = "min"
    charts[1].y_axis.axId, charts[1].y_axis.crosses = SECOND_AXIS, "max"


def _alternative(line: CourseLine, therapist_id: str) -> str:
    return (
        f"{short_name(line.element)}, {line.scale.lower()}, of therapist {therapist_id}: each session's mean, in order, with "
        "an upright line where the instrument changed. Each side is drawn on the axis of its own scale, with a dashed line where "
        "good enough begins. The same numbers stand in the table above."
    )
