"""Sheets of labs that nobody here has seen: each is described by one TOML, and read to the last cell.

The instrument is small (`pair`: two items on two scales), so that expected values can be written out by hand.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from flows.intake.frames import BatchFrames
from tests.support.lab import PAIR, Lab, Score, cells_of

HEAD = """
id = "other"
version = "1"
title = "Another lab"
instrument = "pair"
"""
FIELDS = """
[fields]
session_id = { column = "Session" }
therapist_id = { column = "Therapist" }
rater_id = { column = "Rater" }
"""
Cells = list[tuple[str, str, str, str, Score]]


@pytest.fixture
def other(tmp_path: Path) -> Lab:
    """A lab with the small instrument and no layout yet."""
    lab = Lab(tmp_path / "home")
    lab.uses(PAIR)
    return lab


def read(lab: Lab, layout: str, name: str, drawing: str = "", **how: object) -> BatchFrames:
    """What a sheet says when it is read with one layout."""
    lab.describes(HEAD + layout)
    frames = lab.reads(name, drawing, **how)
    assert frames.workbook["refusal"].to_list() == [None]
    return frames


def codes(frames: BatchFrames) -> list[tuple[str, str]]:
    """Cell and code of all findings."""
    return list(frames.finding.select("cell", "code").iter_rows())


def four(session: str, rater: str, *scores: Score) -> Cells:
    """The four cells of one rating: differences, then not_knowing, each adherence and competence; None is left out."""
    places = [(i, s) for i in ("differences", "not_knowing") for s in ("adherence", "competence")]
    return [(session, rater, i, s, score) for (i, s), score in zip(places, scores, strict=True) if score is not None]


# a row per item and scale, with a value column


def test_a_long_table_with_a_row_per_item_and_scale(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "long"
        [scales]
        Adh = "adherence"
        Comp = "competence"
        """
        + FIELDS
        + """
        item = { column = "Item no" }
        scale = { column = "Scale" }
        value = { column = "Score" }
        """,
        "long.csv",
        """
        Session | Therapist | Rater | Item no | Scale | Score
        S-1     | T-1       | R-1   | 1       | Adh   | 4
        S-1     | T-1       | R-1   | 1       | Comp  | 5
        S-1     | T-1       | R-1   | 2       | adh   | 6
        S-1     | T-1       | R-1   | 2       | COMP  | 7
        S-1     | T-1       | R-2   | 1       | Adh   | 1
        S-1     | T-1       | R-2   | 1       | Comp  | 2
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 6, 7, 4, 5) + four("S-1", "R-2", None, None, 1, 2)
    assert codes(frames) == []


def test_an_unknown_scale_or_item_beside_a_score_holds_that_rating_with_a_suggestion(other: Lab) -> None:
    frames = read(
        other,
        'shape = "long"'
        + FIELDS
        + 'item = { column = "Item" }\nscale = { column = "Scale" }\nvalue = { column = "Score" }',
        "long.csv",
        """
        Session | Therapist | Rater | Item        | Scale      | Score
        S-1     | T-1       | R-1   | not_knowing | adherence  | 4
        S-1     | T-1       | R-1   | not_knowing | competense | 5
        S-2     | T-1       | R-1   | not_knowin  | adherence  | 4
        S-2     | T-1       | R-1   | not_knowing | competence | 5
        S-3     | T-1       | R-1   | not_knowing | adherence  | 4
        S-3     | T-1       | R-1   | not_knowing | competence | 5
        """,
    )
    assert list(cells_of(frames)) == four("S-3", "R-1", None, None, 4, 5)
    assert set(codes(frames)) == {
        ("E3", "scale_unknown"),
        ("F2", "item_absent"),
        ("D4", "item_unknown"),
        ("F5", "item_absent"),
    }
    assert "This is not a scale of the instrument. Did you mean competence? Correct the scale's name." in set(
        frames.finding["message"]
    )


# wide tables


def test_a_wide_table_with_one_header_row_in_which_item_and_scale_are_joined(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"'
        + FIELDS
        + r"""
        [table]
        pattern = 'Q(?P<item>\d+)[ _](?P<scale>\w+)'
        """,
        "wide.xlsx",
        """
        Session | Therapist | Rater | Q1 adherence | Q1 competence | Q2_Adherence | Q2_competence | Q2 mean
        S-1     | T-1       | R-1   | 1            | 2             | 3            | 4             | 3.5
        S-1     | T-1       | R-2   | 5            | 6             | .            | .             | .
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 3, 4, 1, 2) + four("S-1", "R-2", None, None, 5, 6)
    assert codes(frames) == []


def test_question_texts_with_curly_quotes_and_line_breaks_as_headers(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"'
        + FIELDS
        + """
        [[table.scores]]
        header = "Did she \\"stay curious\\"? How much (1-7)"
        item = "not_knowing"
        scale = "adherence"
        [[table.scores]]
        header = ["Did she \\"stay curious\\"? How well (1-7)", "Curious: how well"]
        item = "not_knowing"
        scale = "competence"
        """,
        "wide.xlsx",
        """
        Session | Therapist | Rater | Did she “stay curious”?\\nHow much (1–7) | did she “stay curious”? How well (1–7)*
        S-1     | T-1       | R-1   | 4                                       | 5
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5)


LEVELS = (
    'shape = "wide"\n[items]\n"Not knowing" = "not_knowing"\n[scales]\nA = "adherence"\nC = "competence"'
    + FIELDS
    + '[table]\nheader_rows = 3\nlevels = ["", "item", "scale"]'
)


@pytest.mark.parametrize("merged", [[], ["D1:G1", "D2:E2", "F2:G2", "A1:A3", "B1:B3", "C1:C3"]])
def test_three_header_rows_whose_names_stand_only_above_their_first_column(other: Lab, merged: list[str]) -> None:
    """The names of fields stand in the first header row: merged downwards, or with nothing below them."""
    frames = read(
        other,
        LEVELS,
        "wide.xlsx",
        """
        Session | Therapist | Rater | Stance      | . | .           | .
        .       | .         | .     | Not knowing | . | Differences | .
        .       | .         | .     | A           | C | A           | C
        S-1     | T-1       | R-1   | 1           | 2 | 3           | 4
        """,
        merged=merged,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 3, 4, 1, 2)


def test_a_title_above_the_headers_and_a_mean_row_below_the_ratings_are_no_ratings(other: Lab) -> None:
    frames = read(
        other,
        LEVELS.replace("header_rows", 'skip_rows = ["Mean", "Number of ratings"]\nheader_rows'),
        "wide.xlsx",
        """
        Ratings of the second quarter
        .       | .         | .     | Stance      | . | .           | .
        .       | .         | .     | Not knowing | . | Differences | .
        Session | Therapist | Rater | A           | C | A           | C
        S-1     | T-1       | R-1   | 1           | 2 | 3           | 4
        Mean    | .         | .     | 1           | 2 | 3           | 4
        Number of ratings | . | .   | 1           | 1 | 1           | 1
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 3, 4, 1, 2)
    assert codes(frames) == []


def test_items_headed_by_bare_numbers_with_a_row_per_scale(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"' + FIELDS + 'scale = { column = "What" }\n[table]\nlevels = ["item"]',
        "wide.xlsx",
        """
        Session | Therapist | Rater | What       | 1 | 2
        S-1     | T-1       | R-1   | adherence  | 4 | 6
        S-1     | T-1       | R-1   | competence | 5 | 7
        S-2     | T-1       | R-1   | adherence  | 1 | .
        S-2     | T-1       | R-1   | competence | 2 | .
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 6, 7, 4, 5) + four("S-2", "R-1", None, None, 1, 2)
    assert codes(frames) == []


# forms

FORM = """
shape = "form"
says = ["Rating of a session"]
date_order = "mdy"
[scales]
Adh = "adherence"
Comp = "competence"
[fields]
session_id = { label = ["Session", "Session no"], pad = 3, prefix = "S-" }
therapist_id = { label = "Therapist", several = " and " }
rater_id = { label = "Rated by", where = "below" }
patient_id = { label = "Patient", where = "inside", required = false }
session_on = { label = "Seen on" }
item = { column = "Item" }
comment = { column = "Remarks" }
overall_comment = { label = "Anything else" }
[table]
levels = ["scale"]
until = ["Anything else"]
"""


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


# crossed


def test_a_crossed_table_with_sessions_as_columns_and_who_and_when_above_them(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "crossed"
        date_order = "dmy"
        missing = ["NA"]
        [fields]
        item = { letter = "A", fill_down = true }
        scale = { letter = "B" }
        [table]
        header_rows = 4
        header_row = 4
        levels = ["therapist_id", "session_id", "session_on", "rater_id"]
        """,
        "crossed.xlsx",
        """
        Therapist   | .          | T-1        | .         | T-2
        Session     | .          | S-1        | S-2       | S-3
        Date        | .          | '3.2.2026  | '4.2.2026 | 2026-02-05
        Rater       | .          | R-1        | R-2       | R-1
        Not-knowing | Adherence  | 1          | 3         | NA
        .           | Competence | 2          | 4         | NA
        Differences | Adherence  | 5          | NA        | NA
        .           | Competence | 6          | .         | NA
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 5, 6, 1, 2) + four("S-2", "R-2", None, None, 3, 4)
    assert frames.rating.select("session_id", "therapist_ids", "session_on").rows() == [
        ("S-1", ["T-1"], dt.date(2026, 2, 3)),
        ("S-2", ["T-1"], dt.date(2026, 2, 4)),
    ]
    assert codes(frames) == []


def test_a_header_cell_left_blank_takes_nothing_over_from_the_session_beside_it(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "crossed"
        [fields]
        item = { letter = "A" }
        scale = { letter = "B" }
        session_on = { header = true, required = true }
        [table]
        header_rows = 4
        header_row = 4
        levels = ["session_id", "therapist_id", "rater_id", "session_on"]
        """,
        "crossed.xlsx",
        """
        Session     | .          | S-1        | S-2
        Therapist   | .          | T-1        | .
        Rater       | .          | R-1        | .
        Date        | .          | 2026-02-05 | soon
        Not-knowing | Adherence  | 1          | 3
        Not-knowing | Competence | 2          | 4
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 1, 2)
    assert codes(frames) == [("D2", "therapist_missing"), ("D3", "rater_missing"), ("D4", "date_unreadable")]


def test_a_crossed_table_with_raters_as_columns(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "crossed"
        [fields]
        session_id = { column = "Recording", fill_down = true, pattern = "rec([0-9]+)", prefix = "S-" }
        therapist_id = { column = "Therapist", fill_down = true }
        item = { column = "Element", fill_down = true }
        scale = { column = "Scale" }
        rater_id = { header = true, codes = { "Rater one" = "R-1", "Rater two" = "R-2" } }
        [table]
        levels = ["rater_id"]
        ignore_columns = ["Agreed"]
        """,
        "crossed.ods",
        """
        Recording | Therapist | Element     | Scale      | Rater one | Rater two | Agreed
        rec1.mp4  | T-1       | Not-knowing | Adherence  | 1         | 3         | 2
        .         | .         | .           | Competence | 2         | 4         | 3
        rec2.mp4  | T-2       | Not-knowing | Adherence  | 5         | .         | 5
        .         | .         | .           | Competence | 6         | .         | 6
        """,
    )
    assert list(cells_of(frames)) == (
        four("S-1", "R-1", None, None, 1, 2)
        + four("S-1", "R-2", None, None, 3, 4)
        + four("S-2", "R-1", None, None, 5, 6)
    )
    assert codes(frames) == []


def test_a_column_of_ratings_whose_header_names_nobody_is_held_and_not_passed_over(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "crossed"
        [fields]
        session_id = { header = true }
        therapist_id = { value = "T-1" }
        rater_id = { value = "R-1" }
        item = { column = "Item" }
        scale = { column = "Scale" }
        [table]
        levels = ["session_id"]
        """,
        "crossed.xlsx",
        """
        Item        | Scale      | S-1 | . | .
        Not-knowing | Adherence  | 1   | 3 | a note beside the table
        Not-knowing | Competence | 2   | 4 | .
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 1, 2)
    assert codes(frames) == [("D1", "session_missing")]


# codes, marks, dates, numbers


def test_letters_for_points_words_for_states_and_marks_for_nothing(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "wide"
        missing = ["-", "NA", "99"]
        decimal = ","
        [marks]
        "NOT OBSERVED" = "no_opportunity"
        "?" = "unjudgeable"
        "not done" = "not_delivered"
        [codes]
        L = 2
        M = 4
        H = 6
        """
        + FIELDS
        + '[table]\npattern = \'(?P<item>.*) (?P<scale>[ac])$\'\n[scales]\na = "adherence"\nc = "competence"',
        "wide.csv",
        """
        Session | Therapist | Rater | not_knowing a | not_knowing c | differences a | differences c
        S-1     | T-1       | R-1   | H             | m             | Not observed  | NOT  OBSERVED
        S-2     | T-1       | R-1   | 4,0           | L             | ?             | not done
        S-3     | T-1       | R-1   | 5             | 6             | -             | 99
        S-4     | T-1       | R-1   | -             | NA            | 99            | –
        S-5     | T-1       | R-1   | H?            | L             | -             | -
        """,
        delimiter=";",
    )
    assert list(cells_of(frames)) == (
        four("S-1", "R-1", "no_opportunity", "no_opportunity", 6, 4)
        + four("S-2", "R-1", "unjudgeable", "not_delivered", 4, 2)
        + four("S-3", "R-1", None, None, 5, 6)
    )
    assert codes(frames) == [("D6", "not_a_rating")]  # S-4 is blank throughout: a rating that was never made


def test_tab_separated_utf_16_with_decimal_commas_and_month_first_dates(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "wide"
        date_order = "mdy"
        decimal = ","
        """
        + FIELDS
        + 'session_on = { column = "Séance" }\n[table]\npattern = "(?P<item>.*) (?P<scale>.*)"',
        "Export.txt",
        """
        Session | Therapist | Rater | Séance   | not_knowing adherence | not_knowing competence
        S-1     | T-1       | R-1   | 3/4/2026 | 4,0                   | 5
        """,
        encoding="utf-16",
        delimiter="\t",
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5)
    assert frames.rating["session_on"].to_list() == [dt.date(2026, 3, 4)]


def test_months_by_their_names_in_the_lab_s_language(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"\ndate_order = "dmy"\nmonths = { mars = 3, desember = 12 }'
        + FIELDS
        + 'session_on = { column = "Dato" }\n[table]\npattern = "(?P<item>.*) (?P<scale>.*)"',
        "wide.csv",
        """
        Session | Therapist | Rater | Dato             | not_knowing adherence | not_knowing competence
        S-1     | T-1       | R-1   | 24. mars 2026    | 4                     | 5
        S-2     | T-1       | R-1   | 1 Desember 2025  | 4                     | 5
        S-3     | T-1       | R-1   | 5-May-26         | 4                     | 5
        """,
    )
    assert frames.rating["session_on"].to_list() == [dt.date(2026, 3, 24), dt.date(2025, 12, 1), dt.date(2026, 5, 5)]


def test_ids_from_the_sheet_s_and_the_file_s_name_by_pattern(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "form"
        [sheet]
        pattern = '^Rater '
        known = "Guide"
        [fields]
        session_id = { file_name = true, pattern = 'session[ _-]*(\\d+)', pad = 4, prefix = "C-" }
        session_on = { file_name = true, pattern = '\\d{4}-\\d\\d-\\d\\d' }
        therapist_id = { cell = "B1" }
        rater_id = { sheet_name = true, pattern = 'Rater (.*)' }
        item = { letter = "A" }
        [table]
        header_row = 3
        levels = ["scale"]
        """,
        "north/2026-03-24 session 17 (final).xlsx",
        sheets={
            "Guide": "How to",
            "Rater AB": "Therapist | T-1\n Rate | this\n . | Adherence | Competence\n Not-knowing | 4 | 5",
            "Rater CD": "Therapist | T-1\n Rate | this\n . | Adherence | Competence\n Not-knowing | 6 | 7",
        },
    )
    assert list(cells_of(frames)) == four("C-0017", "AB", None, None, 4, 5) + four("C-0017", "CD", None, None, 6, 7)
    assert frames.rating["session_on"].unique().to_list() == [dt.date(2026, 3, 24)]
    assert codes(frames) == []


def test_zero_padded_ids_are_the_same_whether_excel_made_them_numbers_or_not(other: Lab) -> None:
    frames = read(
        other,
        'shape = "long"'
        + FIELDS.replace('"Therapist" }', '"Therapist", pad = 3 }').replace(
            '"Session" }', '"Session", pad = 3, prefix = "S" }'
        )
        + 'item = { column = "Item" }\n[table]\nlevels = ["scale"]',
        "long.xlsx",
        """
        Session | Therapist | Rater | Item        | Adherence | Competence
        7       | 12        | R-1   | Not-knowing | 4         | 5
        '007    | '012      | R-1   | Differences | 6         | 7
        """,
    )
    assert list(cells_of(frames)) == four("S007", "R-1", 6, 7, 4, 5)
    assert frames.rating["therapist_ids"].to_list() == [["012"]]
    assert codes(frames) == []


def test_merged_row_labels_are_filled_down(other: Lab) -> None:
    frames = read(
        other,
        'shape = "long"'
        + FIELDS.replace(" }", ", fill_down = true }")
        + 'item = { column = "Item" }\n[table]\nlevels = ["scale"]',
        "long.xlsx",
        """
        Session | Therapist | Rater | Item        | Adherence | Competence
        S-1     | T-1       | R-1   | Not-knowing | 1         | 2
        .       | .         | .     | Differences | 3         | 4
        .       | .         | R-2   | Not-knowing | 5         | 6
        .       | .         | .     | Differences | 7         | 1
        """,
        merged=["A2:A5", "B2:B5", "C2:C3", "C4:C5"],
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 3, 4, 1, 2) + four("S-1", "R-2", 7, 1, 5, 6)


def test_section_headings_and_totals_between_the_items_are_no_items(other: Lab) -> None:
    frames = read(
        other,
        FORM.replace(
            'until = ["Anything else"]', 'until = ["Anything else"]\nskip_rows = ["Sum"]\nignore_items = ["Mood"]'
        ),
        "form.xlsx",
        """
        Rating of a session
        Session     | 7   | Rated by
        Therapist   | T-1 | R-1
        Patient     | Seen on | 2026-03-24
        Item        | Adh | Comp
        Part one: stance
        Not-knowing | 4   | 5
        Sum         | 4   | 5
        Part two
        Mood        | 9   | 9
        Differences | 6   | 7
        Sum         | 6   | 7
        Anything else | 12
        Not-knowing | 1   | 1
        """,
    )
    assert list(cells_of(frames)) == four("S-007", "R-1", 6, 7, 4, 5)
    assert codes(frames) == []


def test_two_therapists_of_a_group_in_two_columns(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"'
        + FIELDS
        + 'co_therapist_id = { column = "Co-therapist" }\n[table]\npattern = "(?P<item>.*) (?P<scale>.*)"',
        "wide.csv",
        """
        Session | Therapist | Co-therapist | Rater | not_knowing adherence | not_knowing competence
        G-1     | T-2       | T-1          | R-1   | 4                     | 5
        G-2     | T-2       | .            | R-1   | 4                     | 5
        """,
    )
    assert frames.rating["therapist_ids"].to_list() == [["T-1", "T-2"], ["T-2"]]
    assert codes(frames) == []


def test_roles_in_the_lab_s_words_keep_ratings_of_one_session_apart(other: Lab) -> None:
    frames = read(
        other,
        'shape = "wide"'
        + FIELDS
        + 'role = { column = "Who", codes = { zelf = "self", overleg = "consensus", "" = "observer" } }'
        + '\n[table]\npattern = "(?P<item>.*) (?P<scale>.*)"',
        "wide.csv",
        """
        Session | Therapist | Rater | Who     | not_knowing adherence | not_knowing competence
        S-1     | T-1       | R-1   | .       | 4                     | 5
        S-1     | T-1       | T-1   | Zelf    | 6                     | 7
        S-1     | T-1       | R-1   | overleg | 4                     | 4
        """,
    )
    assert frames.rating["role"].to_list() == ["observer", "self", "consensus"]
    assert codes(frames) == []


# several layouts

ONE = 'shape = "wide"' + FIELDS + "[table]\npattern = '(?P<item>.*) (?P<scale>.*)'"
SHEET = """
    Session | Therapist | Rater | not_knowing adherence | not_knowing competence
    S-1     | T-1       | R-1   | 4                     | 5
"""


def test_two_layouts_that_both_fit_are_an_error_that_names_both(other: Lab) -> None:
    other.describes(HEAD + ONE)
    other.describes(HEAD.replace('"other"', '"twin"') + ONE)
    frames = other.reads("a.csv", SHEET)
    assert frames.workbook.select("refusal_code", "refusal").row(0) == (
        "layout_ambiguous",
        "Several layouts describe this workbook: other 1 and twin 1. Make them tell each other apart.",
    )


def test_layouts_are_told_apart_by_what_the_sheet_says(other: Lab) -> None:
    other.describes(HEAD + 'says_not = "Clinic B"\n' + ONE)
    other.describes(HEAD.replace('"other"', '"twin"') + 'says = "Clinic B"\n' + ONE)
    frames = other.reads("a.xlsx", "Ratings of Clinic B 2026\n" + SHEET)
    assert frames.workbook["layout"].to_list() == ["twin 1"]
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5)


def test_a_workbook_that_nobody_describes_is_told_what_comes_nearest_and_what_it_misses(other: Lab) -> None:
    other.describes(HEAD + ONE)
    frames = other.reads("a.csv", SHEET.replace("Rater", "Assessor"))
    assert frames.workbook.select("refusal_code", "refusal").row(0) == (
        "layout_unknown",
        "No layout describes this workbook. It comes nearest to other 1, but there is no column “Rater” (rater_id). "
        "Use the rating form, or describe the sheet.",
    )


def test_a_misspelt_item_in_a_header_is_told_and_its_column_is_not_silently_lost(other: Lab) -> None:
    other.describes(HEAD + ONE)
    frames = other.reads("a.csv", SHEET.replace("not_knowing competence", "not_knowign competence"))
    assert frames.workbook["refusal"].to_list() == [
        "No layout describes this workbook. It comes nearest to other 1, but there is no column for not_knowing, competence. "
        "Use the rating form, or describe the sheet."
    ]


def test_the_sheets_of_one_workbook_may_have_different_layouts(other: Lab) -> None:
    other.describes(HEAD + ONE)
    long = 'shape = "long"' + FIELDS + 'item = { column = "Item" }\n[table]\nlevels = ["scale"]'
    other.describes(HEAD.replace('"other"', '"twin"') + long)
    frames = other.reads(
        "both.xlsx",
        sheets={
            "Wide": SHEET,
            "Long": "Session | Therapist | Rater | Item | Adherence | Competence\n S-2 | T-1 | R-1 | Not-knowing | 6 | 7",
        },
    )
    assert frames.workbook["layout"].to_list() == ["other 1 + twin 1"]
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5) + four("S-2", "R-1", None, None, 6, 7)


@pytest.mark.parametrize("name", ["table.xlsx", "table.ods", "table.csv", "table.tsv"])
def test_one_layout_reads_every_kind_of_file(other: Lab, name: str) -> None:
    frames = read(other, ONE, name, SHEET, delimiter="\t" if name.endswith("tsv") else ",")
    assert list(cells_of(frames)) == four("S-1", "R-1", None, None, 4, 5)
    assert frames.rating.select(pl.col("cell")).to_series().to_list() == ["D2"]


def test_a_whole_rating_twice_in_one_long_table_is_two_ratings(other: Lab) -> None:
    layout = 'shape = "long"' + FIELDS + 'item = { column = "Item" }\n[table]\nlevels = ["scale"]'
    row = "S-1 | T-1 | R-1 | {item} | {a} | {c}\n"
    drawing = "Session | Therapist | Rater | Item | Adherence | Competence\n" + "".join(
        row.format(item=i, a=a, c=c) for i, a, c in [(1, 1, 2), (2, 3, 4), (1, 1, 2), (2, 3, 5)]
    )
    frames = read(other, layout, "long.csv", drawing)
    assert frames.rating["cell"].to_list() == ["E2", "E4"]
    assert codes(frames) == []


def test_one_item_twice_in_a_rating_holds_it(other: Lab) -> None:
    layout = 'shape = "long"' + FIELDS + 'item = { column = "Item" }\n[table]\nlevels = ["scale"]'
    row = "S-1 | T-1 | R-1 | {item} | {a} | {c}\n"
    drawing = "Session | Therapist | Rater | Item | Adherence | Competence\n" + "".join(
        row.format(item=i, a=a, c=c) for i, a, c in [(1, 1, 2), (2, 3, 4), (2, 3, 5)]
    )
    frames = read(other, layout, "long.csv", drawing)
    assert codes(frames) == [("E4", "item_twice"), ("F4", "item_twice")]
