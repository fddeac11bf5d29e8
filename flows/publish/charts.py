"""What all our charts share: alternative text, axes that are drawn and named, fonts, marks told apart without colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RichTextProperties
from openpyxl.drawing.xdr import XDRPositiveSize2D

from flows.publish.workbook import FONT

INK, MIDDLE, PALE = (
    "1F3A5F",
    "7F97B2",
    "D9E2EC",
)  # lightness alone tells them apart; a black line shows on the paler two
EMU_A_CM = 360_000  # the unit in which a workbook keeps the sizes of drawings
EMU_A_POINT = 12_700
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

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "graphicFrame" and value is not None:
            value.nvGraphicFramePr.cNvPr.descr = self.alternative


def place(chart: Any, box: Box, alternative: str) -> None:
    """Put a chart in its place, with a text for those who cannot see it."""
    marker = AnchorMarker(col=box.column, row=box.row, rowOff=round(box.top_points * EMU_A_POINT))
    size = XDRPositiveSize2D(round(box.width_cm * EMU_A_CM), round(box.height_cm * EMU_A_CM))
    anchor = AnchorWithText(_from=marker, ext=size)
    anchor.alternative = alternative
    chart.width, chart.height = box.width_cm, box.height_cm
    chart.anchor = anchor


def letters(points: float = 10, *, bold: bool = False, turned: bool = False) -> RichText:
    """Our font for axis labels and legends; `turned` runs upwards, where labels are long."""
    character = CharacterProperties(sz=round(points * 100), b=bold, latin=Font(typeface=FONT), solidFill="000000")
    body = RichTextProperties(rot=-5_400_000 if turned else 0, vert="horz")
    return RichText(bodyPr=body, p=[Paragraph(pPr=ParagraphProperties(defRPr=character), endParaRPr=character)])


def name_title(holder: Any, words: str, points: float = 10, *, bold: bool = False) -> None:
    """Give a chart or an axis its title in our font, beside the drawing and not over it."""
    holder.title = words
    character = CharacterProperties(sz=round(points * 100), b=bold, latin=Font(typeface=FONT), solidFill="000000")
    for paragraph in holder.title.tx.rich.p:
        paragraph.pPr = ParagraphProperties(defRPr=character)
        for run in paragraph.r or ():
            run.rPr = character
    holder.title.overlay = False


def draw_axis(axis: Any, title: str | None = None, *, turned: bool = False) -> None:
    """Show an axis with labels in our font (openpyxl leaves it to the program, and Excel then hides it)."""
    axis.delete = False
    axis.txPr = letters(turned=turned)
    axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="595959", w=9_525))
    if title:
        name_title(axis, title)


def grey_grid(axis: Any) -> None:
    """Thin pale grid lines, so that values can be read without a number at every mark."""
    if axis.majorGridlines is not None:
        axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="D9D9D9", w=6_350))


def line_of_threshold(series: Any) -> None:
    """A black dashed line without marks."""
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="000000", prstDash="dash", w=12_700))
    series.marker.symbol = "none"
    series.smooth = False


def plot_area(x: float, y: float, width: float, height: float) -> Layout:
    """The inner plot area as shares of the chart's width and height."""
    return Layout(
        manualLayout=ManualLayout(layoutTarget="inner", xMode="edge", yMode="edge", x=x, y=y, w=width, h=height)
    )
