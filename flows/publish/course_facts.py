"""What a supervision workbook tells of a therapist whose sessions came to be rated with another instrument.

Read only for those lines in which the instrument changed within the window: an ordinary therapist has nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.publish.unsigned import WAITING
from schemas.codes import Role

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One session in its place, as one instrument rated it; `change` and `before` where the instrument changed."""

    session_id: str
    session_on: date
    instrument: str  # id and version
    stretch: int
    change: str | None
    before: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """What a line says at one visit: a mean in points of that instrument's scale, or why there is none."""

    mean: float | None
    stands: str | None
    gap: str | None
    coverage: str
    is_crosswalked: bool
    lowest: float | None
    highest: float | None
    threshold: float | None

    @property
    def is_covered(self) -> bool:
        """Whether the instrument speaks to the element on this scale at all."""
        return self.coverage != "not_covered"


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One element on one scale, a point a visit."""

    element: str
    domain: str
    scale: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """Lines that share their visits: one role, one kind of session. `n_undated` sessions have no place in them."""

    role: str
    modality: str
    visits: tuple[Visit, ...]
    lines: tuple[CourseLine, ...]
    n_undated: int

    @property
    def changed_on(self) -> tuple[date, ...]:
        """The days of the sessions with which another instrument or version began."""
        return tuple(visit.session_on for visit in self.visits[1:] if visit.change)

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments with their versions, in the order in which they came."""
        return tuple(dict.fromkeys(visit.instrument for visit in self.visits))


def read_courses(con: DuckDBPyConnection) -> Mapping[str, tuple[Course, ...]]:
    """Therapist -> her courses in which the instrument changed within the window, observers' first."""
    courses: defaultdict[str, list[Course]] = defaultdict(list)
    found = con.execute(COURSE_SQL, {"roles": [str(role) for role in Role]}).fetchall()
    for (therapist_id, role, modality, _), rows in groupby(found, lambda row: row[:4]):
        courses[therapist_id] += _courses(role, modality, [row[4:] for row in rows])
    return {therapist_id: tuple(of) for therapist_id, of in courses.items()}


# Sessions out of the window are left out here, as everywhere on the sheet; the whole line is in supervision.therapist_course.
# So are consensuses while one of hers waits for its signature.
COURSE_SQL = f"""
with changed as (
    select distinct therapist_id, role, modality, unit, domain, scale
    from supervision.course_change
    inner join supervision.therapist_course using (therapist_id, role, modality, unit, session_id, instrument_change)
    where course_change.in_window
),
domains as (
    -- in the order of an instrument that has several
    select domain, min(domain_title) as domain_title, max(first) as domain_place
    from (select instrument_id, domain, min(domain_title) as domain_title, min(position) as first from about.element group by all)
    group by domain
),
titles as (select element, domain, min(title) as title, min(position) as place from about.element group by element, domain),
scales as (select scale, min(title) as title, min(position) as place from reference.scale group by scale)
select c.therapist_id, c.role, c.modality, c.unit, t.title, d.domain_title, coalesce(s.title, c.scale),
       c.session_id, c.session_on, c.instrument_id || ' ' || c.instrument_version, c.stretch, c.instrument_change,
       c.instruments_before,
       c.mean, c.stands, c.gap, c.coverage, c.crosswalked, c.scale_lowest, c.scale_highest, c.threshold
from supervision.therapist_course c
semi join changed using (therapist_id, role, modality, unit, domain, scale)
left join titles t using (element, domain)
left join domains d using (domain)
left join scales s using (scale)
where c.in_window and (c.role <> '{Role.CONSENSUS}' or c.therapist_id not in (select therapist_id from ({WAITING})))
order by c.therapist_id, list_position($roles, c.role), c.modality, c.unit, d.domain_place, c.domain, t.place,
         c.element, s.place, c.scale, c.position nulls last, c.session_id, c.instrument_id, c.instrument_version
"""  # noqa: S608 - made of our own words


def _courses(role: str, modality: str, rows: Sequence[Row]) -> Iterator[Course]:
    """The lines with the same visits make one course; one that shows a single stretch has no change to show."""
    together: defaultdict[tuple[tuple[Visit, ...], int], list[CourseLine]] = defaultdict(list)
    for (element, domain, scale), of_line in groupby(rows, lambda row: row[:3]):
        told = [row[3:] for row in of_line]
        dated = [row for row in told if row[1] is not None]
        visits = tuple(Visit(*row[:6]) for row in dated)
        line = CourseLine(element, domain, scale, tuple(Point(*row[6:]) for row in dated))
        together[visits, len({row[0] for row in told if row[1] is None})].append(line)
    for (visits, n_undated), lines in together.items():
        if len({visit.stretch for visit in visits}) > 1:
            yield Course(role, modality, visits, tuple(lines), n_undated)
