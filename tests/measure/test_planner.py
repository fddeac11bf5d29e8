"""The planner: Brennan's published decision study, a second, slow implementation, and what an hour of rating buys."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from flows.measure.planner import (
    CANNOT_TELL,
    Rated,
    Rating,
    added,
    buys_most,
    coefficients,
    next_ratings,
    planned,
    present,
    with_one_more,
)

# Brennan (2001), Generalizability Theory, synthetic data set 4: 10 persons, 3 tasks, 4 raters nested in tasks (p x (r:t)).
BRENNAN = {"p": 0.4731, "t": 0.3252, "r:t": 0.6475, "pt": 0.5596, "pr:t": 2.3802}
SAME_FOR_ALL = frozenset({"t", "r:t"})

OURS = {"therapist": 0.4, "patient": 0.2, "session": 0.3, "rater": 0.25, "rater_therapist": 0.1, "residual": 0.5}


def tasks_and_raters(n_tasks: int, n_raters: int) -> dict[str, float]:
    """How many levels of each of Brennan's facets a person's mean rests on."""
    return {"t": n_tasks, "r:t": n_tasks * n_raters, "pt": n_tasks, "pr:t": n_tasks * n_raters}


def rated(*ratings: tuple[int, int, int]) -> Rated:
    """Ratings as (patient, session, rater)."""
    return Rated(*(np.array(column) for column in zip(*ratings, strict=True)))


def test_brennans_published_coefficients_for_three_tasks_and_four_raters() -> None:
    told = coefficients(BRENNAN, "p", tasks_and_raters(3, 4), SAME_FOR_ALL)
    assert (round(told.relative or 0, 2), round(told.absolute or 0, 2)) == (0.55, 0.46)


def test_twelve_ratings_spent_on_twelve_sessions_beat_three_sessions_by_four_raters() -> None:
    three = coefficients(BRENNAN, "p", tasks_and_raters(3, 4), SAME_FOR_ALL)
    twelve = coefficients(BRENNAN, "p", tasks_and_raters(12, 1), SAME_FOR_ALL)
    # .4731 / (.4731 + .5596 / 12 + 2.3802 / 12), and with .3252 / 12 + .6475 / 12 more in the denominator
    assert (round(twelve.relative or 0, 4), round(twelve.absolute or 0, 4)) == (0.6588, 0.592)
    assert (twelve.relative or 0) > (three.relative or 1)
    assert (twelve.absolute or 0) > (three.absolute or 1)


def test_raters_per_session_and_distinct_raters_are_different_facets() -> None:
    # error: .2 / 2 + .3 / 4 + .1 / n_raters + .5 / (4 x raters per session)
    assert planned(OURS, 2, 4, 1, 1).relative == pytest.approx(0.4 / (0.4 + 0.1 + 0.075 + 0.1 + 0.125))
    assert planned(OURS, 2, 4, 1, 4).relative == pytest.approx(0.4 / (0.4 + 0.1 + 0.075 + 0.025 + 0.125))
    assert planned(OURS, 2, 4, 2, 2).relative == pytest.approx(0.4 / (0.4 + 0.1 + 0.075 + 0.05 + 0.0625))
    assert planned(OURS, 2, 4, 2, 2).absolute == pytest.approx(0.4 / (0.4 + 0.1 + 0.075 + 0.175 + 0.0625))


def test_a_merged_facet_is_told_only_for_designs_in_which_its_parts_go_together() -> None:
    merged = {"therapist": 0.4, "patient": 0.2, "rater": 0.25, "session+residual": 0.8}
    assert planned(merged, 2, 4, 1, 2).relative == pytest.approx(0.4 / (0.4 + 0.1 + 0.2))
    assert planned(merged, 2, 4, 2, 2) == CANNOT_TELL


def test_nothing_is_told_of_therapists_who_are_no_facet_of_their_own() -> None:
    one_patient_each = {"therapist+patient": 0.6, "session": 0.3, "rater": 0.2, "residual": 0.5}
    assert planned(one_patient_each, 1, 4, 1, 1) == CANNOT_TELL
    assert present(one_patient_each, rated((0, 0, 0))) == CANNOT_TELL


def test_an_absolute_coefficient_needs_more_than_one_rater_to_have_been_seen() -> None:
    told = planned({"therapist": 0.4, "session+residual": 0.8}, 1, 4, 1, 1)
    assert told.relative == pytest.approx(0.4 / 0.6)
    assert told.absolute is None


def test_a_balanced_design_is_worth_what_the_plan_says() -> None:
    # two patients of two sessions, each seen by the same two raters
    ratings = rated(*((s // 2, s, r) for s in range(4) for r in range(2)))
    here, plan = present(OURS, ratings), planned(OURS, 2, 4, 2, 2)
    assert here.relative == pytest.approx(plan.relative, rel=1e-12)
    assert here.absolute == pytest.approx(plan.absolute, rel=1e-12)


def slow_error(components: dict[str, float], ratings: Rated, *, is_absolute: bool) -> float:
    """1 / 1'V^-1 1 with V written out rating by rating."""
    levels = {"patient": ratings.patient, "session": ratings.session, "rater_therapist": ratings.rater}
    if is_absolute:
        levels["rater"] = ratings.rater
    v = np.zeros((ratings.n, ratings.n))
    for i in range(ratings.n):
        for j in range(ratings.n):
            v[i, j] = sum(components.get(f, 0.0) for f, codes in levels.items() if codes[i] == codes[j])
            v[i, j] += components["residual"] if i == j else 0.0
    return 1 / float(np.ones(ratings.n) @ np.linalg.inv(v) @ np.ones(ratings.n))


def test_a_second_slow_implementation_agrees_on_random_designs() -> None:
    dice = random.Random(11)
    for _ in range(150):
        components = {f: dice.choice([0.0, dice.uniform(0.05, 1)]) for f in OURS} | {"residual": dice.uniform(0.1, 1)}
        sessions = [(s, dice.randrange(3)) for s in range(dice.randint(1, 7))]
        drawn = [(p, s, r) for s, p in sessions for r in dice.sample(range(4), dice.randint(1, 3))]
        ratings = Rated(*(np.unique([d[k] for d in drawn], return_inverse=True)[1] for k in range(3)))
        told = present(components, ratings)
        for error, is_absolute in ((told.relative_error, False), (told.absolute_error, True)):
            slow = slow_error(components, ratings, is_absolute=is_absolute)
            assert error == pytest.approx(slow, rel=1e-9)
        one_more = added(ratings, Rating(0, None, 0))
        assert with_one_more(components, ratings, Rating(0, None, 0)) == present(components, one_more)


def test_one_more_rating_never_makes_an_estimate_worse() -> None:
    ratings = rated((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 2, 2))
    before = present(OURS, ratings)
    for more, _ in next_ratings(ratings, True, 5).values():
        after = with_one_more(OURS, ratings, more)
        assert (after.relative or 0) > (before.relative or 1)


def test_where_patients_differ_a_new_patient_buys_most_and_where_viewings_differ_any_rating_does_as_well() -> None:
    ratings = rated((0, 0, 0), (0, 1, 1), (1, 2, 0), (1, 3, 1))

    def most(components: dict[str, float]) -> frozenset[str]:
        options = next_ratings(ratings, True, 2).items()
        return buys_most({o: with_one_more(components, ratings, more).relative_error for o, (more, _) in options})

    by_patient = {"therapist": 0.4, "patient": 0.5, "session": 0.05, "rater": 0.2, "residual": 0.3}
    by_session = {"therapist": 0.4, "patient": 0.0, "session": 0.5, "rater": 0.2, "residual": 0.3}
    by_viewing = {"therapist": 0.4, "patient": 0.0, "session": 0.0, "rater": 0.2, "residual": 0.8}
    assert most(by_patient) == {"new_patient"}
    assert most(by_session) == {"new_patient", "same_patient"}
    assert most(by_viewing) == {"new_patient", "same_patient", "second_rater"}


def test_a_rater_new_to_her_is_taken_when_the_lab_has_one_else_the_one_who_rated_her_least() -> None:
    ratings = rated((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 2, 0))
    options = next_ratings(ratings, True, 2)
    assert options["new_patient"] == (Rating(None, None, 1), False)
    assert options["same_patient"] == (Rating(1, None, 1), False)  # patient 1 has one session, patient 0 has two
    assert options["second_rater"] == (Rating(1, 2, 1), False)  # the newest of the sessions with one rater
    assert next_ratings(ratings, True, 3)["new_patient"] == (Rating(None, None, None), True)


def test_where_no_patient_is_known_as_in_groups_a_session_more_is_offered_and_no_patient() -> None:
    options = next_ratings(rated((0, 0, 0), (1, 1, 0)), False, 2)
    assert set(options) == {"new_session", "second_rater"}
    assert options["new_session"] == (Rating(None, None, None), True)


def test_a_second_rater_is_a_new_one_where_every_rater_has_seen_the_session() -> None:
    assert next_ratings(rated((0, 0, 0), (0, 0, 1)), True, 2)["second_rater"] == (Rating(0, 0, None), True)


def test_what_a_second_rater_buys_is_not_guessed_where_no_session_ever_had_two() -> None:
    merged = {"therapist": 0.4, "patient": 0.2, "rater": 0.2, "session+residual": 0.8}
    ratings = rated((0, 0, 0), (0, 1, 1), (1, 2, 0))
    told = {
        option: with_one_more(merged, ratings, more) for option, (more, _) in next_ratings(ratings, True, 2).items()
    }
    assert told["second_rater"] == CANNOT_TELL
    assert told["new_patient"].relative is not None
    assert buys_most({option: c.relative_error for option, c in told.items()}) == {"new_patient"}


def test_where_therapists_do_not_differ_reliability_is_nought_and_the_error_still_shrinks() -> None:
    alike = OURS | {"therapist": 0.0}
    ratings = rated((0, 0, 0), (0, 1, 1))
    before, after = present(alike, ratings), with_one_more(alike, ratings, Rating(None, None, None))
    assert (before.relative, after.relative) == (0.0, 0.0)
    assert (after.relative_error or 9) < (before.relative_error or 0)


def test_where_nothing_varies_nothing_is_divided_by_nought() -> None:
    nothing = dict.fromkeys(OURS, 0.0)
    told = present(nothing, rated((0, 0, 0), (0, 1, 1)))
    assert (told.relative, told.relative_error) == (None, 0.0)


def test_a_session_led_by_two_tells_of_each_what_both_leave_open() -> None:
    led = Rated(np.array([0]), np.array([0]), np.array([0]), np.array([0.5]), np.array([[0.5]]))
    # y = (u + v) / 2 + e, so 2 y = u + v + 2 e: the colleague's .4, and four times .2 + .3 + .5 and .1 x (1/4 + 1/4)
    assert present(OURS, led).relative_error == pytest.approx(0.4 + 4 * (0.2 + 0.3 + 0.5 + 0.05))
    # a session more with the same colleague: her effect stays, the rest is halved, but for how the one rater sees the two
    again = with_one_more(OURS, led, Rating(None, None, 0))
    assert again.relative_error == pytest.approx(0.4 + 4 * ((0.2 + 0.3 + 0.5) / 2 + 0.05))
    # a second rater for the session: only what is the rater's own is halved
    second = with_one_more(OURS, led, Rating(0, 0, None))
    assert second.relative_error == pytest.approx(0.4 + 4 * (0.2 + 0.3 + (0.5 + 0.05) / 2))


def test_who_always_led_alone_is_told_the_same_by_either_way_of_reckoning() -> None:
    ratings = rated((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 2, 2), (1, 2, 1))
    apart = replace(ratings, share=np.ones(5), colleagues=np.zeros((5, 1)))
    told, by_hand = present(OURS, ratings), present(OURS, apart)
    assert (told.relative, told.absolute) == (pytest.approx(by_hand.relative), pytest.approx(by_hand.absolute))
