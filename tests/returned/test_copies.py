"""A workbook with held ratings goes back: hers, marked, behind a sheet that says what to mend."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from flows.publish.returned_book import Way
from tests.returned.returning import ReturningLab, marks_of, places_of

ONE_BLANK = """
session | rater | item        | adherence | competence
S-001   | R-1   | not_knowing | 4         | .
S-001   | R-1   | differences | 5         | 5
"""
MESSAGE = "Nothing is entered for item 1 (Not-knowing), competence."


def test_a_held_cell_is_filled_and_noted_and_listed_with_a_link(lab: ReturningLab) -> None:
    lab.sends("north/a.xlsx", ONE_BLANK)
    assert lab.night()["sheets sent back"] == 1

    book = lab.book()
    first = book.worksheets[0]
    (place,) = places_of(book)
    (row,) = [row for row in first.iter_rows() if row[1].value == "E2"]
    assert lab.returned[0].startswith("north/a~mend-")
    assert (first.title, book.sheetnames) == ("What to mend", ["What to mend", "Sheet1"])
    assert place[:3] == ("Sheet1", "E2", MESSAGE)
    assert place[3].startswith("Enter a whole number from 1 to 7")
    assert row[1].hyperlink.location == "'Sheet1'!E2" or row[1].hyperlink.location == "Sheet1!E2"
    assert row[1].hyperlink.target is None
    assert list(marks_of(book)) == ["Sheet1!E2"]
    fill, note = marks_of(book)["Sheet1!E2"]
    assert fill == "00FFD966"
    assert note == f"Session Fidelity – To mend: {MESSAGE} {place[3]}"


def test_only_the_first_sheet_is_selected(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", ONE_BLANK)
    lab.night()

    book = lab.book()
    assert book.active is book.worksheets[0]
    assert [bool(sheet.sheet_view.tabSelected) for sheet in book.worksheets] == [True, False]


def test_her_own_sheet_keeps_its_looks_formulas_notes_and_hidden_sheets(lab: ReturningLab) -> None:
    book = load_workbook(io.BytesIO(lab.sends("a.xlsx", ONE_BLANK).read_bytes()))
    sheet = book["Sheet1"]
    sheet["B2"].font = Font(bold=True)
    sheet["A9"] = "=D2+D3"
    sheet["A10"].value = "=not a formula"
    sheet["A10"].data_type = "s"
    sheet["E2"].comment = Comment("I was not sure here.", "Anna")
    book.create_sheet("old")["A1"] = "kept"
    book["old"].sheet_state = "hidden"
    lab.sends("a.xlsx", content=_bytes(book))
    lab.night()

    copy = lab.book()
    sheet = copy["Sheet1"]
    assert sheet["B2"].font.b is True
    assert (sheet["A9"].value, sheet["A9"].data_type) == ("=D2+D3", "f")
    assert (sheet["A10"].value, sheet["A10"].data_type) == ("=not a formula", "s")
    assert (copy["old"].sheet_state, copy["old"]["A1"].value) == ("hidden", "kept")
    assert sheet["E2"].comment.text.startswith("I was not sure here.\n\nSession Fidelity – To mend: ")


def test_a_merged_cell_is_marked_where_it_shows(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", ONE_BLANK, merged=["D2:E2"])
    lab.night()
    assert list(marks_of(lab.book())) == ["Sheet1!D2"]


def test_delimited_text_comes_back_as_a_workbook_with_the_same_texts_in_the_same_cells(lab: ReturningLab) -> None:
    lab.sends(
        "a.csv",
        """
        session | rater | item        | adherence | competence | remark
        007     | R-1   | not_knowing | 4         | .          | =HYPERLINK("x")
        007     | R-1   | differences | 5         | 5          | -
        """,
    )
    lab.night()

    copy = lab.book()
    sheet = copy["Sheet1"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("007", "s")
    assert (sheet["F2"].value, sheet["F2"].data_type, sheet["F2"].quotePrefix) == ('=HYPERLINK("x")', "s", True)
    assert sheet["F2"].hyperlink is None
    assert list(marks_of(copy)) == ["Sheet1!E2"]
    assert places_of(copy)[0][:2] == ("Sheet1", "E2")
    assert "This is a new workbook with the same contents" in str(copy.worksheets[0]["A7"].value)


def test_a_format_that_cannot_be_marked_comes_back_as_a_new_workbook(lab: ReturningLab) -> None:
    lab.sends("a.ods", sheets={"Ratings": ONE_BLANK, "Old": "nothing | here"})
    lab.night()

    copy = lab.book()
    assert copy.sheetnames == ["What to mend", "Ratings", "Old"]
    assert [cell.value for cell in copy["Ratings"][3][:5]] == ["S-001", "R-1", "differences", 5, 5]
    assert list(marks_of(copy)) == ["Ratings!E2"]


def test_a_workbook_with_macros_comes_back_as_a_new_one_without_them(lab: ReturningLab) -> None:
    content = io.BytesIO(lab.sends("a.xlsx", ONE_BLANK).read_bytes())
    with zipfile.ZipFile(content, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"macro")
    lab.sends("a.xlsx", content=content.getvalue(), hidden_sheets=())
    lab.night()

    with zipfile.ZipFile(lab.copy) as packed:
        assert not [name for name in packed.namelist() if "vba" in name]
    assert list(marks_of(lab.book())) == ["Sheet1!E2"]
    assert "new workbook" in str(lab.book().worksheets[0]["A7"].value)


@pytest.mark.parametrize(
    ("broken", "sheets", "remark"),
    [
        ([Way.HER_OWN], ["What to mend", "Sheet1"], "This is a new workbook"),
        ([Way.HER_OWN, Way.NEW], ["What to mend"], "Your workbook could not be copied here"),
    ],
)
def test_when_a_child_dies_the_next_truest_copy_is_made(
    lab: ReturningLab, monkeypatch: pytest.MonkeyPatch, broken: list[Way], sheets: list[str], remark: str
) -> None:
    lab.makes_copies_here(monkeypatch, broken=broken)
    lab.sends("a.xlsx", ONE_BLANK)
    lab.night()

    book = lab.book()
    said = [str(value) for (value, *_) in book.worksheets[0].iter_rows(values_only=True)]
    assert book.sheetnames == sheets
    assert any(line.startswith(remark) for line in said)
    assert places_of(book)[0][1:3] == ("E2", MESSAGE)


def test_a_tie_and_a_dispute_are_marked_at_the_first_cell_of_the_rating(lab: ReturningLab) -> None:
    lab.sends(
        "tie.xlsx",
        """
        session | rater | adherence | competence
        S-001   | R-1   | 4         | 4
        S-001   | R-1   | 5         | 5
        """,
    )
    lab.night()
    assert list(marks_of(lab.book())) == ["Sheet1!C2", "Sheet1!C3"]
    assert [place[2][:19] for place in places_of(lab.book())] == ["The same rater rate", "The same rater rate"]

    lab.copy.unlink()
    lab.sends(
        "dispute.xlsx",
        """
        session | rater | adherence | competence | therapist
        S-002   | R-1   | 4         | 4          | T-1
        S-002   | R-2   | 5         | 5          | T-2
        """,
    )
    lab.night()
    dispute = next(path for path in lab.returned if path.startswith("no-team/dispute"))
    book = load_workbook(lab.settings.raw / "returned" / dispute)
    assert list(marks_of(book)) == ["Sheet1!C2", "Sheet1!C3"]
    assert places_of(book)[0][2] == "Ratings of this session name different values for the therapist."


def test_a_workbook_of_which_only_some_ratings_wait_marks_those_alone(lab: ReturningLab) -> None:
    lab.sends(
        "a.xlsx",
        """
        session | rater | adherence | competence
        S-001   | R-1   | 4         | 4
        S-002   | R-1   | 9         | 5
        """,
    )
    lab.night()
    assert list(marks_of(lab.book())) == ["Sheet1!C3"]
    assert lab.book().worksheets[0]["A4"].value.startswith("Ratings in it that wait: 1.")


def _bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
