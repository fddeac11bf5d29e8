"""Quantiles and probabilities of mixtures of Student's t, against printed tables and an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtr

from flows.measure.mixture import ENDS, quantiles, share_below

ONE = np.ones(1)


def one(at: float, free: float) -> float:
    """A quantile of the plain Student's t."""
    return float(quantiles([at], np.zeros((1, 1)), np.ones((1, 1)), ONE, free)[0, 0])


@pytest.mark.parametrize(
    ("free", "upper"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (10, 2.228), (19, 2.093), (20, 2.086), (120, 1.980)],
)
def test_quantiles_are_those_of_the_printed_table(free: float, upper: float) -> None:
    # Pearson & Hartley 1954, Biometrika Tables for Statisticians, table 12: two-sided 5 %
    assert (round(one(0.975, free), 3), round(one(0.025, free), 3)) == (upper, -upper)


@pytest.mark.parametrize("free", range(1, 20))
def test_few_degrees_of_freedom_are_the_incomplete_beta_function_s(free: int) -> None:
    points = np.array([-300.0, -12.7, -2.0, -0.3, 0.0, 0.01, 0.7, 3.1, 40.0])
    found = share_below(points[:, None], np.zeros((1, 1)), np.ones((1, 1)), ONE, float(free))[:, 0]
    assert found == pytest.approx(stdtr(free, points), abs=1e-14)


@pytest.mark.parametrize("free", [2.0, 7.0, 300.0])
def test_below_a_quantile_lies_what_was_asked_for_however_uneven_the_parts(free: float) -> None:
    rng = np.random.default_rng(5)
    mean, scale = rng.normal(4, 1, (200, 6)), np.exp(rng.normal(-2, 1.5, (200, 6)))
    scale[:, 3] *= 1e-6  # nearly known, so that the probability rises in steps
    weight = rng.dirichlet(np.full(200, 0.05))
    found = quantiles((*ENDS, 0.5), mean, scale, weight, free)
    for at, points in zip((*ENDS, 0.5), found, strict=True):
        assert share_below(points, mean, scale, weight, free) == pytest.approx(np.full(6, at), abs=1e-9)


def test_two_parts_far_apart_meet_in_the_middle() -> None:
    mean, scale, weight = np.array([[1.0], [7.0]]), np.full((2, 1), 0.5), np.array([0.5, 0.5])
    assert quantiles([0.5], mean, scale, weight, 30.0)[0, 0] == pytest.approx(4.0, abs=1e-6)
    # nothing of the other part reaches so far: a quarter of all is half of the lower one
    assert quantiles([0.25, 0.75], mean, scale, weight, 30.0)[:, 0].tolist() == pytest.approx([1.0, 7.0], abs=1e-6)


def test_what_is_known_exactly_has_itself_for_every_quantile() -> None:
    known = quantiles(ENDS, np.full((3, 1), 4.0), np.zeros((3, 1)), np.full(3, 1 / 3), 8.0)
    assert known[:, 0].tolist() == pytest.approx([4.0, 4.0], abs=1e-8)
