"""Drift: a rater moving, from one quarter on, against the co-raters of the same sessions or against reference recordings.

A reference recording is a session whose ratings fall into more than one quarter, by the dates they were made. Only such
sessions can show a drift that all raters share: within one quarter, raters who all moved together still agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.measure.agreement import Codes, Numbers
from flows.measure.severity import t_reach
from flows.measure.within import Within, compare_within, connected
from schemas.figure_codes import ComparedWith

MOST_RATERS = 400  # before and since: twice as many levels, and time grows with their cube
FALSE_SHARE = 0.05  # false flags among the flags of one family, at most (Benjamini & Hochberg 1995, JRSS B 57, 289-300)


@dataclass(frozen=True, slots=True)
class Movement:
    """How far a rater (None: all raters alike) moved from before a quarter to it, in points, with a 95 % interval.

    `n_before` and `n_since` are co-rated sessions; `n_compared` is the number of raters whose movements were compared.
    """

    rater: int | None
    compared_with: str
    movement: float
    low: float
    high: float
    p_value: float
    n_before: int
    n_since: int
    n_compared: int


def movements(
    session: Codes, rater: Codes, value: Numbers, is_since: Numbers, n_raters: int, fewest: int
) -> list[Movement]:
    """Who moved from the earlier ratings to those since a date; one entry a rating, `is_since` 0 or 1.

    Every rater has two levels, before and since, estimated by least squares within sessions; a movement is the difference of
    the two. Against co-raters it is told as the distance from the median movement of the raters she can be compared with (their
    mean when they are two), so that one who moves does not seem to move the others. Against reference recordings, where
    there are any, it is told as it stands. Raters with fewer than `fewest` co-rated sessions on either side have no entry.
    """
    level = rater + n_raters * is_since.astype(np.int64)
    within = compare_within(session, level, value, 2 * n_raters)
    n_at = np.bincount(level[np.bincount(session)[session] > 1], minlength=2 * n_raters)
    able = np.flatnonzero((n_at[:n_raters] >= fewest) & (n_at[n_raters:] >= fewest))
    if within.residual_variance is None or not len(able):
        return []
    part = connected(within.information)
    counts = {int(r): (int(n_at[r]), int(n_at[n_raters + r])) for r in able}
    found = [m for group in _alike(able, part, n_raters) for m in _against_co_raters(within, group, n_raters, counts)]
    bridged = [int(r) for r in able if part[r] == part[n_raters + r]]
    return found + _against_reference(within, bridged, n_raters, counts) if bridged else found


def n_references(session: Codes, is_since: Numbers) -> int:
    """Sessions rated both before and since."""
    n_of, since = np.bincount(session), np.bincount(session, weights=is_since)
    return int(((since > 0) & (since < n_of)).sum())


def discoveries(p_values: Sequence[float]) -> list[bool]:
    """Which of a family of tests stand when at most `FALSE_SHARE` of those that stand may be false."""
    order = np.argsort(p_values, kind="stable")
    bound = FALSE_SHARE * (np.arange(len(order)) + 1) / max(len(order), 1)
    passed = np.flatnonzero(np.asarray(p_values)[order] <= bound)
    stands = np.zeros(len(order), dtype=bool)
    stands[order[: passed.max() + 1 if len(passed) else 0]] = True
    return [bool(one) for one in stands]


def _alike(able: Codes, part: Codes, n_raters: int) -> list[list[int]]:
    """Raters that can be compared both before and since, group by group; those of a group of one cannot."""
    groups: dict[tuple[int, int], list[int]] = {}
    for one in able.tolist():
        groups.setdefault((int(part[one]), int(part[n_raters + one])), []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def _against_co_raters(
    within: Within, group: list[int], n_raters: int, counts: dict[int, tuple[int, int]]
) -> list[Movement]:
    """Distances from the group's median. The median of n varies pi/2 times as much as their mean, so that is added."""
    moved = np.array([within.effect[n_raters + r] - within.effect[r] for r in group])
    contrasts = [_contrast(group, (np.arange(len(group)) == n) - 1 / len(group), n_raters) for n in range(len(group))]
    variances = np.array([_variance(within, contrast) for contrast in contrasts])
    if len(group) > 2:
        variances = variances + (np.pi / 2 - 1) * variances.mean() / len(group)
    told = zip(group, moved - np.median(moved), variances, strict=True)
    return [_told(within, r, ComparedWith.CO_RATERS, m, v, counts[r], len(group)) for r, m, v in told]


def _against_reference(
    within: Within, group: list[int], n_raters: int, counts: dict[int, tuple[int, int]]
) -> list[Movement]:
    moved = [float(within.effect[n_raters + r] - within.effect[r]) for r in group]
    own = [_variance(within, _contrast([r], np.ones(1), n_raters)) for r in group]
    one_each = [
        _told(within, r, ComparedWith.REFERENCE, m, v, counts[r], len(group))
        for r, m, v in zip(group, moved, own, strict=True)
    ]
    shared = _variance(within, _contrast(group, np.full(len(group), 1 / len(group)), n_raters))
    before, since = (sum(counts[r][side] for r in group) for side in (0, 1))
    return [
        *one_each,
        _told(within, None, ComparedWith.REFERENCE, float(np.mean(moved)), shared, (before, since), len(group)),
    ]


def _contrast(group: list[int], weights: Numbers, n_raters: int) -> Numbers:
    """The weights of a sum of movements on the levels before (minus) and since (plus)."""
    contrast = np.zeros(2 * n_raters)
    contrast[np.array(group) + n_raters] = weights
    contrast[np.array(group)] = -weights
    return contrast


def _variance(within: Within, contrast: Numbers) -> float:
    return max((within.residual_variance or 0.0) * float(contrast @ within.covariance @ contrast), 0.0)


def _told(
    within: Within, one: int | None, compared_with: str, moved: float, variance: float, counts: tuple[int, int], n: int
) -> Movement:
    """A movement with its t interval and the probability of one as large by chance."""
    from scipy.special import stdtr

    deviation = float(np.sqrt(variance))
    half = t_reach(within.residual_df) * deviation
    t = abs(moved) / deviation if deviation > 0 else float(np.inf) if moved else 0.0
    p_value = float(2 * stdtr(within.residual_df, -t))
    return Movement(one, compared_with, float(moved), float(moved) - half, float(moved) + half, p_value, *counts, n)
