"""What all our charts share: alternative text, axes that are drawn and named, fonts, and marks that are told apart without colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openpyxl.chart._chart import ChartBase
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.series import Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RichTextProperties
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils.units import cm_to_EMU

from flows.publish.workbook import FONT

INK, MIDDLE, PALE = (
    "1F3A5F",
    "7F97B2",
    "D9E2EC",
)  # lightness alone tells them apart; a black line shows on the paler two
FILLS = (MIDDLE, PALE, INK)


@dataclass(frozen=True, slots=True)
class Box:
    """Where a chart stands: 0-based column and row of its top left corner, and its size."""

    column: int
    row: int
    width_cm: float
    height_cm: float
    top_points: float = 0


class AnchorWithText(OneCellAnchor):
    """An anchor that hands an alternative text to the frame openpyxl puts into it, which has no other door for one."""

    __elements__ = OneCellAnchor.__elements__
    alternative = ""

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - openpyxl's descriptors take anything
        super().__setattr__(name, value)
        if name == "graphicFrame" and value is not None:
            value.nvGraphicFramePr.cNvPr.descr = self.alternative


def place(chart: ChartBase, box: Box, alternative: str) -> None:
    """Put a chart in its place, with a text for those who cannot see it."""
    marker = AnchorMarker(col=box.column, row=box.row, rowOff=round(box.top_points * 12_700))
    size = XDRPositiveSize2D(cm_to_EMU(box.width_cm), cm_to_EMU(box.height_cm))
    anchor = AnchorWithText(_from=marker, ext=size)
    anchor.alternative = alternative
    chart.width, chart.height = box.width_cm, box.height_cm
    chart.anchor = anchor


def letters(points: float = 10, *, bold: bool = False, turned: bool = False) -> RichText:
    """Our font for axis labels and legends; `turned` runs upwards, where labels are long."""
    character = CharacterProperties(sz=round(points * 100), b=bold, latin=Font(typeface=FONT), solidFill="000000")
    body = RichTextProperties(rot=-5_400_000 if turned else 0, vert="horz")
    return RichText(bodyPr=body, p=[Paragraph(pPr=ParagraphProperties(defRPr=character), endParaRPr=character)])


def name_title(holder: Any, words: str, points: float = 10, *, bold: bool = False) -> None:  # noqa: ANN401 - chart or axis
    """Give a chart or an axis its title in our font, beside the drawing and not over it."""
    holder.title = words
    character = CharacterProperties(sz=round(points * 100), b=bold, latin=Font(typeface=FONT), solidFill="000000")
    for paragraph in holder.title.tx.rich.p:
        paragraph.pPr = ParagraphProperties(defRPr=character)
        for run in paragraph.r or ():
            run.rPr = character
    holder.title.overlay = False


def draw_axis(axis: Any, title: str | None = None, *, turned: bool = False) -> None:  # noqa: ANN401 - any kind of axis
    """Show an axis with labels in our font (openpyxl leaves it to the program, and Excel then hides it)."""
    axis.delete = False
    axis.txPr = letters(turned=turned)
    axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="595959", w=9_525))
    if title:
        name_title(axis, title)


def grey_grid(axis: Any) -> None:  # noqa: ANN401 - any kind of axis
    """Thin pale grid lines, so that values can be read without a number at every mark."""
    if axis.majorGridlines is not None:
        axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9", w=6_350))


def line_of_threshold(series: Series) -> None:
    """A black dashed line without marks."""
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="000000", prstDash="dash", w=12_700))
    series.marker.symbol = "none"
    series.smooth = False


def plot_area(x: float, y: float, width: float, height: float) -> Layout:
    """The inner plot area as shares of the chart's width and height."""
    return Layout(
        manualLayout=ManualLayout(layoutTarget="inner", xMode="edge", yMode="edge", x=x, y=y, w=width, h=height)
    )
