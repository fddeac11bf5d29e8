"""The model of variance against published fits, and what needs no fit.

lme4's numbers: Bates, lme4: Mixed-effects modeling with R (2010), sections 1.3 (Dyestuff, Dyestuff2), 2.1 (Penicillin) and
2.2 (Pastes).
"""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from flows.measure.variance import Fit, conditional_means, fit
from tests.measure.published import lme4_columns


def deviations(found: Fit) -> dict[str, float]:
    """The standard deviations of the facets, to the digits that lme4 prints."""
    return {name: round(math.sqrt(variance), 4) for name, variance in found.components.items()}


def test_dyestuff_is_as_published() -> None:
    found = fit(*lme4_columns("Dyestuff", "Yield", batch="Batch"))
    assert deviations(found) == {"batch": 42.0006, "residual": 49.5101}
    assert (found.mean, round(found.mean_se, 2)) == (pytest.approx(1527.5), 19.38)
    assert round(-2 * (found.log_likelihood or 0), 4) == 319.6543
    batches = conditional_means(found, "batch").mean
    assert batches.round(3).tolist() == [-17.607, 0.391, 28.562, -23.085, 56.733, -44.995]


def test_dyestuff2_has_no_variance_between_batches() -> None:
    found = fit(*lme4_columns("Dyestuff2", "Yield", batch="Batch"))
    assert deviations(found) == {"batch": 0.0, "residual": 3.7157}
    assert found.notes == ("singular: batch",)
    assert found.is_singular("batch")
    assert (found.mean + conditional_means(found, "batch").mean).round(4).tolist() == [5.6656] * 6


def test_penicillin_is_as_published() -> None:
    found = fit(*lme4_columns("Penicillin", "diameter", plate="plate", sample="sample"))
    assert deviations(found) == {"plate": 0.8467, "sample": 1.9316, "residual": 0.5499}
    assert (round(found.mean, 4), round(found.mean_se, 4)) == (22.9722, 0.8086)
    assert round(-2 * (found.log_likelihood or 0), 4) == 330.8606


def test_pastes_is_as_published() -> None:
    found = fit(*lme4_columns("Pastes", "strength", sample="sample", batch="batch"))
    assert deviations(found) == {"sample": 2.9041, "batch": 1.2874, "residual": 0.8234}
    assert (round(found.mean, 4), round(found.mean_se, 4)) == (60.0533, 0.6769)


def test_all_ratings_equal_have_a_mean_and_no_variance() -> None:
    found = fit(np.full(6, 4.0), {"therapist": np.array([0, 0, 1, 1, 2, 2])})
    assert found.components == {"therapist": 0.0, "residual": 0.0}
    assert (found.mean, found.mean_se, found.notes) == (pytest.approx(4), 0.0, ("all_equal: residual",))
    assert found.share("therapist") is None
    assert conditional_means(found, "therapist").mean.tolist() == [0, 0, 0]


def test_one_rating_has_its_own_mean() -> None:
    found = fit(np.array([5.0]), {}, "session+residual")
    assert (found.mean, found.components, found.notes) == (
        5.0,
        {"session+residual": 0.0},
        ("one_rating: session+residual",),
    )


def test_without_facets_the_variance_is_the_sample_s() -> None:
    found = fit(np.array([2.0, 4.0, 6.0]), {})
    assert (found.mean, found.components) == (4.0, {"residual": 4.0})
    assert found.mean_se == pytest.approx(math.sqrt(4 / 3))


def test_no_rating_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="no rating"):
        fit(np.array([]), {})


def test_what_needs_no_fit_imports_nothing_heavy() -> None:
    tried = (
        "import sys, numpy as np; from flows.measure.variance import fit; fit(np.full(4, 3.0), {'therapist': np.arange(4) // 2});"
        "print([m for m in ('mixedlm', 'pandas') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True)
    assert (told.stdout.strip(), told.stderr) == ("[]", "")
