"""Other labs' codes, marks, dates and ids: one TOML each, read to the last cell. Expected values are written by hand."""

from __future__ import annotations

import datetime as dt

from tests.support.intake_labs import FIELDS, FORM, codes, four, read
from tests.support.lab import Lab, cells_of


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
