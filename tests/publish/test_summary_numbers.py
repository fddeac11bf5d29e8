"""The summary's sheets that rest on the models, the control charts, and the raters' own workbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from flows.publish.raters_book import write_raters_book
from flows.publish.summary import write_summary
from schemas.codes import PURPOSE
from tests.support.publish_fixture import FACTS, Lab, small_lab
from tests.support.workbooks import open_book, rows_where, table_of, texts_of

NUMBERS = ("Reliability", "Severity", "Drift", "Planner", "Next rating", "Change", "Team sessions")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    folder = tmp_path_factory.mktemp("numbers")
    write_summary(small_lab().con, folder / "summary.xlsx", FACTS)
    return open_book(folder / "summary.xlsx")


def raters_book_of(lab: Lab, folder: Path) -> Workbook:
    """The raters' workbook, written and read again."""
    write_raters_book(lab.con, folder / "raters.xlsx", FACTS)
    return open_book(folder / "raters.xlsx")


def test_no_sheet_of_numbers_names_a_rater(book: Workbook) -> None:
    for name in (*NUMBERS, "Control charts"):
        assert not {"R-1", "R-2", "R-3"} & {str(cell.value) for row in book[name].iter_rows() for cell in row}, name


def test_reliability_stands_with_its_interval_and_the_shares_of_agreement(book: Workbook) -> None:
    (row,) = rows_where(book["Reliability"], Element_id="humility")
    told = [row[c] for c in ("One rater", "One rater from", "One rater to", "Usual raters", "Mean of these")]
    assert told == [0.45, 0.2, 0.66, 2, 0.62]
    assert (row["Within a point"], row["Little spread"], row["Note"]) == (0.9, "no", "[z]")


def test_how_far_raters_differ_is_told_without_naming_them(book: Workbook) -> None:
    (row,) = rows_where(book["Severity"], Element_id="humility")
    # of .5, -.25 and -.25 the standard deviation is the root of (.25 + .0625 + .0625) / 2
    assert row["Spread"] == pytest.approx(0.4330127, abs=1e-6)
    assert (row["Raters"], row["Widest"], row["Note"]) == (3, 0.75, "[z]")


def test_how_far_two_raters_differ_would_be_each_ones_own_figure_and_is_not_told(tmp_path: Path) -> None:
    lab = small_lab()
    lab.con.execute("delete from quality.rater_severity where rater_id = 'R-3'")
    write_summary(lab.con, tmp_path / "summary.xlsx", FACTS)
    (row,) = rows_where(open_book(tmp_path / "summary.xlsx")["Severity"], Element_id="humility")
    assert (row["Spread"], row["Widest"]) == ("[x]", "[x]")
    assert row["Note"] == "With fewer than three raters, how far they differ would be the figure of each."


def test_drift_counts_those_who_moved_and_says_what_cannot_be_seen(book: Workbook) -> None:
    (row,) = rows_where(book["Drift"], Quarter="2026-Q1")
    assert (row["Raters compared"], row["Raters who moved"], row["All moved by"]) == (1, 1, "[x]")
    assert row["Note"] == "Nothing was rated again."


def test_the_planner_is_the_mean_over_a_domains_elements(book: Workbook) -> None:
    rows = rows_where(book["Planner"], Domain="Stance")
    shown = ("Raters a session", "Figure", "2 sessions", "4 sessions", "8 sessions")
    assert [[row[c] for c in shown] for row in rows] == [
        [1, "reliability", "[x]", 0.5, 0.67],
        [1, "dependability", "[x]", 0.4, 0.57],
    ]


def test_what_the_next_hour_would_buy_is_told_option_by_option(book: Workbook) -> None:
    rows = rows_where(book["Next rating"], Therapist="T-1")
    assert [(r["The hour goes to"], r["Session"], r["Then"], r["Buys most"]) for r in rows] == [
        ("a session with a patient of whom no session is rated yet", "[z]", 0.6, "yes"),
        ("another session with a patient of whom a session is rated already", "[z]", 0.55, "no"),
        ("a further rater for a session that is rated already", "T-1-S4", "[x]", "no"),
    ]
    assert rows[2]["Note"] == "the ratings so far cannot tell what this would change from what it would leave as it is"


def test_a_change_that_cannot_be_split_says_so(book: Workbook) -> None:
    whole, part = (rows_where(book["Change"], Scale=scale)[0] for scale in ("Adherence", "Competence"))
    parts = ("Difference", "Therapists' work", "Severity of raters", "Who was rated", "Note")
    assert [whole[p] for p in parts] == [-0.5, -0.25, -0.125, -0.125, "[z]"]
    untold = "these raters share no sessions: therapists and severity are one, and not split"
    assert [part[p] for p in parts] == [-0.5, "[x]", "[x]", -0.125, untold]


def test_a_control_chart_draws_its_table_and_marks_the_point_that_fires(book: Workbook) -> None:
    (chart,) = book["Control charts"]._charts
    points, *lines = chart.series
    assert str(points.val.numRef.f) == "'Team sessions'!$H$7:$H$14"
    assert [point.idx for point in points.dPt] == [4]
    assert points.dPt[0].marker.symbol == "diamond"
    assert [line.graphicalProperties.line.prstDash for line in lines] == ["dash"] * 3
    (told,) = [t for t in texts_of(book["Control charts"]) if "A line through" in t]
    assert "A line through 8 sessions" in told
    assert "1 of the points, large diamonds, fires a rule." in told
    assert [r["Rules"] for r in rows_where(book["Team sessions"], Team="north")] == ["[z]"] * 4 + ["outside"] + [
        "[z]"
    ] * 3


def test_an_estimate_stands_beside_the_counts(book: Workbook) -> None:
    (row,) = rows_where(book["Therapists"], Therapist="T-1", Role="observer", Element_id="humility", Scale="Adherence")
    assert [row[c] for c in ("Estimate", "Estimate from", "Estimate to", "Reliability", "Why no estimate")] == [
        4.5, 4.0, 5.25, 0.62, "[z]",
    ]  # fmt: skip


def test_the_raters_workbook_says_for_whom_it_is_and_goes_by_id(tmp_path: Path) -> None:
    raters = raters_book_of(small_lab(), tmp_path)
    cover = texts_of(raters["Cover"])
    assert PURPOSE in cover
    assert any(text.startswith("For the quality lead. A rater may see her own rows") for text in cover)
    rows = table_of(raters["Severity by rater"])
    assert [(row["Rater"], row["Severity"]) for row in rows] == [("R-1", 0.5), ("R-2", -0.25), ("R-3", -0.25)]
    (drift,) = rows_where(raters["Drift by rater"], Rater="R-2")
    assert (drift["Moved by"], drift["Drifting"], drift["Shows in"]) == (-0.75, "yes", "humility")


def test_the_raters_workbook_is_left_alone_when_it_would_say_the_same(tmp_path: Path) -> None:
    lab = small_lab()
    assert write_raters_book(lab.con, tmp_path / "raters.xlsx", FACTS) is True
    assert write_raters_book(lab.con, tmp_path / "raters.xlsx", FACTS) is False
