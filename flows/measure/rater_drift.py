"""Drift of the raters of one instrument on one scale, as rows: over all elements together, and element by element.

All elements together tell whether a rater moved: an average over elements is far steadier than any one. The elements then
tell which of them cause it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flows.measure.agreement import compared
from flows.measure.drift import MOST_RATERS, Movement, discoveries, movements, n_references
from flows.measure.rater_figures import Row, in_words
from flows.measure.rater_rows import Rows
from schemas.figure_codes import ComparedWith, RaterNote

DRIFT_COLUMNS = (
    "fingerprint rater_id level element period compared_with movement:double low:double high:double n_before:integer "
    "n_since:integer is_drifting:boolean causes note"
)
SHARED_COLUMNS = (
    "fingerprint period movement:double low:double high:double n_references:integer is_drifting:boolean note"
)


@dataclass(frozen=True, slots=True)
class DriftRules:
    """When a movement is a drift: further than `points`, with `fewest` co-rated sessions on either side."""

    points: float
    fewest: int


@dataclass(frozen=True, slots=True)
class _Told:
    """A movement with its place: element (None: all together) and period."""

    element: str | None
    period: int
    moved: Movement

    @property
    def family(self) -> tuple[bool, str]:
        return self.element is None, self.moved.compared_with

    def is_beyond(self, points: float) -> bool:
        """Whether it is further than set, and its interval leaves out zero."""
        return abs(self.moved.movement) > points and (self.moved.low > 0 or self.moved.high < 0)


def drift_of(
    fingerprint: str,
    by_element: Mapping[str, Rows],
    rater_ids: Mapping[int, str],
    periods: Sequence[str],
    rules: DriftRules,
) -> tuple[list[Row], list[Row]]:
    """Rows of the raters' movements, and rows of the movement that all of them share."""
    dated = {element: _dated(rows) for element, rows in by_element.items()}
    together = _together(list(dated.values()))
    numbers = np.unique(together.rater)
    told = [t for element, rows in ((None, together), *dated.items()) for t in _told(element, rows, numbers, rules)]
    own = [t for t in told if t.moved.rater is not None]
    drifting = _drifting(own, rules)
    rows = [
        (
            fingerprint,
            *_row(t, rater_ids[int(numbers[t.moved.rater or 0])], periods, t in drifting, _causes(t, own, rules)),
        )
        for t in own
    ]
    shared = [t for t in told if t.moved.rater is None and t.element is None]
    return rows, [(fingerprint, *row) for row in _shared_rows(together, shared, periods, rules)]


def _dated(rows: Rows) -> Rows:
    """Ratings with a value and a known quarter, of sessions with two of them."""
    rated = rows.rated
    rated = rated.where(rated.period >= 0)
    return rated.where(compared(rated.session)) if len(rated.session) else rated


def _together(parts: Sequence[Rows]) -> Rows:
    """One entry for each session and rater: the mean over elements of her distance from the session's mean of the element."""
    session, rater, period = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("session", "rater", "period")
    )
    apart = np.concatenate([_apart(p) for p in parts])
    width = int(rater.max(initial=0)) + 1
    keys, first, place = np.unique(session * width + rater, return_index=True, return_inverse=True)
    mean = np.bincount(place, weights=apart) / np.bincount(place) if len(keys) else apart
    none = np.zeros(len(keys), dtype=np.int64)
    return Rows(keys // width, keys % width, none, none, period[first], none.astype(bool), mean)


def _apart(rows: Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if not len(rows.session):
        return rows.value
    mean = np.bincount(rows.session, weights=rows.value) / np.maximum(np.bincount(rows.session), 1)
    return np.asarray(rows.value - mean[rows.session])


def _told(
    element: str | None, rows: Rows, numbers: np.ndarray[tuple[int, ...], np.dtype[np.int64]], rules: DriftRules
) -> Iterator[_Told]:
    """Movements into each quarter but the first, from all the quarters before it."""
    rater = np.searchsorted(numbers, rows.rater)
    if len(numbers) > MOST_RATERS:
        return
    for period in np.unique(rows.period).tolist()[1:]:
        known = rows.period <= period
        session = np.unique(rows.session[known], return_inverse=True)[1].astype(np.int64)
        since = (rows.period[known] == period).astype(np.float64)
        for moved in movements(session, rater[known], rows.value[known], since, len(numbers), rules.fewest):
            yield _Told(element, period, moved)


def _drifting(own: Sequence[_Told], rules: DriftRules) -> list[_Told]:
    """The movements that are called a drift, false ones being held down family by family."""
    found = []
    for family in {t.family: None for t in own}:
        members = [t for t in own if t.family == family]
        stands = discoveries([t.moved.p_value for t in members])
        found += [t for t, stand in zip(members, stands, strict=True) if stand and t.is_beyond(rules.points)]
    return found


def _causes(told: _Told, own: Sequence[_Told], rules: DriftRules) -> str | None:
    """The elements in which the same rater moved the same way, each beyond the set amount and its own interval."""
    if told.element is not None or not told.is_beyond(rules.points):
        return None
    alike = [
        t.element or "" for t in own
        if t.element is not None and t.is_beyond(rules.points) and t.period == told.period
        and (t.moved.rater, t.moved.compared_with) == (told.moved.rater, told.moved.compared_with)
        and t.moved.movement * told.moved.movement > 0
    ]  # fmt: skip
    return ", ".join(alike) or None


def _row(told: _Told, rater_id: str, periods: Sequence[str], is_drifting: bool, causes: str | None) -> Row:
    moved = told.moved
    note = (
        in_words(RaterNote.TWO_RATERS)
        if moved.compared_with == ComparedWith.CO_RATERS and moved.n_compared == 2
        else None
    )
    return (
        rater_id, "element" if told.element else "all", told.element, periods[told.period], moved.compared_with, moved.movement,
        moved.low, moved.high, moved.n_before, moved.n_since, is_drifting, causes if is_drifting else None, note,
    )  # fmt: skip


def _shared_rows(together: Rows, shared: Sequence[_Told], periods: Sequence[str], rules: DriftRules) -> Iterator[Row]:
    """A row for each quarter: what reference recordings show of a drift that all raters share, or why nothing can be seen."""
    by_period = {t.period: t for t in shared}
    for n, period in enumerate(np.unique(together.period).tolist()):
        told = by_period.get(period)
        if told is not None:
            moved = told.moved
            n_seen = _n_seen(together, period)
            yield periods[period], moved.movement, moved.low, moved.high, n_seen, told.is_beyond(rules.points), None
        else:
            note = RaterNote.NO_REFERENCE if n else RaterNote.FIRST_QUARTER
            yield periods[period], None, None, None, _n_seen(together, period), None, in_words(note)


def _n_seen(together: Rows, period: int) -> int:
    known = together.period <= period
    session = np.unique(together.session[known], return_inverse=True)[1].astype(np.int64)
    return n_references(session, (together.period[known] == period).astype(np.float64))
