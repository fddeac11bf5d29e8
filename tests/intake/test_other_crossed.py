"""Other labs' crossed tables: described by one TOML each, and read to the last cell. Expected values are written by hand."""

from __future__ import annotations

import datetime as dt

from tests.support.intake_labs import codes, four, read
from tests.support.lab import Lab, cells_of


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
