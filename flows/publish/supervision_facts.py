"""What a supervision sheet tells of each therapist, read for all of them at once.

A remark reaches the therapists of its session and nobody else; the rater's id is not read at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.publish.conversation_facts import NOTHING_TO_SAY, Conversation, read_cases, read_conversations, unit_name
from flows.publish.course_facts import Course, read_courses
from flows.publish.summary_tables import SCALES
from flows.publish.trajectory_facts import Path, read_paths
from flows.publish.unsigned import WAITING
from schemas.codes import Role, State
from schemas.consensus_codes import Consensus

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One element on one scale: what `supervision.therapist_element` says."""

    n_sessions: int
    n_patients: int
    n_raters: int
    mean: float | None
    share_adequate: float | None
    marks: tuple[tuple[State, int], ...]
    status: str | None
    threshold: float | None
    estimate: float | None  # of her level, with the ends of its 95 % interval
    low: float | None
    high: float | None
    note: str | None  # about the estimate, an `EstimateNote`


@dataclass(frozen=True, slots=True)
class Line:
    """One element of a block, with what each scale's id tells of it."""

    element: str
    domain: str
    is_ordered: bool
    is_crosswalked: bool
    told: dict[str, Told]


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of a block: its id, title and ends."""

    scale: str
    title: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Block:
    """All elements that one instrument reports on, as one role rated them."""

    instrument_id: str
    instrument: str
    role: str
    scales: tuple[Scale, ...]
    lines: tuple[Line, ...]

    @property
    def n_sessions(self) -> int:
        """Sessions behind the element that was rated most often."""
        return max((told.n_sessions for line in self.lines for told in line.told.values()), default=0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A session with a rating that is new since the last meeting, or that arrived since (`is_late`)."""

    session_id: str
    session_on: date | None
    selection: str
    rated_by: tuple[tuple[str, int], ...]  # (role, number of ratings)
    below: tuple[
        tuple[str, str, int, int, str], ...
    ]  # (instrument, scale's title, elements below good enough, elements rated, whose ratings the feedback shows)
    is_late: bool
    is_unsigned: bool  # it has a consensus that waits for its signature, or for the ratings that it settles
    is_case: bool = False  # a case at a month of its treatment, named so in `session_id`


@dataclass(frozen=True, slots=True)
class Remark:
    """A rater's remark, and where it stands."""

    session_id: str
    session_on: date | None
    item: str | None
    role: str
    workbook: str
    sheet: str
    cell: str
    comment: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Named:
    """An element that stands out, or is one to work on: what was seen, and the session and cell that show it."""

    kind: str
    element: str
    scale: str
    reason: str
    session_id: str
    session_on: date | None
    place: str


@dataclass(frozen=True, slots=True)
class TherapistFacts:
    """One therapist's sheet, before it is laid out."""

    therapist_id: str
    team: str | None
    supervisor_id: str
    blocks: tuple[Block, ...]
    sessions: tuple[Seen, ...]
    remarks: tuple[Remark, ...]
    paths: tuple[Path, ...] = ()
    focus: tuple[Named, ...] = ()
    courses: tuple[Course, ...] = ()  # only where the instrument changed
    unsigned: tuple[str, ...] = ()  # sessions whose consensus waits
    conversation: Conversation = NOTHING_TO_SAY


def read_therapists(con: DuckDBPyConnection, since: date) -> tuple[list[TherapistFacts], int]:
    """Every rated therapist who has a supervisor, in order of id; and how many have none."""
    given = {"since": since, "roles": [str(role) for role in Role]}
    blocks = dict(_blocks(con.execute(PROFILE_SQL, {"roles": given["roles"]}).fetchall()))
    sessions = _by_therapist(con.execute(SESSIONS_SQL, given).fetchall())
    below = _by_therapist(con.execute(BELOW_SQL).fetchall())
    unsigned = _by_therapist(con.execute(UNSIGNED_SQL).fetchall())
    remarks = _by_therapist(con.execute(REMARKS_SQL, {"since": since}).fetchall())
    focus = _by_therapist(con.execute(FOCUS_SQL).fetchall())
    roster = con.execute(ROSTER_SQL).fetchall()
    cases = read_cases(con)
    paths, courses = read_paths(con, cases), read_courses(con)
    conversations = read_conversations(con, cases)
    therapists = [
        TherapistFacts(
            therapist_id,
            team,
            supervisor_id,
            tuple(blocks.get(therapist_id, ())),
            tuple(_seen(sessions[therapist_id], below[therapist_id], {s for (s,) in unsigned[therapist_id]}, cases)),
            tuple(Remark(unit_name(row[0], cases), *row[1:]) for row in remarks[therapist_id]),
            paths.get(therapist_id, ()),
            tuple(_named(row, cases) for row in focus[therapist_id]),
            courses.get(therapist_id, ()),
            tuple(unit_name(session_id, cases) for (session_id,) in unsigned[therapist_id]),
            conversations.get(therapist_id, NOTHING_TO_SAY),
        )
        for therapist_id, team, supervisor_id in roster
        if supervisor_id is not None
    ]
    return therapists, len(roster) - len(therapists)


ROSTER_SQL = """
select rated.therapist_id, t.team, nullif(trim(t.supervisor_id), '')
from (select distinct therapist_id from supervision.session_therapist) rated
left join reference.therapist t using (therapist_id)
order by rated.therapist_id
"""

# What a consensus says is shown once it is signed: means and counts of that role are those of the feedback.
PROFILE_SQL = f"""
with latest as (select instrument_id, version, title from reference.instrument where is_latest),
{SCALES},
spread as (
    select st.therapist_id, se.instrument_id, se.role, se.element, se.scale, min(se.mean) as lowest, max(se.mean) as highest
    from supervision.session_element se
    join supervision.session_therapist st using (session_id)
    where st.in_window and se.mean is not null
    group by all
),
signed as (
    select st.therapist_id, sf.instrument_id, sf.role, sf.element, sf.scale, count(sf.mean) as n_sessions, avg(sf.mean) as mean,
           count(*) filter (sf.state = '{State.NO_OPPORTUNITY}') as n_no_opportunity,
           count(*) filter (sf.state = '{State.UNJUDGEABLE}') as n_unjudgeable,
           count(*) filter (sf.state = '{State.NOT_DELIVERED}') as n_not_delivered,
           count(*) filter (sf.state = '{State.MISSING}') as n_missing
    from supervision.session_feedback sf
    join supervision.session_therapist st using (session_id)
    where sf.role = '{Role.CONSENSUS}' and st.in_window
    group by all
),
told as (
    select te.* from supervision.therapist_element te where te.role <> '{Role.CONSENSUS}'
    union all
    select te.* replace (coalesce(s.n_sessions, 0) as n_sessions, s.mean as raw_mean, null as share_adequate,
           coalesce(s.n_no_opportunity, 0) as n_no_opportunity, coalesce(s.n_unjudgeable, 0) as n_unjudgeable,
           coalesce(s.n_not_delivered, 0) as n_not_delivered, coalesce(s.n_missing, 0) as n_missing)
    from supervision.therapist_element te
    left join signed s using (therapist_id, instrument_id, role, element, scale)
    where te.role = '{Role.CONSENSUS}'
        and (te.therapist_id, te.instrument_id) in (select (therapist_id, instrument_id) from signed)
)
select te.therapist_id, te.instrument_id, coalesce(l.title, te.instrument_id), te.role,
       te.element, coalesce(e.title, te.element), coalesce(e.domain_title, te.domain), coalesce(e.is_ordered, false),
       coalesce(te.crosswalked, false), te.scale, coalesce(s.title, te.scale),
       coalesce(s.lowest, spread.lowest, 0), coalesce(s.highest, spread.highest, 1),
       te.n_sessions, te.n_patients, te.n_raters, te.raw_mean, te.share_adequate,
       te.n_no_opportunity, te.n_unjudgeable, te.n_not_delivered, te.n_missing,
       te.status, te.threshold,
       te.estimate, if(te.low is null, null, greatest(te.low, coalesce(s.lowest, te.low))),
       if(te.high is null, null, least(te.high, coalesce(s.highest, te.high))),
       te.estimate_note
from told te
left join latest l using (instrument_id)
left join about.element e using (instrument_id, element)
left join scales s using (instrument_id, scale)
left join spread using (therapist_id, instrument_id, role, element, scale)
order by te.therapist_id, list_position($roles, te.role), te.instrument_id, e.position, te.element, s.place, te.scale
"""  # noqa: S608 - made of our own words

FOCUS_SQL = f"""
with {SCALES}
select f.therapist_id, f.kind, coalesce(e.title, f.element), coalesce(s.title, f.scale), f.reason, f.session_id, f.session_on,
       concat_ws(', ', nullif(f.workbook, ''), nullif(f.sheet, ''), nullif(f.cell, ''))
from supervision.focus f
left join about.element e using (instrument_id, element)
left join scales s on (s.instrument_id, s.scale) = (f.instrument_id, f.scale)
order by f.therapist_id, f.kind, f.position
"""  # noqa: S608 - made of our own words

# What is new: rated on or after the day of the last meeting; where the sheet does not say when, the day of the session,
# or else the day it came. What was rated before that day and came after it is late.
TOLD_ON = "coalesce(r.rated_on, r.session_on, r.received_at::date)"
SESSIONS_SQL = f"""
select st.therapist_id, st.session_id, st.session_on, coalesce(st.selection, 'unknown'), r.role, count(*),
       bool_and({TOLD_ON} < $since)
from current.rating r
join supervision.session_therapist st using (session_id)
where {TOLD_ON} >= $since or r.received_at::date >= $since
group by st.therapist_id, st.session_id, st.session_on, st.selection, r.role
order by st.therapist_id, st.session_on desc nulls last, st.session_id, list_position($roles, r.role)
"""  # noqa: S608 - made of our own words

# A session is held against the threshold of the version that it was rated with.
BELOW_SQL = """
with scales as (
    select r.session_id, r.role, s.instrument_id, s.scale, s.title, s.position, s.threshold
    from current.rating r
    join reference.instrument i on (i.instrument_id, i.version) = (r.instrument_id, r.instrument_version)
    join reference.scale s on (s.instrument_id, s.version) = (i.instrument_id, i.version)
    qualify row_number() over (
        partition by r.session_id, r.role, s.instrument_id, s.scale order by i.version_order desc
    ) = 1
)
select st.therapist_id, se.session_id, se.instrument_id, coalesce(s.title, se.scale),
       count(*) filter (se.mean < s.threshold), count(*), se.role
from supervision.session_feedback se
join supervision.session_therapist st using (session_id)
join scales s using (session_id, role, instrument_id, scale)
where se.mean is not null and s.threshold is not null
group by st.therapist_id, se.session_id, se.instrument_id, se.role, s.position, coalesce(s.title, se.scale)
order by st.therapist_id, se.session_id, se.instrument_id, s.position
"""

UNSIGNED_SQL = f"select distinct therapist_id, session_id from ({WAITING}) order by all"  # noqa: S608 - our own words

REMARKS_SQL = f"""
select st.therapist_id, r.session_id, r.session_on, coalesce(i.title, c.item), r.role, c.workbook, c.sheet, c.cell, c.comment,
       {TOLD_ON} >= $since
from current.comment c
join current.rating r using (rating_id)
join supervision.session_therapist st using (session_id)
left join reference.item i
    on (i.instrument_id, i.version, i.item) = (r.instrument_id, r.instrument_version, c.item)
where trim(c.comment) <> ''
    and (r.role <> '{Role.CONSENSUS}' or (r.session_id, r.instrument_id, r.rater_id) in (
        select (session_id, instrument_id, rater_id) from supervision.consensus where consensus = '{Consensus.SIGNED}'
    ))
order by st.therapist_id, {TOLD_ON} desc, r.session_on desc nulls last, r.session_id, c.workbook, c.sheet,
         length(c.cell), c.cell, c.comment
"""  # noqa: S608 - made of our own words


def _by_therapist(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    by_therapist: defaultdict[str, list[Row]] = defaultdict(list)
    for therapist_id, *row in rows:
        by_therapist[therapist_id].append(tuple(row))
    return by_therapist


def _blocks(rows: Iterable[Row]) -> Iterator[tuple[str, list[Block]]]:
    for therapist_id, of_therapist in groupby(rows, key=lambda row: row[0]):
        by_block = groupby(of_therapist, key=lambda row: (row[1], row[2], row[3]))
        yield therapist_id, [_block(*key, list(of_block)) for key, of_block in by_block]


def _block(instrument_id: str, instrument: str, role: str, rows: list[Row]) -> Block:
    scales = {row[9]: Scale(*row[9:13]) for row in rows}
    lines = [
        Line(title, domain, is_ordered, is_crosswalked, {row[9]: _told(row[13:]) for row in of_element})
        for (_, title, domain, is_ordered, is_crosswalked), of_element in groupby(rows, key=lambda row: row[4:9])
    ]
    return Block(instrument_id, instrument, role, tuple(scales.values()), tuple(lines))


def _told(row: Row) -> Told:
    n_sessions, n_patients, n_raters, mean, share, no_opportunity, unjudgeable, not_delivered, missing, *rest = row
    marks = (
        (State.NO_OPPORTUNITY, no_opportunity),
        (State.UNJUDGEABLE, unjudgeable),
        (State.NOT_DELIVERED, not_delivered),
        (State.MISSING, missing),
    )
    return Told(n_sessions, n_patients, n_raters, mean, share, tuple(mark for mark in marks if mark[1]), *rest)


def _named(row: Row, cases: dict[str, str]) -> Named:
    kind, element, scale, reason, session_id, session_on, place = row
    return Named(kind, element, scale, reason, unit_name(session_id, cases), session_on, place)


def _seen(sessions: Iterable[Row], below: Iterable[Row], unsigned: set[str], cases: dict[str, str]) -> Iterator[Seen]:
    counts: defaultdict[str, list[tuple[str, str, int, int, str]]] = defaultdict(list)
    for session_id, instrument_id, scale, n_below, n_rated, role in below:
        counts[session_id].append((instrument_id, scale, n_below, n_rated, role))
    for (session_id, session_on, selection), rows in groupby(sessions, key=lambda row: row[:3]):
        of_session = list(rows)
        rated_by = tuple((role, n) for *_, role, n, _ in of_session)
        is_late = all(row[-1] for row in of_session)
        shown = tuple(counts[session_id])
        named, is_case, is_unsigned = unit_name(session_id, cases), session_id in cases, session_id in unsigned
        yield Seen(named, session_on, selection, rated_by, shown, is_late, is_unsigned, is_case)
