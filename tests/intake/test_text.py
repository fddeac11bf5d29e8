"""Cells as text, texts made comparable, and the names of cells."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake.text import Value, address, column_letters, column_number, comparable, place, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (-3.0, "-3"),
        (4.5, "4.5"),
        (7, "7"),
        (True, "TRUE"),
        (False, "FALSE"),
        ("  S-001\u00a0", "S-001"),
        ("", ""),
        (dt.datetime.fromisoformat("2026-03-01"), "2026-03-01"),
        (dt.datetime.fromisoformat("2026-03-01T09:30"), "2026-03-01T09:30:00"),
        (dt.date(2026, 3, 1), "2026-03-01"),
    ],
)
def test_a_cell_reads_as_a_person_sees_it(value: Value, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Session:", "session"),
        ("Rater *", "rater"),
        ("“Not knowing”", '"not knowing"'),
        ("the patient’s mind", "the patient's mind"),
        ("not–knowing", "not-knowing"),
        ("Own  misunderstanding\n", "own misunderstanding"),
        ("Ｒａｔｅｒ", "rater"),
        ("STRASSE", "straße"),
        ("PATIE\u0308NT", "patiënt"),
    ],
)
def test_texts_that_differ_only_by_copying_and_typing_are_the_same(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("4-5", "45"), ("S-01", "S-1"), ("Rater 1", "Rater 11"), ("ja", "nei")])
def test_texts_that_differ_otherwise_are_not_the_same(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(st.text(max_size=60))
def test_what_was_made_comparable_once_stays_as_it_is(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "A1"), (13, 2, "C14"), (0, 25, "Z1"), (8, 26, "AA9"), (0, 701, "ZZ1"), (1_048_575, 16_383, "XFD1048576")],
)
def test_a_place_has_the_name_that_the_spreadsheet_shows(row: int, column: int, name: str) -> None:
    assert address(row, column) == name
    assert place(name) == (row, column)


@given(st.integers(0, 20_000))
def test_letters_and_numbers_of_columns_are_each_other_s_inverse(column: int) -> None:
    assert column_number(column_letters(column)) == column
