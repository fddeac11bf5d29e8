"""The summary's first table: what the quarter says, a sentence a row, each with its numbers and how much they rest on.

Teams and domains in order of id, never of a number; no therapist and no rater is named. Each sentence says less than the sheet
that it points to, and nothing that is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flows.publish.facts import NightFacts
from flows.publish.summary_numbers import DESIGNS
from flows.publish.summary_tables import INSTRUMENT, SCALES, TEAM, Column, Row, Table, limited
from flows.publish.words import counted
from flows.publish.workbook import NOT_APPLICABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEPENDABLE = 0.70
SAID_COLUMNS = (
    Column(TEAM.title, "The team that is spoken of; [z] for the whole lab.", 16, "Text", NOT_APPLICABLE),
    Column(INSTRUMENT.title, "The instrument's id; [z] for all of them.", 16, "Text", NOT_APPLICABLE),
    Column("What it says", "A sentence with its numbers.", 110),
    Column("See the sheet", "Where the numbers stand.", 16),
)


def said_table(con: DuckDBPyConnection, facts: NightFacts) -> Table:
    """What it says: about teams, what moved them, raters, planning, and what was not rated."""
    rows = [*_teams(con), *_changes(con), *_raters(con), *_drift(con), *_planner(con), *_coverage(con), *_waiting(con)]
    title = f"What the quarter {facts.period} says"
    note = "Counts and means of the sessions that were sent in; not a ranking."
    return limited("What it says", title, note, SAID_COLUMNS, rows)


_DOMAINS = f"""
with {SCALES},
domains as (
    select instrument_id, domain, any_value(domain_title) as domain_title, min(position) as place
    from about.element
    group by all
)
"""  # noqa: S608 - made of our own words
TEAMS_SQL = f"""
{_DOMAINS},
sessions as (
    select distinct t.team, se.instrument_id, se.domain, se.scale, se.session_id
    from supervision.session_element se
    join supervision.session_therapist st using (session_id)
    left join reference.therapist t using (therapist_id)
    where se.role = 'observer' and se.mean is not null and st.in_window
),
means as (
    select team, s.instrument_id, s.domain, s.scale, session_id, round(avg(se.mean), 9) as mean
    from sessions s
    join supervision.session_element se using (instrument_id, domain, scale, session_id)
    where se.role = 'observer' and se.mean is not null
    group by all
)
select m.team, m.instrument_id, any_value(coalesce(d.domain_title, m.domain)), any_value(coalesce(s.title, m.scale)),
       count(*), round(avg(m.mean), 9), any_value(s.threshold), count(*) filter (m.mean >= s.threshold)
from means m
left join domains d using (instrument_id, domain)
left join scales s using (instrument_id, scale)
group by m.team, m.instrument_id, m.domain, m.scale
order by m.team nulls last, m.instrument_id, any_value(d.place), any_value(s.place)
"""  # noqa: S608 - made of our own words


def _teams(con: DuckDBPyConnection) -> Iterator[Row]:
    for team, instrument, domain, scale, n, mean, threshold, n_enough in con.execute(TEAMS_SQL).fetchall():
        words = f"{domain}, {scale.lower()}: mean {mean:.1f} over {counted(n, 'session')}"
        if threshold is not None:
            enough = f"good enough ({threshold:g} or more)"
            words += f"; {n_enough} of them {enough}" if n > 1 else f", {'' if n_enough else 'not '}{enough}"
        yield team, instrument, f"{words}.", "Trend"


CHANGES_SQL = f"""
{_DOMAINS}
select t.team, t.instrument_id, coalesce(d.domain_title, t.domain), coalesce(s.title, t.scale), t.period_before,
       t.period_after, t.difference, t.by_therapists, t.by_severity, t.by_who_was_rated
from quality.change t
left join domains d using (instrument_id, domain)
left join scales s on (s.instrument_id, s.scale) = (t.instrument_id, t.scale)
where t.element is null and t.period_after like '%-Q%'
qualify t.period_after = max(t.period_after) over (partition by t.team, t.instrument_id)
order by t.team, t.instrument_id, d.place, s.place
"""  # noqa: S608 - made of our own words


def _changes(con: DuckDBPyConnection) -> Iterator[Row]:
    """The latest change of each team, in parts where it can be split."""
    for team, instrument, domain, scale, before, after, moved, *parts in con.execute(CHANGES_SQL).fetchall():
        words = f"{domain}, {scale.lower()}: from {before} to {after} the mean moved by {_signed(moved)}"
        if None in parts:
            words += ", which cannot be split into therapists' work and raters' severity"
        else:
            work, severity, who = parts
            words += f": therapists' work {_signed(work)}, raters' severity {_signed(severity)}, who was rated {_signed(who)}"
        yield team, instrument, f"{words}.", "Change"


def _signed(points: float) -> str:
    """A difference with its sign; a minus, which no program parts from its number at the end of a line as it does a hyphen."""
    return f"{points:+.2f}".replace("-", "\N{MINUS SIGN}")


RATERS_SQL = f"""
with {SCALES}
select t.instrument_id, coalesce(any_value(s.title), t.scale), count(t.icc_single), median(t.icc_single), min(t.icc_single),
       max(t.icc_single), median(t.within_one), count(*) filter (t.restricted_range)
from quality.rater_agreement t
left join scales s using (instrument_id, scale)
where t.level = 'element' and t.icc_type = 'agreement'
group by t.instrument_id, t.scale
order by t.instrument_id, any_value(s.place), t.scale
"""  # noqa: S608 - made of our own words


def _raters(con: DuckDBPyConnection) -> Iterator[Row]:
    for instrument, scale, n, middle, low, high, within, n_restricted in con.execute(RATERS_SQL).fetchall():
        if not n:
            words = f"{scale}: too few sessions were rated by two to say whether raters agree"
        else:
            of = "one element" if n > 1 else "the one element told"
            words = f"{scale}: the reliability of one rating of {of} is {middle:.2f}"
            words += f" in the middle of {n} elements (span {low:.2f} to {high:.2f})" if n > 1 else ""
            words += "" if within is None else f"; two raters of a session are within a point in {within:.0%}"
        if n_restricted:
            words += f"; in {counted(n_restricted, 'element')} ratings hardly differ, which makes it low although raters agree"
        yield None, instrument, f"{words}.", "Reliability"


DRIFT_SQL = f"""
with {SCALES}
select instrument_id, coalesce(any_value(s.title), scale), period, count(distinct rater_id),
       count(distinct rater_id) filter (is_drifting)
from quality.rater_drift
left join scales s using (instrument_id, scale)
where level = 'all'
group by instrument_id, scale, period
qualify period = max(period) over (partition by instrument_id)
order by instrument_id, any_value(s.place), scale
"""  # noqa: S608 - made of our own words


def _drift(con: DuckDBPyConnection) -> Iterator[Row]:
    for instrument, scale, period, n, n_moved in con.execute(DRIFT_SQL).fetchall():
        words = (
            f"{scale}: in {period}, {n_moved} of {counted(n, 'rater')} who can be compared moved away from the others."
        )
        yield None, instrument, words, "Drift"


PLANNER_SQL = f"""
{_DOMAINS},
{DESIGNS}
select l.instrument_id, any_value(coalesce(d.domain_title, l.domain)), any_value(coalesce(s.title, l.scale)),
       min(n_sessions) filter (raters_per_session = 1 and reliability >= $enough),
       min(n_sessions) filter (raters_per_session = 2 and reliability >= $enough), max(n_sessions)
from widest l
left join domains d using (instrument_id, domain)
left join scales s on (s.instrument_id, s.scale) = (l.instrument_id, l.scale)
where n_told = n
group by l.instrument_id, l.domain, l.scale
order by l.instrument_id, any_value(d.place), any_value(s.place)
"""  # noqa: S608 - made of our own words


def _planner(con: DuckDBPyConnection) -> Iterator[Row]:
    """The fewest sessions of the planner's grid that make a mean dependable; by two raters each, where that makes them fewer."""
    for instrument, domain, scale, by_one, by_two, most in con.execute(PLANNER_SQL, {"enough": DEPENDABLE}).fetchall():
        fewer = by_two if by_one is None or by_two is None or by_two < by_one else None
        ways = " or ".join(
            f"{counted(n, 'session')} by {by}"
            for n, by in ((by_one, "one rater each"), (fewer, "two raters each"))
            if n
        )
        need = f"takes {ways}" if ways else f"takes more than {counted(most, 'session')}"
        yield (
            None,
            instrument,
            f"{domain}, {scale.lower()}: a dependable mean of a therapist ({DEPENDABLE:.2f}) {need}.",
            "Planner",
        )


COVERAGE_SQL = """
select sum(planned), sum(rated), sum(double_rated), sum(overdue), count(distinct therapist_id)
from quality.coverage
"""


def _coverage(con: DuckDBPyConnection) -> Iterator[Row]:
    planned, rated, twice, overdue, n = _only(con, COVERAGE_SQL)
    if rated is None:
        return
    words = f"{counted(int(rated), 'session')} of {counted(n, 'therapist')} rated"
    words += f", {int(twice)} by as many raters as planned"
    if planned is not None:
        words += f"; {counted(int(planned), 'session')} planned, {int(overdue)} overdue"
    yield None, None, f"{words}.", "Coverage"


WAITING_SQL = "select count(*), count(distinct workbook), min(since)::date from quality.held_rating"


def _waiting(con: DuckDBPyConnection) -> Iterator[Row]:
    n, n_workbooks, since = _only(con, WAITING_SQL)
    if n:
        what = f"{counted(n, 'rating')} of {counted(n_workbooks, 'workbook')} {'waits' if n == 1 else 'wait'}"
        words = f"{what} to be mended, the oldest since {since}."
        yield None, None, words, "Waiting"


def _only(con: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The one row of a count."""
    return con.execute(query).fetchall()[0]
