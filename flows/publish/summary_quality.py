"""The tables of the Excel summary about the data: coverage, workbooks received, ratings that wait, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.publish.facts import NightFacts, quarter_starts_on
from flows.publish.summary_tables import INSTRUMENT, TEAM, THERAPIST, Column, Table, looked_up
from flows.publish.workbook import NOT_APPLICABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def coverage_table(con: DuckDBPyConnection) -> Table:
    """Coverage: one row per therapist and period of the plan."""
    rows = con.execute(COVERAGE_SQL).fetchall()
    return looked_up(
        "Coverage", "Sessions planned and rated [note 9]", "Follows the plan in the roster.", COVERAGE_COLUMNS, rows
    )


COVERAGE_SQL = """
select therapist_id, team, period, planned, rated, double_rated, overdue, waits_for_consensus, waits_for_signature, note
from quality.coverage
order by therapist_id, period
"""
COVERAGE_COLUMNS = (
    THERAPIST,
    TEAM,
    Column("Period", "Period of the plan (2026, 2026-H1 or 2026-Q1); undated for sessions without a date.", 12),
    Column("Planned", "Sessions the plan asks for; [z] without a plan.", 11, "Whole", NOT_APPLICABLE),
    Column("Rated", "Sessions rated by at least one observer.", 11, "Whole"),
    Column("Rated by enough", "Of these, rated by as many observers as planned (by two without a plan).", 13, "Whole"),
    Column("Overdue", "Sessions not rated when the period was over; [z] without a plan.", 11, "Whole", NOT_APPLICABLE),
    Column("No consensus yet", "Sessions that wait for a consensus; the sheet Consensus names them.", 12, "Whole"),
    Column(
        "Not signed yet", "Sessions whose consensus is not signed off; the sheet Consensus names them.", 12, "Whole"
    ),
    Column("Why no plan", "Why planned and overdue do not apply, where they do not.", 62, "Text", NOT_APPLICABLE),
)


def consensus_table(con: DuckDBPyConnection) -> Table:
    """Sessions that wait for a consensus, for the ratings that it settles, or for its signature."""
    rows = con.execute(CONSENSUS_SQL).fetchall()
    note = "Until a consensus is signed off, feedback shows the observers' ratings. Means rest on these in any case."
    return looked_up(
        "Consensus", "Sessions that wait for a consensus or its signature [note 9]", note, CONSENSUS_COLUMNS, rows
    )


CONSENSUS_SQL = """
select session_id, session_on, therapist_id, instrument_id, waits_for, since
from quality.waiting_session
order by since, session_id, instrument_id, therapist_id
"""
CONSENSUS_COLUMNS = (
    Column("Session", "The rated session's id.", 16),
    Column("Date", "Its date; [x] where no sheet says.", 12, "Date"),
    THERAPIST,
    INSTRUMENT,
    Column("Waits for", "What it waits for; see the sheet Codes.", 14),
    Column("Since", "When that was first seen (UTC).", 18, "Moment"),
)


def workbooks_table(con: DuckDBPyConnection, facts: NightFacts) -> Table:
    """Workbooks received in the period, and earlier ones in which something still waits."""
    given = {"from": quarter_starts_on(facts.night_on), "to": facts.night_on}
    rows = con.execute(WORKBOOKS_SQL, given).fetchall()
    note = f"Workbooks first seen in {facts.period}, and earlier ones in which something still waits."
    return looked_up("Workbooks", "Workbooks received [note 10]", note, WORKBOOK_COLUMNS, rows)


WORKBOOKS_SQL = """
select w.workbook, w.received_at, w.outcome, w.reason, w.n_ratings, w.n_held
from quality.workbook w
where (w.received_at::date between $from and $to) or w.outcome in ('held', 'partly_held', 'refused', 'arriving')
order by w.workbook, w.received_at, w.sha256
"""
WORKBOOK_COLUMNS = (
    Column("Workbook", "Its name below the inbox.", 52),
    Column("Received", "When it was first seen (UTC).", 18, "Moment"),
    Column("Outcome", "What became of it, at first judgement; see the sheet Codes.", 14),
    Column("Reason", "Why, where the outcome needs a reason.", 62, "Text", NOT_APPLICABLE),
    Column("Ratings", "Ratings found in it.", 10, "Whole"),
    Column("Held", "Of these, held at first judgement.", 10, "Whole"),
)


def waiting_table(con: DuckDBPyConnection) -> Table:
    """Ratings that wait for a person."""
    rows = con.execute(WAITING_SQL).fetchall()
    return looked_up(
        "Waiting",
        "Ratings that wait for a person [note 10]",
        "None of these counts until it is mended.",
        WAITING_COLUMNS,
        rows,
    )


WAITING_SQL = """
select workbook, sheet, cell, session_id, rater_id, first_code, message, since
from quality.held_rating
order by since, workbook, sheet, length(cell), cell, rating_id
"""
WAITING_COLUMNS = (
    Column("Workbook", "Where it stands.", 52),
    Column("Sheet", "Its sheet.", 20),
    Column("Cell", "First cell of the rating.", 9),
    Column("Session", "The session's id; [x] where the sheet does not say.", 16),
    Column("Rater", "The rater's id; [x] where the sheet does not say.", 14),
    Column("First finding", "Code of the first finding that holds it; see the sheet Codes.", 26),
    Column("What to do", "For the person who can mend it; the sheet Findings lists everything that holds it.", 70),
    Column("Since", "When it was first seen (UTC).", 18, "Moment"),
)


def findings_table(con: DuckDBPyConnection, facts: NightFacts) -> Table:
    """Findings that are open, and those opened or closed in the period."""
    rows = con.execute(FINDINGS_SQL, {"from": quarter_starts_on(facts.night_on), "to": facts.night_on}).fetchall()
    note = f"Open findings, and those opened or closed in {facts.period}."
    return looked_up("Findings", "Findings in the sheets [note 10]", note, FINDING_COLUMNS, rows)


FINDINGS_SQL = """
select f.severity, f.code, f.workbook, f.sheet, f.cell, f.session_id, f.rater_id, f.message, f.opened_at, f.closed_at
from quality.finding f
where f.closed_at is null or f.opened_at::date between $from and $to or f.closed_at::date between $from and $to
order by f.closed_at is not null, f.workbook, f.sheet, length(f.cell), f.cell, f.code, f.opened_at
"""
FINDING_COLUMNS = (
    Column("Severity", "error: holds the rating. warning: is told, and holds nothing.", 11),
    Column("Code", "Kind of finding.", 24),
    Column("Workbook", "Where it was found.", 44),
    Column("Sheet", "Its sheet; [z] when the whole workbook is meant.", 18, "Text", NOT_APPLICABLE),
    Column("Cell", "Its cell; [z] when the whole sheet is meant.", 9, "Text", NOT_APPLICABLE),
    Column("Session", "The session's id; [x] where the sheet does not say.", 16),
    Column("Rater", "The rater's id; [x] where the sheet does not say.", 14),
    Column("What to do", "For the person who can mend it.", 70),
    Column("Opened", "When its workbook was first seen (UTC).", 18, "Moment"),
    Column("Closed", "When it was settled (UTC); [z] while it is open.", 18, "Moment", NOT_APPLICABLE),
)
