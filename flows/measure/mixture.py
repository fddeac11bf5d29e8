"""Estimates and intervals from a weighted set of Student's t distributions: one column a therapist or rater."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
ENDS = (0.025, 0.975)  # of a 95 % interval
EXACT_BELOW = 20  # degrees of freedom; from there on Wallace's formula is right to five decimals
STEPS = 60  # at most, of the search for a quantile; five are usual
SETTLED = 1e-9  # step, relative to the widest scale, after which the next would be lost in rounding


def share_below(point: Numbers | float, mean: Numbers, scale: Numbers, weight: Numbers, free: float) -> Numbers:
    """The probability of being below a point; `mean` and `scale` are (B, columns), `weight` (B).

    `point` is one, or one a column, or several a column (rows, columns), and so is what is given back. Degrees of freedom
    below `EXACT_BELOW` are whole.
    """
    return np.asarray(weight @ _below(_standard(point, mean, scale), free))


def quantiles(at: Sequence[float], mean: Numbers, scale: Numbers, weight: Numbers, free: float) -> Numbers:
    """The points (levels, columns) below which each column is with the probabilities `at`.

    Newton's method on the normal deviate of the probability, which is nearly a straight line in the point; where a step
    leaves what is known to hold the point, half of that is taken instead.
    """
    from scipy.special import ndtri

    wanted, width = np.asarray(ndtri(at))[:, None], scale.max(axis=0)
    ends = mean.min(axis=0) - 60 * width - 1e-9, mean.max(axis=0) + 60 * width + 1e-9
    low, high = (np.repeat(end[None], len(wanted), axis=0) for end in ends)
    middle = weight @ mean
    point = middle + wanted * np.sqrt(weight @ (scale**2 + (mean - middle) ** 2))
    is_open = np.ones(point.shape, dtype=bool)
    for _ in range(STEPS):
        share, step = _newton(point, wanted, mean, scale, weight, free)
        is_low = share < np.asarray(at)[:, None]
        low, high = np.where(is_low, point, low), np.where(is_low, high, point)
        tried = point + step
        better = np.where((tried >= low) & (tried <= high), tried, (low + high) / 2)
        far = np.abs(better - point)
        point = np.where(is_open, better, point)
        is_open &= far > SETTLED * width
        if not is_open.any():
            break
    return np.asarray(point)


def _newton(
    point: Numbers, wanted: Numbers, mean: Numbers, scale: Numbers, weight: Numbers, free: float
) -> tuple[Numbers, Numbers]:
    """The probability of being below each point, and Newton's step from it to the normal deviate that is wanted."""
    from scipy.special import gammaln, ndtri

    standard = _standard(point, mean, scale)
    share = weight @ _below(standard, free)
    peak = float(np.exp(gammaln((free + 1) / 2) - gammaln(free / 2))) / np.sqrt(free * np.pi)
    with np.errstate(all="ignore"):  # where nothing is spread, or far out, there is no step
        density = weight @ (peak * np.exp(-(free + 1) / 2 * np.log1p(standard**2 / free)) / scale)
        here = ndtri(share)
        return share, (wanted - here) * np.exp(-(here**2) / 2) / np.sqrt(2 * np.pi) / density


def _standard(point: Numbers | float, mean: Numbers, scale: Numbers) -> Numbers:
    """How many scales each point is above each mean: (B, columns), or (rows, B, columns) for several points a column."""
    left = (point[:, None] if isinstance(point, np.ndarray) and point.ndim > 1 else point) - mean
    scale = np.broadcast_to(scale, left.shape)
    return np.divide(left, scale, out=np.where(left >= 0, np.inf, -np.inf), where=scale > 0)


def _below(standard: Numbers, free: float) -> Numbers:
    """The probability that Student's t is below; from `EXACT_BELOW` on by Wallace's normal deviate."""
    from scipy.special import ndtr

    return _few_free(standard, int(free)) if free < EXACT_BELOW else np.asarray(ndtr(_as_normal(standard, free)))


def _few_free(standard: Numbers, free: int) -> Numbers:
    """Student's t with whole degrees of freedom, by its finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).

    With theta = atan(t / sqrt(free)) it is a sum of even powers of cos(theta): some ten products instead of the incomplete beta
    function, which takes forty times as long.
    """
    angle = np.arctan(standard / np.sqrt(free))
    sine, square = np.sin(angle), np.cos(angle) ** 2
    total = np.ones_like(square)
    for k in range(free - 3, 0, -2):  # Horner's way, from the last factor inwards
        total = 1 + k / (k + 1) * square * total
    if free % 2 == 0:
        return np.asarray(0.5 + sine / 2 * total)
    return np.asarray(0.5 + (angle + sine * np.cos(angle) * total * (free > 1)) / np.pi)


def _as_normal(standard: Numbers, free: float) -> Numbers:
    """Student's t as a normal deviate (Wallace 1959, Annals of Mathematical Statistics 30, 1124-1130)."""
    far = np.sqrt(free * np.log1p(standard**2 / free))
    return np.asarray(np.sign(standard) * far * (8 * free + 1) / (8 * free + 3))
