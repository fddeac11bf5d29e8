"""The Excel summary: what stands in its tables, in which order, and when it is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from flows.publish.facts import NightFacts
from flows.publish.summary import write_summary
from schemas.codes import PURPOSE, SCOPE
from tests.support.publish_fixture import FACTS, Lab, small_lab
from tests.support.workbooks import anything_in, open_book, rows_where, table_of, texts_of

PRINTED = [
    *(
        "Cover",
        "Contents",
        "What it says",
        "Teams",
        "Trend",
        "Trajectory",
        "Reliability",
        "Severity",
        "Drift",
        "Planner",
    ),
    *("Change", "Team profiles", "Trend charts", "Control charts", "Notes"),
]
LOOKED_UP = [
    *("Therapists", "Instruments", "Next rating", "Team sessions", "Coverage", "Consensus"),
    *("Workbooks", "Waiting", "Findings", "Dictionary", "Codes"),
]
SHEETS = PRINTED + LOOKED_UP


def summary_of(lab: Lab, folder: Path, facts: NightFacts = FACTS) -> Workbook:
    """The summary of a lab, written and read again."""
    write_summary(lab.con, folder / "summary.xlsx", facts)
    return open_book(folder / "summary.xlsx")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return summary_of(small_lab(), tmp_path_factory.mktemp("summary"))


def test_the_sheets_stand_in_reading_order(book: Workbook) -> None:
    assert book.sheetnames == SHEETS
    assert [row["Sheet"] for row in table_of(book["Contents"])] == SHEETS[2:]


def test_the_cover_says_lab_period_date_state_purpose_and_whom_to_ask(book: Workbook) -> None:
    cover = texts_of(book["Cover"])
    assert cover[0] == "Session fidelity: North clinic, 2026-Q2"
    assert "Provisional: 2026-Q2 may still change." in cover
    assert "As of 2026-05-04, the last night on which anything in this workbook changed." in cover
    assert {PURPOSE, SCOPE, "quality@north.example"} <= set(cover)
    assert "1 rating waits for a person and is not counted; 1 error in the sheets is open." in cover


def test_a_board_prints_what_it_reads_and_of_the_rest_the_lines_above_the_table(book: Workbook) -> None:
    for name in PRINTED:
        assert not book[name].print_area, name
        assert book[name].page_setup.fitToWidth in (1, None), name
    assert not book["Instruments"].print_area  # nothing to look up: one line is no long table
    for name in set(LOOKED_UP) - {"Instruments"}:
        (table,) = book[name].tables.values()
        head_row = int("".join(c for c in table.ref.split(":")[0] if c.isdigit()))
        assert book[name].print_area.rpartition("$")[2] == str(head_row - 1), name
        assert "a print holds these lines alone" in book[name]["A2"].value, name


def test_what_the_quarter_says_stands_in_sentences_with_their_numbers(book: Workbook) -> None:
    told = {
        (row["See the sheet"], row["Team"]): row["What it says"] for row in reversed(table_of(book["What it says"]))
    }
    assert told["Change", "north"] == (
        "Stance, adherence: from 2025-Q4 to 2026-Q1 the mean moved by -0.50: therapists' work -0.25, raters' severity -0.12, "
        "who was rated -0.12."
    ).replace("-0.", "\N{MINUS SIGN}0.")
    assert told["Drift", "[z]"] == "Adherence: in 2026-Q1, 1 of 1 rater who can be compared moved away from the others."
    assert told["Reliability", "[z]"] == (
        "Adherence: the reliability of one rating of the one element told is 0.45; "
        "two raters of a session are within a point in 90%."
    )
    assert (
        told["Planner", "[z]"]
        == "Stance, adherence: a dependable mean of a therapist (0.70) takes more than 8 sessions."
    )
    assert told["Waiting", "[z]"] == "1 rating of 1 workbook waits to be mended, the oldest since 2026-04-06."


def test_a_final_summary_says_so(tmp_path: Path) -> None:
    cover = texts_of(summary_of(Lab(), tmp_path, replace(FACTS, provisional=False))["Cover"])
    assert "Final for 2026-Q2." in cover


def test_a_therapist_reads_in_counts_and_words(book: Workbook) -> None:
    (row,) = rows_where(book["Therapists"], Therapist="T-1", Role="observer", Element_id="humility", Scale="Adherence")
    assert row == {
        "Therapist": "T-1",
        "Team": "north",
        "Instrument": "mbt-session",
        "Role": "observer",
        "Domain": "Stance",
        "Element id": "humility",
        "Element": "Humility",
        "Scale": "Adherence",
        "In words": "rated below good enough in 1 of 4 sessions seen; these sessions do not settle it",
        "Sessions": 4,
        "Patients": 2,
        "Raters": 2,
        "Mean": 4.5,  # of 3, 6, 5 and 4
        "Threshold": 4,
        "Share good enough": 0.75,
        "Share from": 0.1,
        "Share to": 0.9,
        "Ratings": 4,
        "No opportunity": 0,
        "Not judgeable": 0,
        "Not delivered": 0,
        "Missing": 0,
        "Latest session": datetime(2026, 3, 24),
        "Estimate": 4.5,
        "Estimate from": 4,
        "Estimate to": 5.25,
        "Reliability": 0.62,
        "Why no estimate": "[z]",
    }


def test_too_few_sessions_are_said_in_words_beside_the_numbers(book: Workbook) -> None:
    (row,) = rows_where(book["Therapists"], Therapist="T-1", Role="observer", Element_id="mode", Scale="Adherence")
    assert row["In words"] == "rated below good enough in 0 of 1 session seen; too few sessions to say"
    assert (row["Sessions"], row["No opportunity"]) == (1, 6)


@pytest.mark.parametrize(
    ("told", "mean", "share", "words"),
    [
        (
            {"n": 0, "mean": None, "share": None, "status": "not_covered"},
            "[z]",
            "[z]",
            "not covered by this instrument",
        ),
        ({"n": 0, "mean": None, "share": None, "status": "insufficient"}, "[x]", "[x]", "too few sessions to say"),
        ({"n": 5, "mean": 3.2, "share": None, "threshold": None}, 3.2, "[z]", "[z]"),
    ],
    ids=["not covered", "nothing rated", "no threshold"],
)
def test_a_number_that_is_not_there_says_why(
    tmp_path: Path, told: dict[str, Any], mean: object, share: object, words: str
) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    lab.tells("T-1", "humility", "adherence", **told)
    (row,) = table_of(summary_of(lab, tmp_path)["Therapists"])
    assert (row["Mean"], row["Share good enough"], row["In words"]) == (mean, share, words)


def test_a_crosswalked_element_is_shown_as_such(tmp_path: Path) -> None:
    lab = Lab()
    lab.tells("T-1", "humility", "adherence", 5, 4.0, 1.0, crosswalked=True)
    (row,) = table_of(summary_of(lab, tmp_path)["Therapists"])
    assert (row["Element"], row["Team"]) == ("Humility [crosswalk]", "[x]")


def test_a_team_is_its_sessions_with_share_and_interval(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    lab.has_therapist("T-2")
    for number, (therapist, mean) in enumerate((("T-1", 3.0), ("T-1", 4.0), ("T-2", 5.0), ("T-2", 7.0)), 1):
        lab.rates(f"S-{number}", therapist, date(2026, 3, number), {("humility", "adherence"): mean})
    lab.rates("S-old", "T-1", date(2020, 1, 1), {("humility", "adherence"): 1.0}, in_window=False)
    (row,) = table_of(summary_of(lab, tmp_path)["Teams"])
    assert (row["Team"], row["Therapists"], row["Sessions"], row["Mean"]) == ("north", 2, 4, 4.75)
    assert row["Share good enough"] == 0.75
    assert row["Share from"] == pytest.approx(0.3006, abs=5e-5)  # Wilson's interval of 3 in 4
    assert row["Share to"] == pytest.approx(0.9544, abs=5e-5)


def test_a_session_of_two_therapists_of_a_team_counts_once(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    lab.has_therapist("T-2")
    lab.rates("S-1", "T-1", date(2026, 3, 1), {("humility", "adherence"): 5.0})
    lab.rates("S-1", "T-2", date(2026, 3, 1), {})
    (row,) = table_of(summary_of(lab, tmp_path)["Teams"])
    assert (row["Therapists"], row["Sessions"], row["Mean"]) == (2, 1, 5)


def test_an_element_rated_on_one_scale_only_has_a_row_on_both_so_that_charts_line_up(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    means = {("humility", "competence"): 5.0, ("mode", "competence"): 3.0, ("mode", "adherence"): 4.0}
    lab.rates("S-1", "T-1", date(2026, 3, 1), means)
    rows = table_of(summary_of(lab, tmp_path)["Teams"])
    assert [(row["Scale"], row["Element id"], row["Mean"]) for row in rows] == [
        ("Adherence", "humility", "[z]"),
        ("Adherence", "mode", 4),
        ("Competence", "humility", 5),
        ("Competence", "mode", 3),
    ]


def test_a_quarter_without_a_session_has_a_row_that_says_so(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    for number, (day, mean) in enumerate(
        ((date(2025, 7, 1), 3.0), (date(2026, 1, 5), 5.0), (date(2026, 2, 5), 6.0)), 1
    ):
        lab.rates(f"S-{number}", "T-1", day, {("humility", "adherence"): mean})
    lab.rates("S-undated", "T-1", None, {("humility", "adherence"): 1.0})
    rows = table_of(summary_of(lab, tmp_path)["Trend"])
    assert [(row["Quarter"], row["Sessions"], row["Mean"], row["Share good enough"]) for row in rows] == [
        ("2025-Q3", 1, 3, 0),
        ("2025-Q4", 0, "[x]", "[x]"),
        ("2026-Q1", 2, 5.5, 1),
    ]


def test_rows_stand_in_order_of_id_and_instrument_and_never_of_score(book: Workbook) -> None:
    therapists = [row["Therapist"] for row in table_of(book["Therapists"])]
    assert therapists == sorted(therapists)
    elements = [
        row["Element id"] for row in rows_where(book["Teams"], Team="north", Role="observer", Scale="Adherence")
    ]
    assert elements[:3] == ["humility", "not_knowing", "differences"]
    assert elements[-1] == "restoring"


def test_workbooks_of_the_period_are_told_and_earlier_ones_only_while_something_waits(book: Workbook) -> None:
    assert [(row["Workbook"], row["Outcome"]) for row in table_of(book["Workbooks"])] == [
        ("bad.xlsx", "refused"),
        ("north/one.xlsx", "accepted"),
    ]


def test_what_waits_and_what_was_found_say_where_and_what_to_do(book: Workbook) -> None:
    (waiting,) = table_of(book["Waiting"])
    assert (waiting["Workbook"], waiting["Cell"], waiting["Session"], waiting["Rater"]) == (
        *("north/two.xlsx", "B2", "S-9"),
        "[x]",
    )
    (finding,) = table_of(book["Findings"])  # the closed one was closed in an earlier quarter
    assert (finding["Cell"], finding["What to do"], finding["Closed"]) == (
        "C9",
        "Nothing is entered for Humility.",
        "[z]",
    )


def test_coverage_says_why_there_is_no_plan(book: Workbook) -> None:
    first, second = table_of(book["Coverage"])
    assert (first["Planned"], first["Rated"], first["Overdue"], first["Why no plan"]) == (2, 2, 0, "[z]")
    assert (second["Planned"], second["Why no plan"]) == ("[z]", "The roster has no plan for this period.")


def test_a_lab_without_any_rating_gets_a_summary_that_says_so(tmp_path: Path) -> None:
    book = summary_of(Lab(), tmp_path)
    assert book["Therapists"]["A2"].value == "This sheet contains one table and nothing to show in it."
    assert table_of(book["Waiting"])[0]["Workbook"] == "none"
    assert book["Team profiles"]["A2"].value.startswith("This sheet contains 0 charts.")


def test_each_chart_asks_a_question_about_one_team_and_draws_observers_rows(book: Workbook) -> None:
    assert texts_of(book["Team profiles"])[2::2] == [
        "How does team north deliver each element? (mbt-session)",
        "How does team south deliver each element? (mbt-session)",
    ]
    chart = book["Team profiles"]._charts[0]
    rows = [str(series.val.numRef.f) for series in chart.series]
    assert rows == ["'Teams'!$J$7:$J$19", "'Teams'!$J$20:$J$32"]  # thirteen elements on each scale
    assert [row[0].value for row in book["Teams"]["D7:D32"]].count("Adherence") == 13


def test_no_remark_and_no_comment_of_a_rater_is_anywhere_in_the_file(tmp_path: Path) -> None:
    lab = small_lab()
    lab.remarks("T-1-S1/R-1/observer/mbt-session", "humility", "F12", "CANARY-4711")
    summary_of(lab, tmp_path)
    inside = anything_in(tmp_path / "summary.xlsx")
    assert "CANARY-4711" not in inside
    assert "stayed curious" not in inside


def test_a_night_with_nothing_new_leaves_the_file_untouched(tmp_path: Path) -> None:
    out = tmp_path / "summary.xlsx"
    assert write_summary(small_lab().con, out, FACTS) is True
    before = out.read_bytes()
    next_night = replace(FACTS, night_on=date(2026, 5, 5), since=date(2026, 2, 4))
    assert write_summary(small_lab().con, out, next_night) is False
    assert out.read_bytes() == before


def test_a_new_rating_or_a_final_summary_writes_the_file_anew(tmp_path: Path) -> None:
    out = tmp_path / "summary.xlsx"
    lab = small_lab()
    write_summary(lab.con, out, FACTS)
    assert write_summary(lab.con, out, replace(FACTS, provisional=False)) is True
    lab.tells("T-9", "humility", "adherence", 1, 4.0, 1.0)
    assert write_summary(lab.con, out, replace(FACTS, provisional=False)) is True
    assert rows_where(open_book(out)["Therapists"], Therapist="T-9")
