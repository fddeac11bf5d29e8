"""Intraclass correlations: Shrout & Fleiss's table, textbook sums of squares, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from flows.measure.complete import agreement_interval, consistency_interval, is_complete, mean_squares, one_way_interval
from flows.measure.rater_model import Fitted, correlations, model_raters, table_of, without_error
from flows.measure.reliability import Sources, Table, correlation, nested_squares, one_way, sources_of, usual_raters
from flows.measure.within import compare_within
from schemas.figure_codes import IccType, RaterNote
from tests.measure.rater_labs import SHROUT_FLEISS, RaterLab, crossed_table, drawn_table


def figures(table: Table) -> dict[str, tuple[float | None, float | None]]:
    found = correlations(table, model_raters(table, 1))
    return {kind.value: (c.single, c.average) for kind, c in found.items()}


def test_shrout_and_fleiss_six_correlations() -> None:
    # Shrout & Fleiss 1979, table 4
    found = figures(crossed_table(SHROUT_FLEISS))
    assert found["one_way"] == (pytest.approx(0.17, abs=0.005), pytest.approx(0.44, abs=0.005))
    assert found["agreement"] == (pytest.approx(0.29, abs=0.005), pytest.approx(0.62, abs=0.005))
    assert found["consistency"] == (pytest.approx(0.71, abs=0.005), pytest.approx(0.91, abs=0.005))


def test_shrout_and_fleiss_mean_squares_and_intervals() -> None:
    # Shrout & Fleiss 1979, table 3 (11.24, 32.49, 1.02, 6.26), and p. 424: .0188 to .7611 for ICC(2,1)
    ms = mean_squares(crossed_table(SHROUT_FLEISS))
    assert (ms.sessions, ms.raters, ms.error, ms.within) == pytest.approx((11.24, 32.49, 1.02, 6.26), abs=0.005)
    assert agreement_interval(ms) == pytest.approx((0.0188, 0.7611), abs=0.00005)
    # the same table in the manual of R's psych package (ICC): .3425 to .9458 for ICC(3,1), up to .7226 for ICC(1,1)
    assert consistency_interval(ms) == pytest.approx((0.3425, 0.9459), abs=0.0001)
    assert one_way_interval(ms) == pytest.approx((0.0, 0.7226), abs=0.0001)


@pytest.mark.parametrize("seed", range(6))
def test_a_complete_table_has_the_correlations_of_the_textbooks_mean_squares(seed: int) -> None:
    table = drawn_table(RaterLab(therapists=1, sessions=12, raters=4, raters_each=4), seed)
    ms, (n, k) = mean_squares(table), (12, 4)
    if min(ms.sessions - ms.error, ms.raters - ms.error) <= 0:
        pytest.skip("REML holds at zero what the textbook lets fall below it")
    found = figures(table)
    agreement = (ms.sessions - ms.error) / (ms.sessions + (k - 1) * ms.error + k * (ms.raters - ms.error) / n)
    assert found["agreement"][0] == pytest.approx(agreement, abs=1e-4)
    assert found["consistency"][0] == pytest.approx(
        (ms.sessions - ms.error) / (ms.sessions + (k - 1) * ms.error), abs=1e-4
    )
    assert found["consistency"][1] == pytest.approx((ms.sessions - ms.error) / ms.sessions, abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_raters_are_compared_as_by_a_dense_regression_on_sessions_and_raters(seed: int) -> None:
    table = drawn_table(RaterLab(therapists=3, sessions=6, raters=5, raters_each=2, single=0.3), seed)
    n, n_sessions = len(table.value), int(table.session.max()) + 1
    columns = np.zeros((n, n_sessions + 5))
    columns[np.arange(n), table.session] = 1
    columns[np.arange(n), n_sessions + table.rater] = 1
    solved, _rest, rank, _singular = np.linalg.lstsq(columns, table.value, rcond=None)
    left = table.value - columns @ solved
    within = compare_within(table.session, table.rater, table.value, 5)
    raters = solved[n_sessions:]
    assert within.effect - within.effect.mean() == pytest.approx(raters - raters.mean(), abs=1e-8)
    assert (within.residual_df, within.residual_ss) == (n - rank, pytest.approx(float(left @ left), abs=1e-8))


def test_the_one_way_correlation_of_uneven_sessions_is_donners() -> None:
    table = table_of(*(np.array(c) for c in ([0, 0, 0, 1, 1, 2, 2], [0, 1, 2, 0, 1, 0, 1])), np.array([1.0, 2, 3, 4, 6, 7, 8]),
                     np.zeros(7, int), np.zeros(7, int))  # fmt: skip
    # by hand: means 2, 5, 7.5; within 2 + 2 + .5 = 4.5 over 4; between 3 (2 - 31/7)^2 + 2 (5 - 31/7)^2 + 2 (7.5 - 31/7)^2 over 2
    within = 4.5 / 4
    between = (3 * (2 - 31 / 7) ** 2 + 2 * (5 - 31 / 7) ** 2 + 2 * (7.5 - 31 / 7) ** 2) / 2
    size = (7 - (9 + 4 + 4) / 7) / 2
    found = one_way(table)
    assert found is not None
    assert (found.true, found.error) == pytest.approx(((between - within) / size, within))


def test_the_usual_number_of_raters_is_the_harmonic_mean_over_sessions_seen_by_several() -> None:
    assert usual_raters(np.array([0, 0, 1, 1, 1, 2])) == pytest.approx(2 / (1 / 2 + 1 / 3))
    assert usual_raters(np.array([0, 1, 2])) is None


def test_merged_facets_of_both_kinds_leave_the_correlation_untold() -> None:
    assert (
        sources_of({"therapist": 1.0, "session": 0.5, "rater": 0.25, "rater_therapist": 0.1, "residual": 0.4})
        is not None
    )
    assert sources_of({"therapist": 1.0, "session+residual": 0.9, "rater": 0.2}) is None
    assert sources_of({"patient+session": 1.0, "rater": 0.2, "residual": 0.1}) is not None
    assert sources_of({"session": 1.0, "residual": 0.9}) is None  # one rater: severity is unknown


def test_squares_of_nested_means_are_those_of_the_textbook_in_a_balanced_design() -> None:
    # 2 therapists x 3 patients x 4 sessions x 2 raters, by loops
    table = drawn_table(RaterLab(therapists=2, sessions=12, patients=3, raters=2, raters_each=2, is_balanced=True), 4)
    means = np.bincount(table.session, weights=table.value) / 2
    cube = means.reshape(2, 3, 4)
    sessions = sum((cube[t, p, s] - cube[t, p].mean()) ** 2 for t in range(2) for p in range(3) for s in range(4))
    patients = sum((cube[t, p].mean() - cube[t].mean()) ** 2 for t in range(2) for p in range(3))
    therapists = sum((cube[t].mean() - cube.mean()) ** 2 for t in range(2))
    expected = [(sessions, 18, 3 / 4), (patients, 4, 2 / 3), (therapists, 1, 1.0)]
    assert [pytest.approx(level) for level in expected] == nested_squares(table, means)


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([[4, 5], [3, 3]], RaterNote.TOO_FEW_SESSIONS),
        ([[4, 4]] * 6, RaterNote.NOTHING_VARIES),
        ([[4], [5], [6]], RaterNote.NOBODY_TO_COMPARE),
    ],
)
def test_what_cannot_be_told_is_said_in_a_note(values: list[list[float]], note: RaterNote) -> None:
    table = crossed_table(values)
    assert model_raters(table, 1).note is note
    assert set(figures(table).values()) == {(None, None)}


def test_raters_who_differ_by_their_severity_alone_are_wholly_consistent() -> None:
    found = figures(crossed_table([[v, v + 1] for v in (1, 3, 2, 5, 4, 6)]))
    assert found["consistency"] == (1.0, 1.0)
    assert model_raters(crossed_table([[v, v + 1] for v in (1, 3, 2, 5, 4, 6)]), 1).note is RaterNote.NO_ERROR
    # variances: sessions 3.5, raters 0.5
    assert found["agreement"][0] == pytest.approx(3.5 / 4.0)


def test_mcgraw_and_wong_s_three_pairs_agree_by_their_mean_squares() -> None:
    # McGraw & Wong 1996 (Psychological Methods 1, 30-46), as the manual of R's package rel quotes them (icc): the pairs (2,4),
    # (4,6), (6,8) have ICC(C,1) 1.00 and ICC(A,1) .67.
    ms = mean_squares(crossed_table([[2, 4], [4, 6], [6, 8]]))
    assert (ms.sessions, ms.raters, ms.error) == pytest.approx((8.0, 6.0, 0.0))
    alone = _without_error_of([[2, 4], [4, 6], [6, 8]])
    assert correlation(alone.true, alone.error, 2) == (1.0, 1.0)
    agreement = correlation(alone.true, alone.rater + alone.error, 2)
    assert agreement == pytest.approx((2 / 3, 4 / 5))


def _without_error_of(values: list[list[float]]) -> Sources:
    """The variances of a complete table whose raters differ by severity alone (McGraw & Wong's table 3, without error)."""
    table = crossed_table(values)
    return without_error(table, compare_within(table.session, table.rater, table.value, len(values[0])))


def test_mcgraw_and_wong_s_forms_on_a_table_by_hand() -> None:
    # Rows 2 4, 3 3, 5 7, 6 6, 4 10: means 3 3 6 6 7 of mean 5, columns 4 and 6. MSR = 2 (4+4+1+1+4) / 4 = 7,
    # MSC = 5 (1+1) / 1 = 10, within 2+0+2+0+18 = 22, so MSE = (22 - 10) / 4 = 3. Their table 4:
    values = [[2, 4], [3, 3], [5, 7], [6, 6], [4, 10]]
    ms = mean_squares(crossed_table(values))
    assert (ms.sessions, ms.raters, ms.error) == pytest.approx((7.0, 10.0, 3.0))
    found = figures(crossed_table(values))
    # ICC(C,1) = (7 - 3) / (7 + 3); ICC(C,k) = (7 - 3) / 7
    assert found["consistency"] == (pytest.approx(0.4, abs=1e-5), pytest.approx(4 / 7, abs=1e-5))
    # ICC(A,1) = (7 - 3) / (7 + 3 + 2 (10 - 3) / 5); ICC(A,k) = (7 - 3) / (7 + (10 - 3) / 5)
    assert found["agreement"] == (pytest.approx(4 / 12.8, abs=1e-5), pytest.approx(4 / 8.4, abs=1e-5))
    # ICC(C,1) from F = 7/3 with 4 and 4 degrees of freedom, whose 97.5 % point is 9.6045 (tables of F)
    low, high = consistency_interval(ms) or (9, 9)
    assert (low, high) == pytest.approx((0.0, (7 / 3 * 9.6045 - 1) / (7 / 3 * 9.6045 + 1)), abs=1e-4)


def test_sessions_that_no_two_raters_share_say_nothing_of_severity_alone() -> None:
    # Five sessions, each by two raters of its own: how they differ is severity or chance, and nobody can say which.
    values, n = np.array([3.0, 5, 2, 2, 6, 4, 1, 3, 5, 7]), np.zeros(10, dtype=np.int64)
    table = table_of(np.repeat(np.arange(5), 2), np.arange(10), values, n, n)
    assert model_raters(table, 1).note is RaterNote.NOT_SEPARABLE
    agreed = table_of(np.repeat(np.arange(5), 2), np.arange(10), np.repeat(values[::2], 2), n, n)
    assert model_raters(agreed, 1).note is RaterNote.NO_ERROR


def test_sessions_that_share_a_therapist_are_not_taken_as_independent() -> None:
    assert is_complete(crossed_table(SHROUT_FLEISS))
    nested = drawn_table(RaterLab(therapists=3, sessions=4, raters=2, raters_each=2, is_balanced=True), 1)
    assert not is_complete(nested)


LABS = {
    "few raters, few therapists": RaterLab(therapists=6, sessions=5, patients=3, raters=3, raters_each=2),
    "some sessions rated once": RaterLab(therapists=12, sessions=5, patients=3, raters=6, raters_each=2, single=0.5),
    "whole points and interactions": RaterLab(
        therapists=12, sessions=5, patients=3, raters=6, raters_each=2, interaction=0.3, is_rounded=True
    ),
}


def moments(table: Table) -> Fitted:
    """Variances by equating sums of squares with what is expected of them: quicker than REML, and no part of ours."""
    within = compare_within(table.session, table.rater, table.value, int(table.rater.max()) + 1)
    error = within.residual_ss / within.residual_df
    raters = float(np.mean(within.projected**2) - error * np.mean(1 / within.eigen[0]))
    n_of = np.bincount(table.session)
    means = np.bincount(table.session, weights=table.value - within.effect[table.rater]) / n_of
    sessions = float(np.var(means, ddof=1) - error * np.mean(1 / n_of))
    return Fitted({"session": max(sessions, 0), "rater": max(raters, 0), "residual": error}, within.effect)


def test_ninety_five_per_cent_intervals_hold_the_truth_in_incomplete_labs() -> None:
    held: dict[str, list[bool]] = {}
    for name, lab in LABS.items():
        for seed in range(40):
            table = drawn_table(lab, seed)
            found = correlations(table, model_raters(table, seed, moments(table)))
            for kind, true in ((IccType.AGREEMENT, lab.agreement), (IccType.CONSISTENCY, lab.consistency)):
                c = found[kind]
                assert c.single_low is not None
                assert c.single_high is not None
                held.setdefault(name, []).append(c.single_low <= true <= c.single_high)
    shares = {name: float(np.mean(each)) for name, each in held.items()}
    assert min(shares.values()) >= 0.87, shares  # 80 intervals each: 0.95 less 3 standard errors
    assert 0.92 <= float(np.mean(list(shares.values()))) <= 0.99, shares
