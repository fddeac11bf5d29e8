"""What a supervision sheet tells of the trajectory of a therapist's sessions, read for all therapists at once.

A rater's note in a timeline is a remark: it reaches the therapists of its session and nobody else; no rater's id is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flows.publish.conversation_facts import unit_name
from flows.publish.unsigned import WAITING
from schemas.codes import Role
from schemas.timeline_codes import Basis

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Rung:
    """A step, or `complete`: what `supervision.trajectory_therapist` says of it."""

    step: str
    title: str
    position: int
    n_sessions: int
    n_unknown: int
    episodes: float
    breaks: float
    breaks_low: float | None
    breaks_high: float | None
    opportunities: float | None
    reached: float | None
    is_experimental: bool


@dataclass(frozen=True, slots=True)
class Episode:
    """A row of `supervision.trajectory_session`."""

    session_id: str
    session_on: date | None
    episode: int | None
    last_in_order: str | None
    furthest: str | None
    breaks_at: str | None
    break_kind: str
    order_held: bool | None
    modes: str | None
    lost_minute: float | None
    minutes_to_validation: float | None
    minutes_to_restoring: float | None
    done_while_high: str | None
    nth_rater: int | None  # which of several raters of the session, without a name; None when there is one


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline with its note, and where it stands."""

    session_id: str
    session_on: date | None
    episode: int
    minute: float | None
    noted: tuple[str, ...]
    note: str | None
    workbook: str
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class Path:
    """What one instrument and role tell on one basis: rungs in order, `complete` last; episodes and moments, latest first."""

    instrument_id: str
    role: str
    basis: str
    rungs: tuple[Rung, ...]
    episodes: tuple[Episode, ...]
    moments: tuple[Moment, ...]

    @property
    def is_timeline(self) -> bool:
        """Whether it rests on timelines, and not on scores alone."""
        return self.basis == Basis.TIMELINE


def read_paths(con: DuckDBPyConnection, cases: Mapping[str, str]) -> Mapping[str, tuple[Path, ...]]:
    """Therapist -> the paths that her sessions took: observers' first, and timelines before scores; `cases` named in words."""
    episodes = _by_key(con.execute(EPISODES_SQL).fetchall(), 4)
    moments = _by_key(con.execute(MOMENTS_SQL).fetchall(), 3)
    paths: defaultdict[str, list[Path]] = defaultdict(list)
    for key, rows in _by_key(con.execute(RUNGS_SQL).fetchall(), 4).items():
        therapist_id, instrument_id, role, basis = key
        kept = moments[therapist_id, instrument_id, role] if basis == Basis.TIMELINE else []
        path = Path(
            instrument_id,
            role,
            basis,
            tuple(Rung(*row) for row in rows),
            tuple(Episode(unit_name(row[0], cases), *row[1:]) for row in episodes[key]),
            tuple(_moment((unit_name(row[0], cases), *row[1:])) for row in kept),
        )
        paths[therapist_id].append(path)
    return {therapist_id: tuple(sorted(of, key=_in_order)) for therapist_id, of in paths.items()}


def _in_order(path: Path) -> tuple[int, str, bool]:
    return [str(role) for role in Role].index(path.role), path.instrument_id, not path.is_timeline


def _moment(row: tuple[Any, ...]) -> Moment:
    session_id, session_on, episode, minute, *noted, note, workbook, sheet, cell = row
    said = tuple(word for word in noted if word)
    return Moment(session_id, session_on, episode, minute, said, note, workbook, sheet, cell)


def _by_key(rows: Iterable[tuple[Any, ...]], n: int) -> defaultdict[tuple[Any, ...], list[tuple[Any, ...]]]:
    by_key: defaultdict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_key[row[:n]].append(row[n:])
    return by_key


# Counts of consensuses are shown once all that they count are signed.
RUNGS_SQL = f"""
select t.therapist_id, t.instrument_id, t.role, t.basis, t.breaks_at, coalesce(e.title, ''), t.position, t.n_sessions,
       t.n_unknown, t.episodes, t.breaks, t.breaks_low, t.breaks_high, t.opportunities, t.reached, t.is_experimental
from supervision.trajectory_therapist t
left join about.element e on e.instrument_id = t.instrument_id and e.element = t.breaks_at
where t.role <> '{Role.CONSENSUS}' or (t.therapist_id, t.instrument_id) not in (
    select (therapist_id, instrument_id) from ({WAITING})
)
order by t.therapist_id, t.instrument_id, t.role, t.basis, t.position
"""  # noqa: S608 - made of our own words

EPISODES_SQL = """
select s.therapist_id, s.instrument_id, s.role, s.basis, s.session_id, s.session_on, s.episode, s.last_in_order, s.furthest,
       s.breaks_at, s.break_kind, s.order_held, s.modes, s.lost_minute, s.minutes_to_validation, s.minutes_to_restoring,
       s.done_while_high,
       case when count(distinct s.rater_id) over of_session > 1 then dense_rank() over (of_session order by s.rater_id) end
from supervision.trajectory_session s
join supervision.session_therapist st using (session_id, therapist_id)
where st.in_window
window of_session as (partition by s.therapist_id, s.instrument_id, s.role, s.basis, s.session_id)
order by s.therapist_id, s.session_on desc nulls last, s.session_id, s.rater_id desc, s.episode desc
"""

# The same lines are in supervision.trajectory_step, with those that note a step alone; a note is a remark, and only here.
MOMENTS_SQL = """
select st.therapist_id, r.instrument_id, r.role, c.session_id, c.session_on, s.episode, s.minute, s.step, s.mode,
       s.arousal, s.intervention, s.followed, s.note, s.workbook, s.sheet, s.cell
from current.step s
join current.rating r using (rating_id)
join supervision.session_therapist st using (session_id)
join (select distinct session_id, session_on from supervision.session_therapist) c using (session_id)
where (r.role <> 'self' or r.rater_id = st.therapist_id)
    and coalesce(s.note, s.mode, s.intervention, s.followed) is not null
order by st.therapist_id, c.session_on desc nulls last, c.session_id, s.workbook, s.line
"""
