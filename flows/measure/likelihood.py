"""The restricted likelihood of one model of variance, at many values of its variances at once.

What makes it quick is the design: ratings lie in sessions, sessions in patients, patients in therapists, and only raters run
across. So each therapist's ratings form a block; within it, facets that lie in each other are taken out one after the other
(each adds a rank-one term: Sherman-Morrison), then rater-by-therapist, densely; what is left is one small system in the
mean and the raters. Nothing here is iterated, so a batch of variances costs little more than one.

With V = sum of theta^2 ZZ' + I, the restricted log-likelihood with the residual variance at its best is
-((n - p)(1 + log(2 pi RSS / (n - p))) + log|V| + log|X'V^-1 X|) / 2 (Bates et al. 2015, JSS 67(1), equation 42).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, SESSION, THERAPIST, Codes, levels

Numbers = NDArray[np.float64]
NESTED = (RATING, SESSION, PATIENT, THERAPIST)  # each lies in the next
CELLS = 4_000_000  # of a batch's largest array: 32 MB


@dataclass(frozen=True, slots=True)
class _Step:
    """Units of one nested facet within a block: the facet's place among the thetas, and the unit each lower unit lies in."""

    facet: int
    parent: Codes  # of each unit of the step below (of each row, for the first step)
    n_units: int


@dataclass(frozen=True, slots=True)
class _Block:
    """One therapist's ratings: columns are the fixed ones, a mark for each of her raters, and the values."""

    cross: Numbers  # columns' products over the rows
    sums: Numbers  # of each lowest unit: the columns' sums over its rows
    sizes: Numbers  # rows of each lowest unit
    steps: tuple[_Step, ...]
    at: Codes  # where the columns stand in the whole system
    n_fixed: int


@dataclass(frozen=True, slots=True)
class Solved:
    """A batch of B variances solved: what is needed to weigh them, and to tell the therapists and raters given each.

    `log_likelihood` (B), `rss` (B): at the best residual variance rss / (n - p). `fixed` (B, p) and `fixed_unit` (B) are the
    coefficients and the first one's variance over the residual's; `therapist`, `rater` (B, levels) are conditional means of
    first coefficient + therapist and of rater, `…_unit` their variances over the residual's, the fixed part's uncertainty included.
    """

    log_likelihood: Numbers
    rss: Numbers
    fixed: Numbers
    fixed_unit: Numbers
    therapist: Numbers
    therapist_unit: Numbers
    rater: Numbers
    rater_unit: Numbers

    @classmethod
    def joined(cls, parts: Sequence[Solved]) -> Solved:
        """Several batches as one."""
        names = cls.__slots__
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))  # type: ignore[attr-defined]


class Nested:
    """A design whose facets lie in each other within therapists, but for raters.

    `facets` maps names, as `flows.measure.facets.tell_apart` gives them, to levels a row. The first of `columns` is all ones.
    """

    def __init__(self, value: Numbers, facets: Mapping[str, Codes], columns: Numbers | None = None) -> None:
        n = len(value)
        fixed = np.ones((n, 1)) if columns is None else columns
        self.names = tuple(facets)
        self._middle = float(value.mean())  # taken off: else a residual near zero is lost in the rounding of large squares
        self.n, self.n_fixed = n, fixed.shape[1]
        self.therapist = _place(self.names, THERAPIST)
        self.rater, self.rater_therapist = self._raters()
        nested = [k for name in NESTED if (k := _place(self.names, name)) is not None]
        self._nested = tuple(dict.fromkeys(nested))
        rater = None if self.rater is None else facets[self.names[self.rater]]
        self.n_raters = 0 if rater is None else int(rater.max()) + 1
        top = np.zeros(n, dtype=np.int64) if self.therapist is None else facets[self.names[self.therapist]]
        self.n_therapists = 0 if self.therapist is None else int(top.max()) + 1
        order = np.argsort(top, kind="stable")
        ends = np.searchsorted(top[order], np.arange(int(top.max()) + 2))
        chain = [facets[self.names[k]] for k in self._nested]
        self._blocks = [
            self._block(rows, value - self._middle, fixed, chain, rater)
            for rows in (order[a:b] for a, b in zip(ends, ends[1:], strict=False))
        ]

    def _raters(self) -> tuple[int | None, int | None]:
        """The places of the two facets that run across; a rater facet merged with a nested one is that one."""
        names = [None if set(name.split("+")) & set(NESTED) else name for name in self.names]
        at = next((k for k, name in enumerate(names) if name and RATER in name.split("+")), None)
        return at, next((k for k, name in enumerate(names) if name == RATER_THERAPIST), None)

    def _block(
        self, rows: Codes, value: Numbers, fixed: Numbers, chain: Sequence[Codes], rater: Codes | None
    ) -> _Block:
        own, marks = (np.zeros(0, dtype=np.int64), np.zeros((len(rows), 0)))
        if rater is not None:
            own, mine = np.unique(rater[rows], return_inverse=True)
            marks = np.zeros((len(rows), len(own)))
            marks[np.arange(len(rows)), mine] = 1
        columns = np.column_stack([fixed[rows], marks, value[rows]])
        steps, units = [], np.arange(len(rows))
        for k, codes in zip(self._nested, chain, strict=True):
            first = np.unique(units, return_index=True)[1]
            parent = levels(codes[rows])
            steps.append(_Step(k, parent[first], int(parent.max()) + 1))
            units = parent
        lowest = steps[0].parent if steps else np.zeros(len(rows), dtype=np.int64)
        n_units = steps[0].n_units if steps else 1
        sums = np.zeros((n_units, columns.shape[1]))
        np.add.at(sums, lowest, columns)
        at = np.concatenate([np.arange(self.n_fixed), self.n_fixed + own, [self.n_fixed + self.n_raters]])
        sizes = np.bincount(lowest, minlength=n_units).astype(float)
        return _Block(columns.T @ columns, sums, sizes, tuple(steps), at, self.n_fixed)

    def solve(self, theta: Numbers) -> Solved:
        """Solve for B sets of standard deviations relative to the residual's (B, facets), in batches of bounded memory."""
        widest = max(block.sums.size + block.cross.size for block in self._blocks)
        size = max(1, CELLS // max(widest, (self.n_fixed + self.n_raters + 1) ** 2))
        parts = [self._solve(theta[at : at + size]) for at in range(0, len(theta), size)]
        return Solved.joined(parts)

    def _solve(self, theta: Numbers) -> Solved:
        n_columns = self.n_fixed + self.n_raters
        whole = np.zeros((len(theta), n_columns + 1, n_columns + 1))
        log_det = np.zeros(len(theta))
        rows = []
        for block in self._blocks:
            cross, added = _without_nested(block, theta)
            if self.rater_therapist is not None:
                cross, more = _without_crossed(cross, block, theta[:, self.rater_therapist])
                added = added + more
            log_det += added
            whole[:, block.at[:, None], block.at] += cross
            rows.append(cross[:, 0])
        return self._whole(theta, whole, log_det, rows)

    def _whole(self, theta: Numbers, whole: Numbers, log_det: Numbers, rows: Sequence[Numbers]) -> Solved:
        """The system that is left: fixed coefficients, and raters in units of their own standard deviation."""
        n_columns = self.n_fixed + self.n_raters
        scale = np.ones((len(theta), n_columns))
        ridge = np.zeros(n_columns)
        if self.rater is not None:
            scale[:, self.n_fixed :] = theta[:, self.rater, None]
            ridge[self.n_fixed :] = 1
        system = whole[:, :-1, :-1] * scale[:, :, None] * scale[:, None, :] + np.diag(ridge)
        right = whole[:, :-1, -1] * scale
        lower = np.linalg.cholesky(system)
        inverse = np.linalg.inv(lower)  # of a triangle of the size of the raters; L^-1 serves every variance below
        half = np.einsum("bij,bj->bi", inverse, right)
        rss = np.maximum(whole[:, -1, -1] - np.sum(half**2, axis=1), np.finfo(float).tiny)
        log_det = log_det + 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
        free = self.n - self.n_fixed
        log_likelihood = -(free * (1 + np.log(2 * np.pi * rss / free)) + log_det) / 2
        found = np.einsum("bji,bj->bi", inverse, half)
        therapist = self._therapists(theta, found, inverse, scale, rows)
        unit = np.sum(inverse**2, axis=1) * scale**2
        raters = (found * scale)[:, self.n_fixed :], unit[:, self.n_fixed :]
        fixed = found[:, : self.n_fixed].copy()
        fixed[:, 0] += self._middle
        return Solved(log_likelihood, rss, fixed, unit[:, 0], *therapist, *raters)

    def _therapists(
        self, theta: Numbers, found: Numbers, inverse: Numbers, scale: Numbers, rows: Sequence[Numbers]
    ) -> tuple[Numbers, Numbers]:
        """Mean and unit variance of first coefficient + therapist: u | w ~ theta^2 (1'V^-1 y - 1'V^-1 W w)."""
        mean, unit = np.zeros((len(theta), self.n_therapists)), np.zeros((len(theta), self.n_therapists))
        if self.therapist is None:
            return mean, unit
        ratio = theta[:, self.therapist] ** 2
        for j, (block, row) in enumerate(zip(self._blocks, rows, strict=True)):
            at = block.at[:-1]
            weight = -ratio[:, None] * row[:, :-1] * scale[:, at]
            weight[:, 0] += 1
            mean[:, j] = ratio * row[:, -1] + np.sum(weight * found[:, at], axis=1)
            spread = np.einsum("bij,bj->bi", inverse[:, :, at], weight)
            unit[:, j] = np.maximum(ratio * (1 - ratio * row[:, 0]), 0) + np.sum(spread**2, axis=1)
        return mean + self._middle, unit


def _place(names: Sequence[str], facet: str) -> int | None:
    return next((k for k, name in enumerate(names) if facet in name.split("+")), None)


def _without_nested(block: _Block, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Columns' products under V^-1 of the nested facets alone (B, m, m), and log|V| of them (B)."""
    cross = np.repeat(block.cross[None], len(theta), axis=0)
    log_det = np.zeros(len(theta))
    if not block.steps:
        return cross, log_det
    sums, sizes, log_det = _lowest(block, theta, cross)
    for step in block.steps[1:]:
        sums, sizes = _gathered(sums, step), _gathered(sizes, step)
        ratio = theta[:, step.facet, None] ** 2
        grown = 1 + sizes * ratio
        cross -= np.matmul((sums * (ratio / grown)[:, :, None]).transpose(0, 2, 1), sums)
        log_det = log_det + np.sum(np.log(grown), axis=1)
        sums, sizes = sums / grown[:, :, None], sizes / grown
    return cross, log_det


def _lowest(block: _Block, theta: Numbers, cross: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Take the lowest facet out of `cross`; its units of one size share their weight, so products are summed once a size."""
    ratio = theta[:, block.steps[0].facet] ** 2
    log_det = np.zeros(len(theta))
    for size in np.unique(block.sizes):
        own = block.sums[block.sizes == size]
        grown = 1 + size * ratio
        cross -= (ratio / grown)[:, None, None] * (own.T @ own)
        log_det += len(own) * np.log(grown)
    grown = 1 + block.sizes * ratio[:, None]
    if len(block.steps) == 1:  # nothing lies above: the sums are not needed again
        return np.zeros((len(theta), 0, 0)), np.zeros((len(theta), 0)), log_det
    return block.sums / grown[:, :, None], block.sizes / grown, log_det


def _gathered(units: Numbers, step: _Step) -> Numbers:
    """Sum lower units (B, units, …) into the units they lie in."""
    if step.n_units == 1:
        return units.sum(axis=1, keepdims=True)
    together = np.zeros((len(units), step.n_units, *units.shape[2:]))
    np.add.at(together, (slice(None), step.parent), units)
    return together


def _without_crossed(cross: Numbers, block: _Block, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Take rater-by-therapist out: V + theta^2 ZZ', with Z the raters' marks (Woodbury)."""
    raters = slice(block.n_fixed, cross.shape[1] - 1)
    ratio = theta[:, None, None] ** 2
    inner = np.eye(raters.stop - raters.start) + ratio * cross[:, raters, raters]
    lower = np.linalg.cholesky(inner)
    half = np.linalg.solve(lower, cross[:, raters, :])
    log_det = 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
    return cross - ratio * np.matmul(half.transpose(0, 2, 1), half), log_det
