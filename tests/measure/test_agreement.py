"""Agreement without a model: published tables, and slow second implementations on random incomplete ones."""

from __future__ import annotations

from itertools import combinations

import krippendorff
import numpy as np
import pytest

from flows.measure.agreement import agreement, alpha_of_squares, compared, is_restricted, ordinal_alpha, state_agreement

_ = np.nan
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, part C: four observers (rows), twelve units; unit 12 has one
# value. Ordinal .815 and interval .849 are printed there.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
# Gwet 2008, table of two raters: 118 units both 'yes', 5 and 2 apart, 0 both 'no' (his example of the paradox): AC1 .94.
PARADOX = [(1, 1)] * 118 + [(1, 0)] * 5 + [(0, 1)] * 2


def listed(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sessions, raters and values of the filled cells of a table of raters (rows) by sessions (columns)."""
    raters, sessions = np.nonzero(~np.isnan(table))
    return sessions, raters, table[raters, sessions]


def incomplete(seed: int, n_raters: int = 5, n_sessions: int = 25) -> np.ndarray:
    """A random table of whole and half points with holes; every session has two ratings at least."""
    random = np.random.default_rng(seed)
    table = random.integers(2, 13, (n_raters, n_sessions)) / 2
    for session in range(n_sessions):
        n_holes = int(random.integers(0, n_raters - 1))
        table[random.permutation(n_raters)[:n_holes], session] = np.nan
    return table


def test_krippendorffs_published_table_has_his_ordinal_alpha() -> None:
    sessions, raters, values = listed(KRIPPENDORFF)
    found = agreement(sessions, raters, values, 1.0, 1)
    assert found.alpha == pytest.approx(0.815, abs=0.0005)
    assert (found.n_units, found.n_raters) == (11, 4)  # the unit with one value compares nothing


def test_his_alpha_for_interval_data_comes_out_of_the_same_sums_with_values_for_ranks() -> None:
    # .849 is another coefficient of the same table, that of the interval metric; no end of a confidence interval.
    sessions, _raters, values = listed(KRIPPENDORFF)
    keep = compared(sessions)
    assert alpha_of_squares(sessions[keep], values[keep]) == pytest.approx(0.849, abs=0.0005)
    assert krippendorff.alpha(KRIPPENDORFF, level_of_measurement="interval") == pytest.approx(0.849, abs=0.0005)


@pytest.mark.parametrize("seed", range(12))
def test_alpha_is_that_of_the_coincidence_matrix_on_random_tables_with_holes(seed: int) -> None:
    table = incomplete(seed)
    sessions, _raters, values = listed(table)
    expected = krippendorff.alpha(table, level_of_measurement="ordinal")
    assert ordinal_alpha(sessions, values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_shares_of_pairs_are_those_of_counting_every_pair(seed: int) -> None:
    table = incomplete(seed)
    exact, within_one = [], []
    for column in table.T:
        pairs = list(combinations(column[~np.isnan(column)], 2))
        exact.append(sum(a == b for a, b in pairs) / len(pairs))
        within_one.append(sum(abs(a - b) <= 1 for a, b in pairs) / len(pairs))
    found = agreement(*listed(table), 1.0, seed)
    assert (found.exact, found.within_one) == (pytest.approx(np.mean(exact)), pytest.approx(np.mean(within_one)))


def test_each_session_counts_once_however_many_rated_it() -> None:
    sessions = np.array([0, 0, 0, 0, 1, 1])
    found = agreement(sessions, np.array([0, 1, 2, 3, 0, 1]), np.array([4.0, 4, 4, 4, 2, 6]), 1.0, 1)
    assert (found.exact, found.within_one, found.n_pairs) == (0.5, 0.5, 7)


def test_values_a_rounding_apart_are_equal_and_a_point_apart_is_within_one() -> None:
    sessions = np.array([0, 0, 1, 1])
    found = agreement(sessions, np.array([0, 1, 0, 1]), np.array([3.0, 3.0 + 1e-9, 3.3, 4.3]), 1.0, 1)
    assert (found.exact, found.within_one) == (0.5, 1.0)


def test_sessions_with_one_rating_say_nothing_and_equal_ratings_have_no_alpha() -> None:
    alone = agreement(np.array([0, 1]), np.array([0, 1]), np.array([3.0, 5.0]), 1.0, 1)
    assert (alone.n_units, alone.exact, alone.alpha) == (0, None, None)
    equal = agreement(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.full(4, 5.0), 1.0, 1)
    assert (equal.exact, equal.alpha) == (1.0, None)


def test_the_interval_of_alpha_is_seeded_and_holds_alpha() -> None:
    sessions, raters, values = listed(incomplete(3, n_sessions=60))
    one, two = (agreement(sessions, raters, values, 1.0, 7) for _ in range(2))
    assert one == two
    assert one.alpha is not None
    assert one.alpha_low is not None
    assert one.alpha_high is not None
    assert one.alpha_low < one.alpha < one.alpha_high


def test_the_interval_of_alpha_is_that_of_drawing_sessions_one_by_one() -> None:
    table = incomplete(5, n_sessions=40)
    random = np.random.default_rng(1)
    drawn = [
        krippendorff.alpha(table[:, random.integers(0, 40, 40)], level_of_measurement="ordinal") for _ in range(600)
    ]
    found = agreement(*listed(table), 1.0, 1)
    assert (found.alpha_low, found.alpha_high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.03)


def test_gwets_paradox_keeps_a_high_coefficient() -> None:
    sessions = np.repeat(np.arange(len(PARADOX)), 2)
    found = state_agreement(sessions, np.array(PARADOX).ravel().astype(bool))
    assert found.ac1 == pytest.approx(0.94, abs=0.005)
    # 2 x 118 of the 2 x 118 + 5 + 2 marks were shared
    assert found.specific == pytest.approx(236 / 243)


def test_specific_agreement_is_the_chance_that_another_rater_marks_it_too() -> None:
    #            S0: all three      S1: one of three   S2: two of two  S3: none of two  S4: one rating alone
    sessions = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4])
    marks = np.array([1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1], dtype=bool)
    found = state_agreement(sessions, marks)
    # marks: 3 whose others all marked, 1 whose two others did not, 2 whose other did; S4 compares nothing
    assert found.specific == pytest.approx((3 * 1 + 1 * 0 + 2 * 1) / 6)
    assert (found.n_units, found.n_marked) == (4, 6)
    # Gwet 2008, equations 2 and 3, by hand: agreement (1 + 1/3 + 1 + 1) / 4, share (1 + 1/3 + 1 + 0) / 4
    same, share = (1 + 1 / 3 + 1 + 1) / 4, (1 + 1 / 3 + 1 + 0) / 4
    chance = 2 * share * (1 - share)
    assert found.ac1 == pytest.approx((same - chance) / (1 - chance))


def test_an_element_that_always_had_its_opportunity_has_no_specific_agreement() -> None:
    found = state_agreement(np.array([0, 0, 1, 1]), np.zeros(4, dtype=bool))
    assert (found.specific, found.ac1, found.n_marked) == (None, 1.0, 0)


def test_a_range_of_two_neighbouring_points_is_restricted_and_a_wide_one_is_not() -> None:
    assert is_restricted(np.array([4.0, 5] * 9 + [1.0, 7]), 1.0)
    assert not is_restricted(np.array([3.0, 4, 5] * 6), 1.0)
    assert not is_restricted(np.array([]), 1.0)
