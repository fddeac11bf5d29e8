"""Severity and drift in labs whose truth is known: bias, intervals, false flags, power, and what cannot be seen."""

from __future__ import annotations

import numpy as np
import pytest

from flows.measure.drift import Movement, discoveries, movements, n_references
from flows.measure.rater_model import model_raters
from flows.measure.reliability import Table
from flows.measure.severity import standings
from schemas.figure_codes import ComparedWith
from tests.measure.rater_labs import SHROUT_FLEISS, RaterLab, crossed_table, drawn_lab, drawn_table
from tests.measure.test_reliability import moments

KNOWN = (-1.0, 0.0, 0.2, 0.4, 0.1, 0.3)  # the first is severe; they add up to zero


def test_in_a_complete_table_a_severity_is_the_raters_mean_drawn_towards_the_others() -> None:
    # Shrout & Fleiss: raters' means 7.667, 2.5, 4.333, 6.667 about 5.2917; variance of raters (32.49 - 1.019) / 6 = 5.244, so
    # each distance keeps 5.244 / (5.244 + 1.019 / 6) = 0.9686 of itself
    found = model_raters(crossed_table(SHROUT_FLEISS), 1)
    assert found.severity == pytest.approx(0.96862 * np.array([2.375, -2.7917, -0.9583, 1.375]), abs=0.002)


def test_severities_of_a_known_lab_are_unbiased_and_their_intervals_hold_them() -> None:
    lab = RaterLab(therapists=12, sessions=8, patients=3, raters=6, raters_each=2)
    told, held = [], []
    for seed in range(30):
        table, true = drawn_lab(lab, seed, KNOWN)
        found = model_raters(table, seed, moments(table))
        assert found.spread is not None
        assert found.severity is not None
        told.append(found.severity)
        held += list((found.spread.low <= true) & (true <= found.spread.high))
    assert np.mean(told, axis=0) == pytest.approx(np.array(KNOWN), abs=0.15)
    assert 0.92 <= float(np.mean(held)) <= 1.0


def test_intervals_of_three_drawn_raters_hold_them_although_their_variance_is_hardly_known() -> None:
    lab = RaterLab(therapists=10, sessions=6, raters=3, raters_each=2)
    held = []
    for seed in range(50):
        table, true = drawn_lab(lab, seed)
        found = model_raters(table, seed, moments(table))
        assert found.spread is not None
        held += list((found.spread.low <= true) & (true <= found.spread.high))
    assert float(np.mean(held)) >= 0.90


def test_a_quarters_severity_is_told_against_the_co_raters_less_their_own() -> None:
    lab = RaterLab(therapists=20, sessions=10, raters=5, raters_each=2, error=0.3)
    table, true = drawn_lab(lab, 3)
    found = model_raters(table, 3, moments(table))
    assert found.severity is not None
    assert found.spread is not None
    assert found.within is not None
    late = table.session >= 150
    told = standings(
        table.session[late], table.rater[late], table.value[late], found.severity, found.spread, found.within
    )
    # one rater by hand: the mean over her sessions of her value less the co-rater's, plus the co-rater's severity
    hers = [
        table.value[i] - table.value[j] + found.severity[table.rater[j]]
        for i in np.flatnonzero(late & (table.rater == 2))
        for j in np.flatnonzero((table.session == table.session[i]) & (table.rater != 2))
    ]
    assert told[2].severity == pytest.approx(np.mean(hers))
    assert told[2].n_sessions == len(hers)
    assert told[2].low < true[2] - true.mean() + found.severity.mean() < told[2].high


def lab_over_time(
    seed: int, n_raters: int, n_sessions: int, drift: float = 0.0, shared: float = 0.0, rerated: float = 0.0
) -> tuple[Table, np.ndarray]:
    """Two raters a session; in the last fourth rater 0 moves by `drift` and all by `shared`. A share of ratings is made in
    any quarter, whatever the session's. Gives the table and whether each rating was made in the last quarter."""
    random = np.random.default_rng(seed)
    lab = RaterLab(therapists=1, sessions=n_sessions, raters=n_raters)
    table = drawn_table(lab, seed)
    quarter = table.session * 4 // n_sessions
    quarter = np.where(random.random(len(quarter)) < rerated, random.integers(0, 4, len(quarter)), quarter)
    is_last = quarter == 3
    moved = table.value + is_last * (shared + drift * (table.rater == 0))
    return Table(table.session, table.rater, moved, table.therapist, table.patient), is_last.astype(float)


def told_in(seeds: int, n_raters: int, n_sessions: int, **how: float) -> list[list[Movement]]:
    found = []
    for seed in range(seeds):
        table, is_last = lab_over_time(seed, n_raters, n_sessions, **how)
        found.append(movements(table.session, table.rater, table.value, is_last, n_raters, 4))
    return found


def flags(told: list[Movement]) -> list[tuple[int | None, bool]]:
    """(rater, is flagged) of the movements against co-raters, as the tables flag them: beyond half a point, and it stands."""
    against = [m for m in told if m.compared_with is ComparedWith.CO_RATERS]
    stands = discoveries([m.p_value for m in against])
    return [(m.rater, stand and abs(m.movement) > 0.5) for m, stand in zip(against, stands, strict=True)]


def test_a_steady_lab_flags_a_few_per_cent_at_most() -> None:
    every = [flag for told in told_in(80, 6, 120) for _rater, flag in flags(told)]
    assert len(every) > 400
    assert float(np.mean(every)) <= 0.03


def test_a_rater_who_moves_is_found_and_the_others_are_not_blamed() -> None:
    runs = told_in(40, 6, 320, drift=-1.2)
    hers = [m for told in runs for m in told if m.rater == 0 and m.compared_with is ComparedWith.CO_RATERS]
    assert float(np.mean([m.movement for m in hers])) == pytest.approx(-1.2, abs=0.15)
    found = [flag for told in runs for rater, flag in flags(told) if rater == 0]
    blamed = [flag for told in runs for rater, flag in flags(told) if rater != 0]
    assert float(np.mean(found)) >= 0.8
    assert float(np.mean(blamed)) <= 0.05


def test_a_drift_that_all_share_is_invisible_without_recordings_rated_again() -> None:
    runs = told_in(30, 6, 120, shared=-1.5)
    assert all(m.compared_with is ComparedWith.CO_RATERS for told in runs for m in told)  # nothing to hold all against
    assert float(np.mean([flag for told in runs for _rater, flag in flags(told)])) <= 0.03


def test_recordings_rated_again_show_a_drift_that_all_share() -> None:
    runs = told_in(40, 6, 160, shared=-1.0, rerated=0.2)
    shared = [m for told in runs for m in told if m.rater is None]
    assert float(np.mean([m.movement for m in shared])) == pytest.approx(-1.0, abs=0.1)
    assert float(np.mean([m.low <= -1.0 <= m.high for m in shared])) >= 0.87
    assert float(np.mean([m.high < 0 for m in shared])) >= 0.9


def test_movements_are_those_of_a_dense_regression() -> None:
    table, is_last = lab_over_time(1, 4, 60, drift=-1.0)
    found = movements(table.session, table.rater, table.value, is_last, 4, 4)
    n, n_sessions = len(table.value), 60
    columns = np.zeros((n, n_sessions + 8))
    columns[np.arange(n), table.session] = 1
    columns[np.arange(n), n_sessions + table.rater + 4 * is_last.astype(int)] = 1
    solved = np.linalg.lstsq(columns, table.value, rcond=None)[0][n_sessions:]
    moved = solved[4:] - solved[:4]
    expected = moved - np.median(moved)
    assert [m.movement for m in found] == pytest.approx(list(expected), abs=1e-8)


def test_raters_who_never_meet_are_not_compared() -> None:
    # A and B share sessions, C and D share others, in both quarters; then each pair is compared within itself
    session = np.repeat(np.arange(40), 2)
    rater = np.where(np.arange(80) // 2 % 2 == 0, np.arange(80) % 2, 2 + np.arange(80) % 2)
    is_last = (session >= 20).astype(float)
    value = 4.0 + (rater == 0) * is_last * 2 + 0.1 * (np.arange(80) % 3)
    found = {m.rater: m for m in movements(session, rater, value, is_last, 4, 4)}
    assert {m.n_compared for m in found.values()} == {2}
    assert (found[0].movement, found[1].movement) == (pytest.approx(1.0, abs=0.1), pytest.approx(-1.0, abs=0.1))
    assert (found[2].movement, found[3].movement) == (pytest.approx(0.0, abs=0.1), pytest.approx(0.0, abs=0.1))


def test_too_few_sessions_in_common_are_not_judged() -> None:
    table, is_last = lab_over_time(2, 4, 60)
    assert movements(table.session, table.rater, table.value, is_last, 4, 400) == []
    assert n_references(table.session, is_last) == 0


def test_of_a_family_of_tests_those_that_stand_are_benjamini_and_hochbergs() -> None:
    # Benjamini & Hochberg 1995, section 3.1: 15 p-values; at .05 the first four stand
    published = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528),
        *(0.7590, 1.0),
    ]
    assert discoveries(published) == [True] * 4 + [False] * 11
    assert discoveries([]) == []
