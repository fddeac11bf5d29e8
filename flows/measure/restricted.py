"""The variances of highest restricted likelihood (REML), found on the likelihood of `flows.measure.likelihood`.

For designs too small to be worth `mixedlm`'s imports, and for domains, whose ratings are many times as many. Tests hold its
answers against `mixedlm`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from flows.measure.likelihood import Nested

Numbers = NDArray[np.float64]
FIRST = (0.2, 0.8)  # standard deviations, relative to the residual's, from whose grid the search begins
AGAIN = (0.03, 0.1, 0.3, 1.0)  # of the largest: where a facet taken for none is tried once more
NEAR_ZERO = 0.02  # where a standard deviation on its way down is held against none at all
SETTLED = 1e-10  # gain in log-likelihood below which the search ends
NEWTON_STEPS = 40
STEP = 0.01
DAMPING = (1e-9, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
FURTHEST = 2.0  # on the logarithmic scale
LOGLIK = Callable[[Numbers], Numbers]


def restricted_mode(design: Nested) -> Numbers:
    """Relative standard deviations (facets) at which the restricted likelihood is highest; exactly 0 at the edge."""
    n_facets = len(design.names)
    theta = np.zeros(n_facets)
    if not n_facets:
        return theta
    grid = np.array(list(product(FIRST, repeat=n_facets)))
    theta = grid[int(np.argmax(design.log_likelihood(grid)[0]))]
    is_live = np.ones(n_facets, dtype=bool)
    patience = NEAR_ZERO
    for _ in range(4 * n_facets + 1):
        theta = _climb(design, theta, is_live, patience)
        edge = _at_edge(design, theta, is_live)
        if edge is not None:
            theta[edge], is_live[edge] = 0.0, False
        elif patience and theta[is_live].min(initial=1.0) < patience:
            patience = 0.0  # small, and yet not nothing: go all the way
        elif not _revived(design, theta, is_live):
            break
    return theta


def _revived(design: Nested, theta: Numbers, is_live: NDArray[np.bool_]) -> bool:
    """Bring a facet back whose variance was taken for zero before the others had settled: with some, the likelihood is higher."""
    dead = np.flatnonzero(~is_live)
    sizes = max(1.0, float(theta.max())) * np.array(AGAIN)
    tried = np.repeat(theta[None], len(dead) * len(sizes) + 1, axis=0)
    tried[np.arange(len(tried) - 1), np.repeat(dead, len(sizes))] = np.tile(sizes, len(dead))
    found = design.log_likelihood(tried)[0]
    best = int(np.argmax(found))
    if found[best] <= found[-1] + SETTLED:
        return False
    k = int(np.repeat(dead, len(sizes))[best])
    theta[k], is_live[k] = tried[best, k], True
    return True


def _at_edge(design: Nested, theta: Numbers, is_live: NDArray[np.bool_]) -> int | None:
    """A facet whose variance may as well be zero: the likelihood does not fall when it is."""
    live = np.flatnonzero(is_live)
    without = np.repeat(theta[None], len(live) + 1, axis=0)
    without[np.arange(len(live)), live] = 0.0
    found = design.log_likelihood(without)[0]
    lost = found[-1] - found[:-1]
    if not len(live) or float(lost.min()) > SETTLED:
        return None
    return int(live[int(np.argmin(lost))])


def _climb(design: Nested, theta: Numbers, is_live: NDArray[np.bool_], patience: float) -> Numbers:
    """Newton's way up from theta on the logarithms of the live facets, until one of them falls below `patience`."""
    live = np.flatnonzero(is_live)
    if not len(live):
        return theta

    def log_likelihood(places: Numbers) -> Numbers:
        tried = np.repeat(theta[None], len(places), axis=0)
        tried[:, live] = np.exp(np.clip(places, -12, 12))
        return design.log_likelihood(tried)[0]

    place = np.log(theta[live])
    for _ in range(NEWTON_STEPS):
        here, slope, curvature = differences(log_likelihood, place, STEP)
        tried = place + uphill(slope, curvature)
        found = log_likelihood(tried)
        best = int(np.argmax(found))
        if found[best] > here:
            place = tried[best]
        if found[best] <= here + SETTLED or np.exp(place.min()) < patience:
            break
    climbed = theta.copy()
    climbed[live] = np.exp(place)
    return climbed


def uphill(slope: Numbers, curvature: Numbers) -> Numbers:
    """Steps to try, from Newton's to short ones along the slope (Levenberg 1944, Quarterly of Applied Mathematics 2, 164-168).

    None is longer than `FURTHEST`; each as a whole, for a step cut short in some directions alone may lead down.
    """
    steepness, axes = np.linalg.eigh(-curvature)
    along = axes.T @ slope
    steps = np.array([axes @ (along / (np.abs(steepness) + damping)) for damping in DAMPING])
    longest = np.abs(steps).max(axis=1, keepdims=True)
    return np.asarray(steps * np.minimum(1.0, FURTHEST / np.maximum(longest, 1e-300)))


def differences(value_at: LOGLIK, place: Numbers, step: float) -> tuple[float, Numbers, Numbers]:
    """Value, gradient (of fourth order) and curvature of a function at a place, by central differences, in one batch."""
    d = len(place)
    unit = np.eye(d) * step
    pairs = [(a, b) for a in range(d) for b in range(a)]
    crosses = np.array([unit[a] + unit[b] for a, b in pairs]).reshape(-1, d)
    found = value_at(place + np.vstack([np.zeros((1, d)), unit, -unit, 2 * unit, -2 * unit, crosses, -crosses]))
    here, (up, down, far_up, far_down) = float(found[0]), found[1 : 4 * d + 1].reshape(4, d)
    both = found[4 * d + 1 :]
    curvature = np.diag((up - 2 * here + down) / step**2)
    for (a, b), more, less in zip(pairs, both[: len(pairs)], both[len(pairs) :], strict=True):
        together = (more + less - 2 * here) / step**2
        curvature[a, b] = curvature[b, a] = (together - curvature[a, a] - curvature[b, b]) / 2
    return here, (8 * (up - down) - (far_up - far_down)) / (12 * step), curvature
