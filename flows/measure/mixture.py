"""Estimates and intervals from a weighted set of Student's t distributions: one column a therapist or rater."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
EXACT_BELOW = (
    20  # degrees of freedom; from there on Wallace's formula is right to five decimals, and forty times as fast
)
HALVINGS = 45


def share_below(point: Numbers | float, mean: Numbers, scale: Numbers, weight: Numbers, free: float) -> Numbers:
    """The probability of being below a point (one, or one a column); `mean` and `scale` are (B, columns), `weight` (B)."""
    from scipy.special import ndtr, stdtr

    left = point - mean
    standard = np.divide(left, scale, out=np.where(left >= 0, np.inf, -np.inf), where=scale > 0)
    share = stdtr(free, standard) if free < EXACT_BELOW else ndtr(_as_normal(standard, free))
    return np.asarray(weight @ share)


def _as_normal(standard: Numbers, free: float) -> Numbers:
    """Student's t as a normal deviate (Wallace 1959, Annals of Mathematical Statistics 30, 1124-1130)."""
    far = np.sqrt(free * np.log1p(standard**2 / free))
    return np.asarray(np.sign(standard) * far * (8 * free + 1) / (8 * free + 3))


def quantile(at: float, mean: Numbers, scale: Numbers, weight: Numbers, free: float) -> Numbers:
    """The point of each column below which it is with probability `at`, by halving."""
    far = 60 * scale.max(axis=0) + 1e-9
    low, high = mean.min(axis=0) - far, mean.max(axis=0) + far
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_below = share_below(middle, mean, scale, weight, free) < at
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.asarray((low + high) / 2)
