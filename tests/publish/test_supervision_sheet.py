"""The supervision sheet: one page for one therapist, in her supervisor's folder and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.supervision_page import PAGE_POINTS, SMALL_PAGE_POINTS
from flows.publish.supervision_sheet import SheetCounts, write_supervision_sheets
from schemas.codes import PURPOSE, SCOPE
from tests.support.publish_fixture import ELEMENTS, FACTS, SCALES, Lab, small_lab
from tests.support.workbooks import anything_in, heights_of_pages, open_book, table_of, texts_of


def sheet_of(lab: Lab, folder: Path, name: str = "SV-1/T-1.xlsx") -> Worksheet:
    """A therapist's page, written and read again."""
    return book_of(lab, folder, name)["Supervision sheet"]


def book_of(lab: Lab, folder: Path, name: str = "SV-1/T-1.xlsx") -> Workbook:
    """A therapist's workbook, written and read again."""
    write_supervision_sheets(lab.con, folder, FACTS)
    return open_book(folder / name)


def row_with(sheet: Worksheet, first: str) -> list[object]:
    """Columns A to D of the row that begins with a text."""
    return next([cell.value for cell in row[:4]] for row in sheet.iter_rows() if row[0].value == first)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Worksheet:
    return sheet_of(small_lab(), tmp_path_factory.mktemp("sheets"))


def one_therapist() -> Lab:
    """A therapist with one rated session, and nothing else."""
    lab = Lab()
    lab.has_therapist("T-1")
    lab.rates("S-1", "T-1", date(2026, 3, 1), {("humility", "adherence"): 5.0}, rated_on=date(2026, 3, 2))
    return lab


def test_the_page_says_whom_it_is_about_what_it_is_for_and_who_sees_it_first(page: Worksheet) -> None:
    assert page["A1"].value == "Supervision sheet: therapist T-1"
    texts = texts_of(page)
    assert PURPOSE in texts
    assert SCOPE in texts
    assert "The therapist gets this sheet no later than her supervisor." in texts
    assert "As of 2026-05-04, the last night that changed this sheet" in texts


def test_all_thirteen_elements_are_told_in_counts(page: Worksheet) -> None:
    names = [row[0].value for row in page.iter_rows()]
    first = names.index("Stance")
    drawn = [
        name for name in names[first : first + 15] if name not in {"Stance", "Trajectory within the session, in order"}
    ]
    assert drawn == [element[4] for element in ELEMENTS]
    assert row_with(page, "Humility")[1:3] == ["1 of 4 sessions seen", "2 of 4 sessions seen"]


def test_too_few_sessions_and_marks_are_said_in_the_same_cell(page: Worksheet) -> None:
    assert row_with(page, "The mode is identified")[1] == (
        "0 of 1 session seen\ntoo few sessions to say\nno opportunity: 6"
    )


def test_what_is_too_few_throughout_is_said_once(tmp_path: Path) -> None:
    lab = one_therapist()
    for element in ("humility", "not_knowing"):
        lab.tells("T-1", element, "adherence", 1, 5.0, 1.0, status="insufficient", patients=1, raters=1)
    sheet = sheet_of(lab, tmp_path)
    assert "1 session seen, with 1 patient, by 1 rater. For every element: too few sessions to say." in texts_of(sheet)
    assert row_with(sheet, "Humility")[1] == "0 of 1 session seen"


def test_the_picture_draws_the_numbers_beside_the_page(page: Worksheet) -> None:
    (chart,) = page._charts
    line, adherence, small, competence, _ = chart.series
    first = next(row[0].row for row in page.iter_rows() if row[0].value == "Stance")
    last = first + 14  # thirteen elements under two headings
    assert str(adherence.xVal.numRef.f) == f"'Supervision sheet'!$E${first}:$E${last}"
    assert str(small.xVal.numRef.f) == f"'Supervision sheet'!$I${first}:$I${last}"
    assert str(competence.xVal.numRef.f) == f"'Supervision sheet'!$M${first}:$M${last}"
    humility = [cell.value for cell in page[first + 1][4:11]]
    assert humility[:3] == [4.5, 0.5, 0.75]  # her estimate, how far down and up its interval reaches
    assert humility[4:] == [None, None, None]  # nothing small
    assert {page.cell(row, 21).value for row in range(first, last + 1)} == {4}
    assert line.tx.v == "good enough"
    assert [series.marker.size for series in (adherence, small)] == [7, 4]


def test_what_too_few_sessions_say_is_drawn_small(page: Worksheet) -> None:
    numbers = [cell.value for cell in next(row for row in page.iter_rows() if row[0].value == "The mode is identified")]
    assert numbers[4:8] == [None] * 4
    assert numbers[8:11] == [6.0, 0.5, 0.75]


def test_a_mean_without_an_estimate_is_small_and_has_no_bar(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.tells("T-1", "humility", "adherence", 1, 5.0, 1.0, status="insufficient", patients=1, raters=1)
    numbers = [cell.value for cell in next(r for r in sheet_of(lab, tmp_path).iter_rows() if r[0].value == "Humility")]
    assert numbers[4:11] == [None, None, None, None, 5.0, None, None]


def test_an_interval_is_drawn_within_the_scale(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.tells("T-1", "humility", "adherence", 5, 6.5, 1.0, status="adequate", estimate=(6.5, 5.0, 7.75))
    numbers = [cell.value for cell in next(r for r in sheet_of(lab, tmp_path).iter_rows() if r[0].value == "Humility")]
    assert numbers[4:7] == [6.5, 1.5, 0.5]


def test_what_is_settled_is_said_in_words_below_the_count(page: Worksheet) -> None:
    assert row_with(page, "Where perspectives differ")[2] == "2 of 4 sessions seen\nbelow good enough"
    told = " ".join(texts_of(page))
    assert "Where nothing stands below the count, these sessions do not settle it." in told


def test_an_element_to_work_on_is_named_with_the_session_and_cell_that_show_it(page: Worksheet) -> None:
    assert row_with(page, "To work on: Where perspectives differ") == [
        "To work on: Where perspectives differ",
        "Competence",
        "T-1-S4, 2026-03-24",
        "rated below good enough in 2 of 4 sessions seen (T-1-S4 R-1.xlsx, Rating, F12)",
    ]


def test_none_named_is_said(tmp_path: Path) -> None:
    told = texts_of(sheet_of(small_lab(), tmp_path, "SV-2/T-2.xlsx"))
    assert "Nothing is named: these sessions settle of no element that it is a strength, or one to work on." in told


def test_the_page_prints_on_one_sheet_of_paper(page: Worksheet) -> None:
    assert page.sheet_properties.pageSetUpPr.fitToPage is True
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 1)
    assert (page.page_setup.orientation, int(page.page_setup.paperSize)) == ("portrait", 9)
    last = page.max_row
    assert page.print_area == f"'Supervision sheet'!$A$1:$D${last}"
    assert sum(page.row_dimensions[row].height for row in range(1, last + 1)) <= SMALL_PAGE_POINTS


def test_sessions_rated_since_last_time_are_listed_and_late_ones_named(page: Worksheet) -> None:
    assert row_with(page, "T-1-S4, 2026-03-24") == [
        "T-1-S4, 2026-03-24",
        "drawn at random",
        "2 observers, consensus",
        "adherence 0 of 1 (consensus)",
    ]
    assert "Rated before that day, but arrived since: 3 sessions (T-1-S3, T-1-S2, T-1-S1)." in texts_of(page)


def test_a_remark_stands_with_session_and_cell_and_without_the_rater(page: Worksheet) -> None:
    texts = texts_of(page)
    at = texts.index("Remark on T-1: stayed curious.")
    assert texts[at - 3 : at] == ["T-1-S4, 2026-03-24", "Humility", "T-1-S4 R-1.xlsx, Rating, F12"]
    assert texts[at + 4] == "Early remark on T-1."  # latest first


def test_consensus_stands_apart(page: Worksheet) -> None:
    texts = texts_of(page)
    at = texts.index("Separately: consensus, signed off by the supervisor, MBT-SESSION")
    assert texts[at + 5 : at + 9] == [
        "Humility",
        "5.0 (1)",
        "not rated",
        "Not rated, or not covered: 12 other elements.",
    ]


def test_the_therapists_answer_is_the_only_place_that_is_open(page: Worksheet) -> None:
    assert page.protection.sheet is True
    assert page.protection.password is None
    open_cells = {cell.coordinate for row in page.iter_rows() for cell in row if not cell.protection.locked}
    last = page.max_row
    assert open_cells == {f"{column}{row}" for column in "ABCD" for row in range(last - 3, last + 1)}


def test_a_crowded_page_says_what_it_left_out_and_keeps_every_remark_on_a_second_sheet(tmp_path: Path) -> None:
    lab = small_lab()
    rating = "T-1-S4/R-2/observer/mbt-session"
    for number in range(40):
        lab.remarks(rating, "humility", f"G{number + 1}", f"Remark number {number}. " + "It goes on and on. " * 15)
    book = book_of(lab, tmp_path)
    page = book["Supervision sheet"]
    (left_out,) = [text for text in texts_of(page) if "left out for want of room; all stand" in text]
    shown = sum(text.startswith("Remark ") for text in texts_of(page))
    assert left_out.startswith(f"{41 - shown} more remarks since 2026-02-03 and 1 older remark from before 2026-02-03")
    assert len(table_of(book["All remarks"])) == 42
    assert all(height <= PAGE_POINTS for height in heights_of_pages(page))


def test_what_one_page_cannot_hold_goes_on_on_a_second_that_is_not_shrunk(tmp_path: Path) -> None:
    lab = small_lab()
    lab.adds_instrument("other")
    for element in ELEMENTS:
        for scale in SCALES:
            lab.tells("T-1", element[3], scale, 2, 4.0, 1.0, instrument_id="other", role="self")
    for number in range(8):
        lab.remarks(
            "T-1-S4/R-2/observer/mbt-session", "humility", f"G{number + 1}", f"Remark {number}. " + "On it goes. " * 15
        )
    page = sheet_of(lab, tmp_path)
    assert (page.sheet_properties.pageSetUpPr.fitToPage, int(page.page_setup.scale)) == (None, 78)
    first, second = heights_of_pages(page)
    assert max(first, second) <= PAGE_POINTS
    told = texts_of(page)
    assert "Separately: the therapist's own ratings, OTHER" in told
    assert sum(text.startswith("Remark ") for text in told) == 9
    assert "want of room" not in " ".join(told)


def test_further_blocks_that_do_not_fit_are_named(tmp_path: Path) -> None:
    lab = small_lab()
    for number in range(1, 9):
        lab.adds_instrument(f"other-{number}")
        for element in ELEMENTS:
            for scale in SCALES:
                lab.tells("T-1", element[3], scale, 2, 4.0, 1.0, instrument_id=f"other-{number}", role="self")
    told = " ".join(texts_of(sheet_of(lab, tmp_path)))
    assert "Left out for want of room: " in told
    assert "the therapist's own ratings with other-8 (2 sessions). Instead see supervision.therapist_element" in told


def test_an_instrument_that_covers_few_elements_names_the_others_once(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.tells("T-1", "arousal", "competence", 4, 4.5, 0.75, crosswalked=True)
    lab.tells("T-1", "arousal", "adherence", 0, None, None, status="not_covered", crosswalked=True)
    lab.tells("T-1", "humility", "adherence", 0, None, None, status="not_covered", crosswalked=True)
    sheet = sheet_of(lab, tmp_path)
    assert row_with(sheet, "Arousal is regulated [crosswalk]")[1:3] == ["not covered", "1 of 4 sessions seen"]
    assert "Not covered by this instrument: Humility." in texts_of(sheet)


def test_a_scale_without_a_threshold_shows_means_and_no_line(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.tells("T-1", "humility", "adherence", 4, 3.25, None, threshold=None)
    sheet = sheet_of(lab, tmp_path)
    assert row_with(sheet, "Humility")[1] == "mean 3.2 of 4 sessions; no threshold"
    (chart,) = sheet._charts
    assert [series.tx.v for series in chart.series] == ["Adherence", "Adherence, too few to say"]


def test_a_therapist_whose_ratings_are_all_gone_from_the_window_gets_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No rating of this therapist's sessions counts at present." in texts_of(sheet_of(one_therapist(), tmp_path))


def test_no_therapist_of_another_supervisor_is_anywhere_in_a_folder(tmp_path: Path) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    assert sorted(path.name for path in tmp_path.glob("SV-2/*.xlsx")) == ["T-2.xlsx", "T-3.xlsx"]
    for path in (tmp_path / "SV-1").iterdir():
        inside = anything_in(path)
        assert "T-1" in inside
        assert not [other for other in ("T-2", "T-3", "SV-2") if other in inside]


def test_a_therapist_without_a_supervisor_gets_no_sheet_and_is_counted(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.rates("S-2", "T-unknown", date(2026, 3, 1), {("humility", "adherence"): 5.0})
    lab.has_therapist("T-lone", "north", None)
    lab.rates("S-3", "T-lone", date(2026, 3, 1), {("humility", "adherence"): 5.0})
    counts = write_supervision_sheets(lab.con, tmp_path, FACTS)
    assert counts == SheetCounts(n_written=1, n_without_supervisor=2)


def test_odd_ids_stay_inside_the_folder(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("../../T", "north", "../SV")
    lab.rates("S-1", "../../T", date(2026, 3, 1), {("humility", "adherence"): 5.0})
    folder = tmp_path / "published" / "supervision"
    write_supervision_sheets(lab.con, folder, FACTS)
    (sheet,) = tmp_path.rglob("*.xlsx")
    assert sheet.parent.parent == folder
    assert "~" in sheet.name


def test_the_same_day_counts_as_since_last_time(tmp_path: Path) -> None:
    lab = Lab()
    lab.has_therapist("T-1")
    lab.rates("S-1", "T-1", date(2026, 1, 1), {("humility", "adherence"): 5.0}, rated_on=FACTS.since)
    lab.rates("S-2", "T-1", date(2026, 1, 2), {("humility", "adherence"): 5.0}, rated_on=date(2026, 2, 2))
    write_supervision_sheets(lab.con, tmp_path, replace(FACTS))
    sheet = open_book(tmp_path / "SV-1/T-1.xlsx")["Supervision sheet"]
    assert "S-1, 2026-01-01" in texts_of(sheet)
    assert "Rated before that day, but arrived since: 1 session (S-2)." in texts_of(sheet)


def test_a_version_that_nobody_was_rated_with_moves_neither_line_nor_ends_nor_counts(tmp_path: Path) -> None:
    # mbt-session 2.0 is in the catalog: scales of 0 to 10, good enough from 8. All were rated with 1.0: 1 to 7, from 4.
    lab = one_therapist()
    lab.adds_instrument("mbt-session")
    lab.add("reference.instrument", ("mbt-session", "2.0", True, "MBT", "session", "individual", True, None, 2))
    for position, scale in enumerate(SCALES, 1):
        new = ("mbt-session", "2.0", scale, position, f"New {scale}", 0, 10, 1, 8.0, "good enough", "0 none; 10 most")
        lab.add("reference.scale", new)
    lab.tells("T-1", "humility", "adherence", 5, 5.0, 1.0, status="adequate", estimate=(5.0, 4.5, 5.5))
    texts = texts_of(sheet_of(lab, tmp_path))
    assert "Scales: adherence 1 to 7; dashed: good enough, from 4" in texts
    assert "adherence 0 of 1" in texts
