"""Why a team's mean moved from one period to the next: its therapists, its raters' severity, or who was rated.

The parts add up exactly. With w the share of a team's sessions that a therapist led and a the mean of her sessions once raters'
severity is taken out, before (0) and after (1):

    mean1 - mean0 = sum (w0 + w1) / 2 (a1 - a0)      therapists: what they do
                  + (S1 - S0)                        severity: the mean severity of the ratings
                  + sum (w1 - w0) (a0 + a1) / 2      who was rated

which is Kitagawa's decomposition (1955, Journal of the American Statistical Association 50, 1168-1194; Oaxaca and Blinder did
the same with regressions) of means that the raters' severity was first taken out of. A therapist seen in one of the periods
only is taken to have stayed as she was, so that her coming or going counts as who was rated.

Raters' severity comes from sessions in common alone: every session is compared with itself, so that neither therapists nor
patients can move it. A rater has a severity of her own and may move from period to period, by as much as raters differ
(both shrunk, with the fitted rater variance). Common sessions show who moved against whom, not who stood still: the median
rater is taken to have stood still, and a drift that all share cannot be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import comparison_groups

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """The mean of a team's sessions before and after, and the parts of the difference, in points of the scale.

    `by_therapists` and `by_severity` are null where the two cannot be told apart; `by_who_was_rated` then still holds, by the
    sessions' means as they are, and the rest is both together.
    """

    mean_before: float
    mean_after: float
    by_therapists: float | None
    by_severity: float | None
    by_who_was_rated: float

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.mean_after - self.mean_before


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings of one element on one scale, one entry a rating: levels from 0 on, periods in their order, values in points."""

    session: Codes
    rater: Codes
    period: Codes
    value: Numbers


@dataclass(frozen=True, slots=True)
class Severities:
    """`points[rater, period]`: how far above the others a rater rates in a period. `group[rater]`: who can be compared at all.

    `is_there[rater, period]` tells whether the rater rated then. Severities of different groups have no common zero.
    """

    points: Numbers
    group: Codes
    is_there: NDArray[np.bool_]


def decompose(therapist: Codes, is_after: NDArray[np.bool_], mean: Numbers, severity: Numbers | None) -> Change:
    """Split the difference between two periods' means of sessions (one entry a session), `severity` being that of its raters.

    Raises:
        ValueError: one of the periods has no session.
    """
    if is_after.all() or not is_after.any():
        raise ValueError("Both periods need a session.")
    adjusted = mean if severity is None else mean - severity
    by_therapists, by_who = _kitagawa(therapist, is_after, adjusted)
    before, after = float(mean[~is_after].mean()), float(mean[is_after].mean())
    if severity is None:
        return Change(before, after, None, None, by_who)
    moved = float(severity[is_after].mean() - severity[~is_after].mean())
    return Change(before, after, by_therapists, moved, by_who)


def severities(ratings: Ratings, rater_variance: float, error_variance: float) -> Severities:
    """Every rater's severity in every period, from the sessions that several rated (best linear unbiased prediction).

    Sessions are fixed, so that only differences within them tell; a rater's own severity and her movement in a period are
    random with `rater_variance` each (Henderson 1975, Biometrics 31, 423-447). Nothing is told where raters do not differ.
    """
    n_raters, n_periods = int(ratings.rater.max()) + 1, int(ratings.period.max()) + 1
    is_there = np.zeros((n_raters, n_periods), dtype=bool)
    is_there[ratings.rater, ratings.period] = True
    group = comparison_groups(ratings.rater, ratings.session)
    points = np.zeros((n_raters, n_periods))
    if rater_variance > 0:
        own, moved = _predicted(ratings, n_raters, n_periods, max(error_variance, 1e-9) / rater_variance)
        points = own[:, None] + moved
    return Severities(points, group, is_there)


def anchored(
    told: Severities, ratings: Ratings, periods: tuple[int, int], who: Codes | None = None
) -> tuple[Numbers, Numbers] | None:
    """Each rater's severity before and after, with the zero that the median rater keeps; None where nothing links the periods.

    `who` are the raters whose severities are wanted (all who rated in either period when not given). Linked the periods are
    when these belong to one group of several raters, of whom somebody rated in both.
    """
    before, after = periods
    wanted = np.flatnonzero(told.is_there[:, before] | told.is_there[:, after]) if who is None else who
    groups = np.unique(told.group[wanted])
    if len(groups) != 1:
        return None
    alike = told.group == groups[0]
    links = np.flatnonzero(alike & told.is_there[:, before] & told.is_there[:, after])
    if np.count_nonzero(alike) < 2 or not len(links):
        return None
    weight = np.minimum(*(_n_ratings(ratings, period, len(alike))[links] for period in periods))
    moved = told.points[links, after] - told.points[links, before]
    still = _weighted_median(moved, weight)
    return told.points[:, before], told.points[:, after] - still


def _kitagawa(therapist: Codes, is_after: NDArray[np.bool_], adjusted: Numbers) -> tuple[float, float]:
    n = int(therapist.max()) + 1
    counts = [np.bincount(therapist[now], minlength=n).astype(float) for now in (~is_after, is_after)]
    sums = [np.bincount(therapist[now], weights=adjusted[now], minlength=n) for now in (~is_after, is_after)]
    means = [np.divide(s, c, out=np.full(n, np.nan), where=c > 0) for s, c in zip(sums, counts, strict=True)]
    a0 = np.where(np.isnan(means[0]), means[1], means[0])
    a1 = np.where(np.isnan(means[1]), means[0], means[1])
    w0, w1 = (c / c.sum() for c in counts)
    seen = counts[0] + counts[1] > 0
    by_therapists = ((w0 + w1) / 2 * (a1 - a0))[seen].sum()
    by_who = ((w1 - w0) * (a0 + a1) / 2)[seen].sum()
    return float(by_therapists), float(by_who)


def _predicted(ratings: Ratings, n_raters: int, n_periods: int, ratio: float) -> tuple[Numbers, Numbers]:
    """Own severity by rater, and movement by rater and period, from the equations of the levels with sessions swept out."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    n = len(ratings.value)
    rows, ones = np.arange(n), np.ones(n)
    nodes = n_raters + ratings.rater * n_periods + ratings.period
    size = n_raters * (1 + n_periods)
    level = sparse.csr_matrix((np.tile(ones, 2), (np.tile(rows, 2), np.append(ratings.rater, nodes))), shape=(n, size))
    in_session = sparse.csr_matrix((ones, (ratings.session, rows)))
    by_session = in_session @ level
    per_session = sparse.diags(1 / np.asarray(in_session.sum(axis=1)).ravel())
    left = level.T @ level - by_session.T @ per_session @ by_session + ratio * sparse.identity(size)
    right = level.T @ ratings.value - by_session.T @ (per_session @ (in_session @ ratings.value))
    found = np.asarray(splu(sparse.csc_matrix(left)).solve(right))
    return found[:n_raters], found[n_raters:].reshape(n_raters, n_periods)


def _n_ratings(ratings: Ratings, period: int, n_raters: int) -> Codes:
    return np.bincount(ratings.rater[ratings.period == period], minlength=n_raters)


def _weighted_median(value: Numbers, weight: Codes) -> float:
    """The value with at most half the weight below it and at most half above; the middle of two where both would do."""
    order = np.argsort(value, kind="stable")
    twice = 2 * np.cumsum(weight[order])
    low, high = int(np.searchsorted(twice, weight.sum(), "left")), int(np.searchsorted(twice, weight.sum(), "right"))
    return float((value[order][low] + value[order][min(high, len(order) - 1)]) / 2)
