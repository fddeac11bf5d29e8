"""The planner's tables, from the fitted components and each therapist's own ratings: what designs and single ratings buy.

Writes measure.d_study and measure.next_rating; the arithmetic is `flows.measure.planner`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from flows.measure.facets import THERAPIST, levels
from flows.measure.levels import level_of
from flows.measure.planner import Coefficients, Rated, Rating, buys_most, next_ratings, planned, present, with_one_more
from schemas.advice_codes import PlanNote

Key = tuple[str, str, str, str]  # instrument_id, role, element, scale
Components = Mapping[Key, Mapping[str, float]]

SESSIONS = (2, 4, 6, 8, 10, 12, 16, 20)
PATIENTS = (1, 2, 4)
RATERS = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))  # per session, and in all

_NOUGHT = 1e-9  # a variance below this share of the whole was fitted at zero

_KEY = {"instrument_id": pl.String, "role": pl.String, "element": pl.String, "scale": pl.String}
_D_STUDY = _KEY | {
    **dict.fromkeys(("n_sessions", "n_patients", "raters_per_session", "n_raters"), pl.Int32),
    **dict.fromkeys(("relative", "absolute", "relative_error", "absolute_error"), pl.Float64),
    "note": pl.String,
}
_NEXT = {"therapist_id": pl.String} | _KEY | {
    "option": pl.String, "by_new_rater": pl.Boolean, "session_id": pl.String, "patient_id": pl.String,
    **dict.fromkeys(("n_sessions", "n_patients", "n_raters", "n_ratings"), pl.Int32),
    **dict.fromkeys(("reliability", "reliability_then", "error_variance", "error_variance_then"), pl.Float64),
    "buys_most": pl.Boolean, "note": pl.String,
}  # fmt: skip

RATED = """
select
    unnest(therapist_ids) as therapist_id, therapist_ids, instrument_id, role, element, scale, rater_id, session_id, patient_id,
    coalesce(patient_id, 'session ' || session_id) || chr(31) || array_to_string(therapist_ids, chr(31)) as patient_level,
    lpad((dense_rank() over (order by session_on nulls first, session_id))::varchar, 12, '0') as session_level
from measure.observation
order by instrument_id, role, element, scale, therapist_id, session_level, rater_id
"""

LED_TOGETHER = """
select distinct instrument_id, role, element, scale
from measure.observation
where len(therapist_ids) > 1
"""


def plan(con: DuckDBPyConnection, components: Components) -> None:
    """Write measure.d_study and measure.next_rating from the components of every instrument, role, element and scale."""
    together: set[Key] = set(con.execute(LED_TOGETHER).fetchall())
    designs = [row for key, fitted in components.items() for row in _designs(key, fitted, key in together)]
    _write(con, "d_study", _D_STUDY, designs)
    rated = con.sql(RATED).pl() if components else pl.DataFrame()
    _write(con, "next_rating", _NEXT, list(_next_rows(rated, components)))


def _designs(key: Key, fitted: Mapping[str, float], is_led_together: bool) -> Iterator[tuple[Any, ...]]:
    """A row for each design of the grid that can be carried out, in sessions that one therapist leads."""
    alone = str(PlanNote.LED_ALONE) if is_led_together else None
    for n_sessions in SESSIONS:
        for n_patients in (n for n in PATIENTS if n <= n_sessions):
            for per_session, n_raters in RATERS:
                if n_raters <= n_sessions * per_session:
                    told = planned(fitted, n_patients, n_sessions, per_session, n_raters)
                    numbers = (told.relative, told.absolute, told.relative_error, told.absolute_error)
                    yield *key, n_sessions, n_patients, per_session, n_raters, *numbers, _note(fitted, told) or alone


@dataclass(frozen=True, slots=True)
class _Group:
    """One therapist's ratings of one element on one scale: as levels, and the ids that are told of them, a rating each."""

    rated: Rated
    session_id: NDArray[np.object_]
    patient_id: NDArray[np.object_]

    @property
    def n_named_patients(self) -> int:
        """How many patients the sheets name."""
        return len(set(self.patient_id.tolist()) - {None})


def _next_rows(rated: pl.DataFrame, components: Components) -> Iterator[tuple[Any, ...]]:
    if rated.is_empty():
        return
    in_lab = {
        (i, r): n for i, r, n in rated.group_by("instrument_id", "role").agg(pl.col("rater_id").n_unique()).rows()
    }
    for (instrument, role, element, scale, therapist), group in _groups(rated):
        fitted = components.get((instrument, role, element, scale))
        if fitted is not None:
            for row in _options(group, fitted, in_lab[instrument, role]):
                yield therapist, instrument, role, element, scale, *row


def _groups(rated: pl.DataFrame) -> Iterator[tuple[tuple[str, ...], _Group]]:
    """The ratings of each therapist, element and scale, with their key; a frame for each of thousands would be slow."""
    place = rated.select(pl.struct(*_KEY, "therapist_id").rle_id()).to_series().to_numpy()
    begins = np.flatnonzero(np.diff(place, prepend=-1))
    keys = rated.select(*_KEY, "therapist_id")[begins].rows()
    columns = [level_of(rated[column]) for column in ("patient_level", "session_level", "rater_id")]
    session_id, patient_id = (rated[column].to_numpy() for column in ("session_id", "patient_id"))
    teams = rated["therapist_ids"].to_list() if (rated["therapist_ids"].list.len() > 1).any() else None
    for key, begin, end in zip(keys, begins.tolist(), [*begins.tolist()[1:], len(rated)], strict=True):
        own = slice(begin, end)
        patient, session, rater = (levels(codes[own]) for codes in columns)
        alone = Rated(patient, session, rater)
        told = alone if teams is None else _led_with(alone, teams[own], key[-1])
        yield key, _Group(told, session_id[own], patient_id[own])


def _led_with(alone: Rated, teams: Sequence[Sequence[str]], therapist: str) -> Rated:
    """Ratings with who led with her, where somebody did."""
    share = np.array([1 / len(team) for team in teams])
    others = sorted({colleague for team in teams for colleague in team} - {therapist})
    there = [np.array([colleague in team for team in teams]) * share for colleague in others]
    return replace(alone, share=share, colleagues=np.column_stack(there)) if others else alone


def _options(group: _Group, fitted: Mapping[str, float], n_raters_in_lab: int) -> Iterator[tuple[Any, ...]]:
    """A row for each way of spending the next hour on one therapist, element and scale."""
    rated = group.rated
    now, n_patients = present(fitted, rated), group.n_named_patients
    options = next_ratings(rated, n_patients > 0, n_raters_in_lab)
    told = {option: with_one_more(fitted, rated, more) for option, (more, _) in options.items()}
    best = buys_most({option: then.relative_error for option, then in told.items()})
    counts = (int(rated.session.max()) + 1, n_patients, int(rated.rater.max()) + 1, rated.n)
    for option, (more, is_new) in sorted(options.items()):
        then = told[option]
        numbers = (now.relative, then.relative, now.relative_error, then.relative_error)
        where = _session_of(group, more), _patient_of(group, more)
        yield option, is_new, *where, *counts, *numbers, option in best, _note(fitted, then)


def _session_of(group: _Group, more: Rating) -> str | None:
    """Which session a second rater would rate."""
    return None if more.session is None else str(group.session_id[int((group.rated.session == more.session).argmax())])


def _patient_of(group: _Group, more: Rating) -> str | None:
    """Whose session would be rated; None for a patient who is not known yet."""
    if more.patient is None:
        return None
    found = group.patient_id[int((group.rated.patient == more.patient).argmax())]
    return None if found is None else str(found)


def _note(fitted: Mapping[str, float], told: Coefficients) -> str | None:
    if THERAPIST not in fitted:
        return str(PlanNote.THERAPISTS_MERGED)
    if told.relative_error is None:
        return str(PlanNote.UNTOLD)
    is_nought = fitted[THERAPIST] <= _NOUGHT * sum(fitted.values())
    return str(PlanNote.ALIKE) if is_nought else None


def _write(con: DuckDBPyConnection, name: str, columns: Mapping[str, Any], rows: list[tuple[Any, ...]]) -> None:
    con.register("planned_rows", pl.DataFrame(rows, schema=dict(columns), orient="row"))
    con.execute(f"create or replace table measure.{name} as from planned_rows")
    con.unregister("planned_rows")
