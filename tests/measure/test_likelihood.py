"""Two implementations of one model on random incomplete designs: blocks and batches against whole matrices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flows.measure.facets import tell_apart
from flows.measure.likelihood import Nested
from flows.measure.restricted import restricted_mode
from flows.measure.rows import Rows
from flows.measure.variance import conditional_means, fit
from tests.measure.coverage import Kind, draw
from tests.measure.slow import predicted, reml, restricted

UNEVEN = Kind("uneven", 5, 3, raters=4, rater_therapist=0.4, is_uneven=True)
KINDS = {
    "uneven, one or two raters": UNEVEN,
    "one rater a session": replace(UNEVEN, is_uneven=False, raters_a_session=1, sessions=4),
    "one rater": replace(UNEVEN, is_uneven=False, raters_a_session=1, raters=1),
    "one therapist": replace(UNEVEN, therapists=1, sessions=8),
    "no differences between therapists": replace(UNEVEN, therapist=0.0, sessions=2),
    "whole points": replace(UNEVEN, is_whole_points=True),
}


def rows_of(kind: Kind, seed: int, n_elements: int = 1) -> Rows:
    """A lab's rows; with several elements, each rated in most ratings."""
    rng = np.random.default_rng(seed)
    rows = draw(kind, rng)[0]
    if n_elements == 1:
        return rows
    kept = rng.random(n_elements * len(rows.value)) < 0.8
    each = {
        name: np.repeat(getattr(rows, name), n_elements)[kept] for name in ("therapist", "session", "rater", "days")
    }
    value = (rows.value[:, None] + np.arange(n_elements) + rng.normal(0, 0.5, (len(rows.value), n_elements))).ravel()[
        kept
    ]
    assert rows.patient is not None
    return replace(
        rows, value=value, patient=np.repeat(rows.patient, n_elements)[kept],
        element=np.tile(np.arange(n_elements), len(rows.value))[kept], **each,
    )  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("n_elements", [1, 3])
@pytest.mark.parametrize("widest", [64, 0])  # blocks side by side, and each alone
def test_likelihood_predictions_and_their_errors_are_the_textbook_s(
    name: str, n_elements: int, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.measure.stacked.WIDEST", widest)
    rows = rows_of(KINDS[name], 7, n_elements)
    facets = tell_apart(rows.facets).facets
    fixed = np.ones((len(rows.value), 1)) if rows.columns is None else rows.columns
    design = Nested(rows.value, facets, rows.columns)
    theta = np.random.default_rng(1).uniform(0, 1.5, (3, len(facets)))
    theta[0, 0] = 0.0
    solved = design.solve(theta)
    for k in range(3):
        error = solved.rss[k] / (design.n - design.n_fixed)
        variances = np.append(theta[k] ** 2, 1.0) * error
        assert solved.log_likelihood[k] == pytest.approx(restricted(variances, rows.value, facets, fixed), abs=1e-8)
        assert [found[k] for found in design.log_likelihood(theta)] == [solved.log_likelihood[k], solved.rss[k]]
        if "therapist" in facets:
            mean, of_sum, alone = predicted(variances, rows.value, facets, fixed, "therapist")
            assert solved.therapist[k] == pytest.approx(mean, abs=1e-9)
            assert solved.therapist_unit[k] * error == pytest.approx(of_sum, abs=1e-9)
            assert design.solve_one(theta[k])[1] * error == pytest.approx(alone, abs=1e-9)
        if "rater" in facets:
            mean, _, alone = predicted(variances, rows.value, facets, fixed, "rater")
            assert solved.fixed[k, 0] + solved.rater[k] == pytest.approx(mean, abs=1e-9)
            assert solved.rater_unit[k] * error == pytest.approx(alone, abs=1e-9)


def test_many_small_blocks_say_what_each_says_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(replace(UNEVEN, therapists=60, raters=9, sessions=4), 4)  # more cells than are added up densely
    facets = tell_apart(rows.facets).facets
    theta = np.random.default_rng(3).uniform(0, 2, (400, len(facets)))  # more points than are solved at once
    together = Nested(rows.value, facets).solve(theta)
    monkeypatch.setattr("flows.measure.stacked.WIDEST", 0)
    alone = Nested(rows.value, facets).solve(theta)
    for name in ("log_likelihood", "rss", "fixed", "fixed_unit", "therapist", "therapist_unit", "rater", "rater_unit"):
        assert getattr(together, name) == pytest.approx(getattr(alone, name), abs=1e-9), name


@pytest.mark.parametrize("name", KINDS)
def test_three_ways_to_the_restricted_maximum_meet(name: str) -> None:
    rows = rows_of(KINDS[name], 12 if name != "one therapist" else 13)
    design = tell_apart(rows.facets)
    fixed = np.ones((len(rows.value), 1))
    slowly = restricted(reml(rows.value, design.facets, fixed), rows.value, design.facets, fixed)
    by_lme4 = fit(rows.value, design.facets, design.residual)
    nested = Nested(rows.value, design.facets)
    theta = restricted_mode(nested)
    solved = nested.solve(theta[None])
    error = solved.rss[0] / (nested.n - 1)
    assert solved.log_likelihood[0] == pytest.approx(by_lme4.log_likelihood, abs=1e-5)
    assert solved.log_likelihood[0] >= slowly - 1e-6
    assert (np.append(theta**2, 1) * error).tolist() == pytest.approx(list(by_lme4.components.values()), abs=2e-4)


def test_the_maximum_is_found_also_where_the_residual_is_tiny() -> None:
    rows = rows_of(replace(UNEVEN, therapists=8, sessions=6), 2)
    facets = tell_apart({**rows.facets, "rating": rows.session * 10 + rows.rater}).facets
    twice = {name: np.tile(codes, 2) for name, codes in facets.items()}
    twice["rating"] = np.tile(np.arange(len(rows.value)), 2)
    value = np.concatenate([rows.value, rows.value + np.random.default_rng(1).normal(0, 0.01, len(rows.value))])
    nested, by_lme4 = Nested(value, twice), fit(value, twice)
    found = nested.solve(restricted_mode(nested)[None])
    assert found.log_likelihood[0] >= (by_lme4.log_likelihood or 0) - 1e-6


def test_conditional_means_are_the_textbook_s() -> None:
    rows = rows_of(UNEVEN, 5)
    design = tell_apart(rows.facets)
    fitted = fit(rows.value, design.facets, design.residual)
    variances, fixed = np.array(list(fitted.components.values())), np.ones((len(rows.value), 1))
    for facet in ("therapist", "rater"):
        found = conditional_means(fitted, facet)
        mean, of_sum, alone = predicted(variances, rows.value, design.facets, fixed, facet)
        assert fitted.mean + found.mean == pytest.approx(mean, abs=1e-8)
        assert found.pev == pytest.approx(alone, abs=1e-8)
        assert found.pev + 2 * found.with_mean + fitted.mean_se**2 == pytest.approx(of_sum, abs=1e-8)


def test_a_slope_is_generalised_least_squares() -> None:
    rows = replace(rows_of(UNEVEN, 3), days=np.zeros(0))
    facets = tell_apart(rows.facets).facets
    design = Nested(rows.value, facets)
    theta = np.array([[0.8, 0.4, 0.5, 0.6, 0.3]])
    own = np.flatnonzero(rows.therapist == 2)
    time = np.linspace(-1, 2, len(own))
    ((mean, unit),) = design.slopes(theta, {2: (own, time)}).values()
    # the textbook's way: she has a level and a slope as fixed columns, and no effect of her own
    is_hers = rows.therapist == 2
    fixed = np.column_stack([~is_hers, is_hers, np.zeros(len(is_hers))]).astype(float)
    fixed[own, 2] = time
    v = np.eye(len(is_hers))
    for ratio, (name, codes) in zip(theta[0] ** 2, facets.items(), strict=True):
        same = codes[:, None] == codes[None, :]
        v += ratio * (same & ~(is_hers[:, None] & is_hers[None, :]) if name == "therapist" else same)
    inverse = np.linalg.inv(v)
    information = np.linalg.inv(fixed.T @ inverse @ fixed)
    assert mean[0] == pytest.approx((information @ fixed.T @ inverse @ rows.value)[2], abs=1e-9)
    assert unit[0] == pytest.approx(information[2, 2], abs=1e-9)
