"""How sure the estimates are when the variances are not known either: averaging over what the ratings leave open.

Plug-in intervals take the fitted variances for the truth, and cover far too little when therapists are few (Kackar & Harville
1984, JASA 79, 853-862; Prasad & Rao 1990, JASA 85, 163-171). Here every set of variances that the ratings do not rule out
is weighed by its restricted likelihood and a weak prior (Kass & Steffey 1989, JASA 84, 717-726), on a few hundred points laid
where the weight is (Rue, Martino & Chopin 2009, JRSS B 71, 319-392; adaptive multiple importance sampling: Cornuet, Marin,
Mira & Robert 2012, Scand. J. Stat. 39, 798-812). The points are a fixed sequence, so that nothing here is random.

The prior of each standard deviation is half-Cauchy (Gelman 2006, Bayesian Analysis 1, 515-533) with a scale of `PRIOR_SCALE`
times that of all ratings, so that a variance fitted at zero is not taken for none; that of the residual is flat on its
logarithm, but for the weight of `RESIDUAL_WEIGHT` ratings that keeps it off zero when raters agree to the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.likelihood import MOST_COLUMNS, Nested, Solved
from flows.measure.restricted import differences, uphill

Numbers = NDArray[np.float64]
Proposal = tuple[int, Numbers, Numbers]  # how many points, their centre, and the lower triangle of their spread
PRIOR_SCALE = 0.6  # of the half-Cauchy prior of a standard deviation, relative to that of all ratings
RESIDUAL_WEIGHT = 1.0  # in ratings
RESIDUAL_FLOOR = 0.1  # their standard deviation, relative to that of all ratings
POINTS = 128  # of each round; after each the proposal is fitted anew
ROUNDS = (3, 6)  # at least, and at most
ENOUGH = 80  # effective points; rounds go on until there are so many
MANY = 3000  # ratings from which the variances are so well known that fewer points say the same:
POINTS_OF_MANY, ROUNDS_OF_MANY, ENOUGH_OF_MANY = 40, (2, 4), 30
TAIL = 5  # degrees of freedom of the proposal
LOWEST = 0.1  # relative standard deviation at which the search for the mode begins, at least
NEWTON_STEPS = 15
RANGE = (-9.0, 6.0)  # of the logarithm: beyond, nothing changes but rounding
NEAR_ENOUGH = 0.01  # gain of log density below which the mode is found: points are laid about it anyway
STEP = 0.05  # of the differences, on the logarithmic scale


@dataclass(frozen=True, slots=True)
class Posterior:
    """Sets of variances with their weights (summing to one), and what is known given each: `solved` (see `Solved`).

    `theta` (B, facets) are standard deviations relative to the residual's; `variance` (B) is the residual variance expected at
    each: given a point, an effect is Student's t about its mean with scale `sqrt(variance * unit)` and `free` degrees of freedom.
    """

    theta: Numbers
    weight: Numbers
    solved: Solved
    variance: Numbers
    free: float

    @property
    def effective_points(self) -> float:
        """How many equally weighted points these are worth (Kish)."""
        return float(1 / np.sum(self.weight**2))


def average_over_variances(design: Nested, theta: Numbers, fitted: Solved, spread_of_values: float) -> Posterior:
    """Lay points over the variances that the ratings leave open, about the fitted `theta` (solved: `fitted`), and weigh them.

    `spread_of_values` is the variance of all ratings (about their elements' means), of which the priors take their size.
    With hundreds of raters the fitted variances alone are taken: they are known then, and a point costs what a fit does.
    """
    floor = RESIDUAL_WEIGHT * RESIDUAL_FLOOR**2 * spread_of_values
    if not len(theta) or design.n_columns > MOST_COLUMNS:
        return _posterior(design, theta[None], fitted, np.ones(1), floor)
    center, spread = _mode(design, np.log(np.maximum(theta, LOWEST)), floor)
    places, weight = np.zeros((0, len(theta))), np.zeros(0)
    solved: list[Solved] = []
    proposals: list[Proposal] = []
    is_many = design.n >= MANY
    points, enough = (POINTS_OF_MANY, ENOUGH_OF_MANY) if is_many else (POINTS, ENOUGH)
    fewest, most = ROUNDS_OF_MANY if is_many else ROUNDS
    while len(solved) < fewest or (len(solved) < most and np.sum(weight**2) * enough > 1):
        proposals.append((points, center, np.asarray(np.linalg.cholesky(spread), dtype=np.float64)))
        places = np.vstack([places, _student(proposals[-1])])
        solved.append(_solve(design, places[-points:]))
        weight = _weights(design, places, solved, proposals, floor)
        center = weight @ places
        left = places - center
        spread = 1.2 * (left * weight[:, None]).T @ left + 1e-4 * np.eye(len(theta))
    return _posterior(design, _theta(places), Solved.joined(solved), weight, floor)


def _posterior(design: Nested, theta: Numbers, solved: Solved, weight: Numbers, floor: float) -> Posterior:
    free = design.n - design.n_fixed + RESIDUAL_WEIGHT
    return Posterior(theta, weight, solved, (solved.rss + floor) / free, free)


def _theta(places: Numbers) -> Numbers:
    return np.asarray(np.exp(np.clip(places, *RANGE)))


def _solve(design: Nested, places: Numbers) -> Solved:
    return design.solve(_theta(places))


def _log_density(design: Nested, place: Numbers, log_likelihood: Numbers, rss: Numbers, floor: float) -> Numbers:
    """Log density of the logarithms of theta: restricted likelihood, the residual integrated out, times the prior."""
    free = design.n - design.n_fixed
    without_residual = log_likelihood + free / 2 * np.log(rss)
    integrated = without_residual - (free + RESIDUAL_WEIGHT) / 2 * np.log(rss + floor)
    # at the residual variance expected there; `floor` holds the variance of all ratings
    residual = (rss + floor) / (free + RESIDUAL_WEIGHT)
    scale = PRIOR_SCALE**2 * floor / (RESIDUAL_WEIGHT * RESIDUAL_FLOOR**2)
    log_variance = 2 * place + np.log(residual)[:, None]
    prior = log_variance / 2 - np.log1p(np.exp(log_variance) / scale)
    return np.asarray(integrated + prior.sum(axis=1))


def _weights(
    design: Nested, places: Numbers, solved: Sequence[Solved], proposals: Sequence[Proposal], floor: float
) -> Numbers:
    """Weights of points drawn from several proposals, each held against the mixture of all (Cornuet et al. 2012)."""
    told = Solved.joined(solved)
    log_density = _log_density(design, places, told.log_likelihood, told.rss, floor)
    log_weight = log_density - _log_mixture(places, proposals)
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _log_mixture(places: Numbers, proposals: Sequence[Proposal]) -> Numbers:
    d = places.shape[1]
    parts = []
    for n, center, lower in proposals:
        left = np.linalg.solve(lower, (places - center).T)
        distance = np.sum(left**2, axis=0)
        log_size = np.log(n) - np.sum(np.log(np.diag(lower)))
        parts.append(log_size - (TAIL + d) / 2 * np.log1p(distance / TAIL))
    return np.asarray(np.logaddexp.reduce(parts, axis=0))


def _student(proposal: Proposal) -> Numbers:
    """Evenly spread points of a multivariate Student's t."""
    from scipy.special import gammaincinv, ndtri

    n, center, lower = proposal
    even = _even(n, len(center) + 1)
    chi2 = 2 * gammaincinv(TAIL / 2, even[:, -1])
    return np.asarray(center + (ndtri(even[:, :-1]) / np.sqrt(chi2 / TAIL)[:, None]) @ lower.T)


def _even(n: int, d: int) -> Numbers:
    """n points that fill the unit cube of d dimensions evenly: an additive recurrence on the generalised golden ratio.

    Niederreiter 1992, Random Number Generation and Quasi-Monte Carlo Methods, chapter 3.
    """
    golden = 1.5
    for _ in range(60):
        golden = (1 + golden) ** (1 / (d + 1))
    steps = golden ** -np.arange(1, d + 1)
    return np.asarray((0.5 + np.arange(1, n + 1)[:, None] * steps) % 1.0)


def _mode(design: Nested, place: Numbers, floor: float) -> tuple[Numbers, Numbers]:
    """The densest place on the logarithmic scale, and the inverse of the curvature there (Newton, by differences)."""

    def log_density(places: Numbers) -> Numbers:
        return _log_density(design, places, *design.log_likelihood(_theta(places)), floor)

    d = len(place)
    spread = np.eye(d)
    for _ in range(NEWTON_STEPS):
        here, slope, curvature = differences(log_density, place, STEP)
        steepness, axes = np.linalg.eigh(-curvature)
        spread = (axes / np.clip(steepness, 0.2, None)) @ axes.T
        tried = place + uphill(slope, curvature)
        found = log_density(tried)
        best = int(np.argmax(found))
        if found[best] <= here + NEAR_ENOUGH:
            break
        place = tried[best]
    return place, spread
