"""One model of variance: a mean, an independent normal effect for each level of each facet, and a residual, by REML.

The estimates are those of lme4 (Bates, Mächler, Bolker & Walker 2015, Journal of Statistical Software 67(1)), by `mixedlm`,
which reproduces its published fits. What needs no fitting is answered here, and `mixedlm` (and the pandas it brings, two
seconds of imports) is not touched then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import RESIDUAL, Codes

Numbers = NDArray[np.float64]
# lme4's own word for a fit at the edge: a standard deviation, relative to the residual's, below this (isSingular).
SINGULAR = 1e-4
ALL_EQUAL = 1e-12  # ratings that differ by less than this, relative to their size, differ by rounding alone


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model. Variances are in squared points of the scale, effects and means in points.

    `components` holds each facet's variance, the residual's last; `n_levels` their numbers of levels, the residual's being
    the number of rows. `fixed` are the coefficients of the fixed columns, of which `mean` is the first (the only one unless
    columns were given). `log_likelihood` is the restricted one, null when nothing was fitted.
    `notes` are `word: facet`, with the words of `schemas.codes.ModelNote`.
    """

    components: Mapping[str, float]
    n_levels: Mapping[str, int]
    fixed: Numbers
    log_likelihood: float | None
    notes: tuple[str, ...]
    facets: Mapping[str, Codes] = field(repr=False)
    columns: Numbers = field(repr=False)
    value: Numbers = field(repr=False)

    @property
    def mean(self) -> float:
        """The estimated mean, over therapists, patients, sessions and raters such as these."""
        return float(self.fixed[0])

    @property
    def mean_se(self) -> float:
        """Its standard error, variances taken as known; worked out when asked for."""
        if self.components[self.residual] <= 0:
            return 0.0
        unit = _equations(self)[0](np.eye(_n_equations(self), 1))
        return float(np.sqrt(unit[0, 0] * self.components[self.residual]))

    @property
    def residual(self) -> str:
        """What the residual is called in this design."""
        return list(self.components)[-1]

    def share(self, facet: str) -> float | None:
        """A facet's share of the variance of one rating; null when there is none."""
        total = sum(self.components.values())
        return self.components[facet] / total if total > 0 else None

    def is_singular(self, facet: str) -> bool:
        """Whether the facet's variance was fitted at zero."""
        return self.components[facet] <= SINGULAR**2 * self.components[self.residual]


@dataclass(frozen=True, slots=True)
class Effects:
    """The levels of one facet: conditional means, prediction error variances, and covariances of the error with the mean.

    The prediction error variance is var(effect - conditional mean), the uncertainty of the fixed part included and
    variances taken as known (Henderson 1975, Biometrics 31, 423-447); that of mean + effect is
    `pev + 2 * with_mean + mean_se ** 2`.
    """

    mean: Numbers
    pev: Numbers
    with_mean: Numbers


def fit(value: Numbers, facets: Mapping[str, Codes], residual: str = RESIDUAL, columns: Numbers | None = None) -> Fit:
    """Fit values (one a row) with independent normal effects for the levels (0, 1, …, one a row) of each facet, by REML.

    Facets must be such as the design can tell apart (`flows.measure.facets.tell_apart`). `columns` are fixed effects, rows by
    columns of full rank; without them there is a mean alone. Facets may have any names.

    Raises:
        ValueError: there is no row.
    """
    n = len(value)
    if n == 0:
        raise ValueError("There is no rating to fit.")
    value, fixed = np.asarray(value, dtype=np.float64), np.ones((n, 1)) if columns is None else columns
    start = np.asarray(np.linalg.lstsq(fixed, value, rcond=None)[0], dtype=np.float64)
    left = value - fixed @ start
    free = n - fixed.shape[1]
    if free < 1 or float(np.abs(left).max()) <= ALL_EQUAL * max(1.0, float(np.abs(value).max())):
        note = "one_rating" if free < 1 else "all_equal"
        return _fitted(value, facets, residual, fixed, start, np.zeros(len(facets) + 1), None, (f"{note}: {residual}",))
    if not facets:
        variance = float(left @ left) / free
        return _fitted(value, facets, residual, fixed, start, np.array([variance]), None, ())
    return _by_reml(value, facets, residual, fixed)


def conditional_means(fitted: Fit, facet: str) -> Effects:
    """The levels of a facet, given the ratings and the fitted variances: from Henderson's mixed model equations, sparse.

    Memory and time grow with the number of levels of the facet asked for times the rows; for therapists and raters together with
    the uncertainty of the variances see `flows.measure.uncertainty`.
    """
    n_levels = fitted.n_levels[facet]
    error = fitted.components[fitted.residual]
    if error <= 0 or fitted.is_singular(facet):
        zeros = np.zeros(n_levels)
        return Effects(zeros, zeros.copy(), zeros.copy())
    return _solve(fitted, facet)


def _by_reml(value: Numbers, facets: Mapping[str, Codes], residual: str, fixed: Numbers) -> Fit:
    from mixedlm.estimation.reml import LMMOptimizer
    from mixedlm.matrices.design import ModelMatrices, RandomEffectStructure

    n, blocks, structures = len(value), incidence(facets), []
    for name, codes in facets.items():
        n_levels = int(codes.max()) + 1
        structures.append(
            RandomEffectStructure(name, ["(Intercept)"], n_levels, 1, True, {}, level_indices=codes.astype(np.int32))
        )
    matrices = ModelMatrices(
        y=value, X=fixed, Z=blocks, fixed_names=[str(k) for k in range(fixed.shape[1])], random_structures=structures,
        n_obs=n, n_fixed=fixed.shape[1], n_random=blocks.shape[1], weights=np.ones(n), offset=np.zeros(n),
    )  # fmt: skip
    found = LMMOptimizer(matrices).optimize(method="auto", options={"maxiter": 1000})
    theta = np.asarray(found.theta)
    variances = np.append(np.where(theta < SINGULAR, 0.0, theta**2), 1.0) * found.sigma**2
    notes = tuple(f"singular: {name}" for name, theta in zip(facets, found.theta, strict=True) if theta < SINGULAR)
    notes += () if found.converged else (f"not_converged: {residual}",)
    return _fitted(value, facets, residual, fixed, np.asarray(found.beta), variances, -found.deviance / 2, notes)


def incidence(facets: Mapping[str, Codes]) -> Any:
    """The sparse matrix of 0 and 1 with a column for every level of every facet, facet after facet."""
    from scipy import sparse

    rows = np.arange(len(next(iter(facets.values()))))
    ones = np.ones(len(rows))
    return sparse.hstack(
        [
            sparse.csc_matrix((ones, (rows, codes)), shape=(len(rows), int(codes.max()) + 1))
            for codes in facets.values()
        ],
        format="csc",
    )


def _fitted(
    value: Numbers,
    facets: Mapping[str, Codes],
    residual: str,
    columns: Numbers,
    fixed: Numbers,
    variances: Numbers,
    log_likelihood: float | None,
    notes: tuple[str, ...],
) -> Fit:
    components = {name: float(v) for name, v in zip((*facets, residual), variances, strict=True)}
    n_levels = {name: int(codes.max()) + 1 for name, codes in facets.items()} | {residual: len(value)}
    return Fit(components, n_levels, fixed, log_likelihood, notes, facets, columns, value)


def _solve(fitted: Fit, facet: str) -> Effects:
    """Conditional means and the columns of the inverse of Henderson's equations that belong to one facet."""
    solve, right, first = _equations(fitted)
    n_levels, size = fitted.n_levels[facet], _n_equations(fitted)
    at = first[facet]
    mean, pev, with_mean = solve(right[:, None])[at : at + n_levels, 0], np.empty(n_levels), np.empty(n_levels)
    for begin in range(0, n_levels, 256):
        some = np.arange(begin, min(begin + 256, n_levels))
        unit = np.zeros((size, len(some)))
        unit[at + some, np.arange(len(some))] = 1
        inverse = solve(unit) * fitted.components[fitted.residual]
        pev[some], with_mean[some] = inverse[at + some, np.arange(len(some))], inverse[0]
    return Effects(mean, pev, with_mean)


def _equations(fitted: Fit) -> tuple[Callable[[Numbers], Numbers], Numbers, Mapping[str, int]]:
    """Henderson's equations factored: how to solve them, their right-hand side, and where each facet's levels begin."""
    from scipy import sparse
    from scipy.sparse.linalg import splu

    error, live = fitted.components[fitted.residual], _live(fitted)
    blocks, ridge, first, at = [sparse.csc_matrix(fitted.columns)], [np.zeros(len(fitted.fixed))], {}, len(fitted.fixed)
    for name, codes in live.items():
        blocks.append(incidence({name: codes}))
        ridge.append(np.full(fitted.n_levels[name], error / fitted.components[name]))
        first[name] = at
        at += fitted.n_levels[name]
    design = sparse.hstack(blocks, format="csc")
    system = (design.T @ design + sparse.diags(np.concatenate(ridge))).tocsc()
    factor = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return factor.solve, np.asarray(design.T @ fitted.value), first


def _live(fitted: Fit) -> Mapping[str, Codes]:
    return {name: codes for name, codes in fitted.facets.items() if not fitted.is_singular(name)}


def _n_equations(fitted: Fit) -> int:
    return len(fitted.fixed) + sum(fitted.n_levels[name] for name in _live(fitted))
