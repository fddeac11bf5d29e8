"""A page or two for the meeting of a therapist and her supervisor, in a folder of that supervisor's own.

Raters' remarks stand here and nowhere else that is published. What is on the page: `supervision_page`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.styles import Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table as MarkedUpTable
from openpyxl.worksheet.table import TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from flows.failpoints import reached
from flows.names import safe_names
from flows.publish.conversation_rows import SHEET, all_rows
from flows.publish.course_sheet import add_courses
from flows.publish.facts import NightFacts
from flows.publish.summary_tables import read_enough
from flows.publish.supervision_facts import TherapistFacts, read_therapists
from flows.publish.supervision_page import Page, compose
from flows.publish.supervision_picture import draw_profile
from flows.publish.supervision_rows import WIDTHS, PageRow, height_of
from flows.publish.trajectory_sheet import add_trajectory
from flows.publish.unchanged import fingerprint, read_record
from flows.publish.words import Enough
from flows.publish.workbook import new_book, put, save_beside

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK = 5  # counts up when this code lays the same content out differently
SHEET_STYLES = (
    "Heading 1", "Heading 2", "Sentence", "Text", "Head", "Head right", "Head plain", "Mean", "Date", "Answer",
)  # fmt: skip
A4 = 9  # the number of that paper in a workbook
MARGIN_INCHES = 0.39
TWO_PAGES_PERCENT = 78  # at which PAGE_POINTS and the columns fit a page, with a little room for other fonts
LEAST_PERCENT = 72  # … and SMALL_PAGE_POINTS: a page that is higher still runs on
PAPER_POINTS = 780  # of the paper's height between its margins
SUPERVISORS = "select distinct supervisor_id from reference.therapist where supervisor_id is not null"
BOX = Side(style="thin", color="000000")


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """What became of the sheets: counts only."""

    n_written: int = 0
    n_unchanged: int = 0
    n_removed: int = 0
    n_set_aside: int = 0  # copies that a person had written into, kept beside the new sheet
    n_without_supervisor: int = 0  # therapists for whom nobody is entitled to a sheet

    def __add__(self, other: SheetCounts) -> SheetCounts:
        return SheetCounts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def write_supervision_sheets(con: DuckDBPyConnection, folder: Path, facts: NightFacts) -> SheetCounts:
    """Write `<supervisor>/<therapist>.xlsx` below `folder` for every rated therapist who has a supervisor.

    A sheet that would say what it says already is left untouched. Sheets of therapists who are no longer a
    supervisor's are removed from that supervisor's folder.
    """
    therapists, n_without = read_therapists(con, facts.since)
    enough = read_enough(con)
    folder.mkdir(parents=True, exist_ok=True)
    counts = SheetCounts(n_without_supervisor=n_without)
    names = safe_names(supervisor for (supervisor,) in con.execute(SUPERVISORS).fetchall())
    by_supervisor = sorted(therapists, key=attrgetter("supervisor_id"))
    entitled = set()
    for supervisor_id, of_supervisor in groupby(by_supervisor, key=attrgetter("supervisor_id")):
        entitled.add(names[supervisor_id])
        counts += _write_folder(folder / names[supervisor_id], list(of_supervisor), facts, enough)
        reached("between supervision folders")
    for other in sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in entitled):
        counts += _write_folder(other, [], facts, enough)
    return counts


def _write_folder(folder: Path, therapists: list[TherapistFacts], facts: NightFacts, enough: Enough) -> SheetCounts:
    folder.mkdir(exist_ok=True)
    record = read_record(folder)
    names = {t: f"{name}.xlsx" for t, name in safe_names(therapist.therapist_id for therapist in therapists).items()}
    n_written = 0
    for therapist in therapists:
        name = names[therapist.therapist_id]
        said = fingerprint(LOOK, facts.lab, facts.version, enough, therapist)
        if not record.shows(name, said):
            record.stage(name, said, save_beside(_book(therapist, facts, enough), folder / name))
            n_written += 1
    n_removed = record.remove_others(set(names.values()))
    record.swap_in(facts.night_on)
    return SheetCounts(n_written, len(therapists) - n_written, n_removed, record.n_aside)


def _book(therapist: TherapistFacts, facts: NightFacts, enough: Enough) -> Workbook:
    page = compose(therapist, facts, enough)
    title = f"Supervision sheet: therapist {therapist.therapist_id}"
    book = new_book(title, "Fidelity of rated sessions, for supervision.", facts, SHEET_STYLES)
    sheet: Worksheet = book.worksheets[0]
    sheet.title = "Supervision sheet"
    for number, row in enumerate(page.rows, 1):
        _write_row(sheet, number, row)
    _box_answer(sheet, page)
    draw_profile(sheet, page, therapist.therapist_id)
    _set_up_page(sheet, len(page.rows))
    if page.has_second:
        _break_after(sheet, page)
    add_trajectory(book, therapist.therapist_id, therapist.paths)
    add_courses(book, therapist.therapist_id, therapist.courses)
    if not page.has_all_said:
        _write_all_said(book, therapist)
    if not page.has_all_remarks:
        _write_all_remarks(book, therapist)
    return book


def _write_all_said(book: Workbook, therapist: TherapistFacts) -> None:
    """All questions and facts, on a sheet of their own: only when the page could not hold them."""
    rows = all_rows(therapist.therapist_id, therapist.conversation)
    sheet = book.create_sheet(SHEET)
    for number, row in enumerate(rows, 1):
        _write_row(sheet, number, row)
    _set_up_page(sheet, len(rows))
    sheet.page_setup.fitToHeight = 0  # as many pages as it needs


def _write_row(sheet: Worksheet, number: int, row: PageRow) -> None:
    sheet.row_dimensions[number].height = row.height
    for column, (text, style) in enumerate(zip(row.texts, row.styles, strict=True), 1):
        if text or style != "Text":
            cell = sheet.cell(number, column)
            cell.style = style
            if text:
                put(cell, text)
    for column, value in enumerate(row.numbers, len(WIDTHS) + 1):
        if value is not None:  # a text or a nought in its place would be drawn
            cell = sheet.cell(number, column)
            cell.style = "Head right" if isinstance(value, str) else "Mean"
            put(cell, value)


def _box_answer(sheet: Worksheet, page: Page) -> None:
    rows = [number for number, row in enumerate(page.rows, 1) if row.is_open]
    for number in rows:
        for column in range(1, len(WIDTHS) + 1):
            sheet.cell(number, column).border = Border(
                top=BOX if number == rows[0] else None,
                bottom=BOX if number == rows[-1] else None,
                left=BOX if column == 1 else None,
                right=BOX if column == len(WIDTHS) else None,
            )


def _set_up_page(sheet: Worksheet, n_rows: int) -> None:
    """A4 upright, fitted to one page; everything but the answer is protected, without a password."""
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number in range(len(WIDTHS) + 1, sheet.max_column + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 16
    sheet.print_area = f"A1:{get_column_letter(len(WIDTHS))}{n_rows}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "portrait", A4
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = 1
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, MARGIN_INCHES)
    sheet.print_options.horizontalCentered = True
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.protection.formatRows = sheet.protection.formatColumns = False  # False: allowed


def _break_after(sheet: Worksheet, page: Page) -> None:
    """Two pages, at a size at which the higher of them fits: a sheet that is fitted to its pages ignores its breaks."""
    highest = max(height_of(page.rows[: page.n_first]), height_of(page.rows[page.n_first :]))
    sheet.sheet_properties.pageSetUpPr = None
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = None
    sheet.page_setup.scale = max(LEAST_PERCENT, min(TWO_PAGES_PERCENT, int(100 * PAPER_POINTS / highest)))
    sheet.row_breaks.append(Break(page.n_first))


def _write_all_remarks(book: Workbook, therapist: TherapistFacts) -> None:
    """All remarks in full, on a second sheet: only when the page could not hold them."""
    sheet = book.create_sheet("All remarks")
    titles = ("Session", "Date", "About", "Rated by", "Workbook", "Sheet", "Cell", "Remark")
    for letter, width in zip("ABCDEFGH", (16, 12, 28, 12, 40, 18, 9, 80), strict=True):
        sheet.column_dimensions[letter].width = width
    for number, (text, style) in enumerate(
        (("All remarks of the raters, latest first", "Heading 1"), (ONE_TABLE, "Sentence")), 1
    ):
        sheet.cell(number, 1).style = style
        put(sheet.cell(number, 1), text)
    rows = [titles] + [
        (r.session_id, r.session_on, r.item or "[z]", r.role, r.workbook, r.sheet, r.cell, r.comment)
        for r in therapist.remarks
    ]
    for number, values in enumerate(rows, 3):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(number, column)
            cell.style = "Head" if number == 3 else "Date" if column == 2 else "Text"
            put(cell, value)
    table = MarkedUpTable(displayName="All_remarks_table", ref=f"A3:H{len(rows) + 2}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(table)
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", A4, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


ONE_TABLE = "This sheet contains one table. [x] means not available; [z] means the remark is about the whole session."
