"""Rows of a supervision sheet as plain values with their heights, so that a page can be filled before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from flows.publish.workbook import LINE_POINTS, n_lines

WIDTHS = (28, 20, 20, 43)  # of the printed columns A to D
LINE_LETTERS = 122  # of a line across the page


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row: texts for columns A to D, their styles, its height, and the numbers behind the picture (not printed)."""

    texts: tuple[str, ...]
    styles: tuple[str, ...]
    height: float
    numbers: tuple[float | str | None, ...] = ()
    is_open: bool = False  # for the therapist to write in


def row_of(texts: Sequence[str], style: str = "Text", *, height: float = 0, styles: tuple[str, ...] = ()) -> PageRow:
    """A row of wrapped texts, high enough for the longest."""
    bold = style.startswith("Head")
    lines = max(
        (n_lines(text, width, bold=bold) for text, width in zip(texts, WIDTHS, strict=False) if text), default=1
    )
    return PageRow(tuple(texts), styles or (style,) * len(texts), max(height, lines * LINE_POINTS + 2))


def line_of(text: str, style: str = "Sentence", height: float = LINE_POINTS + 2) -> PageRow:
    """A row with one text in column A that runs on over the others."""
    return PageRow((text,), (style,), height)


def lines_of(text: str) -> list[PageRow]:
    """As many such rows as the text needs to stay on the page."""
    return [line_of(part) for part in wrap(text, LINE_LETTERS)]


def height_of(rows: Iterable[PageRow]) -> float:
    """Points from the top of the first row to the bottom of the last."""
    return sum(row.height for row in rows)
