"""The model of variance once more, slowly and plainly: whole matrices, textbook formulas, a general optimiser.

Searle, Casella & McCulloch 1992, Variance Components: the restricted likelihood in section 6.6, prediction in 7.3.
A facet is levels, one a row, or a whole matrix Z of weights, rows by levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Numbers = NDArray[np.float64]


def marks(facet: NDArray[Any]) -> Numbers:
    """Z: a column for each level."""
    return facet if facet.ndim == 2 else (facet[:, None] == np.arange(facet.max() + 1)).astype(float)


def covariance(variances: Numbers, facets: Mapping[str, NDArray[Any]], n: int) -> Numbers:
    """V, from the variances of the facets and, last, of the residual."""
    whole = variances[-1] * np.eye(n)
    for variance, facet in zip(variances, facets.values(), strict=False):
        whole += variance * marks(facet) @ marks(facet).T
    return whole


def restricted(variances: Numbers, value: Numbers, facets: Mapping[str, NDArray[Any]], fixed: Numbers) -> float:
    """The restricted log-likelihood."""
    v = covariance(variances, facets, len(value))
    inverse = np.linalg.inv(v)
    information = fixed.T @ inverse @ fixed
    left = value - fixed @ np.linalg.solve(information, fixed.T @ inverse @ value)
    free = len(value) - fixed.shape[1]
    log_dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(-(free * np.log(2 * np.pi) + log_dets + left @ inverse @ left) / 2)


def reml(value: Numbers, facets: Mapping[str, NDArray[Any]], fixed: Numbers) -> Numbers:
    """Variances (facets, residual) of highest restricted likelihood, from three starts."""
    scale = float(np.var(value))
    found = [
        minimize(
            lambda x: -restricted(scale * x, value, facets, fixed), np.full(len(facets) + 1, start), method="L-BFGS-B",
            bounds=[*([(0.0, None)] * len(facets)), (1e-4, None)], options={"ftol": 1e-14, "gtol": 1e-8},
        )
        for start in (0.1, 0.4, 1.0)
    ]  # fmt: skip
    return np.asarray(min(found, key=lambda one: float(one.fun)).x * scale)


def predicted(
    variances: Numbers, value: Numbers, facets: Mapping[str, NDArray[Any]], fixed: Numbers, facet: str
) -> tuple[Numbers, Numbers, Numbers]:
    """First coefficient + effect of each level of a facet, the variance of its error, and the effect's own error variance."""
    inverse = np.linalg.inv(covariance(variances, facets, len(value)))
    information = np.linalg.inv(fixed.T @ inverse @ fixed)
    beta = information @ fixed.T @ inverse @ value
    variance = variances[list(facets).index(facet)]
    z = marks(facets[facet])
    weight = variance * z.T @ inverse
    effect = weight @ (value - fixed @ beta)
    first = np.zeros((len(effect), fixed.shape[1]))
    first[:, 0] = 1
    known = variance - np.einsum("ij,ji->i", weight, z * variance)
    whole, alone = first - weight @ fixed, -weight @ fixed
    return (
        beta[0] + effect,
        known + np.einsum("ij,jk,ik->i", whole, information, whole),
        known + np.einsum("ij,jk,ik->i", alone, information, alone),
    )


def slope(
    variances: Numbers, value: Numbers, facets: Mapping[str, NDArray[Any]], fixed: Numbers, time: Numbers
) -> tuple[float, float]:
    """The coefficient of one more column and its variance, by generalised least squares (section 7.4); `fixed` may lack rank."""
    inverse = np.linalg.inv(covariance(variances, facets, len(value)))
    columns = np.column_stack([fixed, time])
    information = np.linalg.pinv(columns.T @ inverse @ columns)
    return float((information @ columns.T @ inverse @ value)[-1]), float(information[-1, -1])
