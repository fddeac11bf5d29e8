"""The table of what moved each team's means, from one period in which it was rated to the next.

Writes measure.change; the arithmetic is `flows.measure.change`. Periods are quarters and, apart from them, half-years: where two
sessions of each therapist are rated twice a year, half of a team is missing in a quarter, and nearly all is who was rated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from flows.measure.change import Change, Codes, Ratings, Severities, anchored, decompose, severities
from flows.measure.facets import RATER, levels
from flows.measure.levels import level_of
from flows.measure.planning import Components
from schemas.advice_codes import PlanNote

_SCHEMA = {
    **dict.fromkeys(("team", "instrument_id", "role", "element", "scale", "period_before", "period_after"), pl.String),
    **dict.fromkeys(("sessions_before", "sessions_after", "n_therapists", "therapists_in_both"), pl.Int32),
    **dict.fromkeys(("mean_before", "mean_after", "by_therapists", "by_severity", "by_who_was_rated"), pl.Float64),
    "note": pl.String,
}
# Who led a session together is one therapist of her own here: what the two of them do is theirs together.
RATED = """
with
led as (
    select session_id, string_agg(therapist_id, chr(31) order by therapist_id) as led_by
    from current.session_therapist
    group by session_id
)
select
    instrument_id, role, element, scale, session_id, rater_id, value, led_by,
    year(session_on) || '-H' || if(month(session_on) <= 6, 1, 2) as half_year,
    year(session_on) || '-Q' || quarter(session_on) as quarter
from measure.observation
inner join led using (session_id)
where session_on is not null
order by instrument_id, role, element, scale, session_id, rater_id
"""
TEAMS = """
select distinct session_id, team
from current.session_therapist
inner join reference.therapist using (therapist_id)
where team is not null
order by team, session_id
"""


def tell_changes(con: DuckDBPyConnection, components: Components) -> None:
    """Write measure.change: every team, instrument, role, element and scale, each period against the one rated before it."""
    teams = con.sql(TEAMS).pl()
    rows: list[tuple[Any, ...]] = []
    if not teams.is_empty():
        groups = con.sql(RATED).pl().partition_by("instrument_id", "role", "element", "scale", maintain_order=True)
        for group in groups:
            key = group.select("instrument_id", "role", "element", "scale").row(0)
            for period in ("half_year", "quarter"):
                of_element = _of_element(group.rename({period: "period"}), teams, components.get(key, {}))
                rows += [(team, *key, *row) for team, row in of_element]
    con.register("change_rows", pl.DataFrame(rows, schema=_SCHEMA, orient="row"))
    con.execute("create or replace table measure.change as from change_rows")
    con.unregister("change_rows")


def _of_element(
    group: pl.DataFrame, teams: pl.DataFrame, fitted: Mapping[str, float]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Team and row for each pair of periods of one element on one scale."""
    periods = sorted(group["period"].unique())
    if len(periods) < 2:
        return
    ratings = Ratings(
        level_of(group["session_id"]), level_of(group["rater_id"]), level_of(group["period"]), group["value"].to_numpy()
    )
    told, led_by = _severities(ratings, fitted), level_of(group["led_by"])
    of_team = teams.join(group.select(pl.col("session_id").unique()), on="session_id", maintain_order="left")
    first = np.unique(ratings.session, return_index=True)[1]
    place = dict(zip(group["session_id"].gather(first).to_list(), ratings.session[first].tolist(), strict=True))
    for (team,), own in of_team.group_by("team", maintain_order=True):
        is_own = np.zeros(len(place), dtype=bool)
        is_own[[place[session] for session in own["session_id"].to_list()]] = True
        here = is_own[ratings.session]
        seen = sorted(set(ratings.period[here].tolist()))
        for before, after in pairwise(seen):
            pair = here & ((ratings.period == before) | (ratings.period == after))
            yield str(team), (periods[before], periods[after], *_row(led_by, ratings, told, pair, (before, after)))


def _severities(ratings: Ratings, fitted: Mapping[str, float]) -> Severities | None:
    """Severities, where the fit has raters as a facet of their own; None where it has not."""
    if RATER not in fitted:
        return None
    error = sum(v for name, v in fitted.items() if {"residual", "rater_therapist", "rating"} & set(name.split("+")))
    return severities(ratings, fitted[RATER], error)


def _row(
    led_by: Codes, ratings: Ratings, told: Severities | None, pair: NDArray[np.bool_], periods: tuple[int, int]
) -> tuple[Any, ...]:
    """Counts, means, parts and note of one team's two periods; `pair` marks its ratings in them, `led_by` tells who led each."""
    sessions, at = np.unique(ratings.session[pair], return_inverse=True)
    n = np.bincount(at).astype(float)
    mean = np.bincount(at, weights=ratings.value[pair]) / n
    first = np.unique(at, return_index=True)[1]
    is_after = ratings.period[pair][first] == periods[1]
    therapist = levels(led_by[pair])[first]
    points = _points(ratings, told, pair, periods)
    severity = None if points is None else np.bincount(at, weights=points) / n
    both = len(set(therapist[is_after].tolist()) & set(therapist[~is_after].tolist()))
    counts = len(sessions) - int(is_after.sum()), int(is_after.sum()), len(np.unique(therapist)), both
    return *counts, *_parts(decompose(therapist, is_after, mean, severity))


def _points(
    ratings: Ratings, told: Severities | None, pair: NDArray[np.bool_], periods: tuple[int, int]
) -> NDArray[np.float64] | None:
    """The severity behind each of the ratings; None where the periods' severities have no common zero."""
    zeroed = None if told is None else anchored(told, ratings, periods, np.unique(ratings.rater[pair]))
    if zeroed is None:
        return None
    before, after = (points[ratings.rater[pair]] for points in zeroed)
    return np.where(ratings.period[pair] == periods[1], after, before)


def _parts(change: Change) -> tuple[Any, ...]:
    note = str(PlanNote.SEVERITY_UNTOLD) if change.by_severity is None else None
    return (
        change.mean_before, change.mean_after, change.by_therapists, change.by_severity, change.by_who_was_rated, note,
    )  # fmt: skip
