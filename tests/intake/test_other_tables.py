"""Other labs' long and wide tables: one TOML each, read to the last cell. Expected values are written by hand."""

from __future__ import annotations

import pytest

from tests.support.intake_labs import FIELDS, codes, four, read
from tests.support.lab import Lab, cells_of


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


def test_a_wide_table_with_a_remark_column_beside_each_item(other: Lab) -> None:
    frames = read(
        other,
        """
        shape = "wide"
        [scales]
        A = "adherence"
        C = "competence"
        Why = "comment"
        """
        + FIELDS
        + """
        [table]
        header_rows = 2
        levels = ["item", "scale"]
        """,
        "remarks.xlsx",
        """
                |           |       | 1 |   |             | 2 |   |
        Session | Therapist | Rater | A | C | Why         | A | C | Why
        S-1     | T-1       | R-1   | 4 | 5 | she checked | 6 | 7 |
        """,
    )
    assert list(cells_of(frames)) == four("S-1", "R-1", 6, 7, 4, 5)
    assert codes(frames) == []
    assert frames.comment.select("item", "cell", "comment").rows() == [("not_knowing", "F3", "she checked")]
