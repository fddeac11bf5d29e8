"""What is told of a therapist: estimates, intervals that hold, reliabilities, trends, and plain answers where little is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from flows.measure.estimates import Asked, sessions_more
from flows.measure.facets import Codes
from flows.measure.model import Answer, answer
from flows.measure.rows import Rows
from schemas.figure_codes import EstimateNote
from tests.bench.numbers import rows_of
from tests.measure.coverage import Kind, count, draw
from tests.measure.published import lme4_columns

ASKED = Asked(4.0, 5.0, 8, 270)
Levels = list[int] | Codes


COLUMNS = ("value", "therapist", "patient", "session", "rater", "element", "days")


def told(
    value: list[float], therapist: Levels, rater: Levels, session: Levels, patient: Levels | None = None, **more: object
) -> Answer:
    """The answer for a few ratings."""
    columns = {
        name: np.asarray(codes) for name, codes in (("therapist", therapist), ("session", session), ("rater", rater))
    }
    n = len(value)
    rows = Rows(
        value=np.array(value, dtype=float), patient=None if patient is None else np.asarray(patient),
        element=np.zeros(n, dtype=np.int64), days=np.full(n, np.nan), **columns,
        therapist_ids=tuple(f"T-{k}" for k in range(int(columns["therapist"].max()) + 1)),
        rater_ids=tuple(f"R-{k}" for k in range(int(columns["rater"].max()) + 1)),
    )  # fmt: skip
    return answer(replace(rows, **more), ASKED)  # type: ignore[arg-type]


def widths(found: Answer) -> list[float]:
    """The widths of the intervals."""
    return [(e.high or 0) - (e.low or 0) for e in found.estimates]


def is_finite(found: Answer) -> bool:
    """Whether every number that is told is one."""
    numbers = [found.mean, found.mean_se, *(c.variance for c in found.components)]
    for e in found.estimates:
        numbers += [n for n in (e.estimate, e.low, e.high, e.p_adequate, e.p_strength, e.reliability) if n is not None]
    return all(math.isfinite(number) for number in numbers)


def test_where_therapists_hardly_differ_no_number_of_sessions_is_told() -> None:
    assert sessions_more(0.5, 0.0, 3.0) == 3
    assert sessions_more(0.8, 0.5, 4.0) == 12  # (4 - 1) * 4
    assert sessions_more(0.5, 0.8, 4.0) == 0
    assert sessions_more(0.8, 1e-9, 2500.0) is None  # 4 * 2500 is one too many
    assert sessions_more(0.5, 0.0, 6.36e9) is None


def test_dyestuff_s_reliability_and_sessions_to_go_are_those_by_hand() -> None:
    value, facets = lme4_columns("Dyestuff", "Yield", batch="Batch")
    found = told(value.tolist(), facets["batch"], np.zeros(30, dtype=np.int64), np.arange(30))
    # 5 t / (5 t + e) with t = 1764.05, e = 2451.25, times 5/6 for the mean of six that is estimated with it
    assert [round(e.reliability or 0, 4) for e in found.estimates] == [0.6521] * 6
    # information now .6521 / .3479 = 1.8744; wanted 2.3333 and 4; a session brings t / e = .7197
    assert {e.sessions_to for e in found.estimates} == {(0, 1, 3)}
    assert [round(e.estimate or 0, 2) for e in found.estimates] == [1509.89, 1527.89, 1556.06, 1504.42, 1584.23, 1482.5]
    assert all((e.low or 0) < (e.estimate or 0) < (e.high or 0) for e in found.estimates)


@pytest.mark.parametrize(
    ("kind", "labs"),
    [
        (Kind("few", 6, 5, rater_therapist=0.4), 40),
        (Kind("fewer", 6, 2), 30),
        (Kind("whole points", 12, 5, is_whole_points=True), 15),
        (Kind("hardly any differences", 6, 5, therapist=0.1), 20),
    ],
    ids=lambda given: given.name if isinstance(given, Kind) else "",
)
def test_intervals_hold_the_truth(kind: Kind, labs: int) -> None:
    found = count(kind, labs)
    assert found.coverage >= 0.9
    assert abs(np.mean(found.errors)) < 0.15


def test_what_a_rater_gives_in_severity_a_therapist_does_not_lose() -> None:
    # R-0 rates two points below R-1. T-0 is seen by R-0 only, T-1 by R-1 only, the others by both: all are at 5.
    rows = (
        [(t, r, 2 * r - 1) for t in range(2, 8) for r in (0, 1) for _ in range(2)] + [(0, 0, -1)] * 4 + [(1, 1, 1)] * 4
    )
    wobble = [0.3, -0.3, 0.2, -0.2]
    value = [5 + step + wobble[n % 4] for n, (_, _, step) in enumerate(rows)]
    found = told(value, [t for t, _, _ in rows], [r for _, r, _ in rows], list(range(len(rows))))
    assert (
        abs((found.estimates[0].estimate or 0) - (found.estimates[1].estimate or 0)) < 0.3
    )  # two points apart as rated
    assert found.severities[0].severity < -0.5 < 0.5 < found.severities[1].severity


def test_two_ratings_have_a_mean_and_no_opinion_of_therapists() -> None:
    found = told([3, 5], [0, 1], [0, 1], [0, 1])
    assert [(e.estimate, e.low, e.reliability, e.note) for e in found.estimates] == [
        (pytest.approx(4), None, None, EstimateNote.NOT_TOLD_APART),
        (pytest.approx(4), None, None, EstimateNote.NOT_TOLD_APART),
    ]
    assert [(c.facet, c.variance) for c in found.components] == [("therapist+session+rater+residual", pytest.approx(2))]
    assert is_finite(found)


def test_one_rating_and_ratings_that_are_all_equal_have_no_interval() -> None:
    for found in (told([4], [0], [0], [0]), told([4, 4, 4, 4], [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 2, 3])):
        assert {(e.estimate, e.low, e.high, e.note) for e in found.estimates} == {
            (4.0, None, None, EstimateNote.NO_VARIANCE)
        }
        assert all(c.variance == 0 and c.share is None for c in found.components)
        assert is_finite(found)


def test_one_therapist_has_her_mean_and_an_interval_but_no_reliability() -> None:
    found = told([3, 4, 5, 4, 6, 5], [0] * 6, [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2])
    (only,) = found.estimates
    assert (only.estimate, only.reliability, only.note) == (pytest.approx(4.5), None, EstimateNote.ONE_THERAPIST)
    assert (only.low or 9) < 4.5 < (only.high or 0)
    assert "one_level: therapist" in found.notes


def test_raters_who_agree_to_the_point_break_nothing() -> None:
    found = told([2, 2, 4, 4, 5, 5, 3, 3], [0, 0, 0, 0, 1, 1, 1, 1], [0, 1] * 4, [0, 0, 1, 1, 2, 2, 3, 3])
    assert is_finite(found)
    assert found.components[-1].variance < 1e-6
    assert all(e.low is not None and e.high is not None and e.low < e.high for e in found.estimates)


def test_therapists_without_raters_in_common_are_in_different_groups() -> None:
    found = told([3, 4, 5, 6, 2, 3, 4, 4], [0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 2, 3, 2, 3], list(range(8)))
    assert [e.comparison_group for e in found.estimates] == [1, 1, 2, 2]
    assert [s.comparison_group for s in found.severities] == [1, 1, 2, 2]


def test_a_patient_who_cannot_be_told_from_her_therapist_is_named() -> None:
    found = told([3, 4, 5, 6, 2, 3], [0, 0, 1, 1, 2, 2], [0] * 6, list(range(6)), patient=[0, 0, 1, 1, 2, 2])
    assert found.components[0].facet == "therapist+patient"
    assert {e.note for e in found.estimates} <= {EstimateNote.MERGED, EstimateNote.VARIANCE_ZERO}


def test_a_therapist_who_rises_has_a_trend_and_one_with_seven_sessions_has_none() -> None:
    rng = np.random.default_rng(1)
    rows, _ = draw(Kind("steady", 6, 10, residual=0.3, session=0.2), rng)
    days = 30.0 * (rows.session - 10 * rows.therapist)  # a session a month: 270 days
    rising = rows.value + np.where(rows.therapist == 0, days / 90 * 0.5, 0)
    is_kept = (rows.therapist != 5) | (rows.session % 10 < 7)
    rows = replace(rows, value=rising, days=days)
    columns = {name: getattr(rows, name)[is_kept] for name in COLUMNS}
    trends = [e.trend for e in answer(replace(rows, **columns), ASKED).estimates]
    assert trends[0] is not None
    assert trends[0].low < 0.5 < trends[0].high
    assert trends[0].low > 0
    assert trends[5] is None
    steady = [t for t in trends[1:5] if t is not None]
    assert len(steady) == 4
    assert sum(t.low < 0 < t.high for t in steady) >= 3


def test_a_domain_does_not_take_thirteen_marks_of_one_rater_for_thirteen_ratings() -> None:
    rows, _ = draw(Kind("lab", 6, 4), np.random.default_rng(2))
    n_elements, n = 5, len(rows.value)
    each = {
        name: np.repeat(getattr(rows, name), n_elements)
        for name in ("therapist", "patient", "session", "rater", "days")
    }
    harder = np.tile(np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), n)
    # the five marks of a rating say all but the same, beside the element's own level: they are one rating, told five times
    wobble = np.random.default_rng(3).normal(0, 0.05, n_elements * n)
    value, element = np.repeat(rows.value, n_elements) + harder + wobble, np.tile(np.arange(n_elements), n)
    domain, single = answer(replace(rows, value=value, element=element, **each), ASKED), answer(rows, ASKED)
    for told_five, told_once in zip(domain.estimates, single.estimates, strict=True):
        assert told_five.estimate == pytest.approx(told_once.estimate, abs=0.05)
    assert widths(domain) == pytest.approx(widths(single), rel=0.25)


def test_elements_that_differ_and_never_vary_have_a_mean_and_no_interval() -> None:
    found = told(
        [5, 2, 5, 2, 5, 2], [0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2], element=np.array([0, 1] * 3)
    )
    assert {(e.estimate, e.low, e.note) for e in found.estimates} == {(3.5, None, EstimateNote.NO_VARIANCE)}
    assert is_finite(found)


def test_the_labs_that_the_bench_draws_can_be_modelled() -> None:
    rows = rows_of(400, 1)
    assert {e.therapist_id for e in answer(rows, ASKED).estimates} == set(rows.therapist_ids)
