"""The words of the sheet "Across instruments": which instrument was used when, what goes on and what does not.

Pure layout. A number is never moved from one instrument's scale to another's: each stands in its own column, under the letter
of its instrument, and only *below good enough by its own instrument* is marked on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from flows.publish.course_facts import Course, CourseLine, Point, Visit
from flows.publish.supervision_profile import BY_ROLE, short_title
from flows.publish.words import counted
from schemas.course_codes import Gap, InstrumentChange, Stands

MOST_VISITS = 14  # columns of a page on its side
SHORT_GAP: dict[str, str] = {
    Gap.NOT_COVERED: "nc",
    Gap.NOT_RATED_BY_DESIGN: "nr",
    Gap.MISSING: "m",
    Gap.UNJUDGEABLE: "nj",
    Gap.NO_OPPORTUNITY: "no",
    Gap.NOT_DELIVERED: "nd",
}
SHORT_CHANGE: dict[str, str] = {
    InstrumentChange.INSTRUMENT: "other",
    InstrumentChange.VERSION: "version",
    InstrumentChange.BESIDE: "beside",
}
BELOW = "▼"
UNITS = (
    "This sheet contains a grid of sessions, and pictures below it. No score is converted. Each number stands in points of its "
    "own instrument's scale: read along a line up to the change, and anew after it. A difference between numbers on two sides of "
    "a change says nothing about the therapist."
)
PER_INSTRUMENT = (
    "Estimates, trends over 90 days, control charts, what to keep and what to work on are made within one instrument and begin "
    "anew with another; crosswalked elements get no status and are never named. Versions of one instrument are taken together."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A course as far as it fits, and the sentences that stand above its grid."""

    course: Course
    title: str
    sentences: tuple[str, ...]
    letters: dict[str, str]  # instrument -> its letter


def shown_course(course: Course) -> Shown:
    """The visits that fit on the page, those around the last change if the latest do not show it, and what is said of them."""
    fitting, n_left_out = _fitting(course)
    letters = {instrument: chr(ord("A") + n) for n, instrument in enumerate(fitting.instruments)}
    kind = "group sessions" if fitting.modality == "group" else "individual sessions"
    title = f"{BY_ROLE[fitting.role][0].upper()}{BY_ROLE[fitting.role][1:]}, {kind}"
    return Shown(fitting, title, tuple(_sentences(fitting, letters, n_left_out)), letters)


def _fitting(course: Course) -> tuple[Course, int]:
    first = max(len(course.visits) - MOST_VISITS, 0)
    changes = [n for n, visit in enumerate(course.visits) if visit.change and n]
    if changes and changes[-1] <= first:
        first = max(changes[-1] - MOST_VISITS // 2, 0)
    kept = slice(first, first + MOST_VISITS)
    lines = tuple(replace(line, points=line.points[kept]) for line in course.lines)
    return replace(course, visits=course.visits[kept], lines=lines), len(course.visits) - len(course.visits[kept])


def _sentences(course: Course, letters: dict[str, str], n_left_out: int) -> Iterator[str]:
    for instrument, letter in letters.items():
        yield f"{letter}: {instrument}, {_when(course.visits, instrument)}. {_scales(course, instrument)}"
    said = ""
    for before, visit in zip(course.visits, course.visits[1:], strict=False):
        if visit.change:
            both, rest = _told_on_both_sides(course, before, visit), _ends_and_begins(course, before, visit)
            again = "the same" if both == said else both
            how = "beside" if visit.change == InstrumentChange.BESIDE else "after"
            when = f"Change on {visit.session_on.isoformat()}, {visit.instrument} {how} {visit.before}"
            yield f"{when}. Told on both sides: {again}. {rest}."
            said = both
    if course.n_undated:
        yield f"{counted(course.n_undated, 'session')} without a date {_have(course.n_undated)} no place in the line."
    if n_left_out:
        yield f"{counted(n_left_out, 'session')} left out for want of room: see supervision.therapist_course in fidelity.duckdb."


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _when(visits: Sequence[Visit], instrument: str) -> str:
    stretches = []
    for _, of_stretch in groupby((v for v in visits if v.instrument == instrument), lambda visit: visit.stretch):
        days = [visit.session_on.isoformat() for visit in of_stretch]
        seen = counted(len(days), "session")
        stretches.append(f"{seen} from {days[0]} to {days[-1]}" if days[1:] else f"{seen} on {days[0]}")
    return ", then ".join(stretches)


def _scales(course: Course, instrument: str) -> str:
    """The scales of one instrument in words: their ends, and from where on a session is good enough."""
    at = [n for n, visit in enumerate(course.visits) if visit.instrument == instrument]
    told: dict[str, str] = {}
    for line in course.lines:
        point = line.points[at[0]]
        if point.lowest is not None:
            enough = "no threshold" if point.threshold is None else f"good enough from {point.threshold:g}"
            told[line.scale] = f"{line.scale} {point.lowest:g} to {point.highest:g}, {enough}"
    return f"{'; '.join(told.values())}."


def _told_on_both_sides(course: Course, before: Visit, visit: Visit) -> str:
    return _names(course, [line for line, was, is_now in _sides(course, before, visit) if was and is_now]) or "nothing"


def _ends_and_begins(course: Course, before: Visit, visit: Visit) -> str:
    sides = _sides(course, before, visit)
    ends = sum(was and not is_now for _, was, is_now in sides)
    begins = sum(is_now and not was for _, was, is_now in sides)
    return f"{counted(ends, 'line')} {'ends' if ends == 1 else 'end'} there, {counted(begins, 'line')} {_begin(begins)}"


def _sides(course: Course, before: Visit, visit: Visit) -> list[tuple[CourseLine, bool, bool]]:
    """Each line, and whether it is covered before and after a change."""
    return [(line, _is_covered(course, line, before), _is_covered(course, line, visit)) for line in course.lines]


def _begin(n: int) -> str:
    return "begins" if n == 1 else "begin"


def _is_covered(course: Course, line: CourseLine, visit: Visit) -> bool:
    """Whether any instrument of the visit's session covers the line: nothing ends where the other is used still."""
    points = zip(line.points, course.visits, strict=True)
    return any(point.is_covered for point, other in points if other.session_id == visit.session_id)


def _names(course: Course, lines: Sequence[CourseLine]) -> str:
    """Elements by name; with their scales where not all of an element's lines are meant."""
    names = []
    for element, of_element in groupby(lines, lambda line: line.element):
        scales = [line.scale.lower() for line in of_element]
        n_scales = sum(line.element == element for line in course.lines)
        names.append(short_name(element) + (f" ({', '.join(scales)})" if len(scales) < n_scales else ""))
    return "; ".join(names)


def short_name(title: str) -> str:
    """The element's title as short as it can be known by: up to its first colon, and as on the page before."""
    return short_title(title.partition(":")[0])


def said_at(point: Point) -> str | float:
    """What stands in a cell: the mean, or the letters of the gap."""
    return point.mean if point.mean is not None else SHORT_GAP[point.gap or Gap.MISSING]


def format_of(point: Point) -> str:
    """How a mean is shown: one decimal, with the sign of a mean below good enough by its own instrument."""
    return f'0.0"{BELOW}"' if point.stands == Stands.BELOW else '0.0" "'


def key_of(lines: Sequence[CourseLine]) -> str:
    """What the signs mean: of the gaps, only those that are there."""
    gaps = {point.gap for line in lines for point in line.points}
    said = [f"{SHORT_GAP[gap]}: {gap.meaning}" for gap in Gap if gap in gaps]
    return "; ".join([f"{BELOW}: below good enough by the threshold of its own instrument", *said]) + "."


def name_of(line: CourseLine) -> str:
    """The line's element, and how far the crosswalk tells it."""
    crosswalked = [p for p in line.points if p.is_crosswalked and p.is_covered]
    partly = any(p.coverage == "partly" for p in line.points)
    mark = (
        " [crosswalk, partly]"
        if crosswalked and partly
        else " [crosswalk]"
        if crosswalked
        else " [partly]"
        if partly
        else ""
    )
    return short_name(line.element) + mark
