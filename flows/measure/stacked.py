"""Blocks of one width cleared at once: what `flows.measure.blocks` does block by block, side by side.

A lab of two hundred therapists with five ratings each has two hundred small blocks, and a call for each costs far more than its
sums. Here blocks lie side by side: arrays are (columns, columns, blocks, B), so that every step is a few long sums, of which
symmetry spares half. Units of the lowest facet that have the same size share their weight, so that their products are summed
once and for all. The arithmetic is that of `flows.measure.blocks` in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.measure.batches import batches
from flows.measure.blocks import Block, without_crossed
from flows.measure.facets import Codes

Numbers = NDArray[np.float64]
WIDEST = 64  # columns of a block beyond which it is cleared alone, by LAPACK: its sums are long enough then
MOST_SIZES = 8  # of a block's lowest units, likewise: there is a table of products for each
SIDE_BY_SIDE = 8_000  # cells of the blocks of a stack, unless one alone has more
FEW = 4  # as many blocks times points as columns, below which rater-by-therapist is taken out by LAPACK
MOST_SLOTS = 12  # units of a facet in a block beyond which their products are matrix products
DENSE = 20_000  # cells of a table of places that is cheaper whole than sparse


@dataclass(frozen=True, slots=True)
class _Slot:
    """Units that go each into another unit (or block): the first of each, or the second, and so on."""

    units: Codes | slice
    into: Codes | slice


@dataclass(frozen=True, slots=True)
class _Level:
    """A nested facet above the lowest: how the units of the facet below add up to its own, and its own to blocks.

    The units of block b are `begins[b]` to `begins[b + 1]`.
    """

    facet: int
    n_units: int
    of_units: tuple[_Slot, ...]
    of_blocks: tuple[_Slot, ...]
    begins: Codes

    def added_up(self, of_units: Numbers) -> Numbers:
        """Sums over the units of the facet below: (columns, units below, B) to (columns, units, B)."""
        found = np.zeros((len(of_units), self.n_units, of_units.shape[-1]))
        for slot in self.of_units:
            found[:, slot.into] += of_units[:, slot.units]
        return found

    def take_out(self, cross: Numbers, sums: Numbers, weighted: Numbers) -> None:
        """Take the units' rank-one terms, (columns, units, B), out of the upper half of `cross`."""
        if len(self.of_blocks) > MOST_SLOTS:
            for n, (begin, end) in enumerate(pairwise(self.begins.tolist())):
                one, other = (numbers[:, begin:end].transpose(2, 0, 1) for numbers in (weighted, sums))
                cross[:, :, n] -= np.matmul(one, other.transpose(0, 2, 1)).transpose(1, 2, 0)
            return
        for slot in self.of_blocks:
            own, scaled = sums[:, slot.units], weighted[:, slot.units]
            for n, row in enumerate(scaled):
                cross[n, n:][:, slot.into] -= row * own[n:]


@dataclass(frozen=True, slots=True)
class Stack:
    """T blocks of m columns whose lowest facet has units of S different sizes, the first level above it P units.

    `basis` (m * m * T, 1 + S) are the columns' products over all rows and those of the units' sums, size by size;
    `n_units` (S) how many units have each size. `sums` (m * P, S) and `n_rows` (P, S) are what each unit of the first level
    holds of them. `marks` adds the blocks' cells up to cells of the whole system, `places` (n). `at` (m, T) is where
    the columns stand there, the values last.
    """

    numbers: Codes
    at: Codes
    n_fixed: int
    lowest: int | None
    size: Numbers
    n_units: Numbers
    basis: Numbers
    sums: Numbers
    n_rows: Numbers
    levels: tuple[_Level, ...]
    marks: Any
    places: Codes

    @property
    def cells(self) -> int:
        """Numbers of the largest array of one set of variances."""
        n_columns, n_blocks = self.at.shape
        return int(max(n_columns**2 * n_blocks, len(self.sums)))

    def cleared(self, theta: Numbers, crossed: int | None) -> tuple[Numbers, Numbers]:
        """The columns' products under V^-1 of everything but the raters' severity (m, m, T, B), and log|V| of all blocks (B).

        `theta` (B, facets); `crossed` is the place of rater-by-therapist among the facets.
        """
        ratio = np.ascontiguousarray(theta.T**2)
        (n_columns, n_blocks), n_points = self.at.shape, len(theta)
        grown = 1 + self.size[:, None] * (0.0 if self.lowest is None else ratio[self.lowest])
        weight = np.ones((1 + len(self.size), n_points))
        weight[1:] = 0.0 if self.lowest is None else -ratio[self.lowest] / grown
        cross = (self.basis @ weight).reshape(n_columns, n_columns, n_blocks, n_points)
        log_det = self.n_units @ np.log(grown)
        if self.levels:
            log_det += self._without_levels(cross, ratio, 1 / grown)
        if crossed is not None:
            log_det += self._without_crossed(cross, ratio[crossed])
        for n in range(1, n_columns):  # so far only one half was kept up
            cross[n, :n] = cross[:n, n]
        return cross, log_det

    def _without_levels(self, cross: Numbers, ratio: Numbers, share: Numbers) -> Numbers:
        """Take the facets above the lowest out of `cross`, each unit by a rank-one term; log|V| of them (B)."""
        n_columns, n_points = len(cross), cross.shape[-1]
        sums, n_rows = (self.sums @ share).reshape(n_columns, -1, n_points), self.n_rows @ share
        log_det, grown = np.zeros(n_points), n_rows
        for k, level in enumerate(self.levels):
            if k:
                sums, n_rows = level.added_up(sums / grown), level.added_up((n_rows / grown)[None])[0]
            grown = 1 + n_rows * ratio[level.facet]
            weighted = sums * (ratio[level.facet] / grown)
            level.take_out(cross, sums, weighted)
            log_det += np.log(grown).sum(axis=0)
        return log_det

    def _without_crossed(self, cross: Numbers, ratio: Numbers) -> Numbers:
        """Take rater-by-therapist out, each rater of each block by a rank-one term; log|V| of them (B)."""
        if cross[0, 0].size < FEW * len(cross):
            return self._without_few(cross, ratio)
        log_det = np.zeros(cross.shape[-1])
        for rater in range(self.n_fixed, len(cross) - 1):
            own = np.concatenate([cross[:rater, rater], cross[rater, rater:]])
            grown = 1 + ratio * own[rater]
            weighted = own * (ratio / grown)
            for n, row in enumerate(weighted):
                cross[n, n:] -= row * own[n:]
            log_det += np.log(grown).sum(axis=0)
        return log_det

    def _without_few(self, cross: Numbers, ratio: Numbers) -> Numbers:
        """The same densely, block by block."""
        log_det = np.zeros(cross.shape[-1])
        lower = np.tri(len(cross), k=-1, dtype=bool)
        for n in range(cross.shape[2]):
            own = cross[:, :, n]
            own[lower] = own.transpose(1, 0, 2)[lower]
            found, more = without_crossed(np.ascontiguousarray(own.transpose(2, 0, 1)), self.n_fixed, np.sqrt(ratio))
            own[...] = found.transpose(1, 2, 0)
            log_det += more
        return log_det

    def add_to(self, whole: Numbers, cross: Numbers) -> None:
        """Add the blocks' cells to those of the whole system (cells, B)."""
        whole[self.places] += self.marks @ cross.reshape(-1, cross.shape[-1])


def is_small(block: Block) -> bool:
    """Whether a block is so small that it is better cleared side by side with others."""
    return len(block.at) <= WIDEST and (block.lowest is None or len(np.unique(block.sizes)) <= MOST_SIZES)


def stacks_of(blocks: Sequence[Block], numbers: Sequence[int], n_columns: int) -> list[Stack]:
    """Small blocks of one design side by side, of one width each; `n_columns` is the size of the whole system."""
    found = []
    for width in sorted({len(blocks[number].at) for number in numbers}):
        alike = [number for number in numbers if len(blocks[number].at) == width]
        each = batches(alike, lambda number: blocks[number].cross.size, SIDE_BY_SIDE)
        found += [stack_of([blocks[n] for n in own], own, n_columns) for own in each]
    return found


def stack_of(blocks: Sequence[Block], numbers: Sequence[int], n_columns: int) -> Stack:
    """Blocks of one design and one width side by side."""
    at = np.stack([block.at for block in blocks], axis=1)
    size, kind = np.unique(np.concatenate([block.sizes for block in blocks]), return_inverse=True)
    levels, first = _levels(blocks)
    sums, n_rows = _by_size(blocks, size, kind, first)
    marks, places = _marks(np.where(at < 0, n_columns, at), n_columns + 1)
    n_units = np.bincount(kind).astype(float)
    return Stack(
        np.array(numbers), at, blocks[0].n_fixed, blocks[0].lowest, size, n_units, _basis(blocks, size), sums, n_rows,
        levels, marks, places,
    )  # fmt: skip


def _basis(blocks: Sequence[Block], size: Numbers) -> Numbers:
    """The columns' products (m * m * T): over all rows, then those of the sums of the units of each size."""
    width = len(blocks[0].at)
    found = np.zeros((1 + len(size), len(blocks), width, width))
    found[0] = [block.cross for block in blocks]
    for n, block in enumerate(blocks if blocks[0].lowest is not None else ()):
        kind = np.searchsorted(size, block.sizes)
        for k in np.flatnonzero(np.bincount(kind)):
            own = block.sums[kind == k]
            found[1 + k, n] = own.T @ own
    return found.transpose(2, 3, 1, 0).reshape(-1, 1 + len(size))


def _by_size(blocks: Sequence[Block], size: Numbers, kind: Codes, first: Codes) -> tuple[Numbers, Numbers]:
    """What each unit of the first level holds of the columns (m * P, S), and of rows (P, S), in lowest units of each size."""
    n_first = int(first.max(initial=-1)) + 1
    sums, n_rows = np.zeros((len(size), n_first, len(blocks[0].at))), np.zeros((n_first, len(size)))
    np.add.at(sums, (kind, first), np.concatenate([block.sums for block in blocks]))
    np.add.at(n_rows, (first, kind), size[kind])
    return sums.transpose(2, 1, 0).reshape(-1, len(size)), n_rows


def _levels(blocks: Sequence[Block]) -> tuple[tuple[_Level, ...], Codes]:
    """The facets above the lowest over all blocks, and the unit of the first of them in which each lowest unit lies."""
    levels, below = [], [len(block.sums) for block in blocks]
    first = np.zeros(sum(below), dtype=np.int64)
    for k, step in enumerate(blocks[0].steps):
        begins = [block.steps[k].begins for block in blocks]
        n_own = [len(own) for own in begins]
        inside = [np.diff(own, append=n) for own, n in zip(begins, below, strict=True)]
        parent = np.repeat(np.arange(sum(n_own)), np.concatenate(inside))
        owner = np.repeat(np.arange(len(blocks)), n_own)
        first = first if k else parent
        ends = np.concatenate([[0], np.cumsum(n_own)])
        levels.append(_Level(step.facet, sum(n_own), _slots(parent), _slots(owner), ends))
        below = n_own
    return tuple(levels), first


def _slots(into: Codes) -> tuple[_Slot, ...]:
    """Units by their place within what they lie in; `into` is sorted."""
    place = np.arange(len(into)) - np.searchsorted(into, into)
    slots = []
    for k in range(int(place.max(initial=-1)) + 1):
        units = np.flatnonzero(place == k)
        whole = len(units) == len(into), len(units) == into[-1] + 1
        slots.append(_Slot(slice(None) if whole[0] else units, slice(None) if whole[1] else into[units]))
    return tuple(slots)


def _marks(at: Codes, n_columns: int) -> tuple[Any, Codes]:
    """Ones that add the blocks' cells (m * m * T) up to the whole system's cells that they touch, and those cells."""
    target = (at[:, None] * n_columns + at[None]).ravel()
    places, into = np.unique(target, return_inverse=True)
    if len(places) * len(target) <= DENSE:
        return (into == np.arange(len(places))[:, None]).astype(float), places
    from scipy import sparse

    return sparse.csr_matrix((np.ones(len(target)), (into, np.arange(len(target))))), places
