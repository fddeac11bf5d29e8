"""What moved a team's mean: parts that add up, worked by hand, and simulated labs in which the cause is known."""

from __future__ import annotations

import random

import numpy as np
import pytest

from flows.measure.change import Change, Ratings, anchored, decompose, severities

A, B, C = 0, 1, 2  # therapists


def split(sessions: list[tuple[int, bool, float]], severity: list[float] | None = None) -> Change:
    """The change over sessions drawn as (therapist, after, mean)."""
    therapist, after, mean = zip(*sessions, strict=True)
    told = None if severity is None else np.array(severity)
    return decompose(np.array(therapist), np.array(after), np.array(mean), told)


def ratings_of(rows: list[tuple[int, int, int, float]]) -> Ratings:
    """Ratings drawn as (session, rater, period, value)."""
    session, rater, period, value = zip(*rows, strict=True)
    return Ratings(np.array(session), np.array(rater), np.array(period), np.array(value, dtype=float))


def test_kitagawas_parts_by_hand() -> None:
    # before: A 4, A 4, B 6 (mean 4 2/3); after: A 5, B 6, B 6 (mean 5 2/3)
    told = split([(A, False, 4), (A, False, 4), (B, False, 6), (A, True, 5), (B, True, 6), (B, True, 6)], [0.0] * 6)
    assert told.difference == pytest.approx(1.0)
    assert told.by_therapists == pytest.approx(0.5)  # A by one point, with half of the sessions on average
    assert told.by_who_was_rated == pytest.approx(0.5)  # a third of the sessions went from A (4.5) to B (6)
    assert told.by_severity == 0.0


def test_severity_is_taken_out_before_the_rest_is_split() -> None:
    # nobody changed; after, the raters are one point milder
    told = split([(A, False, 4), (B, False, 6), (A, True, 5), (B, True, 7)], [0.0, 0.0, 1.0, 1.0])
    assert (told.by_therapists, told.by_severity, told.by_who_was_rated) == (0.0, 1.0, 0.0)


def test_a_therapist_seen_in_one_period_only_is_who_was_rated() -> None:
    told = split([(A, False, 4), (B, False, 6), (A, True, 4), (C, True, 3)], [0.0] * 4)
    assert (told.by_therapists, told.by_who_was_rated, told.difference) == (0.0, -1.5, -1.5)


def test_without_severity_who_was_rated_is_told_and_the_rest_is_not_split() -> None:
    told = split([(A, False, 4), (B, False, 6), (A, True, 5), (C, True, 3)])
    assert (told.by_therapists, told.by_severity) == (None, None)
    assert told.by_who_was_rated == -1.5


def test_the_parts_add_up_whatever_the_numbers() -> None:
    dice = random.Random(3)
    for _ in range(200):
        n = dice.randint(2, 30)
        sessions = [(dice.randrange(5), k % 2 == 0, dice.uniform(1, 7)) for k in range(n)]
        told = split(sessions, [dice.gauss(0, 1) for _ in range(n)])
        parts = (told.by_therapists or 0) + (told.by_severity or 0) + told.by_who_was_rated
        assert parts == pytest.approx(told.difference, abs=1e-12)


def test_a_period_without_a_session_is_refused() -> None:
    with pytest.raises(ValueError, match="Both periods"):
        split([(A, True, 4)])


def lab(moves: dict[int, float], *, seed: int, n_raters: int = 4, n_sessions: int = 60) -> Ratings:
    """Two periods of sessions, two raters each; raters differ by known amounts, and some move in the second period."""
    dice = random.Random(seed)
    own = [0.6, -0.4, 0.1, -0.3, 0.2, -0.2][:n_raters]
    rows = []
    for s in range(2 * n_sessions):
        period, level = int(s >= n_sessions), dice.gauss(4, 1)
        pair = dice.sample(range(n_raters), 2)
        rows += [(s, r, period, level + own[r] + moves.get(r, 0.0) * period + dice.gauss(0, 0.3)) for r in pair]
    return ratings_of(rows)


def test_one_rater_who_moves_against_the_others_is_found_and_the_others_are_not_moved_instead() -> None:
    drawn = lab({2: -1.0}, seed=1)
    told = anchored(severities(drawn, 0.2, 0.09), drawn, (0, 1))
    assert told is not None
    before, after = told
    assert after - before == pytest.approx([0.0, 0.0, -1.0, 0.0], abs=0.25)


def test_a_drift_that_all_share_is_not_seen() -> None:
    drawn = lab(dict.fromkeys(range(4), -1.0), seed=2)
    told = anchored(severities(drawn, 0.2, 0.09), drawn, (0, 1))
    assert told is not None
    assert told[1] - told[0] == pytest.approx([0.0] * 4, abs=0.2)


def test_more_work_for_a_severe_rater_is_severity() -> None:
    drawn = lab({}, seed=3)
    before, after = anchored(severities(drawn, 0.2, 0.09), drawn, (0, 1)) or (np.zeros(4), np.zeros(4))
    assert before - before.mean() == pytest.approx([0.6, -0.4, 0.1, -0.3], abs=0.2)
    # all before by the mildest, all after by the most severe
    assert after[1] - before[0] == pytest.approx(-1.0, abs=0.2)


def test_raters_who_share_no_session_cannot_be_compared() -> None:
    apart = ratings_of([(0, 0, 0, 4.0), (1, 1, 0, 5.0), (2, 0, 1, 4.0), (3, 1, 1, 3.0)])
    assert anchored(severities(apart, 0.2, 0.3), apart, (0, 1)) is None


def test_a_rater_who_was_never_compared_with_another_cannot_be_told_to_have_stood_still() -> None:
    alone = ratings_of([(0, 0, 0, 4.0), (1, 0, 1, 3.0), (2, 1, 0, 4.0), (2, 2, 0, 5.0)])
    only_hers = Ratings(*(getattr(alone, f)[:2] for f in ("session", "rater", "period", "value")))
    assert anchored(severities(only_hers, 0.2, 0.3), only_hers, (0, 1)) is None


def test_nothing_links_two_periods_without_a_rater_in_both() -> None:
    rows = [(0, 0, 0, 4.0), (0, 1, 0, 5.0), (1, 2, 1, 4.0), (1, 3, 1, 5.0), (2, 1, 2, 4.0), (2, 2, 2, 4.0)]
    assert anchored(severities(ratings_of(rows), 0.2, 0.3), ratings_of(rows), (0, 1)) is None


def test_raters_who_do_not_differ_have_no_severity() -> None:
    drawn = lab({}, seed=4)
    assert not severities(drawn, 0.0, 0.3).points.any()


def test_a_second_dense_implementation_agrees() -> None:
    drawn = lab({1: 0.5}, seed=5, n_sessions=12)
    n, n_sessions = len(drawn.value), int(drawn.session.max()) + 1
    # Henderson's equations with sessions as fixed columns, nothing swept out
    x = np.zeros((n, n_sessions + 4 + 8))
    for i in range(n):
        x[i, drawn.session[i]] = x[i, n_sessions + drawn.rater[i]] = 1
        x[i, n_sessions + 4 + 2 * drawn.rater[i] + drawn.period[i]] = 1
    penalty = np.diag([0.0] * n_sessions + [0.3 / 0.2] * 12)
    found = np.linalg.solve(x.T @ x + penalty, x.T @ drawn.value)[n_sessions:]
    expected = found[:4, None] + found[4:].reshape(4, 2)
    assert severities(drawn, 0.2, 0.3).points == pytest.approx(expected, abs=1e-8)
