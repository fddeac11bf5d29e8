"""A rater's own sheet: how her ratings compare with those of others who saw the same sessions, and whether she moved.

It is for her alone (and the quality lead, who has all of it): one folder a rater, `raters/<rater_id>/`, so that the file
server's permissions can keep people apart. Raters that the roster does not name have no folder: nobody is known to be them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table as MarkedUpTable
from openpyxl.worksheet.table import TableStyleInfo

from flows.names import safe_names
from flows.publish.facts import NightFacts
from flows.publish.sheet_rows import SheetRows, side_by_side
from flows.publish.summary_tables import INSTRUMENT, SCALE, Column, Row, Table
from flows.publish.unchanged import fingerprint, read_record
from flows.publish.workbook import NOT_APPLICABLE, SHORTHAND, new_book, put, save_beside
from schemas.codes import PURPOSE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK = 2  # counts up when this code lays the same content out differently
STYLES = ("Heading 1", "Sentence", "Text", "Text apart", "Head", "Head apart", "Head right", "Whole", "Mean")
RATERS = """
select distinct rater_id
from quality.rater_severity
semi join reference.rater using (rater_id)
order by rater_id
"""
SEVERITY = """
select instrument_id, coalesce(title, element), scale, period, severity, low, high, n_rated, n_corated, note
from quality.rater_severity
left join (select instrument_id, element, title, position from about.element) using (instrument_id, element)
where rater_id = $rater_id
order by instrument_id, position, scale, period = 'all' desc, period
"""
DRIFT = """
select
    instrument_id, coalesce(title, element, 'All elements together'), scale, period, meaning, movement, low, high,
    n_before, n_since, is_drifting, causes, note
from quality.rater_drift
left join (select instrument_id, element, title, position from about.element) using (instrument_id, element)
left join about.code on list = 'compared_with' and code = compared_with
where rater_id = $rater_id
order by instrument_id, scale, period, level, position, compared_with
"""
ELEMENT = Column("Element", "What was rated, in the instrument's words.", 44)
PERIOD = Column("Period", "All: the window. Else the quarter in which the ratings were made.", 11)
LOW = Column("From", "Lower end of the 95 per cent interval.", 9, "Mean")
HIGH = Column("To", "Upper end of the 95 per cent interval.", 9, "Mean")
NOTE = Column("Note", "Why a number is missing, or how to read it.", 60, "Text", NOT_APPLICABLE)
SEVERITY_COLUMNS = (
    INSTRUMENT, ELEMENT, SCALE, PERIOD,
    Column("Points apart", "Points you rate higher (+) or lower (-) than others would on the same sessions.", 15, "Mean"),
    LOW, HIGH,
    Column("Ratings", "Your ratings with a value.", 10, "Whole"),
    Column("Co-rated", "Of these, in sessions that another rater rated as well.", 11, "Whole"),
    NOTE,
)  # fmt: skip
DRIFT_COLUMNS = (
    INSTRUMENT, ELEMENT, SCALE, PERIOD,
    Column("Held against", "What your movement is told against.", 40),
    Column("Points moved", "Into the quarter, from the quarters before: + higher, - lower.", 15, "Mean"),
    LOW, HIGH,
    Column("Sessions before", "Your co-rated sessions before the quarter.", 10, "Whole"),
    Column("Sessions since", "Your co-rated sessions in the quarter.", 10, "Whole"),
    Column("Told as drift", "Yes: further than the lab's set amount, and more than chance would make.", 15),
    Column("Shows in", "Elements in which a drift shows.", 40, "Text", NOT_APPLICABLE),
    NOTE,
)  # fmt: skip
HOW_TO_READ = (
    "Nobody's ratings are the right ones: a number here says how yours lie beside those of raters who saw the same sessions.",
    "Your severity is taken out of therapists' numbers; it does not count against them or you.",
    "An interval that holds zero means that no difference is shown. A drift that all raters share cannot be seen here.",
    "You and the quality lead see this sheet; supervisors and other raters do not.",
)


def write_rater_sheets(con: DuckDBPyConnection, folder: Path, facts: NightFacts) -> int:
    """Write `<rater>/<rater>.xlsx` below `folder` for every rater of the roster who has ratings; how many were written anew.

    A sheet that would say what it says already is left as it is. Who is no longer in the roster loses hers.
    """
    raters = [str(rater_id) for (rater_id,) in con.execute(RATERS).fetchall()]
    names = safe_names(raters)
    n_written = sum(
        _write_folder(folder / names[rater_id], names[rater_id], _tables(con, rater_id), facts) for rater_id in raters
    )
    for other in sorted(path for path in folder.glob("*") if path.is_dir() and path.name not in names.values()):
        _write_folder(other, None, (), facts)
    return n_written


def _write_folder(folder: Path, rater: str | None, tables: Sequence[Table], facts: NightFacts) -> bool:
    """Have one workbook in a rater's folder, or none where there is no rater; True when it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    record = read_record(folder)
    name = f"{rater}.xlsx"
    said = fingerprint(LOOK, facts.lab, facts.version, tables)
    is_new = rater is not None and not record.shows(name, said)
    if is_new:
        record.stage(name, said, save_beside(_book(tables, facts), folder / name))
    record.remove_others({name} if rater is not None else set())
    record.swap_in(facts.night_on)
    return is_new


def _tables(con: DuckDBPyConnection, rater_id: str) -> tuple[Table, ...]:
    severity: list[Row] = con.execute(SEVERITY, {"rater_id": rater_id}).fetchall()
    drift: list[Row] = con.execute(DRIFT, {"rater_id": rater_id}).fetchall()
    return (
        Table("Beside others", f"How ratings by {rater_id} lie beside others'", PURPOSE, SEVERITY_COLUMNS, severity),
        Table("Over time", f"Whether {rater_id} moved from quarter to quarter", PURPOSE, DRIFT_COLUMNS, drift),
    )


def _book(tables: Sequence[Table], facts: NightFacts) -> Workbook:
    book = new_book("How your ratings compare", "For raters' own learning.", facts, STYLES, write_only=True)
    for table in tables:
        _write_table(book, table, facts)
    return book


def _write_table(book: Workbook, table: Table, facts: NightFacts) -> None:
    """One sheet with one marked-up table below its sentences."""
    rows = SheetRows(book, table.sheet, [column.width for column in table.columns])
    rows.line(table.title, "Heading 1")
    as_of = f"{facts.lab}, as of {facts.night_on.isoformat()}, the last night that changed this sheet."
    shorthand = "; ".join(f"{mark} means {meaning}" for mark, meaning in SHORTHAND.items()) + "."
    for words in (table.note, as_of, *HOW_TO_READ, shorthand):
        rows.line(words)
    head_row = rows.row + 1
    rows.sheet.print_title_rows = f"{head_row}:{head_row}"
    styles, heads = side_by_side([column.style for column in table.columns])
    rows.append([rows.cell(column.title, head) for column, head in zip(table.columns, heads, strict=True)], heads)
    for row in table.rows or [("none", *(NOT_APPLICABLE for _ in table.columns[1:]))]:
        cells = [rows.cell(None, style) for style in styles]
        for cell, column, value in zip(cells, table.columns, row, strict=True):
            put(cell, value, column.blank)
        rows.append(cells, styles)
    ref = f"A{head_row}:{get_column_letter(len(table.columns))}{rows.row}"
    marked = MarkedUpTable(displayName=f"{table.sheet.replace(' ', '_')}_table", ref=ref)
    marked._initialise_columns()  # type: ignore[attr-defined] # done by itself only where cells can be read again
    for marked_column, column in zip(marked.tableColumns, table.columns, strict=True):
        marked_column.name = column.title
    marked.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    rows.sheet.tables.add(marked)
