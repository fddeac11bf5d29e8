"""One therapist's ratings as a block: its columns' products, and how each facet is taken out of them.

The blocks are made and put together by `flows.measure.likelihood`, which tells what they are for; many small ones are cleared at
once by `flows.measure.stacked`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import Codes

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
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
    steps: tuple[Step, ...]  # the nested facets above it
    at: Codes  # where the columns stand in the whole system; the values are its last column
    n_fixed: int


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


def without_crossed(cross: Numbers, n_fixed: int, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Take rater-by-therapist out: V + theta^2 ZZ', with Z the raters' marks (Woodbury); and log|V| of it (B)."""
    raters = slice(n_fixed, cross.shape[1] - 1)
    ratio = theta[:, None, None] ** 2
    inner = np.eye(raters.stop - raters.start) + ratio * cross[:, raters, raters]
    lower = np.linalg.cholesky(inner)
    half = np.linalg.solve(lower, cross[:, raters, :])
    log_det = 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
    return np.asarray(cross - ratio * np.matmul(half.transpose(0, 2, 1), half)), log_det
