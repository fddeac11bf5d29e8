"""The workbook about raters, for the quality lead alone: each rater's severity and drift, in order of rater id.

It stands apart from the summary because that may go to a board, and a rater's severity is for the quality lead and that rater.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook

from flows.publish.facts import NightFacts
from flows.publish.summary import SUMMARY_STYLES, dictionary_of, write_cover, write_table
from flows.publish.summary_numbers import NOTE
from flows.publish.summary_tables import ELEMENT, ELEMENT_ID, INSTRUMENT, SCALE, SCALES, Column, Table, limited
from flows.publish.unchanged import fingerprint, read_record
from flows.publish.workbook import NOT_APPLICABLE, SHORTHAND, new_book, save_beside
from schemas.codes import PURPOSE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK = 2  # counts up when this code lays the same content out differently
FOR_WHOM = (
    "For the quality lead. A rater may see her own rows; nobody else's are for her, and none of them for a board "
    "or a supervisor."
)
SHARED = "A drift that all raters share shows only in recordings that are rated again (the sheet Drift of the summary)."


def write_raters_book(con: DuckDBPyConnection, out: Path, facts: NightFacts) -> bool:
    """Write the workbook to `out`; False, and the file untouched, when it would say what it says already."""
    tables = (rater_severity_table(con), rater_drift_table(con))
    said = fingerprint(LOOK, facts.lab, facts.contact, facts.version, tables)
    out.parent.mkdir(parents=True, exist_ok=True)
    record = read_record(out.parent)
    if record.shows(out.name, said):
        return False
    record.stage(out.name, said, save_beside(_book(tables, facts), out))
    record.swap_in(facts.night_on)
    return True


def rater_severity_table(con: DuckDBPyConnection) -> Table:
    """Each rater's severity, over the window and quarter by quarter."""
    rows = con.execute(SEVERITY_SQL).fetchall()
    note = "In order of rater id; not a ranking. Above nought: rates higher than raters such as these on the same sessions."
    return limited(
        "Severity by rater", "How each rater rates the sessions that others rate too", note, SEVERITY_COLUMNS, rows
    )


SEVERITY_SQL = f"""
with {SCALES}
select t.rater_id, t.instrument_id, t.element, coalesce(e.title, t.element), coalesce(s.title, t.scale), t.period,
       t.n_rated, t.n_corated, t.severity, t.low, t.high, t.is_drifting, t.note
from quality.rater_severity t
left join about.element e using (instrument_id, element)
left join scales s using (instrument_id, scale)
order by t.rater_id, t.instrument_id, e.position, t.element, s.place, t.scale, t.period <> 'all', t.period
"""  # noqa: S608 - made of our own words
RATER = Column("Rater", "The rater's id.", 14)
SEVERITY_COLUMNS = (
    RATER,
    INSTRUMENT,
    ELEMENT_ID,
    ELEMENT,
    SCALE,
    Column("Quarter", "Quarter in which the ratings were made, or all.", 11),
    Column("Ratings", "Her ratings with a value.", 10, "Whole"),
    Column("With others", "Of these, in sessions that another rater rated as well.", 10, "Whole"),
    Column("Severity", "Points above (or below, with a minus) the others on the same sessions.", 10, "Mean"),
    Column("From", "Lower end of its 95 per cent interval.", 10, "Mean"),
    Column("To", "Upper end of its 95 per cent interval.", 10, "Mean"),
    Column(
        "Moved",
        "yes: she moved in this quarter; [z] where it could not be told, or for all.",
        10,
        "Text",
        NOT_APPLICABLE,
    ),
    NOTE,
)


def rater_drift_table(con: DuckDBPyConnection) -> Table:
    """How far each rater moved into a quarter, over all elements and in each."""
    rows = con.execute(DRIFT_SQL).fetchall()
    return limited(
        "Drift by rater",
        "How far each rater moved",
        f"In order of rater id; not a ranking. {SHARED}",
        DRIFT_COLUMNS,
        rows,
    )


DRIFT_SQL = f"""
with {SCALES}
select t.rater_id, t.instrument_id, coalesce(s.title, t.scale), t.element, coalesce(e.title, t.element), t.period,
       coalesce(c.meaning, t.compared_with), t.n_before, t.n_since, t.movement, t.low, t.high, t.is_drifting, t.causes, t.note
from quality.rater_drift t
left join about.element e using (instrument_id, element)
left join scales s using (instrument_id, scale)
left join about.code c on c.list = 'compared_with' and c.code = t.compared_with
order by t.rater_id, t.instrument_id, s.place, t.scale, t.period, t.element is not null, e.position, t.element, t.compared_with
"""  # noqa: S608 - made of our own words
DRIFT_COLUMNS = (
    RATER,
    INSTRUMENT,
    SCALE,
    Column(ELEMENT_ID.title, "The element's id; [z] for all elements together.", 21, "Text", NOT_APPLICABLE),
    Column(ELEMENT.title, "What was rated; [z] for all elements together.", 54, "Text", NOT_APPLICABLE),
    Column("Quarter", "Quarter into which she moved, by the dates of the ratings.", 11),
    Column("Held against", "What her movement is told against.", 40),
    Column("Before", "Her sessions with others before the quarter.", 10, "Whole"),
    Column("Since", "Her sessions with others in it.", 10, "Whole"),
    Column("Moved by", "Points: above nought she rates higher than before, below it lower.", 10, "Mean"),
    Column("From", "Lower end of its 95 per cent interval.", 10, "Mean"),
    Column("To", "Upper end of its 95 per cent interval.", 10, "Mean"),
    Column("Drifting", "yes: further than the lab's set amount, and beyond chance.", 10),
    Column("Shows in", "Of a drift over all elements: those in which it shows.", 40, "Text", NOT_APPLICABLE),
    NOTE,
)


def _book(tables: tuple[Table, ...], facts: NightFacts) -> Workbook:
    title = f"Raters: {facts.lab}, {facts.period}"
    book = new_book(title, "Raters' severity and drift, for the quality lead.", facts, SUMMARY_STYLES, write_only=True)
    write_cover(book, list(_cover(title, facts)))
    for table in tables:
        write_table(book, table, is_long=True)
    write_table(book, _notes())
    write_table(book, dictionary_of(tables))
    return book


def _cover(title: str, facts: NightFacts) -> Iterator[tuple[str, str]]:
    yield "Heading 1", title
    yield "Text", f"As of {facts.night_on.isoformat()}, the last night on which anything in this workbook changed."
    yield "Heading 2", "Who it is for"
    yield "Text", FOR_WHOM
    yield "Heading 2", "What it is for"
    yield "Text", PURPOSE
    yield "Text", SHARED
    yield "Heading 2", "Who to ask"
    yield "Text", facts.contact
    yield "Text", f"Made by Session Fidelity {facts.version}."


def _notes() -> Table:
    rows = [(mark.strip("[]"), f"{mark} means {meaning}.") for mark, meaning in SHORTHAND.items()]
    columns = (Column("Note", "", 12), Column("What it says", "", 110))
    return Table("Notes", "Notes and shorthand", "What stands in cells without a number.", columns, rows)
