"""XmR charts: the worked example of NHSRplotthedots, each rule by hand, and a second, slow implementation."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from itertools import pairwise

import duckdb
import pytest

from flows.load.models import SQL, read_model
from schemas.roster import Roster, Therapist
from tests.support.drawn_ratings import Ratings, roster_of

Point = tuple[float, float, float, float, str | None]  # value, mean, lower, upper, rules

# NHSRplotthedots 0.2.2, vignette "Deviations from Excel defaults", section 1: with outliers screened its chart's caption says
# upper process limit 4.6, mean 1.94, lower process limit -0.72 (and 6.95, -3.06 when nothing is screened).
WORKED = (1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)


def charted(series: Sequence[Sequence[float]]) -> list[list[Point]]:
    """The chart of each series, by the model."""
    con = duckdb.connect()
    con.execute("create schema measure")
    con.execute(
        "create table measure.chart_value (chart_of varchar, subject_id varchar, instrument_id varchar, role varchar, "
        "domain varchar, element varchar, scale varchar, place integer, session_id varchar, session_on date, value double, "
        "n_sessions integer, position integer)"
    )
    rows = [
        f"('therapist', 'T-{t:04}', 'i', 'observer', 'd', null, 's', 1, 'S-{n}', '2026-01-01', {value!r}, {len(one)}, {n})"
        for t, one in enumerate(series)
        for n, value in enumerate(one, 1)
    ]
    con.execute(f"insert into measure.chart_value values {', '.join(rows)}")
    query = read_model(SQL / "40_measure" / "chart.sql").sql
    found = con.execute(
        f"select subject_id, value, mean, lower, upper, rules from ({query}) order by subject_id, position"
    ).fetchall()
    return [[tuple(row[1:]) for row in found if row[0] == f"T-{t:04}"] for t in range(len(series))]


def rules_of(values: Sequence[float]) -> dict[int, str]:
    """Which points of one series fire which rules; points from 1."""
    (chart,) = charted([values])
    return {n: point[4] for n, point in enumerate(chart, 1) if point[4]}


def that_fire(rule: str, values: Sequence[float]) -> list[int]:
    """The points of one series, from 1, that fire a rule."""
    return [n for n, rules in rules_of(values).items() if rule in rules.split("; ")]


def test_the_worked_example_of_nhsrplotthedots() -> None:
    (chart,) = charted([WORKED])
    mean, lower, upper = chart[0][1:4]
    assert (round(upper, 2), round(mean, 2), round(lower, 2)) == (4.6, 1.94, -0.72)
    assert [(n, point[4]) for n, point in enumerate(chart, 1) if point[4]] == [(5, "outside")]


def test_seven_points_on_one_side_of_the_mean_are_a_run_and_six_are_not() -> None:
    assert rules_of([1, 5, 1, 5, 1, 1, 4, 5, 4, 5, 4, 5, 4]) == dict.fromkeys(range(7, 14), "run")
    assert rules_of([1, 5, 1, 5, 1, 1, 4, 5, 4, 5, 4, 5]) == {}


def test_a_point_on_the_mean_ends_a_run() -> None:
    # the mean is 3
    assert that_fire("run", [2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4]) == []
    assert that_fire("run", [2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 5, 3]) == [1, 2, 3, 4, 5, 6, 7]


def test_seven_points_that_all_rise_are_a_trend_and_a_pause_ends_it() -> None:
    assert that_fire("trend", [1, 2, 3, 4, 5, 6, 7, 4]) == [1, 2, 3, 4, 5, 6, 7]
    assert that_fire("trend", [1, 2, 3, 4, 4, 5, 6, 7]) == []


def test_two_of_three_near_a_limit_fire_only_where_all_three_lie_on_that_side() -> None:
    # mean 4; eleven moving ranges that sum to 16.1, none above 3.267 times their mean: limits 4 ± 3.893, near from 6.596 on
    quiet = [3.7, 2.7, 3.7, 2.7, 3.7, 2.7, 3.6, 2.6]
    assert that_fire("near_limit", [*quiet, 6.6, 5.2, 6.6, 4.2]) == [9, 11]
    # the same points, with one from below the mean between the two: the second is no longer near a limit by its neighbours
    assert that_fire("near_limit", [*quiet[:7], 5.2, 6.6, 2.6, 6.6, 4.2]) == []


def test_values_that_never_move_have_limits_on_the_mean_and_fire_nothing() -> None:
    (chart,) = charted([[4.1] * 8])
    assert chart == [(4.1, 4.1, 4.1, 4.1, None)] * 8


def test_charts_begin_with_eight_sessions() -> None:
    eight, seven = charted([[1, 2, 3, 4, 5, 6, 7, 1], [1, 2, 3, 4, 5, 6, 7]])
    assert len(eight) == 8
    assert seven == []


def slowly(values: Sequence[float]) -> list[Point]:
    """The same chart, one rule after another, point by point."""
    mean = round(sum(values) / len(values), 9)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    kept = [r for r in ranges if r <= 3.267 * sum(ranges) / len(ranges)]
    reach = 2.66 * sum(kept) / len(kept)
    lower, upper = round(mean - reach, 9), round(mean + reach, 9)
    close = (round(mean - reach * 2 / 3, 9), round(mean + reach * 2 / 3, 9))
    side = [_sign(round(v - mean, 9)) for v in values]
    near = [lower <= v <= upper and not close[0] <= v <= close[1] for v in values]
    fired = {
        "outside": {i for i, v in enumerate(values) if not lower <= v <= upper},
        "run": _sevens(side, 7),
        "trend": _sevens([_sign(b - a) for a, b in pairwise(values)], 6),
        "near_limit": _pairs(side, near),
    }
    told = ["; ".join(rule for rule, points in fired.items() if i in points) or None for i in range(len(values))]
    return [(v, mean, lower, upper, rules) for v, rules in zip(values, told, strict=True)]


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)


def _sevens(signs: Sequence[int], n: int) -> set[int]:
    """The points of all stretches of seven in which `n` signs in a row are alike and not 0."""
    stretches = [range(start, start + n) for start in range(len(signs) - n + 1)]
    alike = [s for s in stretches if {signs[i] for i in s} in ({1}, {-1})]
    return {point for s in alike for point in range(s.start, s.start + 7)}


def _pairs(side: Sequence[int], near: Sequence[bool]) -> set[int]:
    threes = [range(start, start + 3) for start in range(len(side) - 2)]
    firing = [t for t in threes if {side[i] for i in t} in ({1}, {-1}) and sum(near[i] for i in t) >= 2]
    return {i for t in firing for i in t if near[i]}


def test_a_second_slow_implementation_agrees_on_many_random_charts() -> None:
    dice = random.Random(4)
    series = []
    for _ in range(150):
        drift, noise = dice.uniform(-0.3, 0.3), dice.uniform(0.1, 1.5)
        steps = [4 + drift * k + dice.gauss(0, noise) for k in range(dice.randint(8, 30))]
        series.append([round(v * 2) / 2 if dice.random() < 0.5 else round(v, 3) for v in steps])
    charts, expected = charted(series), [slowly(one) for one in series]
    fired = {rule for chart in expected for point in chart if point[4] for rule in point[4].split("; ")}
    assert fired == {"outside", "run", "trend", "near_limit"}
    for chart, slow in zip(charts, expected, strict=True):
        assert [p[4] for p in chart] == [p[4] for p in slow]
        assert [p[:4] for p in chart] == [pytest.approx(p[:4], abs=2e-9) for p in slow]


def lab_with_sessions(n: int, roster: Roster) -> Ratings:
    """`n` sessions a week apart, each led by T-1 and T-2 together and rated by two observers and by T-1 herself."""
    ratings = Ratings(roster)
    lines = ["session | therapist | patient | on | rater | role | item | adherence | competence"]
    for k in range(n):
        on = dt.date(2026, 1, 1) + dt.timedelta(weeks=k)
        for rater, value in (("R-1", 3), ("R-2", 5)):
            lines.append(f"S-{k:02} | T-1+T-2 | P-1 | {on} | {rater} | observer | humility | {value} | {value}")
            lines.append(f"S-{k:02} | T-1+T-2 | P-1 | {on} | {rater} | observer | not_knowing | 6 | NO")
        lines.append(f"S-{k:02} | T-1+T-2 | P-1 | {on} | T-1 | self | humility | 7 | 7")
    lines.append("S-98 | T-1+T-2 | P-1 | . | R-1 | observer | humility | 1 | 1")
    lines.append("S-99 | T-1+T-2 | P-1 | 2020-01-01 | R-1 | observer | humility | 1 | 1")
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    return ratings


@pytest.fixture(scope="module")
def led_by_two() -> Ratings:
    roster = "therapist | team | supervisor\nT-1 | north | SV-1\nT-2 | north | SV-1"
    return lab_with_sessions(8, roster_of(roster))


def test_a_session_led_by_two_is_a_point_for_each_of_them_and_one_for_their_team(led_by_two: Ratings) -> None:
    ask = (
        "select {}, element, count(*), min(value), max(value), any_value(n_sessions) "
        "from {} where scale = 'adherence' group by all order by all"
    )
    assert led_by_two.asks(ask.format("therapist_id", "supervision.therapist_chart")) == [
        ("T-1", "humility", 8, 4.0, 4.0, 8),
        ("T-1", "not_knowing", 8, 6.0, 6.0, 8),
        ("T-1", None, 8, 5.0, 5.0, 8),
        ("T-2", "humility", 8, 4.0, 4.0, 8),
        ("T-2", "not_knowing", 8, 6.0, 6.0, 8),
        ("T-2", None, 8, 5.0, 5.0, 8),
    ]
    assert led_by_two.asks(ask.format("team", "quality.team_chart")) == [
        ("north", "humility", 8, 4.0, 4.0, 8),
        ("north", "not_knowing", 8, 6.0, 6.0, 8),
        ("north", None, 8, 5.0, 5.0, 8),
    ]


def test_points_stand_in_the_order_of_their_dates_and_only_observers_make_them(led_by_two: Ratings) -> None:
    found = led_by_two.asks(
        "select position, session_id, role from supervision.therapist_chart "
        "where therapist_id = 'T-1' and element = 'humility' and scale = 'competence' order by position"
    )
    assert found == [(k, f"S-{k - 1:02}", "observer") for k in range(1, 9)]


def test_a_therapist_without_a_team_is_in_no_teams_chart() -> None:
    ratings = lab_with_sessions(8, Roster((Therapist("T-1", None, "SV-1"),), (), (), is_present=True))
    assert ratings.asks("select count(*) from quality.team_chart") == [(0,)]
    assert ratings.asks("select count(*) > 0 from supervision.therapist_chart") == [(True,)]
