"""The tables of the Excel summary that rest on the models: reliability, severity, drift, planner, change, sessions in order.

No rater is named here, so that the summary can go to a board: what each rater's severity is stands in a workbook of its own
(`raters_book`). Rows are ordered by id and by the instrument's own order, never by a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from flows.measure.planning import SESSIONS
from flows.publish.summary_tables import (
    DOMAIN,
    ELEMENT,
    ELEMENT_ID,
    INSTRUMENT,
    ROLES,
    SCALE,
    SCALES,
    TEAM,
    THERAPIST,
    Column,
    Row,
    Table,
    limited,
    looked_up,
)
from flows.publish.workbook import NOT_APPLICABLE
from schemas.advice_codes import PlanNote, RatingOption

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FEWEST_RATERS_TOLD = 3  # with two raters, how far they are apart is each one's own figure
TOO_FEW_RATERS = "With fewer than three raters, how far they differ would be the figure of each."
NOTE = Column(
    "Note",
    "Why a number is missing, or how it is to be read; [z] where there is nothing to say.",
    40,
    "Text",
    NOT_APPLICABLE,
)

# An element's place and title, and of a domain (element is null) its title.
_TITLES = f"""
with {SCALES},
domains as (
    select instrument_id, domain, any_value(domain_title) as domain_title, min(position) as place
    from about.element
    group by all
)
"""  # noqa: S608 - made of our own words
_JOINED = """
left join about.element e on (e.instrument_id, e.element) = (t.instrument_id, t.element)
left join domains d on (d.instrument_id, d.domain) = (t.instrument_id, t.domain)
left join scales s on (s.instrument_id, s.scale) = (t.instrument_id, t.scale)
"""


def number_tables(con: DuckDBPyConnection) -> tuple[Table, ...]:
    """All of them, in the order of the workbook."""
    return (
        reliability_table(con),
        severity_table(con),
        drift_table(con),
        planner_table(con),
        next_rating_table(con),
        change_table(con),
        team_sessions_table(con),
    )


def reliability_table(con: DuckDBPyConnection) -> Table:
    """Reliability: one row per instrument, element and scale."""
    rows = con.execute(RELIABILITY_SQL, {"roles": ROLES}).fetchall()
    note = "Observers' ratings before any consensus. Items and one-way correlations stand in quality.rater_agreement."
    return limited("Reliability", "Do raters of one session agree? [note 11]", note, RELIABILITY_COLUMNS, rows)


RELIABILITY_SQL = f"""
{_TITLES}
select t.instrument_id, t.element, coalesce(e.title, t.element), coalesce(s.title, t.scale),
       t.n_units, t.n_raters, t.icc_single, t.low, t.high, t.k, t.icc_average, c.icc_single, t.alpha, t.exact, t.within_one,
       t.no_opportunity_agreement, t.restricted_range, t.note
from quality.rater_agreement t
left join quality.rater_agreement c on c.level = 'element' and c.icc_type = 'consistency'
    and (c.instrument_id, c.role, c.element, c.scale) = (t.instrument_id, t.role, t.element, t.scale)
{_JOINED}
where t.level = 'element' and t.icc_type = 'agreement'
order by t.instrument_id, list_position($roles, t.role), e.position, t.element, s.place, t.scale
"""  # noqa: S608 - made of our own words
RELIABILITY_COLUMNS = (
    INSTRUMENT,
    ELEMENT_ID,
    ELEMENT,
    SCALE,
    Column("Sessions", "Sessions with values of two raters or more.", 11, "Whole"),
    Column("Raters", "Raters of these sessions.", 10, "Whole"),
    Column("One rater", "Intraclass correlation of one rater's rating, for absolute agreement.", 10, "Mean"),
    Column("One rater from", "Lower end of its 95 per cent interval.", 10, "Mean"),
    Column("One rater to", "Upper end of its 95 per cent interval.", 10, "Mean"),
    Column("Usual raters", "Usual number of raters: the harmonic mean over sessions with two or more.", 10, "Mean"),
    Column("Mean of these", "Intraclass correlation of the mean of so many raters.", 10, "Mean"),
    Column("But for severity", "Of one rater, for consistency: raters' severity not counted as error.", 10, "Mean"),
    Column("Alpha", "Krippendorff's ordinal alpha.", 9, "Mean"),
    Column("Same point", "Share of pairs of raters of one session that gave the same value.", 10, "Share"),
    Column("Within a point", "Share of pairs no more than one point apart.", 10, "Share"),
    Column("No opportunity", "Given that one rater says so, the chance that another of the session does.", 13, "Share"),
    Column("Little spread", "yes: nearly all ratings lie within two neighbouring points, which makes correlations low.", 10),
    NOTE,
)  # fmt: skip


def severity_table(con: DuckDBPyConnection) -> Table:
    """Severity: how far raters differ, one row per instrument, element and scale; no rater is named."""
    rows = con.execute(SEVERITY_SQL, {"fewest": FEWEST_RATERS_TOLD}).fetchall()
    note = "How far raters differ in severity, none of them named. Estimates of therapists have it taken off already."
    return limited("Severity", "How far do raters differ in severity? [note 12]", note, SEVERITY_COLUMNS, rows)


SEVERITY_SQL = f"""
{_TITLES},
told as (
    select instrument_id, role, domain, element, scale, count(*) as n_raters, count(severity) as n_told,
           stddev_samp(severity) as spread, max(severity) - min(severity) as widest, any_value(note) as note
    from quality.rater_severity
    where period = 'all'
    group by all
)
select t.instrument_id, coalesce(d.domain_title, t.domain), t.element, coalesce(e.title, t.element), coalesce(s.title, t.scale),
       t.n_raters, t.n_told, round(if(n_told >= $fewest, spread, null), 9), round(if(n_told >= $fewest, widest, null), 9),
       coalesce(t.note, if(n_told < $fewest, '{TOO_FEW_RATERS}', null))
from told t
{_JOINED}
order by t.instrument_id, e.position, t.element, s.place, t.scale
"""  # noqa: S608 - made of our own words
SEVERITY_COLUMNS = (
    INSTRUMENT,
    DOMAIN,
    ELEMENT_ID,
    ELEMENT,
    SCALE,
    Column("Raters", "Raters in the window.", 10, "Whole"),
    Column("Raters told", "Of these, raters whose severity can be told from the others'.", 10, "Whole"),
    Column("Spread", "Standard deviation of their severities, in points of the scale.", 10, "Mean"),
    Column("Widest", "Points between the mildest and the most severe of them.", 10, "Mean"),
    NOTE,
)


def drift_table(con: DuckDBPyConnection) -> Table:
    """Drift: quarter by quarter, how many raters moved, and what can be seen of a drift that all share."""
    rows = con.execute(DRIFT_SQL).fetchall()
    note = "A drift that all raters share is seen only where recordings were rated again; where none were, the note says so."
    return limited("Drift", "Do raters move over time? [note 12]", note, DRIFT_COLUMNS, rows)


DRIFT_SQL = f"""
with {SCALES},
moved as (
    select instrument_id, role, scale, period, count(distinct rater_id) as n_compared,
           count(distinct rater_id) filter (is_drifting) as n_moved
    from quality.rater_drift
    where level = 'all'
    group by all
)
select t.instrument_id, coalesce(s.title, t.scale), t.period, coalesce(m.n_compared, 0), coalesce(m.n_moved, 0),
       t.n_references, t.movement, t.low, t.high, t.note
from quality.shared_drift t
left join moved m using (instrument_id, role, scale, period)
left join scales s on (s.instrument_id, s.scale) = (t.instrument_id, t.scale)
order by t.instrument_id, s.place, t.scale, t.period
"""  # noqa: S608 - made of our own words
DRIFT_COLUMNS = (
    INSTRUMENT,
    SCALE,
    Column("Quarter", "Quarter in which the ratings were made.", 12),
    Column("Raters compared", "Raters who can be held against their co-raters, or against recordings rated again.", 11, "Whole"),
    Column("Raters who moved", "Of these, raters who moved further than the lab's set amount, beyond chance.", 11, "Whole"),
    Column("Recordings again", "Sessions rated both before the quarter and in it.", 14, "Whole"),
    Column("All moved by", "Points by which ratings of these recordings rose or fell.", 10, "Mean"),
    Column("All from", "Lower end of its 95 per cent interval.", 10, "Mean"),
    Column("All to", "Upper end of its 95 per cent interval.", 10, "Mean"),
    NOTE,
)  # fmt: skip


def planner_table(con: DuckDBPyConnection) -> Table:
    """Planner: what a mean over so many sessions would be worth, one row per domain, scale, raters a session and figure."""
    found = con.execute(PLANNER_SQL).fetchall()
    note = (
        "Mean over the elements of a domain, of up to four patients and four raters. Dependable is .70 or more. Other designs "
        "and single elements stand in quality.d_study."
    )
    return limited("Planner", PLANNER_TITLE, note, PLANNER_COLUMNS, list(_planned(found)))


PLANNER_TITLE = "How many sessions, patients and raters are enough? [note 13]"
# Means over a domain's elements, of the designs with the most patients and raters in all.
DESIGNS = """
    designs as (
        select instrument_id, role, domain, scale, n_sessions, n_patients, raters_per_session, n_raters,
               count(reliability) as n_told, count(dependability) as n_dependable, count(*) as n,
               avg(reliability) as reliability, avg(dependability) as dependability,
               any_value(note) filter (reliability is null) as note
        from quality.d_study
        group by all
    ),
    widest as (
        select *
        from designs
        qualify (n_patients, n_raters) = max((n_patients, n_raters)) over (
            partition by instrument_id, role, domain, scale, n_sessions, raters_per_session
        )
    )
"""
PLANNER_SQL = f"""
{_TITLES},
{DESIGNS}
select t.instrument_id, coalesce(d.domain_title, t.domain), coalesce(s.title, t.scale), t.raters_per_session, t.n_sessions,
       if(n_told = n, round(reliability, 9), null), if(n_dependable = n, round(dependability, 9), null),
       coalesce(c.meaning, t.note)
from widest t
left join domains d using (instrument_id, domain)
left join scales s on (s.instrument_id, s.scale) = (t.instrument_id, t.scale)
left join about.code c on c.list = 'plan_note' and c.code = t.note
order by t.instrument_id, d.place, s.place, t.raters_per_session, t.n_sessions
"""  # noqa: S608 - made of our own words
PLANNER_COLUMNS = (
    INSTRUMENT,
    DOMAIN,
    SCALE,
    Column("Raters a session", "Raters of each session.", 10, "Whole"),
    Column("Figure", "Reliability: raters' severity taken off; dependability: of the mean as it stands. 0 to 1.", 16),
    *(Column(f"{n} sessions", f"Of the mean of {n} sessions of one therapist.", 11, "Mean") for n in SESSIONS),
    NOTE,
)


def _planned(found: list[Row]) -> Iterator[Row]:
    """A row for each figure, the numbers of sessions side by side."""
    for ids, run in groupby(found, key=lambda row: row[:4]):
        of_design = {row[4]: row for row in run}
        note = next((row[7] for row in of_design.values() if row[7]), None)
        for place, figure in ((5, "reliability"), (6, "dependability")):
            yield *ids, figure, *(of_design[n][place] if n in of_design else None for n in SESSIONS), note


def next_rating_table(con: DuckDBPyConnection) -> Table:
    """Next rating: for each therapist, what the next hour of rating would buy, one row per domain, scale and option."""
    found = con.execute(NEXT_SQL, {"options": [str(option) for option in RatingOption]}).fetchall()
    rows = [_said(row) for row in found]
    note = "In order of therapist id: the table says what an hour buys for each of them, not whom to rate first."
    return looked_up("Next rating", "What would the next hour of rating buy? [note 13]", note, NEXT_COLUMNS, rows)


NEXT_SQL = f"""
{_TITLES}
select t.therapist_id, r.team, t.instrument_id, coalesce(d.domain_title, t.domain), coalesce(s.title, t.scale), t.option,
       t.session_id, t.n_sessions, t.n_patients, t.n_raters, t.reliability, t.reliability_then, t.gain, t.buys_most, t.note
from quality.next_rating t
left join reference.therapist r using (therapist_id)
{_JOINED}
where t.element is null
order by t.therapist_id, t.instrument_id, d.place, s.place, list_position($options, t.option)
"""  # noqa: S608 - made of our own words
NEXT_COLUMNS = (
    THERAPIST,
    TEAM,
    INSTRUMENT,
    DOMAIN,
    SCALE,
    Column("The hour goes to", "What would be rated.", 50),
    Column("Session", "The session for a second rater; [z] for other options.", 16, "Text", NOT_APPLICABLE),
    Column("Sessions", "Her sessions now.", 10, "Whole"),
    Column("Patients", "Her known patients now.", 10, "Whole"),
    Column("Raters", "Her raters now.", 10, "Whole"),
    Column("Reliability", "Of what can be said of her level now; mean over the domain's elements, 0 to 1.", 11, "Mean"),
    Column("Then", "The same with this rating more.", 10, "Mean"),
    Column("Gain", "The difference.", 10, "Mean"),
    Column("Buys most", "yes: no option that can be told buys more for her. Several where they tie.", 10),
    NOTE,
)


OPTIONS = {str(option): option.meaning for option in RatingOption}
NOTES = {str(note): note.meaning for note in PlanNote}


def _said(row: Row) -> Row:
    return (*row[:5], OPTIONS[row[5]], *row[6:-1], NOTES.get(row[-1]))


def change_table(con: DuckDBPyConnection) -> Table:
    """Change: what moved each team's mean over a domain from one quarter, or half-year, to the next."""
    rows = con.execute(CHANGE_SQL).fetchall()
    note = "The three parts add up to the difference. A drift that all raters share counts as therapists."
    return limited("Change", "What moved each team's mean? [note 14]", note, CHANGE_COLUMNS, rows)


CHANGE_SQL = f"""
{_TITLES}
select t.team, t.instrument_id, coalesce(d.domain_title, t.domain), coalesce(s.title, t.scale),
       t.period_before, t.period_after, t.sessions_before, t.sessions_after, t.n_therapists, t.therapists_in_both,
       t.mean_before, t.mean_after, t.difference, t.by_therapists, t.by_severity, t.by_who_was_rated,
       coalesce(c.meaning, t.note)
from quality.change t
{_JOINED}
left join about.code c on c.list = 'plan_note' and c.code = t.note
where t.element is null
order by t.team, t.instrument_id, d.place, s.place, t.period_after[6], t.period_after
"""  # noqa: S608 - made of our own words
CHANGE_COLUMNS = (
    TEAM,
    INSTRUMENT,
    DOMAIN,
    SCALE,
    Column("From", "Quarter, such as 2026-Q1, or half-year, such as 2026-H1, before.", 10),
    Column("To", "The next such period in which the team was rated.", 10),
    Column("Sessions before", "Sessions of the period before.", 10, "Whole"),
    Column("Sessions after", "Sessions of the period after.", 10, "Whole"),
    Column("Therapists", "Therapists of these sessions; two who led one together are one more.", 11, "Whole"),
    Column("In both", "Of these, rated in both periods.", 10, "Whole"),
    Column("Mean before", "Mean of session means.", 10, "Mean"),
    Column("Mean after", "Mean of session means.", 10, "Mean"),
    Column("Difference", "After minus before.", 11, "Mean"),
    Column("Therapists' work", "Part of it that is what the therapists did.", 13, "Mean"),
    Column("Severity of raters", "Part of it that is raters' severity, as far as sessions in common show.", 11, "Mean"),
    Column("Who was rated", "Part of it that is who was rated, and how often.", 10, "Mean"),
    NOTE,
)


def team_sessions_table(con: DuckDBPyConnection) -> Table:
    """Team sessions: the points and limits of each team's control charts, one row per domain, scale and session."""
    rows = con.execute(TEAM_SESSIONS_SQL).fetchall()
    note = "From eight dated sessions on. Severity is not taken off. Single elements stand in quality.team_chart."
    return looked_up("Team sessions", "Each team, session after session [note 15]", note, TEAM_SESSION_COLUMNS, rows)


TEAM_SESSIONS_SQL = f"""
{_TITLES}
select t.team, t.instrument_id, coalesce(d.domain_title, t.domain), coalesce(s.title, t.scale), t.position, t.session_id,
       t.session_on, t.value, t.mean, t.lower, t.upper, t.rules
from quality.team_chart t
{_JOINED}
where t.element is null
order by t.team, t.instrument_id, d.place, s.place, t.position
"""  # noqa: S608 - made of our own words
TEAM_SESSION_COLUMNS = (
    TEAM,
    INSTRUMENT,
    DOMAIN,
    SCALE,
    Column("Place", "Place of the session in the chart, by date.", 9, "Whole"),
    Column("Session", "The session's id.", 16),
    Column("Date", "Its date.", 13, "Date"),
    Column("Value", "Mean of its elements in the domain, over its observers.", 9, "Mean"),
    Column("Mean", "Mean of all points of the chart.", 9, "Mean"),
    Column("Lower limit", "Mean minus 2.66 times the screened mean moving range.", 9, "Mean"),
    Column("Upper limit", "Mean plus as much.", 9, "Mean"),
    Column("Rules", "Rules that the point fires (Codes, list chart_rule); [z] when none.", 30, "Text", NOT_APPLICABLE),
)  # fmt: skip
