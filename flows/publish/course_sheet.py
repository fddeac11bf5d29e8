"""The sheet "Across instruments" of a supervision workbook: there only where a therapist's sessions changed instrument.

A column a session, in order, with a thick line where the instrument changed; then small pictures of the lines that both
sides tell, each side with the axis of its own scale. How it is worded: `course_rows`; drawn: `course_picture`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.course_facts import Course, CourseLine, Visit
from flows.publish.course_picture import PICTURE_POINTS, draw_line, drawn_lines
from flows.publish.course_rows import (
    MOST_VISITS,
    PER_INSTRUMENT,
    SHORT_CHANGE,
    UNITS,
    Shown,
    format_of,
    key_of,
    name_of,
    said_at,
    short_name,
    shown_course,
)
from flows.publish.workbook import LINE_POINTS, put

SHEET = "Across instruments"
A4 = 9  # the number of that paper in a workbook
MARGIN_INCHES = 0.39
WIDTHS = (60, 12, *(8,) * MOST_VISITS)  # element, scale, a session each
SENTENCE_LETTERS = 200  # of a line across the page
FIRST_VISIT = 3  # its column
MIDDLE_OF_CELL = Alignment(horizontal="center", vertical="top", wrap_text=True)
LINE_ROW_POINTS = 14.0  # of a line in the grid, so that an instrument with thirteen elements fits on one page
THICK, THIN = Side(style="thick", color="000000"), Side(style="thin", color="000000")


def add_courses(book: Workbook, therapist_id: str, courses: Sequence[Course]) -> None:
    """Add the sheet to a supervision workbook, when the instrument changed."""
    if not courses:
        return
    sheet = book.create_sheet(SHEET)
    row = _write_lines(sheet, 1, (f"Therapist {therapist_id}: one line across instruments",), "Heading 1", 26)
    row = _write_lines(sheet, row, _wrapped((UNITS,)))
    for n, course in enumerate(courses):
        shown = shown_course(course)
        if n:
            sheet.row_breaks.append(Break(id=row - 1))
        row = _write_grid(sheet, _write_lines(sheet, row + 1, (shown.title,), "Heading 2", 22), shown)
        row = _write_pictures(sheet, row, shown, therapist_id)
    _set_up_page(sheet, row - 1)


def _wrapped(sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences:
        yield from wrap(sentence, SENTENCE_LETTERS)


def _write_lines(
    sheet: Worksheet,
    row: int,
    lines: Sequence[str] | Iterator[str],
    style: str = "Sentence",
    height: float = LINE_POINTS + 2,
) -> int:
    """Lines that run on over the page, from this row on; gives back the row after them."""
    for text in lines:
        sheet.row_dimensions[row].height = height
        cell = sheet.cell(row, 1)
        cell.style = style
        put(cell, text)
        row += 1
    return row


def _write_grid(sheet: Worksheet, row: int, shown: Shown) -> int:
    course = shown.course
    row = _write_lines(sheet, row, _wrapped(shown.sentences))
    first = row
    row = _write_heads(sheet, row, shown)
    for domain, lines in groupby(course.lines, lambda line: line.domain):
        row = _write_lines(sheet, row, (domain,), "Head plain", LINE_ROW_POINTS)
        for line in lines:
            _write_line(sheet, row, line)
            row += 1
    _draw_breaks(sheet, course.visits, first, row - 1)
    return _write_lines(sheet, row, _wrapped((key_of(course.lines), PER_INSTRUMENT)))


def _write_heads(sheet: Worksheet, row: int, shown: Shown) -> int:
    """Three head rows: the day of each session, the letter of its instrument, and what changed there."""
    visits = shown.course.visits
    heads = (
        ("Session on", "", [f"{v.session_on.year}\n{v.session_on:%m-%d}" for v in visits]),
        ("Instrument", "", [shown.letters[v.instrument] for v in visits]),
        (
            "Changed to: other instrument, version, or one beside",
            "Scale",
            [_said_change(v, n) for n, v in enumerate(visits)],
        ),
    )
    for name, scale, texts in heads:
        sheet.row_dimensions[row].height = (2 if name == "Session on" else 1) * LINE_POINTS + 2
        for column, text in enumerate((name, scale, *texts), 1):
            cell = sheet.cell(row, column)
            cell.style = "Head"
            if column >= FIRST_VISIT:
                cell.alignment = MIDDLE_OF_CELL
            if text:
                put(cell, text)
        row += 1
    return row


def _said_change(visit: Visit, n: int) -> str:
    return SHORT_CHANGE[visit.change] if visit.change and n else ""


def _write_line(sheet: Worksheet, row: int, line: CourseLine) -> None:
    sheet.row_dimensions[row].height = LINE_ROW_POINTS
    for column, text in enumerate((name_of(line), line.scale), 1):
        cell = sheet.cell(row, column)
        cell.style = "Sentence"
        put(cell, text)
    for column, point in enumerate(line.points, FIRST_VISIT):
        cell = sheet.cell(row, column)
        cell.style, cell.alignment = "Mean", MIDDLE_OF_CELL
        put(cell, said_at(point))
        if point.mean is not None:
            cell.number_format = format_of(point)


def _draw_breaks(sheet: Worksheet, visits: Sequence[Visit], first: int, last: int) -> None:
    """A thick line down the grid, left of each session with which another stretch begins."""
    for n in range(1, len(visits)):
        if visits[n].stretch != visits[n - 1].stretch:
            for row in range(first, last + 1):
                is_head = row < first + 3
                sheet.cell(row, FIRST_VISIT + n).border = Border(left=THICK, bottom=THIN if is_head else None)


def _write_pictures(sheet: Worksheet, row: int, shown: Shown, therapist_id: str) -> int:
    """Two pictures a row of the lines that two instruments tell; of three or more there is none, and words say so."""
    lines = drawn_lines(shown.course)
    if len(shown.letters) > 2:
        return _write_lines(
            sheet, row, ("More than two instruments: no picture, as it would need more than two scales.",)
        )
    if not lines:
        return row
    sheet.row_breaks.append(Break(id=row - 1))
    row = _write_lines(sheet, row, ("The lines that both sides tell",), "Heading 2", 22)
    row = _write_lines(sheet, row, _wrapped((_how_to_read(shown),)))
    column = FIRST_VISIT + MOST_VISITS
    for element, of_element in groupby(lines, lambda line: line.element):
        scales = list(of_element)
        told = f"{short_name(element)}: {', then '.join(s.scale.lower() for s in scales)}"
        row = _write_lines(sheet, row, (told,), "Head plain")
        sheet.row_dimensions[row].height = PICTURE_POINTS
        after = column
        for n, line in enumerate(scales[:2]):
            after = draw_line(sheet, (row, after), line, shown, (n, therapist_id))
        row += 1
    return row


def _how_to_read(shown: Shown) -> str:
    a, *b = (f"{letter} ({instrument})" for instrument, letter in shown.letters.items())
    return (
        f"Dark circles: {a}, on the axis to the left. Pale diamonds: {b[0]}, on the axis to the right. Dashed: where good enough "
        "begins on each. The upright line is the change: heights on its two sides are in different units, not to be compared."
    )


def _set_up_page(sheet: Worksheet, n_rows: int) -> None:
    """A4 on its side, one page wide and as many high as it needs; protected, without a password."""
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.print_area = f"A1:{get_column_letter(len(WIDTHS))}{n_rows}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, MARGIN_INCHES)
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.protection.formatRows = sheet.protection.formatColumns = False  # False: allowed
