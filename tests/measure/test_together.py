"""Sessions that several therapists led: two implementations of multiple membership, and what is told of co-therapists."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flows.measure.estimates import Asked
from flows.measure.facets import crossed
from flows.measure.membership import Membership
from flows.measure.model import Answer, answer, design_of
from flows.measure.restricted import restricted_mode
from flows.measure.rows import Rows
from flows.measure.together import Together
from schemas.figure_codes import EstimateNote
from tests.measure.slow import predicted, reml, restricted, slope
from tests.support.co_led import CoLed, draw_co_led, weights_by_hand

ASKED = Asked(4.0, 5.0, 8, 270)
ROTATING = CoLed(therapists=6, sessions=16)
KINDS = {
    "pairs that rotate": ROTATING,
    "some lead alone, some in threes": replace(ROTATING, most_leaders=3, sessions=20),
    "one rater a session": replace(ROTATING, raters_a_session=1, sessions=24),
    "patients who come again": replace(ROTATING, has_patients=True, sessions=24),
    "one of many led with a colleague": replace(ROTATING, share_co_led=0.3, sessions=20),
    "fixed pairs": replace(ROTATING, is_fixed=True),
    "no differences between therapists": replace(ROTATING, therapist=0.0),
}


def slowly(rows: Rows, names: list[str]) -> dict[str, np.ndarray]:
    """The facets of a design as whole matrices or levels, with the weights of membership written out row by row."""
    z = weights_by_hand(rows)
    whole = {
        "therapist": z,
        "patient": rows.patient,
        "session": rows.session,
        "rater": rows.rater,
        "rater_therapist": np.column_stack(
            [z[:, t] * (rows.rater == r) for t in range(z.shape[1]) for r in range(int(rows.rater.max()) + 1)]
        ),
        "rating": crossed(rows.session, rows.rater),
    }
    return {name: np.asarray(whole[name.split("+")[0]]) for name in names}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("n_elements", [1, 2])
def test_likelihood_predictions_and_their_errors_are_the_textbook_s(name: str, n_elements: int) -> None:
    rows = draw_co_led(KINDS[name], np.random.default_rng(3), n_elements)[0]
    facets = design_of(rows).facets
    assert rows.membership is not None
    assert "therapist" in facets
    fixed = np.ones((len(rows.value), 1)) if rows.columns is None else rows.columns
    design = Together(rows.value, facets, rows.membership, rows.columns)
    theta = np.random.default_rng(1).uniform(0, 1.5, (3, len(facets)))
    theta[0, 0] = 0.0
    solved, whole = design.solve(theta), slowly(rows, list(facets))
    for k in range(3):
        error = solved.rss[k] / (design.n - design.n_fixed)
        variances = np.append(theta[k] ** 2, 1.0) * error
        assert solved.log_likelihood[k] == pytest.approx(restricted(variances, rows.value, whole, fixed), abs=1e-8)
        mean, of_sum, alone = predicted(variances, rows.value, whole, fixed, "therapist")
        assert solved.therapist[k] == pytest.approx(mean, abs=1e-9)
        assert solved.therapist_unit[k] * error == pytest.approx(of_sum, abs=1e-9)
        assert design.solve_one(theta[k])[1] * error == pytest.approx(alone, abs=1e-9)
        mean, _, alone = predicted(variances, rows.value, whole, fixed, "rater")
        assert solved.fixed[k, 0] + solved.rater[k] == pytest.approx(mean, abs=1e-9)
        assert solved.rater_unit[k] * error == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("name", KINDS)
def test_two_ways_to_the_restricted_maximum_meet(name: str) -> None:
    rows = draw_co_led(KINDS[name], np.random.default_rng(5))[0]
    facets = design_of(rows).facets
    assert rows.membership is not None
    fixed, whole = np.ones((len(rows.value), 1)), slowly(rows, list(facets))
    variances = reml(rows.value, whole, fixed)
    design = Together(rows.value, facets, rows.membership)
    theta = restricted_mode(design)
    solved = design.solve(theta[None])
    assert solved.log_likelihood[0] >= restricted(variances, rows.value, whole, fixed) - 1e-6
    found = np.append(theta**2, 1.0) * solved.rss[0] / (design.n - 1)
    assert found.tolist() == pytest.approx(variances.tolist(), abs=2e-3)


@pytest.mark.parametrize("name", ["pairs that rotate", "some lead alone, some in threes", "fixed pairs"])
def test_a_slope_is_that_of_generalised_least_squares_with_her_effect_free(name: str) -> None:
    rows = draw_co_led(KINDS[name], np.random.default_rng(6), 2)[0]
    facets, therapist = design_of(rows).facets, 1
    assert rows.membership is not None
    assert rows.columns is not None
    design, whole = Together(rows.value, facets, rows.membership, rows.columns), slowly(rows, list(facets))
    own = np.flatnonzero(whole["therapist"][:, therapist] > 0)
    dated, time = own[3:], np.random.default_rng(2).normal(0, 1, len(own) - 3)
    theta = np.random.default_rng(3).uniform(0.2, 1.2, (1, len(facets)))
    mean, unit = design.slopes(theta, {therapist: (dated, time)})[therapist]
    # her undated rows are left out; her column of Z is fixed, the others' stay random
    kept = np.setdiff1d(np.arange(design.n), own[:3])
    when = np.zeros(design.n)
    when[dated] = time
    rest = {facet: np.delete(z, therapist, axis=1) if facet == "therapist" else z for facet, z in whole.items()}
    fixed = np.column_stack([rows.columns, whole["therapist"][:, therapist]])
    at = {facet: z[kept] for facet, z in rest.items()}
    by_hand = slope(np.append(theta[0] ** 2, 1.0), rows.value[kept], at, fixed[kept], when[kept])
    assert (mean[0], unit[0]) == pytest.approx(by_hand, abs=1e-8)


def led(value: list[float], teams: list[str], rater: list[int], session: list[int]) -> Answer:
    """The answer for a few ratings; a team is written `0+1`."""
    return answer(rows_of(value, teams, rater, session), ASKED)


def led_with_patients(value: list[float], teams: list[str]) -> Answer:
    """The answer for sessions with one rating each, where every team has one patient."""
    rows = rows_of(value, teams, [0] * len(value), list(range(len(value))))
    return answer(replace(rows, patient=rows.therapist), ASKED)


def rows_of(value: list[float], teams: list[str], rater: list[int], session: list[int]) -> Rows:
    """The rows of a few ratings."""
    names = sorted(set(teams))
    members = tuple(tuple(int(level) for level in name.split("+")) for name in names)
    n, membership = len(value), Membership(members)
    return Rows(
        np.array(value, dtype=float), np.array([names.index(name) for name in teams]), None, np.array(session), np.array(rater),
        np.zeros(n, dtype=np.int64), np.full(n, np.nan), tuple(f"T-{k}" for k in range(membership.n_therapists)),
        tuple(f"R-{k}" for k in range(max(rater) + 1)), membership,
    )  # fmt: skip


def test_pairs_that_rotate_tell_the_therapists_apart() -> None:
    # 0 is at 6, 1 and 2 at 4, 3 at 2: a session is at the mean of the two who led it, give or take a tenth
    teams = ["0+1", "0+2", "0+3", "1+2", "1+3", "2+3"] * 2
    value = [5.1, 4.9, 4.0, 4.1, 3.0, 2.9, 4.9, 5.1, 4.1, 3.9, 2.9, 3.1]
    found = led(value, teams, [0] * 12, list(range(12)))
    assert [round(e.estimate or 0, 1) for e in found.estimates] == [6.0, 4.0, 4.0, 2.0]
    # a quarter of what varies between four therapists is the mean's, which is estimated with them
    assert all(0.7 < (e.reliability or 0) < 0.75 for e in found.estimates)
    assert {(e.note, e.comparison_group) for e in found.estimates} == {(EstimateNote.SHORT_SERIES, 1)}
    assert [(c.facet, c.n_levels) for c in found.components] == [("therapist", 4), ("session+residual", 12)]
    assert "led_together: therapist" in found.notes


def test_when_every_pair_leads_once_the_variances_are_those_of_griffing_s_analysis_of_crosses() -> None:
    # Five therapists, ten pairs: a half diallel without selfs, where g = u / 2 (Griffing 1956, Australian Journal of Biological
    # Sciences 9, 463-493, method 4). Totals 18, 15, 20, 12.5, 14.5 of 40 in all; their squares add up to 1315.5, those of the
    # ten to 173. Mean squares: between (1315.5 / 3 - 4 x 1600 / 15) / 4 = 71 / 24, rest (173 - 438.5 + 800 / 3) / 5 = 7 / 30.
    teams = ["0+1", "0+2", "0+3", "0+4", "1+2", "1+3", "1+4", "2+3", "2+4", "3+4"]
    value = [4.5, 5.5, 4.0, 4.0, 5.0, 2.5, 3.0, 4.0, 5.5, 2.0]
    found = led(value, teams, [0] * 10, list(range(10)))
    # of g it is (71 / 24 - 7 / 30) / 3, and of u four times that
    assert [c.variance for c in found.components] == pytest.approx([109 / 30, 7 / 30], rel=1e-4)
    # u = 2 (5 total - 2 x 40) / 15, of which 1 - (7 / 30) / (71 / 24) = 327 / 355 is kept
    assert [e.estimate for e in found.estimates] == pytest.approx(
        [4 + 327 / 355 * 2 * (5 * total - 80) / 15 for total in (18, 15, 20, 12.5, 14.5)], abs=1e-3
    )


def test_two_who_always_lead_together_have_one_estimate_and_a_note_and_no_more_than_half_the_reliability() -> None:
    teams = ["0+1"] * 8 + ["2+3"] * 8 + ["4+5"] * 8
    value = [5.1, 4.9, 5.2, 4.8, 5, 5, 5.1, 4.9, *[3.1, 2.9, 3.2, 2.8] * 2, *[4.1, 3.9, 4.2, 3.8] * 2]
    found = led(value, teams, [0] * 24, list(range(24))).estimates
    assert [round(e.estimate or 0, 1) for e in found] == [5.0, 5.0, 3.0, 3.0, 4.0, 4.0]
    for one, other in ((0, 1), (2, 3), (4, 5)):
        assert replace(found[one], therapist_id="T") == replace(found[other], therapist_id="T")
    assert {e.note for e in found} == {EstimateNote.LED_TOGETHER}
    # the pair is known nearly to the point, and neither of the two is: half of what varies between therapists stays open
    assert all(0.3 < (e.reliability or 0) < 0.5 for e in found)
    assert all((e.high or 0) - (e.low or 0) > 2 for e in found)


def test_the_only_pair_has_its_mean_and_no_interval() -> None:
    found = led([4, 5, 6, 5, 4, 6], ["0+1"] * 6, [0] * 6, list(range(6))).estimates
    assert [(e.estimate, e.low, e.reliability, e.note) for e in found] == [
        (pytest.approx(5), None, None, EstimateNote.LED_TOGETHER)
    ] * 2


def test_a_session_led_together_makes_therapists_comparable() -> None:
    # R-0 rates 0 and R-1 rates 1; apart they are two groups, one session together makes them one
    alone = [5, 4, 5, 3, 4, 3], ["0", "0", "0", "1", "1", "1"], [0, 0, 0, 1, 1, 1], list(range(6))
    joined = [5, 4, 5, 3, 4, 3, 4], [*alone[1], "0+1"], [*alone[2], 0], list(range(7))
    assert [e.comparison_group for e in led(*alone).estimates] == [1, 2]
    assert [e.comparison_group for e in led(*joined).estimates] == [1, 1]


def test_intervals_of_pairs_that_rotate_hold_the_truth() -> None:
    rng, held = np.random.default_rng(2026), []
    for _ in range(8):
        rows, truth = draw_co_led(CoLed(8, 20, is_even=True), rng)
        ends = [(e.low or 0, e.high or 0) for e in answer(rows, ASKED).estimates]
        held += [low <= point <= high for (low, high), point in zip(ends, truth.tolist(), strict=True)]
    assert np.mean(held) >= 0.9


def test_who_leads_alone_gets_the_same_numbers_by_thedesign_of_of_those_who_lead_together() -> None:
    rows = draw_co_led(replace(ROTATING, most_leaders=1, share_co_led=0.0, sessions=30), np.random.default_rng(4))[0]
    apart = replace(rows, membership=Membership(tuple((level,) for level in range(6))))
    one, other = answer(rows, ASKED).estimates, answer(apart, ASKED).estimates
    for name in ("estimate", "low", "high", "reliability"):
        assert [getattr(e, name) for e in one] == pytest.approx([getattr(e, name) for e in other], abs=1e-6)


def test_a_pair_that_cannot_be_told_from_its_one_patient_leaves_each_of_the_two_wide_open() -> None:
    # T-0 alone with one patient, T-1 with T-2 and another, T-3 alone with a third; six sessions each
    found = led_with_patients(
        [4.1, 3.9, 4.2, 3.8, 4.0, 4.0, *[5.1, 4.9, 5.2, 4.8, 5.0, 5.0], *[3.1, 2.9, 3.2, 2.8, 3.0, 3.0]],
        ["0"] * 6 + ["1+2"] * 6 + ["3"] * 6,
    )
    assert [c.facet for c in found.components] == ["therapist+patient", "session+residual"]
    alone, one, other, _ = found.estimates
    assert [e.note for e in found.estimates] == [
        EstimateNote.MERGED, EstimateNote.LED_TOGETHER, EstimateNote.LED_TOGETHER, EstimateNote.MERGED,
    ]  # fmt: skip
    assert replace(one, therapist_id="T") == replace(other, therapist_id="T")
    assert (one.high or 0) - (one.low or 0) > 1.5 * ((alone.high or 0) - (alone.low or 0))
    assert (one.reliability or 1) == pytest.approx((alone.reliability or 0) / 2)
