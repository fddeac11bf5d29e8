"""Several layouts at once: each sheet is read with the one that describes it."""

from __future__ import annotations

import polars as pl
import pytest

from tests.support.intake_labs import FIELDS, HEAD, codes, four, read
from tests.support.lab import Lab, cells_of

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
