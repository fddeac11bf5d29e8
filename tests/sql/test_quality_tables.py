"""Coverage, what waits, and the checks that hold the tables to each other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.load.models import SQL, CheckResult, read_models, run_checks
from schemas.roster import Plan
from tests.support.drawn_ratings import SEEN_AT, Ratings, roster_of

ROSTER = """
    therapist | team  | supervisor
    T-1       | north | SV-1
    T-2       | south | SV-2
"""
SESSIONS = """
    session | therapist | on         | rater | role     | item     | adherence | competence
    S-1     | T-1       | 2026-02-01 | R-1   | observer | humility | 4         | 4
    S-1     | T-1       | 2026-02-01 | R-2   | observer | humility | 4         | 4
    S-2     | T-1       | 2026-03-31 | R-1   | observer | humility | 4         | 4
    S-3     | T-1       | 2025-12-31 | R-1   | observer | humility | 4         | 4
    S-4     | T-1       | .          | R-1   | observer | humility | 4         | 4
    S-5     | T-1       | 2026-02-02 | T-1   | self     | humility | 4         | 4
"""
ASK = "select therapist_id, team, supervisor_id, period, planned, rated, double_rated, overdue from quality.coverage"


def checks(ratings: Ratings) -> dict[str, int]:
    """The checks after intake and judging that found something, with how many rows."""
    folders = ["40_measure", "50_supervision", "60_quality", "70_about"]
    return {r.name: r.n for r in run_checks(ratings.con, folders) if r.n}


def covered(*plan: Plan) -> Ratings:
    ratings = Ratings(roster_of(ROSTER, *plan))
    ratings.counts(SESSIONS)
    ratings.rebuild()
    return ratings


@pytest.fixture(scope="module")
def unplanned() -> Ratings:
    """That lab without a plan; a test that changes it takes its change back."""
    return covered()


def test_without_a_plan_sessions_are_counted_by_quarter_and_the_blanks_are_explained(unplanned: Ratings) -> None:
    assert unplanned.asks(ASK) == [
        ("T-1", "north", "SV-1", "2025-Q4", None, 1, 0, None),
        ("T-1", "north", "SV-1", "2026-Q1", None, 2, 1, None),
        ("T-1", "north", "SV-1", "undated", None, 1, 0, None),
    ]
    assert unplanned.asks("select period, note from quality.coverage where period <> '2025-Q4'") == [
        ("2026-Q1", "The roster has no plan for this period, so no number of sessions is expected."),
        ("undated", "The sheets give no date for these sessions, so they belong to no period."),
    ]
    assert checks(unplanned) == {}


def test_what_was_planned_and_not_rated_is_overdue_once_the_period_is_over() -> None:
    ratings = covered(Plan(None, "2026-H1", 4, 1), Plan("T-1", "2026-H2", 3, 2))
    assert ratings.asks(ASK) == [
        ("T-1", "north", "SV-1", "2026-H1", 4, 2, 2, 2),  # one rater is planned, so both sessions are rated as planned
        ("T-1", "north", "SV-1", "2026-H2", 3, 0, 0, 0),  # the night is its first day
        ("T-1", "north", "SV-1", "2025-Q4", None, 1, 0, None),
        ("T-1", "north", "SV-1", "undated", None, 1, 0, None),
        ("T-2", "south", "SV-2", "2026-H1", 4, 0, 0, 4),
    ]
    assert ratings.asks("select distinct note is null from quality.coverage where planned is not null") == [(True,)]
    assert checks(ratings) == {}


def test_more_than_planned_is_not_overdue() -> None:
    ratings = covered(Plan("T-1", "2026-Q1", 1, 2))
    assert ratings.asks(ASK + " where planned is not null") == [("T-1", "north", "SV-1", "2026-Q1", 1, 2, 1, 0)]


def test_two_observers_who_used_different_instruments_have_not_rated_a_session_twice() -> None:
    ratings = Ratings(roster_of(ROSTER))
    ratings.counts("""
        session | therapist | on         | rater | instrument | item     | adherence | competence
        S-1     | T-1       | 2026-02-01 | R-1   | tiny 1.0   | humility | 4         | 4
        S-1     | T-1       | 2026-02-01 | R-2   | other 1.0  | o4       | 4         | 4
        S-2     | T-1       | 2026-02-08 | R-1   | tiny 1.0   | humility | 4         | 4
        S-2     | T-1       | 2026-02-08 | R-2   | tiny 1.0   | humility | 4         | 4
    """)
    ratings.rebuild()
    assert ratings.asks(ASK) == [("T-1", "north", "SV-1", "2026-Q1", None, 2, 1, None)]


def test_what_waits_says_what_to_do() -> None:
    ratings = covered()
    ratings.waits("""
        session | therapist | rater | code
        S-9     | T-1+T-2   | R-1   | cell_blank
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select workbook, sheet, cell, session_id, rater_id, therapist_ids, first_code, message, since from quality.held_rating"
    ) == [("held S-9.xlsx", "Rating", "B12", "S-9", "R-1", "T-1; T-2", "cell_blank", "Mend it.", SEEN_AT)]
    assert ratings.asks("select n_waiting, is_newest, since, window_start from about.run") == [
        (1, True, dt.date(2026, 4, 2), dt.date(2024, 7, 1))
    ]
    assert checks(ratings) == {}


@pytest.mark.parametrize(
    ("spoiled_by", "check"),
    [
        ("update history.workbook set n_ratings = n_ratings + 1 where workbook like 'S-1 R-1%'", "60_quality/ledger_adds_up"),
        ("delete from history.rating where session_id = 'S-1'", "60_quality/ledger_and_ratings_agree"),
        ("insert into quality.finding select code, severity, 'w', '', '', null, null, 'm', now()::timestamp, null, '1' "
         "from about.code, range(2) where list = 'finding' and code = 'cell_blank'", "60_quality/keys_are_unique"),
        ("delete from quality.coverage where period = 'undated'", "60_quality/no_rated_session_is_lost"),
        ("insert into supervision.session_therapist select * from supervision.session_therapist limit 1",
         "50_supervision/keys_are_unique"),
        ("insert into current.score select * from current.score limit 1", "50_supervision/keys_are_unique"),
        ("update supervision.session_element set n_rated = 9 where session_id = 'S-2'",
         "50_supervision/cells_and_elements_add_up"),
        ("update supervision.therapist_element set n_no_opportunity = 1", "50_supervision/sessions_and_therapists_add_up"),
        ("update supervision.therapist_element set share_low = 0.99, share_adequate = 0.5",
         "50_supervision/nothing_not_covered_is_rated"),
        ("update current.rating set instrument_version = '9.9' where session_id = 'S-1'", "40_measure/instrument_is_known"),
        ("update current.score set item = 'charm' where rating_id like 'S-1%'", "40_measure/item_is_known"),
        ("update current.score set value = 8 where rating_id like 'S-1%'", "40_measure/value_is_on_the_scale"),
        ("update current.score set state = 'missing' where rating_id like 'S-1%'", "40_measure/value_is_on_the_scale"),
        ("update current.rating set patient_id = rater_id where session_id = 'S-1'", "40_measure/session_agrees"),
        ("delete from about.dictionary where column_name = 'status'", "70_about/dictionary_is_whole"),
        ("update about.run set is_newest = false", "70_about/keys_are_unique"),
    ],
)  # fmt: skip
def test_a_check_notices(unplanned: Ratings, spoiled_by: str, check: str) -> None:
    unplanned.con.execute("begin")
    unplanned.con.execute(spoiled_by)
    found = checks(unplanned)
    unplanned.con.execute("rollback")
    assert check in found


def test_no_check_notices_anything_where_nothing_is_wrong(unplanned: Ratings) -> None:
    assert checks(unplanned) == {}


def test_what_waits_for_a_month_is_told_and_stops_nothing() -> None:
    ratings = covered()
    ratings.waits("session | therapist | rater | code\nS-9 | T-1 | R-1 | cell_blank")
    ratings.rebuild()
    ratings.con.execute("update quality.held_rating set since = timestamp '2026-05-31 02:15'")
    (result,) = [r for r in run_checks(ratings.con, ["60_quality"]) if r.n]
    assert result == CheckResult(
        "60_quality/nothing_waits_for_a_month", "warn", "Ratings have been waiting for a person for more than 30 days.", 1,
        (("held S-9/R-1",),),
    )  # fmt: skip


def test_a_check_gives_back_keys_and_neither_values_nor_words() -> None:
    for path in SQL.glob("*/checks/*.sql"):
        text = Path(path).read_text(encoding="utf-8")
        assert text.startswith(("-- fail: ", "-- warn: ")), path.name
        assert "select *" not in text.split(")\nselect")[-1], path.name
    assert len(read_models()) > 20
