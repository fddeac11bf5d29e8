"""How far raters of the same session agree, by what they wrote: exact, within one point, alpha, and on `no_opportunity`.

Belongs here: coefficients of one element or item on one scale, from arrays of one entry a rating. Units are sessions; a
session with one rating has nothing to compare and takes no part. Nothing here assumes a model; what does is in reliability.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]

TOLERANCE = 1e-6  # of a scale's step: weighted means are rounded to nine places
MOST_POINTS = 30  # distinct values above which alpha gets no bootstrap interval: its tables grow with their square
N_RESAMPLES = 1000
SHARE_OF_NARROW = 0.9  # of the ratings within two neighbouring points: the range is restricted


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of the raters of the same sessions; None where there is nothing to compare.

    `exact` and `within_one` are shares of pairs of raters of one session, each session counting once.
    """

    n_units: int
    n_raters: int
    n_pairs: int
    exact: float | None
    within_one: float | None
    alpha: float | None
    alpha_low: float | None
    alpha_high: float | None


@dataclass(frozen=True, slots=True)
class StateAgreement:
    """Agreement that an element had no opportunity; None where nobody said so, or nobody could be compared."""

    n_units: int
    n_marked: int
    specific: float | None
    ac1: float | None


def codes_of(labels: NDArray[np.object_] | list[str]) -> Codes:
    """Whole numbers from 0 on for labels, the same for the same label; in the labels' own order."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)


def compared(session: Codes) -> NDArray[np.bool_]:
    """For each rating, whether its session has another one."""
    return np.asarray(np.bincount(session)[session] > 1)


def agreement(session: Codes, rater: Codes, value: Numbers, step: float, seed: int) -> Agreement:
    """Exact and within-one-point agreement and ordinal alpha of ratings, one entry a rating.

    `value` is in points of the scale, `step` the distance of two neighbouring points. `seed` fixes the resampling.
    """
    keep = compared(session)
    if not keep.any():
        return Agreement(0, 0, 0, None, None, None, None, None)
    units, points = codes_of(session[keep].tolist()), value[keep]
    n_of = np.bincount(units)
    exact, within_one = (_share_within(units, n_of, points, width) for width in (0.0, step))
    low, high = alpha_interval(units, points, seed)
    return Agreement(
        len(n_of), len(np.unique(rater[keep])), int((n_of * (n_of - 1) // 2).sum()), exact, within_one,
        ordinal_alpha(units, points), low, high,
    )  # fmt: skip


def _share_within(session: Codes, n_of: Codes, value: Numbers, width: float) -> float:
    """Mean over sessions of the share of its pairs that lie no further apart than `width`.

    All values of all sessions are laid on one line, session behind session, and each looks for neighbours on it.
    """
    stride = float(np.ptp(value)) + 4 * (width + 1)
    line = session * stride + (value - value.min())
    order = np.sort(line)
    reach = width + TOLERANCE
    near = np.searchsorted(order, line + reach, "right") - np.searchsorted(order, line - reach, "left") - 1
    pairs = np.bincount(session, weights=near)
    return float(np.mean(pairs / (n_of * (n_of - 1))))


def ordinal_alpha(session: Codes, value: Numbers) -> float | None:
    """Krippendorff's alpha for ordinal values (Krippendorff 2011, Computing Krippendorff's alpha-reliability, part E).

    Its ordinal difference of two values, the number of values between them, is the distance of their mid-ranks; so
    alpha is one minus the ratio of within-session to total mean squares of mid-ranks. Every session here has two ratings
    or more. None when all values are equal: there is nothing that chance could have done otherwise.
    """
    _, point, n_at = np.unique(value, return_inverse=True, return_counts=True)
    return alpha_of_squares(session, (np.cumsum(n_at) - n_at / 2)[point])


def alpha_of_squares(session: Codes, place: Numbers) -> float | None:
    """Krippendorff's alpha where the difference of two values is the distance of their places, squared (ibid.).

    With mid-ranks for places it is the ordinal alpha, with the values themselves that of interval data.
    """
    n_of = np.bincount(session)
    mean = np.bincount(session, weights=place) / n_of
    within = np.bincount(session, weights=(place - mean[session]) ** 2)
    observed = (n_of / (n_of - 1) * within).sum() / len(place)
    expected = ((place - place.mean()) ** 2).sum() / (len(place) - 1)
    return float(1 - observed / expected) if expected > 0 else None


def alpha_interval(session: Codes, value: Numbers, seed: int) -> tuple[float | None, float | None]:
    """A 95 % interval of ordinal alpha: percentiles over resampled sessions (Zapf et al. 2016, BMC Med Res Methodol 16:93).

    Sessions, not ratings, are drawn with replacement, since ratings of one session belong together. None with fewer than
    ten sessions, or more than `MOST_POINTS` distinct values.
    """
    points, point = np.unique(value, return_inverse=True)
    n_sessions, n_points = int(session.max()) + 1, len(points)
    if n_sessions < 10 or not 1 < n_points <= MOST_POINTS:
        return None, None
    table = np.zeros((n_sessions, n_points))
    np.add.at(table, (session, point), 1)
    drawn = _resampled_alphas(table, np.random.default_rng(seed))
    if len(drawn) < N_RESAMPLES // 2:
        return None, None
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _resampled_alphas(table: Numbers, random: np.random.Generator) -> Numbers:
    """Ordinal alpha of each resample; `table` counts values (columns) in sessions (rows). Constant resamples are left out."""
    n_sessions, n_points = table.shape
    # Sessions with the same ratings are one kind; a resample is how often each kind was drawn, sums are products of matrices.
    kinds, n_sessions_of = np.unique(table, axis=0, return_counts=True)
    drawn = random.multinomial(n_sessions, n_sessions_of / n_sessions, size=N_RESAMPLES).astype(np.float64)
    n_of = kinds.sum(axis=1)
    pairs = (kinds[:, :, None] * kinds[:, None, :] / (n_of - 1)[:, None, None]).reshape(len(kinds), -1)
    n_at = drawn @ kinds
    rank = np.cumsum(n_at, axis=1) - n_at / 2
    n = n_at.sum(axis=1)
    apart = ((rank[:, :, None] - rank[:, None, :]) ** 2).reshape(N_RESAMPLES, n_points * n_points)
    observed = (drawn @ pairs * apart).sum(axis=1) / n
    expected = ((n_at[:, :, None] * n_at[:, None, :]).reshape(N_RESAMPLES, -1) * apart).sum(axis=1) / (n * (n - 1))
    varies = expected > 0
    return np.asarray(1 - observed[varies] / expected[varies])


def state_agreement(session: Codes, is_marked: NDArray[np.bool_]) -> StateAgreement:
    """Agreement that nothing in the session called for an element, one entry a rating that judged it at all.

    `specific` is the proportion of specific agreement: given that one rater marked it, the chance that another of the same
    session did (Cicchetti & Feinstein 1990, J Clin Epidemiol 43, 551-558; for several raters by their pairs, each rater of a
    session counting alike). `ac1` is Gwet's AC1 (2008, Br J Math Stat Psychol 61, 29-48), which does not collapse, as kappa
    does, when a mark is rare.
    """
    keep = compared(session)
    if not keep.any():
        return StateAgreement(0, 0, None, None)
    units, marks = codes_of(session[keep].tolist()), is_marked[keep].astype(np.float64)
    n_of, marked = np.bincount(units), np.bincount(units, weights=marks)
    blank = n_of - marked
    possible = float(marked.sum())
    both = marked * (marked - 1)
    specific = float((both / (n_of - 1)).sum() / possible) if possible else None
    same = float(np.mean((both + blank * (blank - 1)) / (n_of * (n_of - 1))))
    share = float(np.mean(marked / n_of))
    chance = 2 * share * (1 - share)
    return StateAgreement(len(n_of), int(possible), specific, (same - chance) / (1 - chance))


def is_restricted(value: Numbers, step: float) -> bool:
    """Whether nearly all ratings lie within two neighbouring points, so that a correlation must be low or uncertain."""
    if len(value) == 0:
        return False
    ordered = np.sort(value)
    inside = np.searchsorted(ordered, ordered + step + TOLERANCE, "right") - np.arange(len(ordered))
    return bool(inside.max() >= SHARE_OF_NARROW * len(ordered))
