"""Other labs' forms: described by one TOML each, and read to the last cell. Expected values are written by hand."""

from __future__ import annotations

import datetime as dt

from tests.support.intake_labs import FIELDS, FORM, HEAD, codes, four, read
from tests.support.lab import Lab, cells_of


def test_a_form_with_labels_beside_above_and_within_their_cells(other: Lab) -> None:
    frames = read(
        other,
        FORM,
        "form.xlsx",
        """
        Rating of a session
        Session no: | 7               | .        | Rated by
        Therapist   | T-1 and T-2     | .        | R-1
        Patient: P-9 | .              | Seen on: | '03/24/2026
        Item        | Adh             | Comp     | Remarks
        Not-knowing | 4               | 5        | asks a lot
        Differences | .               | .        | .
        Anything else | a good session
        """,
    )
    assert list(cells_of(frames)) == four("S-007", "R-1", None, None, 4, 5)
    rating = frames.rating.row(0, named=True)
    assert (rating["therapist_ids"], rating["patient_id"], rating["session_on"]) == (
        ["T-1", "T-2"],
        "P-9",
        dt.date(2026, 3, 24),
    )
    assert sorted(frames.comment.select("item", "cell", "comment").iter_rows(), key=str) == [
        ("not_knowing", "D6", "asks a lot"),
        (None, "B8", "a good session"),
    ]


def test_a_merged_label_has_its_field_where_the_merged_cell_ends(other: Lab) -> None:
    frames = read(
        other,
        FORM,
        "form.xlsx",
        """
        Rating of a session
        Session     | . | 7          | Rated by
        Therapist   | . | T-1        | R-1
        Patient: P-9 | . | Seen on | 2026-03-24
        Item        | Adh | Comp
        Not-knowing | 4   | 5
        Anything else
        """,
        merged=["A2:B2", "A3:B3"],
    )
    assert list(cells_of(frames)) == four("S-007", "R-1", None, None, 4, 5)


def test_a_workbook_with_a_form_on_every_sheet_is_as_many_ratings(other: Lab) -> None:
    form = """
        Rating of a session
        Session     | {session}  | Rated by
        Therapist   | T-1        | {rater}
        Patient     | Seen on    | 2026-03-24
        Item        | Adh | Comp
        Not-knowing | {a} | {c}
        Anything else
    """
    frames = read(
        other,
        FORM,
        "forms.xlsx",
        sheets={
            "First": form.format(session=1, rater="R-1", a=1, c=2),
            "Second": form.format(session=2, rater="R-1", a=3, c=4),
            "Not filled": form.format(session=3, rater="R-1", a=".", c="."),
            "Hidden": form.format(session=4, rater="R-1", a=7, c=7),
            "Explanation": "How to rate\n Rate from 1 to 7",
        },
        hidden_sheets=["Hidden"],
    )
    assert list(cells_of(frames)) == four("S-001", "R-1", None, None, 1, 2) + four("S-002", "R-1", None, None, 3, 4)
    assert list(frames.finding.select("sheet", "code").iter_rows()) == [
        ("Hidden", "hidden_sheet"),
        ("Explanation", "sheet_not_read"),
    ]


def test_hidden_rows_are_read_and_hidden_sheets_only_where_the_layout_says_so(other: Lab) -> None:
    layout = 'shape = "wide"' + FIELDS + "[table]\npattern = '(?P<item>.*): (?P<scale>.*)'"
    drawing = """
        Session | Therapist | Rater | not_knowing: adherence | not_knowing: competence
        S-1     | T-1       | R-1   | 4                      | 5
        S-2     | T-1       | R-1   | 6                      | 7
    """
    frames = read(other, layout, "rows.xlsx", drawing, hidden_rows=[3])
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5) + four("S-2", "R-1", None, None, 6, 7)
    hidden = {"sheets": {"Cover": "Our ratings", "Raw": drawing}, "hidden_sheets": ["Raw"]}
    other.describes(HEAD + layout.replace("[fields]", '[sheet]\nhidden = true\nknown = "Cover"\n[fields]'))
    frames = other.reads("hidden.xlsx", **hidden)  # type: ignore[arg-type]
    assert len(list(cells_of(frames))) == 4
    assert codes(frames) == []


def test_a_form_with_two_raters_side_by_side(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "form"
        [scales]
        Adh = "adherence"
        Comp = "competence"
        [fields]
        session_id = { label = "Session" }
        therapist_id = { label = "Therapist" }
        rater_id = { header = true }
        item = { letter = "A" }
        [table]
        header_rows = 2
        levels = ["rater_id", "scale"]
        """,
        "pair.xlsx",
        """
        Session     | S-1
        Therapist   | T-1
        .           | R-1 | .    | R-2 | .
        Item        | Adh | Comp | Adh | Comp
        Not-knowing | 1   | 2    | 3   | 4
        Differences | 5   | 6    | .   | .
        """,
        merged=["B3:C3", "D3:E3"],
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 5, 6, 1, 2) + four("S-1", "R-2", None, None, 3, 4)
    assert codes(frames) == []


def test_labels_may_stand_on_another_sheet_and_a_wrong_one_is_told_there(other: Lab) -> None:
    layout = """
        shape = "form"
        [fields]
        session_id = { label = "Session", sheet = "Info" }
        therapist_id = { cell = "B2", sheet = "Info" }
        rater_id = { label = "Rater", sheet = "Info" }
        session_on = { label = "Date", sheet = "Info" }
        item = { column = "Item" }
        [table]
        levels = ["scale"]
    """
    sheets = {
        "Info": "Session | S-1\n Therapist | T-1\n Rater | R-1\n Date | soon",
        "Scores": "Item | Adherence | Competence\n Not-knowing | 4 | 5",
    }
    frames = read(other, layout, "two.xlsx", sheets=sheets)
    assert frames.rating.select("session_id", "rater_id", "sheet", "cell").row(0) == ("S-1", "R-1", "Scores", "B2")
    assert list(frames.finding.select("sheet", "cell", "code").iter_rows()) == [("Info", "B4", "date_unreadable")]
    frames = other.reads("two.xlsx", sheets=sheets | {"Info": sheets["Info"].replace("soon", "2026-03-24")})
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5)
    assert codes(frames) == []


def test_a_form_with_a_column_for_every_point_and_a_tick_in_one_of_them(other: Lab) -> None:
    layout = """
        shape = "form"
        [marks]
        "n/a" = "no_opportunity"
        [fields]
        session_id = { label = "Session" }
        therapist_id = { label = "Therapist" }
        rater_id = { label = "Rater" }
        item = { column = "Question", pattern = "^([0-9]+)[.]" }
        [table]
        header_rows = 2
        levels = ["scale", "value"]
    """
    drawing = """
        Session | S-1 | Therapist | T-1 | Rater | R-1
        .                            | Adherence | . | . | .   | Competence | . | .
        Question                     | 1 | 4 | 7 | n/a         | 1 | 4 | 7 | Remarks
        1. Keeps a not-knowing stance | . | x | . | .          | . | . | X | twice
        2. Finds where views differ  | . | . | . | x           | . | {two} | x | .
    """
    frames = read(other, layout, "ticks.xlsx", drawing.format(two="."))
    assert list(cells_of(frames)) == four("S-1", "R-1", "no_opportunity", 7, 4, 7)
    frames = other.reads("ticks.xlsx", drawing.format(two="x"))
    assert codes(frames) == [("G5", "not_a_rating")]
    frames = other.reads(
        "ticks.xlsx", drawing.format(two=".").replace("| x | . | .          |", "| . | . | .          |")
    )
    assert codes(frames) == [("B4", "cell_blank")]
