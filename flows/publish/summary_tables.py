"""The tables of fidelity in the Excel summary: what each column means, the query behind it, and the rows as they are shown.

Rows are ordered by id and by the instrument's own order, never by a score. No name and no free text of a rater is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flows.publish.facts import next_quarter, quarter_of
from flows.publish.words import Enough, rated_below, status_in_words, wilson
from flows.publish.workbook import NOT_APPLICABLE, NOT_AVAILABLE
from schemas.codes import Role, Status

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]
ROLES = [str(role) for role in Role]
MOST_ROWS = 100_000  # of one sheet; beyond that a person is better served by the published database

# Titles, ends, thresholds and order of scales, from the newest version of each instrument that anybody was rated with.
SCALES = """
    rated_with as (select distinct instrument_id, instrument_version as version, true as is_rated from current.rating),
    scales as (
        select s.instrument_id, s.scale, s.title, s.position as place, s.threshold, s.lowest, s.highest
        from reference.scale s
        join reference.instrument i using (instrument_id, version)
        left join rated_with using (instrument_id, version)
        qualify row_number() over (
            partition by s.instrument_id, s.scale order by is_rated nulls last, i.version_order desc
        ) = 1
    )
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what it means, how wide it is, and how its values are shown (a style of `workbook`)."""

    title: str
    meaning: str
    width: int = 12
    style: str = "Text"
    blank: str = NOT_AVAILABLE


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet's table. `note` stands above it; `left_out` counts rows beyond what a sheet should hold.

    One that `is_looked_up` is for a screen: of it a print holds the lines above the table alone.
    """

    sheet: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    left_out: int = 0
    is_looked_up: bool = False


THERAPIST = Column("Therapist", "The therapist's id.", 14)
TEAM = Column("Team", "The team in the roster; [x] where the roster does not say.", 16)
INSTRUMENT = Column("Instrument", "The instrument's id. Instruments are never pooled.", 16)
ROLE = Column("Role", "Who rated: observer, supervisor, self or consensus. Roles are never pooled.", 13)
DOMAIN = Column("Domain", "The group of elements.", 22)
ELEMENT_ID = Column("Element id", "The element's id, the same in every table.", 21)
ELEMENT = Column("Element", "What was rated, in the instrument's words.", 36)
SCALE = Column("Scale", "Adherence: how much of it was done. Competence: how well.", 14)
SESSIONS = Column("Sessions", "Sessions with a rated value, in the window on the cover.", 11, "Whole")
MEAN = Column("Mean", "Mean of the sessions' means, on the instrument's scale.", 9, "Mean")
THRESHOLD = Column(
    "Threshold",
    "From this value on a session is good enough; [z] where the scale has none.",
    12,
    "Mean",
    NOT_APPLICABLE,
)
SHARE = Column("Share good enough", "Share of these sessions at or above the threshold.", 14, "Share")
SHARE_LOW = Column("Share from", "Lower end of the share's 95 per cent interval (Wilson).", 13, "Share")
SHARE_HIGH = Column("Share to", "Upper end of the share's 95 per cent interval (Wilson).", 13, "Share")
IN_WORDS = Column("In words", "The counts as a sentence; never a grade.", 62)


def read_enough(con: DuckDBPyConnection) -> Enough:
    """The lab's least counts, from `reference.night`."""
    rows = con.execute("select min_sessions, min_patients, min_raters from reference.night").fetchall()
    groups = con.execute("select distinct instrument_id from reference.instrument where modality = 'group'").fetchall()
    n_sessions, n_patients, n_raters = rows[0]
    return Enough(n_sessions, n_patients, n_raters, frozenset(instrument_id for (instrument_id,) in groups))


def therapists_table(con: DuckDBPyConnection) -> Table:
    """Therapists by element: one row per therapist, instrument, role, element and scale."""
    enough = read_enough(con)
    rows = [_therapist_row(row, enough) for row in con.execute(THERAPISTS_SQL, {"roles": ROLES}).fetchall()]
    return looked_up(
        "Therapists",
        "Therapists by element [note 1][note 2]",
        "In order of therapist id and of the instrument; not a ranking. Elements marked crosswalk rest on other items.",
        THERAPIST_COLUMNS,
        rows,
    )


THERAPISTS_SQL = f"""
with {SCALES}
select te.therapist_id, t.team, te.instrument_id, te.role,
       coalesce(e.domain_title, te.domain), te.element, coalesce(e.title, te.element), coalesce(te.crosswalked, false),
       coalesce(s.title, te.scale), te.n_sessions, te.n_patients, te.n_raters, te.raw_mean, te.threshold,
       te.share_adequate, te.share_low, te.share_high,
       te.n_rated, te.n_no_opportunity, te.n_unjudgeable, te.n_not_delivered, te.n_missing,
       te.last_session_on, te.status, te.estimate, te.low, te.high, te.reliability, coalesce(n.meaning, te.estimate_note)
from supervision.therapist_element te
left join about.code n on n.list = 'estimate_note' and n.code = te.estimate_note
left join reference.therapist t using (therapist_id)
left join about.element e using (instrument_id, element)
left join scales s using (instrument_id, scale)
order by te.therapist_id, te.instrument_id, list_position($roles, te.role),
         e.position, te.element, s.place, te.scale
"""  # noqa: S608 - made of our own words
THERAPIST_COLUMNS = (
    THERAPIST,
    TEAM,
    INSTRUMENT,
    ROLE,
    DOMAIN,
    ELEMENT_ID,
    ELEMENT,
    SCALE,
    IN_WORDS,
    SESSIONS,
    Column("Patients", "Known patients of these sessions.", 11, "Whole"),
    Column("Raters", "Raters of these sessions.", 10, "Whole"),
    MEAN,
    THRESHOLD,
    SHARE,
    SHARE_LOW,
    SHARE_HIGH,
    Column("Ratings", "Ratings with a value on the scale.", 10, "Whole"),
    Column("No opportunity", "Ratings in which nothing in the session called for it; left out of means.", 13, "Whole"),
    Column("Not judgeable", "Ratings in which the rater could not tell; left out of means.", 12, "Whole"),
    Column(
        "Not delivered", "Ratings of the competence of something that was not done; left out of means.", 12, "Whole"
    ),
    Column(
        "Missing",
        "Ratings in which nothing was entered where something was expected; chased, never a score.",
        11,
        "Whole",
    ),
    Column("Latest session", "Date of the latest of these sessions.", 13, "Date"),
    Column(
        "Estimate", "Of the therapist's level, raters' severity taken off, drawn towards the mean of all.", 10, "Mean"
    ),
    Column("Estimate from", "Lower end of its 95 per cent interval.", 10, "Mean"),
    Column("Estimate to", "Upper end of its 95 per cent interval.", 10, "Mean"),
    Column("Reliability", "Of the estimate, 0 to 1.", 11, "Mean"),
    Column(
        "Why no estimate", "Why there is no estimate, or why it is weak; [z] otherwise.", 50, "Text", NOT_APPLICABLE
    ),
)


def _therapist_row(row: Row, enough: Enough) -> Row:
    *ids, element, is_crosswalked, scale, n_sessions, n_patients, n_raters, mean, threshold = row[:14]
    share, low, high, *states, last_on, status = row[14:-5]
    counts, enough = (n_sessions, n_patients, n_raters), enough.of(ids[2])
    words = rated_below(n_sessions, share), status_in_words(status, counts, enough)
    name = f"{element} [crosswalk]" if is_crosswalked else element
    none = NOT_APPLICABLE if status == Status.NOT_COVERED else NOT_AVAILABLE
    no_share = NOT_APPLICABLE if threshold is None else none
    shares = (no_share if part is None else part for part in (share, low, high))
    said = "; ".join(word for word in words if word) or ("no rated session" if not n_sessions else NOT_APPLICABLE)
    numbers = n_sessions, n_patients, n_raters, none if mean is None else mean, threshold
    estimates = (*(none if number is None else number for number in row[-5:-1]), row[-1])
    return (*ids, name, scale, said, *numbers, *shares, *states, none if last_on is None else last_on, *estimates)


# Means are rounded because the order of a parallel sum is nobody's, and a last digit would make a night look changed.
# Sessions in the window, each once per team, however many of its therapists the team has.
TEAM_SESSIONS = f"""
    {SCALES},
    teams as (
        select distinct st.session_id, t.team
        from supervision.session_therapist st
        left join reference.therapist t using (therapist_id)
        where st.in_window
    )
"""  # noqa: S608 - made of our own words


def teams_table(con: DuckDBPyConnection) -> Table:
    """Teams by element: one row per team, instrument, role, scale and element."""
    scored = con.execute(TEAMS_SQL, {"roles": ROLES}).fetchall()
    rows = [_with_share(row) for group in _runs(scored, 3) for row in _every_element(group)]
    note = "In order of team id; not a ranking. Elements that no item of an instrument speaks to have no row here [note 6]."
    return limited("Teams", "Teams by element [note 1][note 2][note 3]", note, TEAM_COLUMNS, rows)


TEAMS_SQL = f"""
with {TEAM_SESSIONS},
therapists as (
    select t.team, se.instrument_id, se.role, se.element, se.scale, count(distinct st.therapist_id) as n_therapists
    from supervision.session_element se
    join supervision.session_therapist st using (session_id)
    left join reference.therapist t using (therapist_id)
    where se.mean is not null and st.in_window
    group by all
),
scores as (
    select teams.team, se.instrument_id, se.role, se.element, se.scale,
           count(se.mean) as n_sessions, round(avg(se.mean), 9) as mean,
           count(*) filter (se.mean >= s.threshold) as n_adequate, any_value(s.threshold) as threshold
    from supervision.session_element se
    join teams using (session_id)
    left join scales s using (instrument_id, scale)
    group by all
)
select sc.team, sc.instrument_id, sc.role, coalesce(s.title, sc.scale), e.domain_title, sc.element,
       coalesce(e.title, sc.element),
       coalesce(th.n_therapists, 0), sc.n_sessions, sc.mean, sc.threshold, sc.n_adequate, coalesce(e.position, 999)
from scores sc
left join therapists th on th.team is not distinct from sc.team
    and (th.instrument_id, th.role, th.element, th.scale) = (sc.instrument_id, sc.role, sc.element, sc.scale)
left join about.element e on (e.instrument_id, e.element) = (sc.instrument_id, sc.element)
left join scales s on (s.instrument_id, s.scale) = (sc.instrument_id, sc.scale)
order by sc.team nulls last, sc.instrument_id, list_position($roles, sc.role), s.place, sc.scale,
         e.position, sc.element
"""  # noqa: S608 - made of our own words
TEAM_COLUMNS = (
    TEAM,
    INSTRUMENT,
    ROLE,
    SCALE,
    DOMAIN,
    ELEMENT_ID,
    ELEMENT,
    Column("Therapists", "Therapists of the team with such a session.", 12, "Whole"),
    SESSIONS,
    MEAN,
    THRESHOLD,
    SHARE,
    SHARE_LOW,
    SHARE_HIGH,
)


def _every_element(group: list[Row]) -> Iterator[Row]:
    """The rows of a team, instrument and role, each scale with the same elements: a chart sets one scale beside another.

    An element that the instrument does not rate on a scale gets a row of no sessions.
    """
    elements = list(dict.fromkeys(row[4:7] for row in sorted(group, key=lambda row: (row[-1], row[5]))))
    for of_scale in _runs(group, 4):
        there = {row[4:7]: row for row in of_scale}
        for element in elements:
            none = (*of_scale[0][:4], *element, 0, 0, NOT_APPLICABLE, of_scale[0][10], 0, 0)
            yield there.get(element, none)[:-1]


def _with_share(row: Row) -> Row:
    """The row with its last value, the number at or above the threshold, turned into a share and its interval."""
    *start, n_sessions, mean, threshold, n_adequate = row
    if threshold is None or mean == NOT_APPLICABLE:
        shares: Row = (NOT_APPLICABLE,) * 3
    else:
        shares = (n_adequate / n_sessions if n_sessions else None, *wilson(n_adequate, n_sessions))
    return (*start, n_sessions, mean, threshold, *shares)


def trend_table(con: DuckDBPyConnection) -> Table:
    """Trend: one row per team, instrument, role, domain, scale and quarter, quarters without a session included."""
    scored = con.execute(TREND_SQL, {"roles": ROLES}).fetchall()
    rows = [_with_share(row) for group in _runs(scored, 4) for row in _every_quarter(group)]
    note = "A session's value is the mean of its elements in the domain. Sessions without a date are left out. Not a ranking."
    return limited("Trend", "Teams from quarter to quarter [note 1][note 2][note 3]", note, TREND_COLUMNS, rows)


TREND_SQL = f"""
with {TEAM_SESSIONS},
sessions as (
    select teams.team, se.instrument_id, se.role, e.domain_title, se.scale, se.session_id, min(e.position) as place,
           date_trunc('quarter', se.session_on)::date as quarter_on, round(avg(se.mean), 9) as mean
    from supervision.session_element se
    join teams using (session_id)
    join about.element e using (instrument_id, element)
    where se.mean is not null and se.session_on is not null
    group by all
)
select se.team, se.instrument_id, se.role, se.domain_title, coalesce(s.title, se.scale), se.quarter_on,
       count(*), round(avg(se.mean), 9), any_value(s.threshold), count(*) filter (se.mean >= s.threshold)
from sessions se
left join scales s using (instrument_id, scale)
group by se.team, se.instrument_id, se.role, se.domain_title, s.title, s.place, se.scale, se.quarter_on
order by se.team nulls last, se.instrument_id, list_position($roles, se.role),
         min(min(se.place)) over (partition by se.team, se.instrument_id, se.role, se.domain_title), se.domain_title,
         s.place, se.scale, se.quarter_on
"""  # noqa: S608 - made of our own words
TREND_COLUMNS = (
    TEAM,
    INSTRUMENT,
    ROLE,
    DOMAIN,
    SCALE,
    Column("Quarter", "Calendar quarter of the session.", 12),
    Column("Sessions", "Dated sessions with a rated value in this quarter.", 11, "Whole"),
    MEAN,
    THRESHOLD,
    SHARE,
    SHARE_LOW,
    SHARE_HIGH,
)


def _every_quarter(group: list[Row]) -> Iterator[Row]:
    """Each scale's rows from the group's first quarter to its last, with one of no sessions where a quarter had none."""
    first_on, last_on = min(row[5] for row in group), max(row[5] for row in group)
    for of_scale in _runs(group, 5):
        by_quarter = {row[5]: row for row in of_scale}
        quarter_on = first_on
        while quarter_on <= last_on:
            none = (*of_scale[0][:5], quarter_on, 0, None, of_scale[0][8], 0)
            row = by_quarter.get(quarter_on, none)
            yield (*row[:5], quarter_of(quarter_on), *row[6:])
            quarter_on = next_quarter(quarter_on)


def _runs(rows: list[Row], n: int) -> Iterator[list[Row]]:
    """Rows in runs that share their first `n` values; the rows are sorted by them."""
    run: list[Row] = []
    for row in rows:
        if run and run[-1][:n] != row[:n]:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def limited(sheet: str, title: str, note: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    """A table of at most `MOST_ROWS` rows that tells how many it leaves out."""
    return Table(sheet, title, note, columns, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))


def looked_up(sheet: str, title: str, note: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    """A limited table that is for a screen and not for print."""
    return replace(limited(sheet, title, note, columns, rows), is_looked_up=True)
