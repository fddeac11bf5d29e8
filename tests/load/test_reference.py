"""The reference tables: what catalog, roster, closed lists and settings become for the SQL models."""

from __future__ import annotations

import datetime as dt

import pytest

from flows.errors import RosterWrong
from flows.load.reference import window_start
from schemas.catalog import Catalog
from schemas.roster import Plan, Roster, Therapist, period_dates, spellings
from tests.support.drawn_ratings import CATALOG, TINY, Ratings, roster_of

ROSTER = """
    therapist | team  | supervisor
    T-1       | north | SV-1
    T-2       | .     | .
"""


def test_the_night_is_one_row_with_the_settings_of_the_lab() -> None:
    ratings = Ratings(roster_of(ROSTER, Plan(None, "2026", 4, 2)), window_months=12, min_sessions=5, lab="North")
    assert ratings.asks("from reference.night") == [
        (
            1, dt.date(2026, 7, 1), dt.date(2025, 7, 1), 5, 2, 2, 0.5, 4, 0.5, 0.9, 0.1, 1.0, 8, 270, "when_used",
            dt.date(2026, 4, 2), True, True, "0.1.0", "North",
        )
    ]  # fmt: skip


def test_without_a_roster_the_tables_are_there_and_empty() -> None:
    ratings = Ratings(Roster())
    assert ratings.asks("select has_roster, has_plan from reference.night") == [(False, False)]
    assert (
        ratings.asks("select therapist_id from reference.therapist union all select rater_id from reference.rater")
        == []
    )


def test_since_is_the_meeting_that_the_lab_names() -> None:
    ratings = Ratings(since=dt.date(2026, 5, 20))
    assert ratings.asks("select since from reference.night") == [(dt.date(2026, 5, 20),)]


def test_an_instrument_reports_on_the_elements_of_its_crosswalk_before_its_own() -> None:
    ratings = Ratings()
    assert ratings.asks(
        "select domain, element, position, is_crosswalked from reference.element where instrument_id = 'other' order by position"
    ) == [
        ("stance", "humility", 1, True),
        ("stance", "not_knowing", 2, True),
        ("trajectory", "arousal", 3, True),
        ("spectrum", "challenge", 4, False),
    ]
    assert ratings.asks(
        "select domain, position, is_ordered from reference.domain where instrument_id = 'other' order by 2"
    ) == [
        ("stance", 1, False),
        ("trajectory", 2, True),
        ("spectrum", 3, False),
    ]
    assert ratings.asks("select instrument_id, crosswalk_to from reference.instrument order by 1") == [
        ("other", "tiny"),
        ("plain", None),
        ("tiny", None),
    ]


def test_items_keep_their_scales_and_weights() -> None:
    ratings = Ratings()
    assert ratings.asks(
        "select item, element, weight from reference.item_element where instrument_id = 'other' order by 1"
    ) == [
        ("o1", "not_knowing", 2.0),
        ("o2", "not_knowing", 1.0),
        ("o3", "arousal", 1.0),
        ("o4", "challenge", 1.0),
    ]
    assert ratings.asks("select scale from reference.item_scale where item = 'o3'") == [("competence",)]
    assert ratings.asks("select scale, threshold, anchors from reference.scale where instrument_id = 'plain'") == [
        ("amount", None, "0 none; 10 most")
    ]


def test_version_ten_is_newer_than_version_nine() -> None:
    versions = [TINY.model_copy(update={"version": v}) for v in ("1.9", "1.10")]
    ratings = Ratings(catalog=Catalog({(i.id, i.version): i for i in versions}, {}, {}))
    assert ratings.asks(
        "select version, is_latest, version_order from reference.instrument order by version_order"
    ) == [
        ("1.9", False, 1),
        ("1.10", True, 2),
    ]


def test_a_plan_for_everyone_holds_where_a_therapist_has_none_of_her_own() -> None:
    ratings = Ratings(
        roster_of(ROSTER, Plan(None, "2026-H1", 2, 2), Plan("T-2", "2026-H1", 6, 1), Plan("T-2", "2026-Q3", 3, 1))
    )
    assert ratings.asks("from reference.plan order by all") == [
        ("T-1", "2026-H1", dt.date(2026, 1, 1), dt.date(2026, 6, 30), 2, 2),
        ("T-2", "2026-H1", dt.date(2026, 1, 1), dt.date(2026, 6, 30), 6, 1),
        ("T-2", "2026-Q3", dt.date(2026, 7, 1), dt.date(2026, 9, 30), 3, 1),
    ]


def test_every_list_of_codes_is_there_and_findings_read_as_sentences() -> None:
    ratings = Ratings()
    lists = {name for (name,) in ratings.asks("select distinct list from reference.code")}
    assert lists == {
        "state", "role", "selection", "modality", "outcome", "verdict", "event", "status", "severity", "finding",
        "model_note", "estimate_note", "rater_note", "icc_type", "compared_with",
        "mode", "arousal", "intervention", "followed", "basis", "break_kind", "cause", "field",
        "chart_rule", "focus", "rating_option", "plan_note", "phase", "diagnosis", "setting", "consensus", "waits_for",
        "instrument_change", "stands", "gap", "coverage",
    }  # fmt: skip
    assert ratings.asks("select severity, meaning from reference.code where code = 'cell_blank'") == [
        ("error", "Nothing is entered for the item, the scale. Enter a rating.")
    ]
    assert (
        ratings.asks("select code from reference.code where contains(meaning, '{') or contains(meaning, ': .')") == []
    )


def test_the_tables_are_made_anew_each_night() -> None:
    ratings = Ratings(roster_of(ROSTER))
    again = Ratings(Roster((Therapist("T-9"),), is_present=True))
    assert ratings.asks("select therapist_id from reference.therapist") == [("T-1",), ("T-2",)]
    assert again.asks("from reference.therapist") == [("T-9", None, None)]
    assert len(CATALOG.instruments) == 3


@pytest.mark.parametrize(
    ("night_on", "months", "start"),
    [
        (dt.date(2026, 7, 1), 24, dt.date(2024, 7, 1)),
        (dt.date(2026, 3, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2024, 3, 31), 1, dt.date(2024, 2, 29)),
        (dt.date(2026, 1, 15), 1, dt.date(2025, 12, 15)),
        (dt.date(2026, 12, 31), 12, dt.date(2025, 12, 31)),
    ],
)
def test_the_window_reaches_back_by_calendar_months(night_on: dt.date, months: int, start: dt.date) -> None:
    assert window_start(night_on, months) == start


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        ("2026-H1", dt.date(2026, 1, 1), dt.date(2026, 6, 30)),
        ("2026-H2", dt.date(2026, 7, 1), dt.date(2026, 12, 31)),
        ("2024-Q1", dt.date(2024, 1, 1), dt.date(2024, 3, 31)),
        ("2026-Q4", dt.date(2026, 10, 1), dt.date(2026, 12, 31)),
    ],
)
def test_a_period_is_a_year_a_half_or_a_quarter(period: str, first: dt.date, last: dt.date) -> None:
    assert period_dates(period) == (first, last)


@pytest.mark.parametrize("period", ["", "26", "2026-Q0", "2026-Q5", "2026-H3", "2026-01", "Q1 2026", "0000", "9999"])
def test_another_period_is_refused_without_being_quoted(period: str) -> None:
    with pytest.raises(RosterWrong, match="not written as 2026, 2026-H1 or 2026-Q1"):
        period_dates(period)


def test_other_spellings_stand_apart_by_semicolons_or_commas() -> None:
    assert spellings(" Anna from Ben; A.B.,,Anna ;A.B.") == ("Anna from Ben", "A.B.", "Anna")
    assert spellings("") == ()
