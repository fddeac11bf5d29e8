"""The Excel summary for quality leads: cover, contents, notes, one marked-up table a sheet, charts, dictionary.

Belongs here: which sheets there are, in which order, and how a table becomes a sheet. What is in a table: `summary_tables`.
No therapist's name and no rater's remark is in it. How it is made accessible: docs/accessibility.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import Table as MarkedUpTable
from openpyxl.worksheet.table import TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.charts import Box
from flows.publish.control_charts import ControlPicture, control_pictures, draw_control
from flows.publish.facts import NightFacts
from flows.publish.sheet_rows import SheetRows, side_by_side
from flows.publish.summary_charts import (
    MOST_CHARTS,
    Picture,
    Ranges,
    draw,
    profile_pictures,
    trend_pictures,
)
from flows.publish.summary_course import course_table
from flows.publish.summary_numbers import number_tables
from flows.publish.summary_quality import (
    consensus_table,
    coverage_table,
    findings_table,
    waiting_table,
    workbooks_table,
)
from flows.publish.summary_said import said_table
from flows.publish.summary_tables import (
    Column,
    Table,
    read_enough,
    teams_table,
    therapists_table,
    trend_table,
)
from flows.publish.summary_trajectory import trajectory_table
from flows.publish.summary_words import Totals, cover_lines, note_lines, read_totals
from flows.publish.unchanged import fingerprint, read_record
from flows.publish.words import counted
from flows.publish.workbook import NOT_APPLICABLE, SHORTHAND, new_book, put, save_beside

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK = 5  # counts up when this code lays the same content out differently
HEAD_ROW = 6  # of the long tables: title, what is here, note, shorthand, how to unfreeze, then the heading
SUMMARY_STYLES = (
    *("Heading 1", "Heading 2", "Sentence", "Text", "Text apart", "Link", "Head", "Head apart", "Head right"),
    *("Whole", "Mean", "Share", "Date", "Moment"),
)
TO_TURN_OFF = "The heading row is frozen and has filters. To turn them off: View, Unfreeze Panes; Data, Filter."
CHART_COLUMN, CHART_WIDTH_CM, CHART_CM_A_ROW = 120, 24.0, 0.49
CHART_ROWS = {"Team profiles": 24, "Trend charts": 16, "Control charts": 16}  # names of elements need room
CHARTS_A_PAGE = {"Team profiles": 2, "Trend charts": 3, "Control charts": 3}
CHART_PERCENT = 72  # of their size in print, on upright paper
NOT_PRINTED = (
    "It is to be looked up on a screen; a print holds these lines alone (to print all: Page Layout, Print Area, Clear)."
)
READ_ACROSS = 150  # in characters; lines above a table are no longer
CHART_TITLES = {
    "Team profiles": "How does each team deliver each element?",
    "Trend charts": "Does each team keep it up from quarter to quarter?",
    "Control charts": "Do each team's sessions change, or vary as they always did?",
}
CHART_NOTE = "Observers' ratings only. Teams are shown one by one, in order of id; nothing is ranked."


@dataclass(frozen=True, slots=True)
class Content:
    """All that the summary says."""

    totals: Totals
    notes: Table
    tables: tuple[Table, ...]
    back: tuple[Table, ...]
    ranges: Ranges

    def said(self) -> tuple[object, ...]:
        """Everything but the dates that move each night."""
        undated = replace(self.totals, window_start=date.min)
        return undated, self.notes, self.tables, self.back, sorted(self.ranges.items())


def write_summary(con: DuckDBPyConnection, out: Path, facts: NightFacts) -> bool:
    """Write the summary of a night to `out`; False, and the file untouched, when it would say what it says already.

    That a night went by is no reason to write it anew: the as-of date and the window's start alone change nothing.
    """
    content = _read_content(con, facts)
    said = fingerprint(LOOK, facts.lab, facts.contact, facts.provisional, facts.version, content.said())
    out.parent.mkdir(parents=True, exist_ok=True)
    record = read_record(out.parent)
    if record.shows(out.name, said):
        return False
    record.stage(out.name, said, save_beside(_book(content, facts), out))
    record.swap_in(facts.night_on)
    return True


def _read_content(con: DuckDBPyConnection, facts: NightFacts) -> Content:
    tables = (
        said_table(con, facts),
        teams_table(con),
        trend_table(con),
        trajectory_table(con),
        therapists_table(con),
        course_table(con),
        *number_tables(con),
        coverage_table(con),
        consensus_table(con),
        workbooks_table(con, facts),
        waiting_table(con),
        findings_table(con, facts),
    )
    return Content(read_totals(con), _notes(con), tables, (dictionary_of(tables), _codes(con)), _ranges(con))


def _ranges(con: DuckDBPyConnection) -> Ranges:
    rows = con.execute(
        "select instrument_id, title, min(lowest), max(highest) from reference.scale group by instrument_id, title"
    ).fetchall()
    return {(instrument, title): (lowest, highest) for instrument, title, lowest, highest in rows}


def _notes(con: DuckDBPyConnection) -> Table:
    columns = (Column("Note", "", 12), Column("What it says", "", 110))
    return Table(
        "Notes", "Notes and shorthand", "Tables refer to notes by number.", columns, note_lines(read_enough(con))
    )


def dictionary_of(tables: Iterable[Table]) -> Table:
    """What each column of these tables means."""
    columns = (Column("Sheet", "", 16), Column("Column", "", 24), Column("What it means", "", 90))
    rows = [(table.sheet, column.title, column.meaning) for table in tables for column in table.columns]
    note = "One row for each column of each table."
    return Table("Dictionary", "What each column means", note, columns, rows, is_looked_up=True)


def _codes(con: DuckDBPyConnection) -> Table:
    columns = (
        Column("List", "", 14),
        Column("Code", "", 26),
        Column("Severity", "", 12, "Text", NOT_APPLICABLE),
        Column("What it means", "", 90),
    )
    rows = con.execute("select list, code, severity, meaning from about.code").fetchall()
    note = "The closed lists that tables take their words from."
    return Table("Codes", "What each code means", note, columns, rows, is_looked_up=True)


def _book(content: Content, facts: NightFacts) -> Workbook:
    about = f"Fidelity of rated sessions, {facts.period}. For supervision and team learning."
    book = new_book(f"Session fidelity: {facts.lab}, {facts.period}", about, facts, SUMMARY_STYLES, write_only=True)
    by_name = {table.sheet: table for table in content.tables}
    charts: dict[str, tuple[str, Sequence[Picture] | Sequence[ControlPicture]]] = {
        "Team profiles": ("Teams", profile_pictures(by_name["Teams"], content.ranges, HEAD_ROW)),
        "Trend charts": ("Trend", trend_pictures(by_name["Trend"], content.ranges, HEAD_ROW)),
        "Control charts": ("Team sessions", control_pictures(by_name["Team sessions"], content.ranges, HEAD_ROW)),
    }
    printed = [table for table in content.tables if not table.is_looked_up]
    looked_up = [table for table in content.tables if table.is_looked_up]
    write_cover(book, list(cover_lines(facts, content.totals)))
    _write_contents(book, printed, list(charts), [content.notes, *looked_up, *content.back])
    sheets = {table.sheet: write_table(book, table, is_long=True) for table in printed}
    charted = [_begin_charts(book, name) for name in charts]  # before the tables to look up, whose points some draw
    write_table(book, content.notes)
    sheets |= {table.sheet: write_table(book, table, is_long=True) for table in looked_up}
    for rows, (name, (source, pictures)) in zip(charted, charts.items(), strict=True):
        _write_charts(rows, name, pictures, sheets[source])
    for table in content.back:
        write_table(book, table)
    return book


def write_cover(book: Workbook, lines: Sequence[tuple[str, str]]) -> None:
    """The first sheet: (style, words) line by line."""
    rows = SheetRows(book, "Cover", [100])
    for style, words in lines:
        rows.line(words, style)


def _write_contents(book: Workbook, tables: Sequence[Table], charts: Sequence[str], back: Sequence[Table]) -> None:
    """A table of all sheets with links to them: the only links in the workbook, and they stay inside it."""
    charted = [Table(name, CHART_TITLES[name], "", (), ()) for name in charts]
    columns = (
        Column("Sheet", "", 18),
        Column("What is in it", "", 70),
        Column("Rows", "", 10, "Whole", NOT_APPLICABLE),
    )
    rows = [(t.sheet, _without_notes(t.title), len(t.rows) if t.columns else None) for t in (*tables, *charted, *back)]
    write_table(book, Table("Contents", "Contents", "Each name is a link to its sheet.", columns, rows), links=True)


def write_table(book: Workbook, table: Table, *, is_long: bool = False, links: bool = False) -> Worksheet:
    """One sheet with one marked-up table; sentences stand above it and nothing below."""
    rows = SheetRows(book, table.sheet, [column.width for column in table.columns])
    lines = _lines_above(table, is_long=is_long)
    head_row = len(lines) + 2
    if is_long:
        rows.sheet.freeze_panes = f"A{head_row + 1}"
    rows.sheet.print_title_rows = f"{head_row}:{head_row}"
    if table.is_looked_up and table.rows:
        rows.sheet.print_area = f"A1:{_column_at(READ_ACROSS, table.columns)}{len(lines) + 1}"
        rows.sheet.print_title_rows = None
    if table.is_looked_up or not table.rows:  # headings alone go on one page
        rows.sheet.print_title_cols = None
        rows.sheet.page_setup.fitToWidth = 1
    rows.line(table.title, "Heading 1")
    for line in lines:
        rows.line(line)
    _, heads = side_by_side([column.style for column in table.columns])
    rows.append([rows.cell(column.title, head) for column, head in zip(table.columns, heads, strict=True)], heads)
    _append_rows(rows, table, links=links)
    _mark_up(rows.sheet, table, f"A{head_row}:{get_column_letter(len(table.columns))}{rows.row}", is_long=is_long)
    return rows.sheet


def _lines_above(table: Table, *, is_long: bool) -> list[str]:
    of_rows = f"of {counted(len(table.rows), 'row')}" if table.rows else "and nothing to show in it"
    left_out = f" {counted(table.left_out, 'row')} more stand in the database only." if table.left_out else ""
    not_printed = f" {NOT_PRINTED}" if table.is_looked_up and table.rows else ""
    lines = [f"This sheet contains one table {of_rows}.{left_out}{not_printed}", table.note]
    if is_long:
        lines += ["; ".join(f"{mark} means {meaning}" for mark, meaning in SHORTHAND.items()) + ".", TO_TURN_OFF]
    return lines


def _column_at(width: int, columns: Sequence[Column]) -> str:
    """The letter of the column that stands so many characters across, or of the last."""
    ends = list(accumulate(column.width for column in columns))
    return get_column_letter(next((n for n, end in enumerate(ends, 1) if end >= width), len(columns)))


def _append_rows(rows: SheetRows, table: Table, *, links: bool) -> None:
    """All rows through one cell a column: openpyxl writes a row at once, and making cells is what takes the time."""
    styles, _ = side_by_side([column.style for column in table.columns])
    cells = [rows.cell(None, style) for style in styles]
    for row in table.rows or [("none", *(NOT_APPLICABLE for _ in table.columns[1:]))]:
        if links:
            cells[0] = rows.cell(row[0], "Link")
            cells[0].hyperlink = Hyperlink(ref="", location=f"'{row[0]}'!A1", tooltip=f"To the sheet {row[0]}")
        for cell, column, value in zip(cells, table.columns, row, strict=True):
            put(cell, value, column.blank)
        rows.append(cells, styles)


def _mark_up(sheet: Worksheet, table: Table, ref: str, *, is_long: bool) -> None:
    marked = MarkedUpTable(displayName=f"{table.sheet.replace(' ', '_')}_table", ref=ref)
    marked._initialise_columns()  # type: ignore[attr-defined] # done by itself only where cells can be read again
    for marked_column, column in zip(marked.tableColumns, table.columns, strict=True):
        marked_column.name = column.title
    if not is_long:
        marked.autoFilter = None
    marked.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.tables.add(marked)


def _begin_charts(book: Workbook, name: str) -> SheetRows:
    """A sheet for charts, at its place in the workbook."""
    rows = SheetRows(book, name, [CHART_COLUMN], is_upright=True)
    rows.sheet.sheet_properties.pageSetUpPr = None  # a sheet fitted to its page ignores the breaks between charts
    rows.sheet.page_setup.fitToWidth = rows.sheet.page_setup.fitToHeight = None
    rows.sheet.page_setup.scale = CHART_PERCENT
    return rows


def _write_charts(
    rows: SheetRows, name: str, pictures: Sequence[Picture] | Sequence[ControlPicture], source: Worksheet
) -> None:
    """A sheet of charts, each under its question and the sentence that says what it shows."""
    shown: list[Picture | ControlPicture] = [*pictures[:MOST_CHARTS]]
    left_out = f" {counted(len(pictures) - len(shown), 'more chart')} left out." if len(pictures) > len(shown) else ""
    rows.line(CHART_TITLES[name], "Heading 1")
    rows.line(f"This sheet contains {counted(len(shown), 'chart')}.{left_out} {CHART_NOTE}", "Text")
    for place, picture in enumerate(shown):
        if place and place % CHARTS_A_PAGE[name] == 0:
            rows.sheet.row_breaks.append(Break(rows.row))
        rows.line(picture.question, "Heading 2")
        rows.line(picture.alternative.removeprefix(picture.question).strip(), "Text")
        box = Box(0, rows.row, CHART_WIDTH_CM, CHART_ROWS[name] * CHART_CM_A_ROW)
        if isinstance(picture, ControlPicture):
            rows.sheet.add_chart(draw_control(picture, source, box))
        else:
            rows.sheet.add_chart(draw(picture, source, box))
        rows.gap(CHART_ROWS[name])


def _without_notes(title: str) -> str:
    return title.partition(" [note")[0]
