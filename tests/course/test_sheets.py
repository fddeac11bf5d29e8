"""What a supervisor and a quality lead see of a change of instrument: the sheet Across instruments, and the summary's list."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.facts import NightFacts
from flows.publish.summary_course import course_table
from flows.publish.supervision_sheet import write_supervision_sheets
from tests.support.drawn_ratings import Ratings
from tests.support.publish_fixture import small_lab
from tests.support.workbooks import open_book, texts_of

FACTS = NightFacts(date(2026, 7, 1), "North clinic", "quality@north.example", True, date(2026, 5, 1), "0.1.0")
SHEET = "Across instruments"


@pytest.fixture(scope="module")
def books(lab: Ratings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workbook]:
    folder = tmp_path_factory.mktemp("supervision")
    write_supervision_sheets(lab.con, folder, FACTS)
    return {path.stem: open_book(path) for path in folder.glob("*/*.xlsx")}


def grid_row(sheet: Worksheet, element: str, scale: str, n: int) -> list[tuple[object, bool]]:
    """What stands in a row of the grid under each session, and whether it is marked as below good enough."""
    row = next(row for row in sheet.iter_rows() if (row[0].value, row[1].value) == (element, scale))
    return [(cell.value, "▼" in cell.number_format) for cell in row[2 : 2 + n]]


def test_each_number_stands_under_its_instrument_and_gaps_are_told(books: dict[str, Workbook]) -> None:
    sheet = books["T-1"][SHEET]
    heads = {row[0].value: [cell.value for cell in row[2:7]] for row in sheet.iter_rows()}
    assert heads["Session on"] == ["2026\n01-10", "2026\n02-10", "2026\n03-10", "2026\n04-10", "2026\n05-10"]
    assert heads["Instrument"] == ["A", "A", "B", "B", "A"]
    assert heads["Changed to: other instrument, version, or one beside"] == [None, None, "other", None, "other"]
    assert grid_row(sheet, "Keeps a not-knowing position [crosswalk]", "Adherence", 5) == [
        (5, False), (3.5, True), (6, False), ("nj", False), (4, False)
    ]  # fmt: skip
    assert grid_row(sheet, "Modest about knowing another mind", "Adherence", 5) == [
        (3, True), (4, False), ("nc", False), ("nc", False), (5, False)
    ]  # fmt: skip
    assert grid_row(sheet, "The non-mentalizing mode is identified [crosswalk, partly]", "Adherence", 3)[2] == (
        3.5,
        True,
    )
    key = next(text for text in texts_of(sheet) if text.startswith("▼"))
    assert "nc: no item of the instrument speaks to the element" in key


def test_a_thick_line_stands_where_the_instrument_changed_and_nowhere_else(books: dict[str, Workbook]) -> None:
    sheet = books["T-1"][SHEET]
    row = next(row for row in sheet.iter_rows() if row[0].value == "Modest about knowing another mind")
    assert [cell.border.left is not None and cell.border.left.style for cell in row[2:7]] == [
        False, False, "thick", False, "thick"
    ]  # fmt: skip


def test_each_instruments_own_scale_and_threshold_is_said(books: dict[str, Workbook]) -> None:
    assert {text for text in texts_of(books["T-2"][SHEET]) if text.startswith(("A: ", "B: ", "Change on"))} == {
        "A: mbt-session 1.0, 1 session on 2026-01-10. Adherence 1 to 7, good enough from 4; "
        "Competence 1 to 7, good enough from 4.",
        "B: house 1.0, 1 session on 2026-02-10. Competence 0 to 4, good enough from 3.",
        "Change on 2026-02-10, house 1.0 after mbt-session 1.0. Told on both sides: Keeps a not-knowing position (competence). "
        "25 lines end there, 1 line begins.",
    }
    told = " ".join(texts_of(books["T-1"][SHEET]))
    assert "No score is converted." in told
    assert "1 session without a date has no place in the line." in told
    assert "Told on both sides: the same. 2 lines end there, 15 lines begin." in told
    for word in ("Estimates", "trends over 90 days", "control charts"):
        assert word in told


def test_the_page_says_that_the_instrument_changed_and_where_to_look(books: dict[str, Workbook]) -> None:
    said = "The instrument changed (2026-03-10, 2026-05-10). Its scores are not converted: see the sheet Across instruments."
    assert said in texts_of(books["T-1"]["Supervision sheet"])


def test_both_sides_of_a_picture_have_an_axis_of_their_own(books: dict[str, Workbook]) -> None:
    (chart,) = books["T-2"][SHEET]._charts
    ends = [(c.y_axis.scaling.min, c.y_axis.scaling.max, c.y_axis.crosses) for c in chart._charts]
    assert ends == [(1, 7, "min"), (0, 4, "max")]
    # a mark and its dashed threshold on each side, and one upright line
    assert [len(c.series) for c in chart._charts] == [3, 2]


def test_where_both_are_used_for_a_while_nothing_ends(books: dict[str, Workbook]) -> None:
    (told,) = [text for text in texts_of(books["T-4"][SHEET]) if text.startswith("Change on")]
    assert told.startswith("Change on 2026-02-10, mbt-i-acs 1.0 beside mbt-session 1.0. Told on both sides: ")
    assert " 0 lines end there, 2 lines begin." in " ".join(texts_of(books["T-4"][SHEET]))
    assert grid_row(books["T-4"][SHEET], "Keeps a not-knowing position [crosswalk]", "Adherence", 4) == [
        (4, False), (2, True), (5, False), (3, True)
    ]  # fmt: skip


def test_a_version_is_told_as_such_with_the_threshold_of_each(books: dict[str, Workbook]) -> None:
    sheet = books["T-3"][SHEET]
    assert grid_row(sheet, "Keeps a not-knowing position", "Adherence", 2) == [(4, False), (4, True)]
    assert any("Adherence 1 to 7, good enough from 5" in text for text in texts_of(sheet))


def test_an_ordinary_therapists_workbook_does_not_grow(tmp_path: Path) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    books = [open_book(path) for path in tmp_path.glob("*/*.xlsx")]
    assert books
    assert not [book for book in books if SHEET in book.sheetnames]
    assert not [text for book in books for text in texts_of(book["Supervision sheet"]) if "instrument changed" in text]


def test_the_summary_lists_who_changed_and_when_in_order_of_id(lab: Ratings) -> None:
    table = course_table(lab.con)
    wanted = ("Therapist", "Team", "Changed on", "What changed", "Before", "Instrument", "Version")
    places = [[column.title for column in table.columns].index(name) for name in wanted]
    assert [tuple(row[k] for k in places) for row in table.rows] == [
        ("T-1", "north", date(2026, 3, 10), "another instrument", "mbt-session 1.0", "mbt-i-acs", "1.0"),
        ("T-1", "north", date(2026, 5, 10), "another instrument", "mbt-i-acs 1.0", "mbt-session", "1.0"),
        ("T-2", "north", date(2026, 2, 10), "another instrument", "mbt-session 1.0", "house", "1.0"),
        ("T-3", "south", date(2026, 2, 10), "another version", "mbt-session 1.0", "mbt-session", "1.1"),
        ("T-4", "south", date(2026, 2, 10), "a further instrument beside", "mbt-session 1.0", "mbt-i-acs", "1.0"),
    ]
