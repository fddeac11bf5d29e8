"""What is in place for a case, and where patients were stuck: answers that are no more-or-less of anything.

Every expected row is written out by hand from the forms drawn here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from flows.forms.rating_form import write_form
from flows.load.connection import open_working
from flows.load.models import make_marts, run_checks
from flows.measure import measure
from schemas.catalog import load_catalog
from tests.forms.filling import Entry, fill_form
from tests.support.lab import Lab

CATALOG = load_catalog([])
PROGRAMME, TECHNIQUES = CATALOG.latest("mbt-programme"), CATALOG.latest("mbt-techniques")
IN_PLACE: dict[tuple[str, str], Entry] = {
    ("formulation", "in_place"): "1 – yes",
    ("formulation", "by_session"): 7,
    ("formulation", "since"): date(2026, 2, 9),
    ("risk_assessment", "in_place"): 1,
    ("risk_assessment", "by_session"): "could not judge",
    ("crisis_plan", "in_place"): "no",
    ("individual_weekly", "in_place"): "yes",
    ("individual_weekly", "since"): "2026-01-12",
    ("group_weekly", "in_place"): 0,
    ("psychiatric_care", "in_place"): 1,
    ("team_supervision", "in_place"): "could not judge",
}


def sends_form(
    lab: Lab, name: str, instrument_id: str, fields: dict[str, Entry], scores: dict[tuple[str, str], Entry]
) -> None:
    """Drop a filled form of a shipped instrument."""
    instrument, folder = CATALOG.latest(instrument_id), lab.settings.home / "drafts"
    folder.mkdir(exist_ok=True)
    blank, out = folder / f"blank-{name}", folder / name
    write_form(instrument, CATALOG.elements_of(instrument), blank)
    fill_form(blank, instrument, out, fields, scores)  # type: ignore[arg-type]
    lab.sends(name, content=out.read_bytes())


def of_case(month: int, rater: str = "R-1") -> dict[str, Entry]:
    """The head of a programme form."""
    return {
        "session_id": "C-7", "therapist_id": "T-1", "patient_id": "P-1", "rater_id": rater,
        "session_on": date(2026, 4, 1), "assessment_point": month,
    }  # fmt: skip


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    """A working file after a night over two programme forms and one of techniques."""
    lab = Lab(tmp_path_factory.mktemp("home"))
    sends_form(lab, "month 1.xlsx", "mbt-programme", of_case(1), IN_PLACE)
    sends_form(lab, "month 6.xlsx", "mbt-programme", of_case(6), IN_PLACE | {("crisis_plan", "in_place"): "yes"})
    fields = of_case(1) | {"session_id": "S-1", "phase": "assessment", "diagnosis": "bpd"}
    del fields["assessment_point"]
    sends_form(lab, "techniques.xlsx", "mbt-techniques", fields, _techniques())
    lab.night()
    lab.leaves()
    with open_working(lab.settings) as working:
        measure(working)
        make_marts(working)
        yield working


def _techniques() -> dict[tuple[str, str], Entry]:
    scores: dict[tuple[str, str], Entry] = {(i.id, s): 4 for i in TECHNIQUES.items for s in i.scales}
    scores |= {(i.id, "rebalanced"): "no opportunity" for i in TECHNIQUES.items if "pole" in i.scales}
    scores |= {(i.id, "pole"): 0 for i in TECHNIQUES.items if "pole" in i.scales}
    return scores | {("self_other", "pole"): "the second pole", ("self_other", "rebalanced"): "1 – partly"}


def test_every_answer_of_a_case_is_told_in_words_with_its_month_and_cell(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select case_id, assessment_point, item, scale, kind, state, said, cell from supervision.session_fact "
        "where session_id = 'C-7 @ 1' and item in ('formulation', 'risk_assessment', 'crisis_plan') order by item, scale"
    ).fetchall() == [
        ("C-7", 1, "crisis_plan", "by_session", "count", "missing", None, "E13"),
        ("C-7", 1, "crisis_plan", "in_place", "choice", "rated", "no", "D13"),
        ("C-7", 1, "crisis_plan", "since", "date", "missing", None, "F13"),
        ("C-7", 1, "formulation", "by_session", "count", "rated", "7", "E11"),
        ("C-7", 1, "formulation", "in_place", "choice", "rated", "yes", "D11"),
        ("C-7", 1, "formulation", "since", "date", "rated", "2026-02-09", "F11"),
        ("C-7", 1, "risk_assessment", "by_session", "count", "unjudgeable", None, "E12"),
        ("C-7", 1, "risk_assessment", "in_place", "choice", "rated", "yes", "D12"),
        ("C-7", 1, "risk_assessment", "since", "date", "missing", None, "F12"),
    ]


def test_two_months_of_a_case_are_two_assessments_and_no_correction(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select assessment_point, said, n_sessions from quality.fact where item = 'crisis_plan' order by all"
    ).fetchall() == [(1, "no", 1), (6, "yes", 1)]


def test_a_choice_is_counted_for_the_therapist_and_never_averaged(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select item, said, n_ratings, n_sessions from supervision.therapist_fact "
        "where instrument_id = 'mbt-techniques' and scale = 'pole' order by item"
    ).fetchall() == [
        ("cognitive_affective", "not stuck", 1, 1),
        ("implicit_explicit", "not stuck", 1, 1),
        ("internal_external", "not stuck", 1, 1),
        ("self_other", "the second pole", 1, 1),
    ]
    averaged = con.execute("select distinct scale from supervision.therapist_element order by 1").fetchall()
    assert averaged == [("adherence",), ("competence",), ("extent",)]


def test_what_is_described_is_not_expected_on_the_scales_that_judge(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select element, scale, n_sessions, raw_mean, threshold from supervision.therapist_element "
        "where element in ('challenge', 'marked') order by element, scale"
    ).fetchall() == [
        ("challenge", "extent", 1, 4, None),
        ("marked", "adherence", 1, 4, 4),
        ("marked", "competence", 1, 4, 4),
    ]


def test_a_case_without_a_crisis_plan_is_put_as_a_question(con: DuckDBPyConnection) -> None:
    assert con.execute("select session_id, rule, workbook, cell from supervision.prompt order by all").fetchall() == [
        ("C-7 @ 1", "crisis-plan-absent", "month 1.xlsx", "D13"),
        ("S-1", "relational-in-assessment", "techniques.xlsx", "F16"),
        ("S-1", "relationship-in-assessment", "techniques.xlsx", "D26"),
    ]


def test_the_kind_of_sessions_is_counted_and_no_score_is_split_by_it(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select fact, said, n_sessions from quality.session_mix where instrument_id = 'mbt-techniques' order by fact"
    ).fetchall() == [
        ("diagnosis", "bpd", 1),
        ("phase", "assessment", 1),
        ("selection", "unknown", 1),
        ("setting", None, 1),
    ]


def test_a_case_is_no_session_to_be_rated(con: DuckDBPyConnection) -> None:
    assert con.execute("select therapist_id, period, rated from quality.coverage").fetchall() == [("T-1", "2026-Q2", 1)]


def test_every_check_holds_over_cases_and_choices(con: DuckDBPyConnection) -> None:
    assert [(found.name, found.keys) for found in run_checks(con) if found.severity == "fail" and found.n] == []


def test_a_month_that_is_no_number_holds_the_rating_and_says_what_to_enter(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    sends_form(lab, "case.xlsx", "mbt-programme", of_case(1) | {"assessment_point": "spring"}, IN_PLACE)
    lab.night()
    assert lab.waiting() == [("case.xlsx", "C-7", "R-1", "point_unreadable")]
