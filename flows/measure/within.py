"""Raters held against each other within the sessions they share: what is left when each session's own level is taken out.

Belongs here: the least-squares comparison of raters (or of raters before and since a date) by sessions in common. Which
session a rater was sent, and whose it was, cannot move it: every session is compared with itself alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flows.measure.agreement import Codes, Numbers

_DENSE = 1_000_000  # cells of a table of sessions by levels that is cheaper whole than sparse
ZERO = 1e-9  # an eigenvalue below this, relative to the largest, is a direction in which nobody was compared


@dataclass(frozen=True)
class Within:
    """Levels (raters) compared within sessions.

    `information` is the matrix C of the reduced normal equations (John & Williams 1995, Cyclic and Computer Generated Designs,
    section 1.6): effects have the covariance C⁺ times the residual variance. `residual_ss` and `residual_df` are the
    sum of squares and degrees of freedom left within sessions.
    """

    information: Numbers
    totals: Numbers
    residual_ss: float
    residual_df: int

    @cached_property
    def eigen(self) -> tuple[Numbers, Numbers]:
        """Eigenvalues (positive ones only) and eigenvectors (columns) of the information, in ascending order."""
        found, vectors = np.linalg.eigh(self.information)
        seen = found > ZERO * max(1.0, float(found.max(initial=0)))
        return found[seen], vectors[:, seen]

    @cached_property
    def projected(self) -> Numbers:
        """Least-squares coordinates of the effects along the eigenvectors: independent, variance residual / eigenvalue."""
        values, vectors = self.eigen
        return np.asarray(vectors.T @ self.totals / values)

    @cached_property
    def effect(self) -> Numbers:
        """Least-squares effect of each level, in points; they sum to zero within each connected group."""
        return np.asarray(self.eigen[1] @ self.projected)

    @cached_property
    def covariance(self) -> Numbers:
        """Covariance of the effects for a residual variance of 1 (the Moore-Penrose inverse of the information)."""
        values, vectors = self.eigen
        return np.asarray(vectors / values @ vectors.T)

    @property
    def residual_variance(self) -> float | None:
        """Variance within sessions once the levels' effects are taken out; None without degrees of freedom."""
        return self.residual_ss / self.residual_df if self.residual_df > 0 else None


def compare_within(session: Codes, level: Codes, value: Numbers, n_levels: int) -> Within:
    """Compare levels (0 … n_levels - 1) within sessions, one entry a rating; sessions with one rating say nothing here."""
    n_of = np.bincount(session)
    mean = np.bincount(session, weights=value) / np.maximum(n_of, 1)
    apart = value - mean[session]
    totals = np.asarray(np.bincount(level, weights=apart, minlength=n_levels), dtype=np.float64)
    information = np.diag(np.bincount(level, minlength=n_levels).astype(np.float64)) - _together(
        session, level, n_levels
    )
    whole = Within(information, totals, 0.0, 0)
    explained = float(totals @ whole.effect)
    df = len(value) - len(np.unique(session)) - len(whole.eigen[0])
    rest = max(float(apart @ apart) - explained, 0.0) if df > 0 else 0.0
    done = Within(information, totals, rest, df)
    done.__dict__.update(
        whole.__dict__ | {"residual_ss": rest, "residual_df": df}
    )  # what was solved is not solved twice
    return done


def _together(session: Codes, level: Codes, n_levels: int) -> Numbers:
    """For each two levels, the sum over sessions of (ratings of the one) x (ratings of the other) / (ratings)."""
    n_of = np.maximum(np.bincount(session), 1).astype(np.float64)
    if len(n_of) * n_levels <= _DENSE:
        counts = np.zeros((len(n_of), n_levels))
        np.add.at(counts, (session, level), 1.0)
        return np.asarray(counts.T @ (counts / n_of[:, None]))
    from scipy import sparse

    sparsely = sparse.csr_matrix((np.ones(len(level)), (session, level)), shape=(len(n_of), n_levels))
    return np.asarray((sparsely.T @ sparse.diags(1 / n_of) @ sparsely).todense())


def connected(information: Numbers) -> Codes:
    """The connected group of each level: levels are joined by sessions in common, directly or through others."""
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(np.abs(information) > ZERO, directed=False)[1]).astype(np.int64)
