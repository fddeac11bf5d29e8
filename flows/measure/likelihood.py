"""The restricted likelihood of one model of variance, at many values of its variances at once.

What makes it quick is the design: ratings lie in sessions, sessions in patients, patients in therapists, and only raters run
across. So each therapist's ratings form a block; within it, facets that lie in each other are taken out one after the other
(each adds a rank-one term: Sherman-Morrison), then rater-by-therapist, densely; what is left is one small system in the
mean and the raters. Nothing here is iterated, so a batch of variances costs little more than one; and small blocks of one width
are cleared side by side (`flows.measure.stacked`).

With V = sum of theta^2 ZZ' + I, the restricted log-likelihood with the residual variance at its best is
-((n - p)(1 + log(2 pi RSS / (n - p))) + log|V| + log|X'V^-1 X|) / 2 (Bates et al. 2015, JSS 67(1), equation 42).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.measure.batches import batches
from flows.measure.blocks import Block, Step, without_crossed, without_nested
from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, SESSION, THERAPIST, Codes
from flows.measure.stacked import Stack, is_small, stacks_of

Numbers = NDArray[np.float64]
NESTED = (RATING, SESSION, PATIENT, THERAPIST)  # each lies in the next
CELLS = 4_000_000  # of a batch's largest array: 32 MB
STACKED_CELLS = 400_000  # where small blocks lie side by side: 3 MB, which stays near the processor
SLOPES_AT_ONCE = 400  # ratings of the therapists whose slopes are found at once
MOST_COLUMNS = 400  # raters (and elements) beyond which a system is solved once, not once a therapist or point


@dataclass(frozen=True, slots=True)
class OfTherapist:
    """What blocks say of T therapists with the marks (or weights) z: z'V^-1 of the columns, and z'V^-1 z, for B variances."""

    level: Codes  # (T)
    at: Codes  # (columns, T), or (columns, 1) for all alike: where they stand in the whole system, but for the values
    row: Numbers  # (columns and values, T, B)
    own: Numbers  # (T, B)


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
        return self._n_unknown

    @cached_property
    def _stacks(self) -> list[Stack]:
        """The small blocks side by side; made when first asked for, since a fit by `mixedlm` comes before and needs room."""
        is_wide = self._n_unknown > MOST_COLUMNS
        return [] if is_wide else stacks_of(self._blocks, _small(self._blocks), self._n_unknown)

    @cached_property
    def _alone(self) -> list[int]:
        """The blocks that stand in no stack."""
        return sorted(set(range(len(self._blocks))) - {int(n) for stack in self._stacks for n in stack.numbers})

    @property
    def _n_unknown(self) -> int:
        """The unknowns of the whole system: fixed columns and raters."""
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
            Step(k, np.searchsorted(lower, upper))
            for k, lower, upper in zip(nested[1:], begins, begins[1:], strict=False)
        )
        sums = np.add.reduceat(columns, begins[0], axis=0)
        sizes = np.diff(begins[0], append=len(rows)).astype(float)
        at = np.concatenate([places, self.n_fixed + own, [-1]])
        return Block(columns.T @ columns, sums, sizes, nested[0] if inner else None, steps, at, fixed.shape[1])

    def solve(self, theta: Numbers) -> Solved:
        """Solve for B sets of standard deviations relative to the residual's (B, facets), in batches of bounded memory."""
        return Solved.joined([self._solve(some) for some in self._batches(theta)])

    def log_likelihood(self, theta: Numbers) -> tuple[Numbers, Numbers]:
        """What `solve` says of them without what it tells of therapists and raters: log-likelihoods (B) and RSS (B)."""
        found = [self._log_likelihood(some) for some in self._batches(theta)]
        return np.concatenate([one for one, _ in found]), np.concatenate([rss for _, rss in found])

    def _batches(self, theta: Numbers) -> list[Numbers]:
        alone = (self._blocks[n] for n in self._alone)
        widest = max([(self._n_unknown + 1) ** 2, *(block.sums.size + block.cross.size for block in alone)])
        stacked = max([1, *(stack.cells for stack in self._stacks)])
        size = max(1, min(CELLS // widest, STACKED_CELLS // stacked))
        return [theta[at : at + size] for at in range(0, len(theta), size)]

    def slopes(
        self, theta: Numbers, cases: Mapping[int, tuple[Codes, Numbers]]
    ) -> Mapping[int, tuple[Numbers, Numbers]]:
        """The slope of some therapists on a time of their own, given each of B variances: its mean and unit variance (B).

        A case is a therapist's level with her rows and their times. She has a level of her own instead of mean and effect;
        everyone else's ratings still say how severe her raters are, unless raters are too many for that (`MOST_COLUMNS`).
        """
        some = [] if self._tells_alone or not cases else self._batches(theta)
        whole = np.concatenate([np.zeros((0, *[self._n_unknown + 1] * 2)), *(self._sum(each)[0] for each in some)])
        found: dict[int, tuple[Numbers, Numbers]] = {}
        for few in batches(list(cases), lambda j: len(cases[j][0]), SLOPES_AT_ONCE):
            found |= self._slopes(theta, whole, {j: cases[j] for j in few})
        return found

    def _slopes(
        self, theta: Numbers, whole: Numbers, cases: Mapping[int, tuple[Codes, Numbers]]
    ) -> Mapping[int, tuple[Numbers, Numbers]]:
        """The slopes of a few; `whole` is the system of all, in which their blocks give way to those with level and time."""
        told = [self._timed(j, rows, time) for j, (rows, time) in cases.items()]
        after = self._each_cleared([own for _, own in told], theta)
        before = {} if self._tells_alone else self._each_cleared([first for first, _ in told], theta)
        among, found = np.append(np.arange(self._n_unknown), self._n_unknown + 2), {}
        for n, (j, (first, own)) in enumerate(zip(cases, told, strict=True)):
            system = np.zeros((len(theta), self._n_unknown + 3, self._n_unknown + 3))
            if n in before:
                system[:, among[:, None], among] = whole
                self._add(system, first, -before[n])
            at = self._add(system, own, after[n])
            kept = np.union1d(among[:-1], at) if n in before else np.sort(at)
            found[j] = self._last(theta, system, kept)
        return found

    @property
    def _tells_alone(self) -> bool:
        """Whether a slope is told by her own ratings alone."""
        return self.n_therapists < 2 or self._n_unknown > MOST_COLUMNS

    def _timed(self, j: int, rows: Codes, time: Numbers) -> tuple[Block, Block]:
        """The block of a therapist's ratings, and one whose level and time have the two places after the raters instead."""
        n_columns = self._n_unknown
        places = np.concatenate([[n_columns], np.arange(1, self.n_fixed), [n_columns + 1]])
        nested = [k for k in self._nested if k != self.therapist]
        return self._blocks[j], self._block(rows, np.column_stack([self._fixed[rows], time]), places, nested)

    def _add(self, system: Numbers, block: Block, cross: Numbers) -> Codes:
        """Add a block to a system of all unknowns, level, time and values; gives back where its columns stand."""
        at = np.where(block.at < 0, self._n_unknown + 2, block.at)
        system[:, at[:, None], at] += cross
        return at

    def _last(self, theta: Numbers, system: Numbers, kept: Codes) -> tuple[Numbers, Numbers]:
        """The last unknown of those kept, which stand before the values, and its variance over the residual's."""
        scale, ridge = np.ones((len(theta), self._n_unknown + 2)), np.zeros(self._n_unknown + 2)
        if self.rater is not None:
            raters = slice(self.n_fixed, self._n_unknown)
            scale[:, raters], ridge[raters] = theta[:, self.rater, None], 1
        lower = _lower(system[:, kept[:, None], kept], scale[:, kept[:-1]], ridge[kept[:-1]])
        own = 1 / lower[:, -2, -2]  # in a triangle the others are out of the last
        return np.asarray(lower[:, -1, -2] * own), np.asarray(own**2)

    def _each_cleared(self, blocks: Sequence[Block], theta: Numbers) -> Mapping[int, Numbers]:
        """The columns' products of each block, cleared (B, m, m), by its number."""
        small = _small(blocks)
        found = {n: self._cleared(block, theta)[0] for n, block in enumerate(blocks) if n not in small}
        for stack in stacks_of(blocks, small, self._n_unknown + 2):
            side_by_side = stack.cleared(theta, self.rater_therapist)[0]
            each = np.ascontiguousarray(side_by_side.transpose(2, 3, 0, 1))
            found |= dict(zip(stack.numbers.tolist(), each, strict=True))
        return found

    def _cleared(self, block: Block, theta: Numbers) -> tuple[Numbers, Numbers]:
        """A block's columns' products under V^-1 of everything but the raters' severity, and log|V|."""
        cross, log_det = without_nested(block, theta)
        if self.rater_therapist is not None:
            cross, more = without_crossed(cross, block.n_fixed, theta[:, self.rater_therapist])
            log_det = log_det + more
        return cross, log_det

    def _taken_in(self, number: int, block: Block, theta: Numbers) -> tuple[Numbers, Numbers, OfTherapist]:
        """A block cleared, and what it says of its therapists: her mark is the first column, in which all is one."""
        cross, log_det = self._cleared(block, theta)
        level = np.array([self._level(number)])
        return cross, log_det, OfTherapist(level, block.at[:-1, None], cross[:, 0].T[:, None], cross[None, :, 0, 0])

    def _level(self, number: int) -> int:
        """Whose ratings a block of one therapist holds."""
        return number

    def _sum(self, theta: Numbers) -> tuple[Numbers, Numbers, list[OfTherapist]]:
        """The whole system before the raters' severity is taken in, log|V| so far, and what is said of each therapist."""
        n_columns, n_points = self._n_unknown, len(theta)
        log_det, told = np.zeros(n_points), []
        cells = np.zeros(((n_columns + 1) ** 2, n_points))
        for stack in self._stacks:
            side_by_side, added = stack.cleared(theta, self.rater_therapist)
            log_det += added
            stack.add_to(cells, side_by_side)
            level = np.array([self._level(number) for number in stack.numbers])
            told.append(OfTherapist(level, stack.at[:-1], side_by_side[0], side_by_side[0, 0]))
        whole = np.ascontiguousarray(cells.T).reshape(n_points, n_columns + 1, n_columns + 1)
        for number in self._alone:
            block = self._blocks[number]
            cross, added, of_therapists = self._taken_in(number, block, theta)
            log_det += added
            whole[:, block.at[:, None], block.at] += cross
            told.append(of_therapists)
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

    def _log_likelihood(self, theta: Numbers) -> tuple[Numbers, Numbers]:
        whole, log_det, _ = self._sum(theta)
        _, _, rss, more = _triangle(self, theta, whole)
        return self._restricted(rss, log_det + more), rss

    def _restricted(self, rss: Numbers, log_det: Numbers) -> Numbers:
        """The restricted log-likelihood with the residual variance at its best."""
        free = self.n - self.n_fixed
        return np.asarray(-(free * (1 + np.log(2 * np.pi * rss / free)) + log_det) / 2)

    def _told(self, theta: Numbers, left: Factored, log_det: Numbers, told: Sequence[OfTherapist]) -> Solved:
        log_likelihood = self._restricted(left.rss, log_det + left.log_det)
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
        mean, unit = np.zeros((self.n_therapists, len(theta))), np.zeros((self.n_therapists, len(theta)))
        if self.therapist is None:
            return mean.T, unit.T
        ratio, scale, found = theta[:, self.therapist] ** 2, left.scale.T, left.found.T
        for some in told:
            weight = -ratio * some.row[:-1] * scale[some.at]
            weight[0] += of_mean
            mean[some.level] = ratio * some.row[-1] + np.sum(weight * found[some.at], axis=0)
            unit[some.level] = np.maximum(ratio * (1 - ratio * some.own), 0) + left.variance_of(some.at, weight)
        return np.ascontiguousarray(mean.T), np.ascontiguousarray(unit.T)


@dataclass(frozen=True)
class Factored:
    """The system that is left, solved: fixed coefficients, and raters in units of their own standard deviation."""

    scale: Numbers  # of each unknown (B, columns)
    inverse: Numbers  # of the system's lower triangle
    found: Numbers  # the unknowns
    rss: Numbers
    log_det: Numbers

    @cached_property
    def _covariance(self) -> Numbers:
        """Of the unknowns (columns, columns, B)."""
        return np.ascontiguousarray(np.matmul(self.inverse.transpose(0, 2, 1), self.inverse).transpose(1, 2, 0))

    def variance_of(self, at: Codes, weight: Numbers) -> Numbers:
        """The variance (T, B) of weighted sums (n, T, B) of the unknowns at some places (n, T); (n, 1): the same in every sum."""
        if at.shape[1] == 1:
            return np.asarray(np.sum(np.matmul(self.inverse[:, :, at[:, 0]], weight.transpose(2, 0, 1)) ** 2, axis=1).T)
        found = np.zeros(weight.shape[1:])
        for one, own in zip(at, weight, strict=True):
            found += own * np.sum(self._covariance[one, at] * weight, axis=0)
        return np.maximum(found, 0)


def _factored(design: Nested, theta: Numbers, whole: Numbers) -> Factored:
    scale, lower, rss, log_det = _triangle(design, theta, whole)
    inverse = _inverse(lower[:, :-1, :-1])
    return Factored(scale, inverse, np.einsum("bji,bj->bi", inverse, lower[:, -1, :-1]), rss, log_det)


def _triangle(design: Nested, theta: Numbers, whole: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Scale of each unknown, lower triangle of the system with the values' row below it, RSS, and log|system|."""
    n_columns = design.n_fixed + design.n_raters
    scale, ridge = np.ones((len(theta), n_columns)), np.zeros(n_columns)
    if design.rater is not None:
        scale[:, design.n_fixed :] = theta[:, design.rater, None]
        ridge[design.n_fixed :] = 1
    lower = _lower(whole, scale, ridge)
    rss = np.maximum(whole[:, -1, -1] - np.sum(lower[:, -1, :-1] ** 2, axis=1), np.finfo(float).tiny)
    log_det = 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)[:, :-1]), axis=1)
    return scale, lower, rss, log_det


def _lower(whole: Numbers, scale: Numbers, ridge: Numbers) -> Numbers:
    """Lower triangle of the scaled system with its ridge; its last row is that triangle's inverse times the values' column."""
    with_values = np.pad(scale, ((0, 0), (0, 1)), constant_values=1.0)
    system = whole * with_values[:, :, None] * with_values[:, None, :] + np.diag(np.append(ridge, 0))
    system[:, -1, -1] += (
        whole[:, -1, -1] + 1
    )  # the last corner is not needed, so it may be anything that is large enough
    return np.asarray(np.linalg.cholesky(system))


def _inverse(lower: Numbers) -> Numbers:
    """The inverses of triangles; a large one by LAPACK's own way for triangles, in a sixth of the steps."""
    if len(lower) > 1 or lower.shape[1] <= MOST_COLUMNS:
        return np.asarray(np.linalg.inv(lower))
    from scipy.linalg.lapack import dtrtri

    return np.asarray(dtrtri(lower[0], lower=1)[0])[None]


def _small(blocks: Sequence[Block]) -> list[int]:
    """Which blocks are cleared side by side; circles of therapists are not."""
    return [n for n, block in enumerate(blocks) if type(block) is Block and is_small(block)]


def _place(names: Sequence[str], facet: str) -> int | None:
    return next((k for k, name in enumerate(names) if facet in name.split("+")), None)
