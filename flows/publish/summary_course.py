"""The table of the Excel summary that lists when therapists' sessions came to be rated with another instrument. No ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.publish.summary_tables import INSTRUMENT, ROLE, ROLES, TEAM, THERAPIST, Column, Table, looked_up
from flows.publish.workbook import NOT_APPLICABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTE = (
    "No score is converted: means, shares, estimates, trends and control charts stand apart by instrument. "
    "In order of therapist id; not a ranking."
)
KINDS = {"instrument": "another instrument", "version": "another version", "beside": "a further instrument beside"}


def course_table(con: DuckDBPyConnection) -> Table:
    """Changes of instrument within the window: one row per therapist, role, kind of session, and session it began with."""
    rows = [_shown(row) for row in con.execute(COURSE_SQL, {"roles": ROLES}).fetchall()]
    return looked_up("Instruments", "When did the instrument change? [note 18]", NOTE, COURSE_COLUMNS, rows)


COURSE_SQL = """
select c.therapist_id, t.team, c.role, c.modality, c.session_on, c.instrument_change, c.instruments_before,
       c.instrument_id, c.instrument_version, c.going_on, c.ending, c.beginning
from supervision.course_change c
left join reference.therapist t using (therapist_id)
where c.in_window
order by c.therapist_id, list_position($roles, c.role), c.modality, c.session_on, c.session_id, c.instrument_id,
         c.instrument_version
"""
COURSE_COLUMNS = (
    THERAPIST,
    TEAM,
    ROLE,
    Column("Sessions of", "Individual or group sessions; never one line.", 13),
    Column("Changed on", "Date of the first session that was rated with it.", 13, "Date"),
    Column("What changed", "Another instrument, another version of one, or a further one beside.", 26),
    Column("Before", "What the session before was rated with: instruments with their versions.", 26),
    INSTRUMENT,
    Column("Version", "Its version.", 10),
    Column(
        "Told on both sides", "Elements that both tell, each in points of its own scale.", 50, "Text", NOT_APPLICABLE
    ),
    Column("Ends", "Elements that this instrument does not tell.", 50, "Text", NOT_APPLICABLE),
    Column("Begins", "Elements that only this instrument tells.", 50, "Text", NOT_APPLICABLE),
)


def _shown(row: tuple[Any, ...]) -> tuple[Any, ...]:
    *ids, change, before, instrument, version, going_on, ending, beginning = row
    return *ids, KINDS[change], before, instrument, version, going_on, ending, beginning
