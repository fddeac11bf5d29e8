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

from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, SESSION, THERAPIST, Codes

Numbers = NDArray[np.float64]
NESTED = (RATING, SESSION, PATIENT, THERAPIST)  # each lies in the next
CELLS = 4_000_000  # of a batch's largest array: 32 MB
MOST_COLUMNS = 400  # raters (and elements) beyond which a system is solved once, not once a therapist or point


@dataclass(frozen=True, slots=True)
class _Step:
    """A nested facet within a block: its place among the thetas, and at which unit of the facet below each of its own begins."""

    facet: int
    begins: Codes


@dataclass(frozen=True, slots=True)
class Block:
    """One therapist's ratings: columns are the fixed ones, a mark for each of her raters, and the values."""

    cross: Numbers  # columns' products over the rows
    sums: Numbers  # of each unit of the lowest nested facet: the columns' sums over its rows
    sizes: Numbers  # rows of each of these units
    lowest: int | None  # place of that facet among the thetas
    steps: tuple[_Step, ...]  # the nested facets above it
    at: Codes  # where the columns stand in the whole system; the values are its last column
    n_fixed: int


@dataclass(frozen=True, slots=True)
class OfTherapist:
    """What a block says of a therapist with the mark (or weights) z: z'V^-1 of its columns, and z'V^-1 z, for B variances."""

    level: int
    at: Codes  # where the columns stand in the whole system, but for the values
    row: Numbers
    own: Numbers


@dataclass(frozen=True, slots=True)
class Solved:
    """A batch of B variances solved: what is needed to weigh them, and to tell the therapists and raters given each.

    `log_likelihood` (B), `rss` (B): at the best residual variance rss / (n - p). `fixed` (B, p) and `fixed_unit` (B) are the
    coefficients and the first one's variance over the residual's; `therapist`, `rater` (B, levels) are conditional means of
    first coefficient + therapist and of rater, `…_unit` their variances over the residual's, the fixed part's included.
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
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Nested:
    """A design whose facets lie in each other within therapists, but for raters.

    `facets` maps names, as `flows.measure.facets.tell_apart` gives them, to levels a row. The first of `columns` is all ones.
    """

    def __init__(self, value: Numbers, facets: Mapping[str, Codes], columns: Numbers | None = None) -> None:
        n = len(value)
        fixed = np.ones((n, 1)) if columns is None else columns
        self.names = tuple(facets)
        self._middle = float(
            value.mean()
        )  # taken off: else a residual near zero is lost in the rounding of large squares
        self.n, self.n_fixed = n, fixed.shape[1]
        self.therapist = _place(self.names, THERAPIST)
        self.rater, self.rater_therapist = self._raters()
        nested = [k for name in NESTED if (k := _place(self.names, name)) is not None]
        self._nested = tuple(dict.fromkeys(nested))
        rater = None if self.rater is None else facets[self.names[self.rater]]
        self.n_raters = 0 if rater is None else int(rater.max()) + 1
        top = self._tops(facets)
        self.n_therapists = 0 if self.therapist is None else int(top.max()) + 1
        order = np.argsort(top, kind="stable")
        begins = np.searchsorted(top[order], np.arange(int(top.max()) + 1))
        chain = [facets[self.names[k]] for k in self._nested]
        self._given, self._fixed = (value - self._middle, chain, rater), fixed
        self._blocks = [self._first_block(rows) for rows in np.split(order, begins[1:])]

    @property
    def n_columns(self) -> int:
        """The unknowns of the largest system that is solved densely."""
        return int(self.n_fixed + self.n_raters)

    def _tops(self, facets: Mapping[str, Codes]) -> Codes:
        """The block of each row: its therapist's."""
        return np.zeros(self.n, dtype=np.int64) if self.therapist is None else facets[self.names[self.therapist]]

    def _first_block(self, rows: Codes) -> Block:
        """The block of some rows, with every facet that is taken out in it."""
        return self._block(rows, self._fixed[rows], np.arange(self.n_fixed), self._nested)

    def _raters(self) -> tuple[int | None, int | None]:
        """The places of the two facets that run across; a rater facet merged with a nested one is that one."""
        names = [None if set(name.split("+")) & set(NESTED) else name for name in self.names]
        at = next((k for k, name in enumerate(names) if name and RATER in name.split("+")), None)
        return at, next((k for k, name in enumerate(names) if name == RATER_THERAPIST), None)

    def _block(self, rows: Codes, fixed: Numbers, places: Codes, nested: Sequence[int]) -> Block:
        """The block of some rows: its fixed columns, where they stand in the whole system, and which nested facets it has."""
        value, chain, rater = self._given
        inner = [chain[self._nested.index(k)] for k in nested]
        if inner:  # units of every facet become runs of rows
            order = np.lexsort([codes[rows] for codes in inner])
            rows, fixed = rows[order], fixed[order]
        own, marks = (np.zeros(0, dtype=np.int64), np.zeros((len(rows), 0)))
        if rater is not None:
            own, mine = np.unique(rater[rows], return_inverse=True)
            marks = np.zeros((len(rows), len(own)))
            marks[np.arange(len(rows)), mine] = 1
        columns = np.column_stack([fixed, marks, value[rows]])
        begins = [np.flatnonzero(np.diff(codes[rows], prepend=-1)) for codes in inner] or [np.zeros(1, dtype=np.int64)]
        steps = tuple(
            _Step(k, np.searchsorted(lower, upper))
            for k, lower, upper in zip(nested[1:], begins, begins[1:], strict=False)
        )
        sums = np.add.reduceat(columns, begins[0], axis=0)
        sizes = np.diff(begins[0], append=len(rows)).astype(float)
        at = np.concatenate([places, self.n_fixed + own, [-1]])
        return Block(columns.T @ columns, sums, sizes, nested[0] if inner else None, steps, at, fixed.shape[1])

    def solve(self, theta: Numbers) -> Solved:
        """Solve for B sets of standard deviations relative to the residual's (B, facets), in batches of bounded memory."""
        widest = max(block.sums.size + block.cross.size for block in self._blocks)
        size = max(1, CELLS // max(widest, (self.n_fixed + self.n_raters + 1) ** 2))
        parts = [self._solve(theta[at : at + size]) for at in range(0, len(theta), size)]
        return Solved.joined(parts)

    def slopes(
        self, theta: Numbers, cases: Mapping[int, tuple[Codes, Numbers]]
    ) -> Mapping[int, tuple[Numbers, Numbers]]:
        """The slope of some therapists on a time of their own, given each of B variances: its mean and unit variance (B).

        A case is a therapist's level with her rows and their times. She has a level of her own instead of mean and effect;
        everyone else's ratings still say how severe her raters are, unless raters are too many for that (`MOST_COLUMNS`).
        """
        if not cases:
            return {}
        whole = self._sum(theta)[0] if self.n_fixed + self.n_raters <= MOST_COLUMNS else np.zeros(0)
        return {j: self._slope(theta, whole, j, rows, time) for j, (rows, time) in cases.items()}

    def _slope(self, theta: Numbers, whole: Numbers, j: int, rows: Codes, time: Numbers) -> tuple[Numbers, Numbers]:
        n_columns = self.n_fixed + self.n_raters
        places = np.concatenate([[n_columns], np.arange(1, self.n_fixed), [n_columns + 1]])
        nested = [k for k in self._nested if k != self.therapist]
        own = self._block(rows, np.column_stack([self._fixed[rows], time]), places, nested)
        return self._slope_with(theta, whole, j, own)

    def _slope_with(self, theta: Numbers, whole: Numbers, number: int, own: Block) -> tuple[Numbers, Numbers]:
        """The slope when a block's ratings are told by `own`, whose level and time have the two places after the raters."""
        n_columns = self.n_fixed + self.n_raters
        system = np.zeros((len(theta), n_columns + 3, n_columns + 3))
        among = np.append(np.arange(n_columns), n_columns + 2)
        is_alone = self.n_therapists < 2 or n_columns > MOST_COLUMNS
        if not is_alone:
            first = self._blocks[number]
            system[:, among[:, None], among] = whole
            before = np.where(first.at < 0, n_columns + 2, first.at)
            system[:, before[:, None], before] -= self._cleared(first, theta)[0]
        after = np.where(own.at < 0, n_columns + 2, own.at)
        system[:, after[:, None], after] += self._cleared(own, theta)[0]
        kept = np.sort(after) if is_alone else np.union1d(np.arange(n_columns), after)
        scale, ridge = np.ones((len(theta), n_columns + 2)), np.zeros(n_columns + 2)
        if self.rater is not None:
            raters = slice(self.n_fixed, n_columns)
            scale[:, raters], ridge[raters] = theta[:, self.rater, None], 1
        system, scale, ridge = system[:, kept[:, None], kept], scale[:, kept[:-1]], ridge[kept[:-1]]
        inverse = np.linalg.inv(system[:, :-1, :-1] * scale[:, :, None] * scale[:, None, :] + np.diag(ridge))
        mean = np.einsum("bj,bj->b", inverse[:, -1], system[:, :-1, -1] * scale)
        return mean, inverse[:, -1, -1]

    def _cleared(self, block: Block, theta: Numbers) -> tuple[Numbers, Numbers]:
        """A block's columns' products under V^-1 of everything but the raters' severity, and log|V|."""
        cross, log_det = without_nested(block, theta)
        if self.rater_therapist is not None:
            cross, more = _without_crossed(cross, block, theta[:, self.rater_therapist])
            log_det = log_det + more
        return cross, log_det

    def _taken_in(self, number: int, block: Block, theta: Numbers) -> tuple[Numbers, Numbers, list[OfTherapist]]:
        """A block cleared, and what it says of its therapists: her mark is the first column, in which all is one."""
        cross, log_det = self._cleared(block, theta)
        return cross, log_det, [OfTherapist(number, block.at[:-1], cross[:, 0], cross[:, 0, 0])]

    def _sum(self, theta: Numbers) -> tuple[Numbers, Numbers, list[OfTherapist]]:
        """The whole system before the raters' severity is taken in, log|V| so far, and what is said of each therapist."""
        n_columns = self.n_fixed + self.n_raters
        whole, log_det = np.zeros((len(theta), n_columns + 1, n_columns + 1)), np.zeros(len(theta))
        told: list[OfTherapist] = []
        for number, block in enumerate(self._blocks):
            cross, added, of_therapists = self._taken_in(number, block, theta)
            log_det += added
            whole[:, block.at[:, None], block.at] += cross
            told += of_therapists
        return whole, log_det, told

    def solve_one(self, theta: Numbers) -> tuple[Solved, Numbers]:
        """One set of variances (facets) solved, and each therapist's prediction error variance over the residual's."""
        whole, log_det, told = self._sum(theta[None])
        left = _factored(self, theta[None], whole)
        alone = self._therapists(theta[None], left, told, of_mean=0.0)[1][0]
        return self._told(theta[None], left, log_det, told), alone

    def _solve(self, theta: Numbers) -> Solved:
        whole, log_det, told = self._sum(theta)
        return self._told(theta, _factored(self, theta, whole), log_det, told)

    def _told(self, theta: Numbers, left: Factored, log_det: Numbers, told: Sequence[OfTherapist]) -> Solved:
        free = self.n - self.n_fixed
        log_likelihood = -(free * (1 + np.log(2 * np.pi * left.rss / free)) + log_det + left.log_det) / 2
        unit = np.sum(left.inverse**2, axis=1) * left.scale**2
        fixed = left.found[:, : self.n_fixed].copy()
        fixed[:, 0] += self._middle
        mean, spread = self._therapists(theta, left, told, of_mean=1.0)
        raters = (left.found * left.scale)[:, self.n_fixed :], unit[:, self.n_fixed :]
        return Solved(log_likelihood, left.rss, fixed, unit[:, 0], mean + self._middle, spread, *raters)

    def _therapists(
        self, theta: Numbers, left: Factored, told: Sequence[OfTherapist], of_mean: float
    ) -> tuple[Numbers, Numbers]:
        """Mean and unit variance of `of_mean` times the first coefficient + therapist: u | w ~ theta^2 z'V^-1 (y - W w)."""
        mean, unit = np.zeros((len(theta), self.n_therapists)), np.zeros((len(theta), self.n_therapists))
        if self.therapist is None:
            return mean, unit
        ratio = theta[:, self.therapist] ** 2
        for her in told:
            weight = -ratio[:, None] * her.row[:, :-1] * left.scale[:, her.at]
            weight[:, 0] += of_mean
            mean[:, her.level] = ratio * her.row[:, -1] + np.sum(weight * left.found[:, her.at], axis=1)
            spread = np.einsum("bij,bj->bi", left.inverse[:, :, her.at], weight)
            unit[:, her.level] = np.maximum(ratio * (1 - ratio * her.own), 0) + np.sum(spread**2, axis=1)
        return mean, unit


@dataclass(frozen=True, slots=True)
class Factored:
    """The system that is left, solved: fixed coefficients, and raters in units of their own standard deviation."""

    scale: Numbers  # of each unknown (B, columns)
    inverse: Numbers  # of the system's lower triangle
    found: Numbers  # the unknowns
    rss: Numbers
    log_det: Numbers


def _factored(design: Nested, theta: Numbers, whole: Numbers) -> Factored:
    n_columns = design.n_fixed + design.n_raters
    scale, ridge = np.ones((len(theta), n_columns)), np.zeros(n_columns)
    if design.rater is not None:
        scale[:, design.n_fixed :] = theta[:, design.rater, None]
        ridge[design.n_fixed :] = 1
    system = whole[:, :-1, :-1] * scale[:, :, None] * scale[:, None, :] + np.diag(ridge)
    lower = np.linalg.cholesky(system)
    inverse = _inverse(lower)
    half = np.einsum("bij,bj->bi", inverse, whole[:, :-1, -1] * scale)
    rss = np.maximum(whole[:, -1, -1] - np.sum(half**2, axis=1), np.finfo(float).tiny)
    log_det = 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
    return Factored(scale, inverse, np.einsum("bji,bj->bi", inverse, half), rss, log_det)


def _inverse(lower: Numbers) -> Numbers:
    """The inverses of triangles; a large one by LAPACK's own way for triangles, in a sixth of the steps."""
    if len(lower) > 1 or lower.shape[1] <= MOST_COLUMNS:
        return np.asarray(np.linalg.inv(lower))
    from scipy.linalg.lapack import dtrtri

    return np.asarray(dtrtri(lower[0], lower=1)[0])[None]


def _place(names: Sequence[str], facet: str) -> int | None:
    return next((k for k, name in enumerate(names) if facet in name.split("+")), None)


def without_nested(block: Block, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Columns' products under V^-1 of the nested facets alone (B, m, m), and log|V| of them (B)."""
    cross = np.repeat(block.cross[None], len(theta), axis=0)
    if block.lowest is None:
        return cross, np.zeros(len(theta))
    log_det = _without_lowest(block, theta[:, block.lowest] ** 2, cross)
    grown = 1 + block.sizes * theta[:, block.lowest, None] ** 2
    sums, sizes = block.sums, block.sizes
    for step in block.steps:
        sums = np.add.reduceat(sums / grown[:, :, None], step.begins, axis=1)
        sizes = np.add.reduceat(sizes / grown, step.begins, axis=1)
        ratio = theta[:, step.facet, None] ** 2
        grown = 1 + sizes * ratio
        cross -= np.matmul((sums * (ratio / grown)[:, :, None]).transpose(0, 2, 1), sums)
        log_det = log_det + np.sum(np.log(grown), axis=1)
    return cross, log_det


def _without_lowest(block: Block, ratio: Numbers, cross: Numbers) -> Numbers:
    """Take the lowest facet out of `cross`; its units of one size share their weight, so products are summed once a size."""
    log_det = np.zeros(len(ratio))
    for size in np.unique(block.sizes):
        own = block.sums[block.sizes == size]
        grown = 1 + size * ratio
        cross -= (ratio / grown)[:, None, None] * (own.T @ own)
        log_det += len(own) * np.log(grown)
    return log_det


def _without_crossed(cross: Numbers, block: Block, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Take rater-by-therapist out: V + theta^2 ZZ', with Z the raters' marks (Woodbury)."""
    raters = slice(block.n_fixed, cross.shape[1] - 1)
    ratio = theta[:, None, None] ** 2
    inner = np.eye(raters.stop - raters.start) + ratio * cross[:, raters, raters]
    lower = np.linalg.cholesky(inner)
    half = np.linalg.solve(lower, cross[:, raters, :])
    log_det = 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
    return np.asarray(cross - ratio * np.matmul(half.transpose(0, 2, 1), half)), log_det
