"""The page that traces the field: each of its queries answers on the sheets of `raw/examples/modules`, as worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from openpyxl import load_workbook

from flows.console import Silence
from flows.demo import run_demo
from flows.load.connection import open_published
from flows.prove.nights import in_process

FIELD = (Path(__file__).resolve().parents[2] / "docs" / "field.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```(sql[^\n]*)\n(.*?)^```", FIELD, re.M | re.S)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo of one team publishes after its two nights."""
    home = tmp_path_factory.mktemp("modules") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.nightly.reading_pool", in_process)
        told = run_demo(home, True, Silence(), modules=True)
    assert told[0].startswith("Night of 2026-07-01: 13 workbooks, 18 ratings, 18 accepted, 0 held")
    assert told[1].startswith("Night of 2026-07-08: 4 workbooks, 4 ratings, 3 accepted, 0 held, 1 known already")
    return home / "warehouse" / "published"


@pytest.fixture(scope="module")
def lab(published: Path) -> Iterator[DuckDBPyConnection]:
    with open_published(published / "fidelity.duckdb") as con:
        yield con


@pytest.fixture(scope="module")
def hers(published: Path) -> Iterator[DuckDBPyConnection]:
    with open_published(published / "supervision" / "SV-S" / "fidelity.duckdb") as con:
        yield con


def asked(con: DuckDBPyConnection, query: str) -> list[Row]:
    return con.execute(query).fetchall()


def test_a_supervisor_has_an_answer_to_every_query_that_is_not_for_the_quality_lead_alone(
    lab: DuckDBPyConnection, hers: DuckDBPyConnection
) -> None:
    assert {kind for kind, _ in QUERIES} == {"sql", "sql quality"}
    for kind, query in QUERIES:
        assert asked(lab, query), query
        if kind == "sql":
            assert asked(hers, query), query


def test_a_line_of_the_page_names_each_table_and_each_has_a_query() -> None:
    named = set(re.findall(r"`((?:supervision|quality|about|audit)\.\w+)`", FIELD.partition("## Stance")[0]))
    for table in named:
        assert any(table in query for _, query in QUERIES), table
    assert set(re.findall(r"\]\(#([\w-]+)\)", FIELD)) <= {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^## (.+)$", FIELD, re.M)
    }


def test_the_episodes_of_a_log_in_its_own_file_are_told_as_worked_out_by_hand(hers: DuckDBPyConnection) -> None:
    assert asked(
        hers,
        "select session_id, rater_id, basis, episode, n_in_order, breaks_at, break_kind, n_inversions, order_held, "
        "lost_minute, minutes_to_validation, minutes_to_restoring, done_while_high "
        "from supervision.trajectory_session where instrument_id = 'mbt-session' and role = 'observer' "
        "order by session_id, rater_id, episode",
    ) == [
        # all five in order; the second begins with validation; the third, as corrected on the second night, lacks validation
        ("S-501", "R-5", "timeline", 1, 5, None, "complete", 0, True, 8, 3, 7, "arousal: supportive; mode"),
        ("S-501", "R-5", "timeline", 2, 1, "arousal", "missing", 2, False, 25, None, None, None),
        ("S-501", "R-5", "timeline", 3, 3, "validation", "missing", 0, True, 33, None, 3, None),
        ("S-501", "R-6", "scores", None, 1, "arousal", "below", None, None, None, None, None, None),
        # nobody is named in the log of S-502
        ("S-502", "R-5", "timeline", 1, 2, "mode", "missing", 0, True, None, None, None, "arousal: affect"),
        ("S-503", "R-6", "scores", None, 1, "arousal", "below", None, None, None, None, None, None),
        # mode had no opportunity, so the step after arousal is validation
        ("S-504", "R-5", "timeline", 1, 2, "validation", "missing", 0, True, None, None, None, None),
        ("S-505", "R-6", "timeline", 1, 4, "restoring", "missing", 0, True, 14, 3, None, None),
    ]


def test_nothing_but_sessions_of_individual_treatment_has_a_trajectory(lab: DuckDBPyConnection) -> None:
    found = asked(lab, "select distinct instrument_id from supervision.trajectory_session order by 1")
    assert found == [("mbt-session",), ("south-moments",)]


def test_a_group_counts_for_both_of_its_therapists_and_its_ratings_name_neither(lab: DuckDBPyConnection) -> None:
    assert asked(
        lab,
        "select therapist_id, n_sessions, n_raters, raw_mean, n_no_opportunity from supervision.therapist_element "
        "where instrument_id = 'mbt-group' and role = 'observer' and element in ('turns', 'carrying') and scale = 'adherence' "
        "order by element, 1",
    ) == [("T-51", 1, 1, 5, 1), ("T-52", 1, 1, 5, 1), ("T-51", 1, 2, 2.5, 0), ("T-52", 1, 2, 2.5, 0)]
    assert asked(lab, "select distinct therapist_id from supervision.session_item where session_id = 'G-501'") == [
        (None,)
    ]


def test_a_case_tells_what_was_in_place_at_months_1_6_and_18(lab: DuckDBPyConnection) -> None:
    assert asked(
        lab,
        "select assessment_point, scale, state, said from supervision.session_fact "
        "where case_id = 'C-51' and item = 'crisis_plan' order by assessment_point, scale",
    ) == [
        (1, "by_session", "missing", None),
        (1, "in_place", "rated", "no"),
        (1, "since", "missing", None),
        (6, "by_session", "rated", "9"),
        (6, "in_place", "rated", "yes"),
        (6, "since", "rated", "2025-03-12"),
        (18, "by_session", "rated", "9"),
        (18, "in_place", "rated", "yes"),
        (18, "since", "rated", "2025-03-12"),
    ]


def test_the_cautions_are_raised_where_they_should_be_and_nowhere_else(hers: DuckDBPyConnection) -> None:
    assert asked(hers, "select session_id, rule, cell from supervision.prompt order by all") == [
        ("C-51 @ 1", "crisis-plan-absent", "D13"),
        ("C-51 @ 18", "crisis-plan-late", "E13"),
        ("C-51 @ 6", "crisis-plan-late", "E13"),
        ("S-503", "challenge-under-arousal", "F13"),
        ("S-503", "relational-in-assessment", "F16"),
        ("S-503", "relationship-in-assessment", "D26"),
    ]


def test_an_instrument_of_the_labs_own_is_used_the_night_its_file_comes(hers: DuckDBPyConnection) -> None:
    assert asked(
        hers,
        "select element, crosswalked, raw_mean, status from supervision.therapist_element "
        "where instrument_id = 'south-moments' and scale = 'adherence' and n_sessions > 0 order by element",
    ) == [
        ("mode", True, 6, None),
        ("noticed", False, 6, "insufficient"),
        ("stopped", False, 3, "insufficient"),
        ("taken_up", False, 4, "insufficient"),
        ("validation", True, 5, None),
    ]
    assert asked(
        hers, "select item, scale, said from supervision.session_fact where instrument_id = 'south-moments'"
    ) == [("taken_up", "ending", "in the middle of something")]


def test_what_has_always_its_opportunity_and_what_is_not_rated_is_told_without_a_form(hers: DuckDBPyConnection) -> None:
    items = "select item from about.item where scale = 'adherence' and instrument_id = "
    always = items + "'mbt-session' and not contains(marks, 'no_opportunity') order by 1"
    assert asked(hers, always) == [("enquiry",), ("humility",), ("not_knowing",)]
    unused = items + "'mbt-i-acs' and not is_used order by 1"
    assert asked(hers, unused) == [("acs_01",), ("acs_04",), ("acs_05",)]


def test_the_log_that_came_before_its_rating_waited_and_the_corrected_one_is_told_as_a_change(
    hers: DuckDBPyConnection,
) -> None:
    assert asked(hers, "select code, cell, session_id, closed_at is not null from quality.finding") == [
        ("timeline_waits", "E15", "S-504", True)
    ]
    assert asked(hers, "select field, session_id, rater_id, new_workbook from audit.change") == [
        ("event_log", "S-501", "R-5", "events_corrected.csv")
    ]


def test_a_consensus_that_is_signed_is_the_feedback_and_one_that_is_not_waits(
    lab: DuckDBPyConnection, hers: DuckDBPyConnection
) -> None:
    assert asked(hers, "select session_id, rater_id, consensus, signed_by from supervision.consensus order by 1") == [
        ("G-501", "R-5", "signed", "SV-S"),
        ("S-501", "R-5", "waits_for_signature", None),
    ]
    assert asked(
        hers,
        "select distinct session_id, role from supervision.session_feedback "
        "where session_id in ('G-501', 'S-501') and instrument_id <> 'south-moments' order by 1",
    ) == [("G-501", "consensus"), ("S-501", "observer")]
    reason = "select reason from quality.workbook where workbook = 'consensus G-501 signed.xlsx'"
    assert asked(lab, reason) == [("Every rating in it was known already. It brought a signature of the consensus.",)]


def test_the_supervision_sheet_puts_questions_tells_of_cases_and_shows_nothing_of_what_waits(published: Path) -> None:
    book = load_workbook(published / "supervision" / "SV-S" / "T-51.xlsx")
    told = {sheet.title: " ".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value) for sheet in book}
    page = told["Supervision sheet"]
    assert "Questions and facts" not in told  # its two pages hold them all
    assert (
        "For a conversation: questions, not findings The crisis plan was in place later than the lab has set." in page
    )
    assert (
        "Could the patient think about it, and what was it followed by? Raised by S-503, 2026-05-27 (techniques" in page
    )
    assert "A consensus waits to be signed off, and is not shown until it is: S-501." in page
    assert "C-51 @" not in "".join(told.values())
    assert "case C-51 at month 18, 2026-06-30" in page
    assert "Crisis plan: yes, by session 9, since 2025-03-12" in page
    assert "Assessed before at months 1, 6." in page
    assert "From scores alone: consensus" not in told["Trajectory in sessions"]
