"""The planner's and the change's tables over drawn ratings: what is told, to whom, and what is not."""

from __future__ import annotations

import random
from typing import Any

import pytest

from flows.load.models import run_checks
from tests.support.drawn_ratings import Ratings, roster_of

HEAD = "session | therapist | patient | on | rater | item | adherence | competence"
ROSTER = """
    therapist | team  | supervisor
    T-0       | north | SV-1
    T-1       | north | SV-1
    T-2       | south | SV-2
    T-3       | south | SV-2
"""


def drawn_lab(*, is_double: bool) -> Ratings:
    """Four therapists of two patients, four sessions each over two half-years, three raters; one element with fixed noise."""
    dice = random.Random(7)
    lines, session = [HEAD], 0
    for t, level in enumerate((3, 4, 5, 6)):
        for k, on in enumerate(("2025-09-01", "2025-10-01", "2026-03-01", "2026-04-01")):
            session += 1
            raters = [(session + n) % 3 for n in range(2 if is_double else 1)]
            for r in raters:
                value = min(7, max(1, level + dice.choice((-1, 0, 0, 1)) + (r == 2)))
                lines.append(f"S-{session:02} | T-{t} | P-{t}{k % 2} | {on} | R-{r} | humility | {value} | NO")
    ratings = Ratings(roster_of(ROSTER))
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    return ratings


@pytest.fixture(scope="module")
def double() -> Ratings:
    return drawn_lab(is_double=True)


@pytest.fixture(scope="module")
def single() -> Ratings:
    return drawn_lab(is_double=False)


def told(ratings: Ratings, columns: str, rest: str) -> list[tuple[Any, ...]]:
    """Rows of quality.next_rating for humility on adherence."""
    return ratings.asks(
        f"select {columns} from quality.next_rating where element = 'humility' and scale = 'adherence' {rest} order by all"
    )


def test_every_therapist_has_a_row_for_each_way_to_spend_the_hour(double: Ratings) -> None:
    assert told(
        double, "option, count(*), min(n_sessions), max(n_patients), max(n_raters), max(n_ratings)", "group by option"
    ) == [
        ("new_patient", 4, 4, 2, 3, 8),
        ("same_patient", 4, 4, 2, 3, 8),
        ("second_rater", 4, 4, 2, 3, 8),
    ]
    assert told(double, "count(*)", "and not gain >= 0") == [(0,)]
    assert told(double, "therapist_id", "and buys_most group by therapist_id having count(*) >= 1") == [
        ("T-0",), ("T-1",), ("T-2",), ("T-3",),
    ]  # fmt: skip


def test_a_second_rater_goes_to_a_session_that_is_named(double: Ratings) -> None:
    rows = told(double, "session_id, patient_id, by_new_rater", "and therapist_id = 'T-0' and option = 'second_rater'")
    assert rows == [
        ("S-04", "P-01", False)
    ]  # all her sessions have two raters; the newest; the lab has no fourth rater


def test_where_no_session_has_two_raters_what_a_second_would_buy_is_not_guessed(single: Ratings) -> None:
    assert told(single, "distinct reliability_then, gain, buys_most, note", "and option = 'second_rater'") == [
        (None, None, False, "untold")
    ]
    assert told(single, "count(gain)", "and option = 'new_patient'") == [(4,)]
    planned = single.asks(
        "select raters_per_session, count(reliability), count(note) > 0 from quality.d_study where element = 'humility' "
        "group by raters_per_session order by 1"
    )
    assert [(k, n > 0, has_note) for k, n, has_note in planned] == [(1, True, False), (2, False, True)]


def test_a_domain_is_the_mean_over_its_elements(double: Ratings) -> None:
    # humility is the only element of stance that was rated
    pairs = double.asks("""
        select count(*), count(*) filter (one.gain = whole.gain and one.buys_most = whole.buys_most)
        from quality.next_rating as one
        inner join quality.next_rating as whole using (therapist_id, instrument_id, role, domain, scale, option)
        where one.element = 'humility' and whole.element is null
    """)
    assert pairs == [(12, 12)]


def test_more_sessions_and_more_raters_never_make_a_plan_worse(double: Ratings) -> None:
    worse = double.asks("""
        select count(*)
        from quality.d_study as less
        inner join quality.d_study as more using (instrument_id, role, element, scale)
        where more.n_sessions >= less.n_sessions and more.n_patients >= less.n_patients
            and more.raters_per_session >= less.raters_per_session and more.n_raters >= less.n_raters
            and more.reliability < less.reliability - 1e-9
    """)
    assert worse == [(0,)]


def test_a_teams_change_is_told_by_half_year_and_by_quarter_and_adds_up(double: Ratings) -> None:
    rows = double.asks("""
        select team, period_before, period_after, sessions_before, sessions_after, n_therapists, therapists_in_both,
            round(by_therapists + by_severity + by_who_was_rated - difference, 6), note
        from quality.change where element = 'humility' order by all
    """)
    assert rows == [
        ("north", "2025-H2", "2026-H1", 4, 4, 2, 2, 0.0, None),
        ("north", "2025-Q3", "2025-Q4", 2, 2, 2, 2, 0.0, None),
        ("north", "2025-Q4", "2026-Q1", 2, 2, 2, 2, 0.0, None),
        ("north", "2026-Q1", "2026-Q2", 2, 2, 2, 2, 0.0, None),
        ("south", "2025-H2", "2026-H1", 4, 4, 2, 2, 0.0, None),
        ("south", "2025-Q3", "2025-Q4", 2, 2, 2, 2, 0.0, None),
        ("south", "2025-Q4", "2026-Q1", 2, 2, 2, 2, 0.0, None),
        ("south", "2026-Q1", "2026-Q2", 2, 2, 2, 2, 0.0, None),
    ]
    assert [r.name for r in run_checks(double.con, ["50_supervision", "60_quality"]) if r.n] == []


def test_severity_is_not_told_where_raters_share_no_session(single: Ratings) -> None:
    assert single.asks("select distinct by_therapists, by_severity, note from quality.change") == [
        (None, None, "severity_untold")
    ]
    assert single.asks("select count(*) from quality.change where by_who_was_rated is null") == [(0,)]


def test_without_a_roster_there_is_no_team_and_no_change_but_a_plan() -> None:
    ratings = Ratings()
    ratings.counts(f"{HEAD}\nS-1 | T-1 | P-1 | 2026-03-01 | R-1 | humility | 4 | 4")
    ratings.rebuild()
    assert ratings.asks("select count(*) from quality.change") == [(0,)]
    assert ratings.asks("select distinct note, reliability from quality.next_rating") == [("therapists_merged", None)]
