"""Brennan's synthetic data set No. 4 (2001, Generalizability Theory, table 3.2): ten persons, three tasks, four raters a task.

The scores were written down from memory and checked against the published components. Two of person 8's scores (second task,
second and fourth rater) were remembered wrongly; of all pairs of scores in one person's row, the pair below alone gives
the published components to their four digits, so those two are reconstructed, and the other 118 are not.
"""

from __future__ import annotations

import numpy as np
import pytest

from flows.measure.facets import levels
from flows.measure.variance import fit

SCORES = """
5 6 5 5   5 3 4 5   6 7 3 3
9 3 7 7   7 5 5 5   7 7 5 2
3 4 3 3   5 3 3 5   6 5 1 6
7 5 5 3   3 1 4 3   5 3 3 5
9 2 9 7   7 7 3 7   2 7 5 3
3 4 3 5   3 3 6 3   4 5 1 2
7 3 7 7   7 5 5 7   5 5 5 4
5 8 5 7   7 5 5 4   3 2 1 1
9 9 8 8   6 6 6 5   5 8 1 1
4 4 4 3   3 5 6 5   5 7 1 1
"""
PUBLISHED = {"p": 0.4731, "t": 0.3252, "r:t": 0.6475, "pt": 0.5596, "pr:t": 2.3802}


def test_raters_nested_in_tasks_have_the_published_components() -> None:
    scores = np.array([[float(score) for score in line.split()] for line in SCORES.strip().splitlines()])
    person, rater = np.indices(scores.shape)
    task = rater // 4
    facets = {
        "p": person.ravel(), "t": task.ravel(), "r:t": rater.ravel(), "pt": levels((person * 3 + task).ravel()),
    }  # fmt: skip
    found = fit(scores.ravel(), facets, residual="pr:t").components
    assert {name: round(variance, 4) for name, variance in found.items()} == pytest.approx(PUBLISHED, abs=1.5e-4)
