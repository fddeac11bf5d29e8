"""How every workbook we publish looks, and what may stand in its cells.

Belongs here: style as data, the one door through which a value reaches a cell, safe file names, saving whole.
Does not belong here: what a particular workbook says.
"""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, Protection, Side

from flows.publish.facts import NightFacts

NOT_AVAILABLE = "[x]"  # the UK Government Analysis Function's shorthand: the number could exist, and does not
NOT_APPLICABLE = "[z]"  # … the number cannot exist here
SHORTHAND = {
    NOT_AVAILABLE: "not available: nothing was rated, or the sheet did not say",
    NOT_APPLICABLE: "not applicable: there can be no value here",
}

TEXT_LIMIT = 32_767  # Excel's; openpyxl would cut without a word
CUT_MARK = " [cut: too long for one cell]"
LEADS_TO_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

FONT = "Arial"  # sans serif, and everywhere (elsewhere a metric twin stands in)
SIZE = 11
THIN = Side(style="thin", color="000000")
WRAPPED = Alignment(wrap_text=True, vertical="top")
APART = Alignment(
    horizontal="left", wrap_text=True, vertical="top", indent=1
)  # a gap to what fills the column before it
RIGHT = Alignment(horizontal="right", vertical="top", indent=1)  # a gap to the text in the next column

# name: (font, alignment, border, number format, Excel's own style id — screen readers announce headings by it)
STYLES: dict[str, tuple[Font, Alignment, Border, str, int | None]] = {
    "Heading 1": (Font(name=FONT, size=16, bold=True), Alignment(vertical="top"), Border(), "General", 16),
    "Heading 2": (Font(name=FONT, size=13, bold=True), Alignment(vertical="bottom"), Border(), "General", 17),
    "Sentence": (Font(name=FONT, size=SIZE), Alignment(vertical="top"), Border(), "General", None),
    "Text": (Font(name=FONT, size=SIZE), WRAPPED, Border(), "General", None),
    "Text apart": (Font(name=FONT, size=SIZE), APART, Border(), "General", None),
    "Link": (Font(name=FONT, size=SIZE, underline="single"), WRAPPED, Border(), "General", None),
    "Head": (Font(name=FONT, size=SIZE, bold=True), WRAPPED, Border(bottom=THIN), "General", None),
    "Head apart": (Font(name=FONT, size=SIZE, bold=True), APART, Border(bottom=THIN), "General", None),
    "Head right": (
        Font(name=FONT, size=SIZE, bold=True),
        Alignment(horizontal="right", vertical="top", wrap_text=True, indent=1),
        Border(bottom=THIN),
        "General",
        None,
    ),
    "Head plain": (Font(name=FONT, size=SIZE, bold=True), Alignment(vertical="top"), Border(), "General", None),
    "Answer": (Font(name=FONT, size=SIZE), Alignment(vertical="top"), Border(), "General", None),
    "Whole": (Font(name=FONT, size=SIZE), RIGHT, Border(), "#,##0", None),
    "Mean": (Font(name=FONT, size=SIZE), RIGHT, Border(), "0.00", None),
    "Share": (Font(name=FONT, size=SIZE), RIGHT, Border(), "0%", None),
    "Date": (Font(name=FONT, size=SIZE), RIGHT, Border(), "yyyy-mm-dd", None),
    "Moment": (Font(name=FONT, size=SIZE), RIGHT, Border(), "yyyy-mm-dd hh:mm", None),
}

# Widths of Arial's letters in em, from its metrics, so that rows are as high as their text needs.
LETTER_EM = {
    c: em
    for letters, em in (
        ("ijl'", 0.22), ("tfI!,./:;[]|", 0.28), ("r()-“”", 0.34), ("ckxvyszJ", 0.5), ("FTZ", 0.61),
        ("ABEKPSVXY&", 0.67), ("CDHNRUw", 0.73), ("GOQ", 0.78), ("Mm", 0.84), ("W@%", 0.95),
    )
    for c in letters
}  # fmt: skip
SPACE_EM = 0.28
EM_A_WIDTH = 0.54  # of our text to one unit of a column's width, a little less than there is
BOLD_ROOM = 0.95  # bold letters are wider
LINE_POINTS = 14.5  # height of one line of our text
type_of_cell = str | int | float | date | datetime


def new_book(title: str, about: str, facts: NightFacts, styles: Iterable[str], *, write_only: bool = False) -> Workbook:
    """An empty workbook with some of our styles and the document properties that the accessibility checklist asks for.

    Without `write_only` it has one sheet, the active one.
    """
    book = Workbook(write_only=write_only)
    normal = book._named_styles["Normal"]  # type: ignore[attr-defined] # there is no public way to the base font
    normal.font = Font(name=FONT, size=SIZE)
    for name in styles:
        font, alignment, border, number_format, builtin_id = STYLES[name]
        style = NamedStyle(
            name, font=font, alignment=alignment, border=border, number_format=number_format, builtinId=builtin_id
        )
        style.protection = Protection(locked=name != "Answer")
        book.add_named_style(style)
    properties = book.properties
    properties.title, properties.subject, properties.language = clean_text(title), clean_text(about), "en-GB"
    properties.creator = properties.lastModifiedBy = clean_text(facts.lab)
    properties.created = datetime.combine(facts.night_on, time())
    return book


def clean_text(text: str) -> str:
    """Text without characters that a spreadsheet cannot hold or that reorder what is read; cut with a mark if too long."""
    if text.isprintable() and len(text) <= TEXT_LIMIT:
        return text  # what follows takes its time
    kept = "".join(c for c in text if c in "\n\t" or not _is_control(c))
    return kept if len(kept) <= TEXT_LIMIT else kept[: TEXT_LIMIT - len(CUT_MARK)] + CUT_MARK


def _is_control(c: str) -> bool:
    # Cc: control characters; Cs: halves of surrogate pairs; the rest: marks that turn the reading direction round.
    return (
        unicodedata.category(c) in {"Cc", "Cs"}
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
    )


def cell_value(value: object, blank: str = NOT_AVAILABLE) -> type_of_cell:
    """What may stand in a cell for `value`: text, a number, a date; `blank` for None, nan, infinity and empty text."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | date():  # a datetime is a date
            return value.replace(tzinfo=None) if isinstance(value, datetime) else value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else blank
        case None:
            return blank
        case _:
            return clean_text(str(value)) or blank


def put(cell: Cell | MergedCell, value: object, blank: str = NOT_AVAILABLE) -> None:
    """Write a value into a cell so that text stays text: never a formula, never a link."""
    assert isinstance(cell, Cell)  # noqa: S101 - we never merge cells
    content = cell_value(value, blank)
    cell.value = content
    if isinstance(content, str):
        cell.data_type = "s"  # openpyxl takes what begins with "=" for a formula
        leads = content.startswith(LEADS_TO_FORMULA)
        if cell.quotePrefix != leads:
            cell.quotePrefix = leads  # … and so does Excel when someone edits the cell


def n_lines(text: str, width: float, *, bold: bool = False) -> int:
    """How many lines a text needs in a column of this width, words kept whole."""
    room = width * EM_A_WIDTH * (BOLD_ROOM if bold else 1)
    return sum(_n_lines_of(paragraph, room) for paragraph in text.split("\n"))


def _n_lines_of(paragraph: str, room: float) -> int:
    lines, filled = 1, 0.0
    for word in paragraph.split(" "):
        length = sum(map(_em, word))
        if filled and filled + length > room:
            lines, filled = lines + 1, 0.0
        filled += length + SPACE_EM
        if length > room:  # a word longer than the column is broken
            lines, filled = lines + int(length // room), length % room
    return lines


def _em(c: str) -> float:
    return LETTER_EM.get(c, 0.58)


def save_beside(book: Workbook, path: Path) -> Path:
    """Save under a temporary name beside `path`, down to the disk, and return that name."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        book.save(file)
        file.flush()
        os.fsync(file.fileno())
    return beside


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
