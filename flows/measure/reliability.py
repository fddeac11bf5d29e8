"""Intraclass correlations of incomplete tables of sessions by raters, and how sure one can be of them.

What raters should agree about is the session as it was: variance between therapists, patients and sessions is true
variance. Variance between raters, and what is left (rater by therapist, rater by session, chance), is error. Point estimates
come from the one model of variance (`flows.measure.variance`); intervals by Monte Carlo from pivots, as
docs/decisions/agreement.md tells with its sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flows.measure.agreement import Codes, Numbers, codes_of
from flows.measure.within import Within

N_DRAWS = 4000
FEWEST_DF = 4  # a level of nesting with fewer degrees of freedom cannot be told from the one above it
MOST_RATERS = 1500  # above it the raters' information is taken as diagonal: its eigenvalues take time with their cube
TRUE = frozenset({"therapist", "patient", "session"})
ERROR = frozenset({"rater_therapist", "rating", "residual"})
_N_BINS = 40


@dataclass(frozen=True, slots=True)
class Sources:
    """Variances of one rating: of what is rated, of raters' severity, and of the rest. In squared points."""

    true: float
    rater: float
    error: float


@dataclass(frozen=True, slots=True)
class Correlation:
    """An intraclass correlation of single ratings and of the mean of k, each with its 95 % interval; None if not known."""

    single: float | None
    single_low: float | None
    single_high: float | None
    average: float | None
    average_low: float | None
    average_high: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Ratings of one element or item on one scale, one entry a rating: levels from 0 on, and values in points."""

    session: Codes
    rater: Codes
    value: Numbers
    therapist: Codes
    patient: Codes


@dataclass(frozen=True, slots=True)
class Draws:
    """Monte Carlo draws of the variances, one entry a draw, given what was seen. `pooled` is rater and error in one."""

    true: Numbers
    rater: Numbers
    error: Numbers
    true_one_way: Numbers
    pooled: Numbers


NOTHING = Correlation(None, None, None, None, None, None)


def sources_of(components: Mapping[str, float]) -> Sources | None:
    """Sum the fitted components by what they are to agreement; None where a merged one holds both kinds.

    A rater facet that was left out (one rater) makes severity unknown, which is None as well.
    """
    sums = {"true": 0.0, "rater": 0.0, "error": 0.0}
    found = set()
    for name, variance in components.items():
        parts = set(name.split("+"))
        kind = "true" if parts <= TRUE else "error" if parts <= ERROR else "rater" if parts == {"rater"} else ""
        if not kind:
            return None
        sums[kind] += variance
        found.add(kind)
    return Sources(sums["true"], sums["rater"], sums["error"]) if {"true", "rater"} <= found else None


def usual_raters(session: Codes) -> float | None:
    """The usual number of raters k: the harmonic mean over sessions with two or more (ten Hove, Jorgensen & van der Ark 2022)."""
    n_of = np.bincount(session)
    several = n_of[n_of > 1]
    return float(len(several) / (1 / several).sum()) if len(several) else None


def correlation(true: float, noise: float, k: float) -> tuple[float, float] | None:
    """Single and average correlation (McGraw & Wong 1996, Psychological Methods 1, 30-46); None where nothing varies."""
    if true + noise <= 0:
        return None
    return true / (true + noise), true / (true + noise / k)


def one_way(table: Table) -> Sources | None:
    """Analysis of variance with sessions alone, raters being taken as interchangeable (Donner 1986, Int Stat Rev 54, 67-82).

    Below zero it is set to zero, as a variance is.
    """
    n_of = np.bincount(table.session)
    n, n_sessions = len(table.value), len(n_of)
    if n_sessions < 2 or n == n_sessions:
        return None
    mean = np.bincount(table.session, weights=table.value) / n_of
    within = float(((table.value - mean[table.session]) ** 2).sum()) / (n - n_sessions)
    between = float((n_of * (mean - table.value.mean()) ** 2).sum()) / (n_sessions - 1)
    size = (n - float((n_of.astype(float) ** 2).sum()) / n) / (n_sessions - 1)
    return Sources(max((between - within) / size, 0.0), 0.0, within)


def draw_sources(table: Table, within: Within, shrunk: Numbers, prediction_error: float, seed: int) -> Draws | None:
    """Draws of the variances from pivots (generalized confidence intervals, Weerahandi 1993, JASA 88, 899-905).

    `within` is the comparison of raters in this table; `shrunk` the predicted severity of each, and `prediction_error` the
    mean variance that errors in it add to a session's mean. Each sum of squares over its expectation is chi-squared: exactly so
    for error and raters (Wald 1947), nearly so for unweighted nested means (Burdick & Graybill 1992, sections 5.3 and 6.2).
    None without degrees of freedom for the error.
    """
    if within.residual_df < 1 or len(within.eigen[0]) < 1:
        return None
    random = np.random.default_rng(seed)
    error = within.residual_ss / random.chisquare(within.residual_df, N_DRAWS)
    rater = _draw_between(within, error, random.chisquare(len(within.eigen[0]), N_DRAWS))
    n_of = np.bincount(table.session)
    few = float(np.mean(1 / n_of))
    adjusted = _means(table.session, table.value - shrunk[table.rater])
    true = np.maximum(_draw_nested(table, adjusted, random) - error * few - prediction_error, 0.0)
    pooled_ss = float(((table.value - _means(table.session, table.value)[table.session]) ** 2).sum())
    pooled = pooled_ss / random.chisquare(len(table.value) - len(n_of), N_DRAWS)
    plain = _draw_nested(table, _means(table.session, table.value), random)
    return Draws(true, rater, error, np.maximum(plain - pooled * few, 0.0), pooled)


def interval(true: Numbers, noise: Numbers, k: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of the single and the average correlation from draws; k is the number of raters averaged."""
    single = true / np.maximum(true + noise, 1e-300)
    average = true / np.maximum(true + noise / k, 1e-300)
    low, high = np.quantile(single, [0.025, 0.975])
    low_average, high_average = np.quantile(average, [0.025, 0.975])
    return (float(low), float(high)), (float(low_average), float(high_average))


def _means(session: Codes, value: Numbers) -> Numbers:
    return np.asarray(np.bincount(session, weights=value) / np.bincount(session))


def _draw_between(within: Within, error: Numbers, chi2: Numbers) -> Numbers:
    """The variance of raters at which their weighted sum of squares equals its chi-squared draw; zero where none does.

    Along eigenvector j the estimate has variance rater + error / λ. The sum falls with the variance, so halving finds it.
    Eigenvalues that lie close together are taken as one: it changes nothing and keeps many raters quick.
    """
    values, _ = within.eigen
    bins = np.minimum((np.arange(len(values)) * _N_BINS) // max(len(values), _N_BINS), _N_BINS - 1)
    bins = codes_of(bins.tolist()) if len(values) > _N_BINS else np.arange(len(values))
    squares = np.bincount(bins, weights=within.projected**2)
    spread = 1 / (np.bincount(bins, weights=values) / np.bincount(bins))

    def left(variance: Numbers) -> Numbers:
        return np.asarray((squares / (variance[:, None] + error[:, None] * spread)).sum(axis=1) - chi2)

    low, high = np.zeros(len(error)), squares.sum() / chi2
    for _ in range(50):
        middle = (low + high) / 2
        above = left(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(left(np.zeros(len(error))) > 0, (low + high) / 2, 0.0)


def _draw_nested(table: Table, mean: Numbers, random: np.random.Generator) -> Numbers:
    """Draws of the variance of one session's mean, over therapists, patients and sessions such as these.

    `mean` is that of each session. Unweighted sums of squares of sessions in patients, patients in therapists, and therapists;
    the variance is the last mean square plus (1 - 1 / harmonic number below) times each of the others, so no part is
    subtracted and none can be negative.
    """
    total = np.zeros(N_DRAWS)
    for squares, df, weight in nested_squares(table, mean):
        total += weight * squares / random.chisquare(df, N_DRAWS)
    return total


def nested_squares(table: Table, mean: Numbers) -> list[tuple[float, int, float]]:
    """Sum of squares, degrees of freedom and weight of each level of nesting that the design can tell, sessions first."""
    first = np.unique(table.session, return_index=True)[1]
    units, labels = mean, [table.patient[first], table.therapist[first]]
    levels = []
    while labels:
        outer = codes_of(labels.pop(0).tolist())
        n_in = np.bincount(outer)
        if len(n_in) < 2 or len(units) - len(n_in) < FEWEST_DF:
            continue
        middle = np.bincount(outer, weights=units) / n_in
        squares = float(((units - middle[outer]) ** 2).sum())
        levels.append((squares, len(units) - len(n_in), 1 - float(np.mean(1 / n_in))))
        units, labels = middle, [label[np.unique(outer, return_index=True)[1]] for label in labels]
    return [*levels, (float(((units - units.mean()) ** 2).sum()), len(units) - 1, 1.0)]
