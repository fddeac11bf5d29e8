"""The one door into a cell, file names from ids, and the words for counts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from flows.publish.facts import next_quarter, quarter_of
from flows.publish.words import Enough, rated_below, too_few, wilson
from flows.publish.workbook import CUT_MARK, TEXT_LIMIT, cell_value, clean_text, n_lines, put


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://x")', "=cmd|'/c'!A1"])
def test_text_stays_text_whatever_it_begins_with(tmp_path: Path, text: str) -> None:
    book = Workbook()
    put(book.worksheets[0]["A1"], text)
    book.save(tmp_path / "a.xlsx")
    cell = load_workbook(tmp_path / "a.xlsx").worksheets[0]["A1"]
    assert (cell.data_type, cell.value, cell.hyperlink, cell.quotePrefix) == ("s", text, None, True)


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), float("-inf"), "", "\x07"])
def test_nothing_is_written_as_the_explained_blank(nothing: object) -> None:
    assert cell_value(nothing) == "[x]"
    assert cell_value(nothing, "[z]") == "[z]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "yes"),
        (4, 4),
        (4.5, 4.5),
        (date(2026, 3, 24), date(2026, 3, 24)),
        (datetime(2026, 3, 24, 4, 15, tzinfo=UTC), datetime(2026, 3, 24, 4, 15)),
    ],
)
def test_numbers_and_dates_stay_numbers_and_dates(value: object, shown: object) -> None:
    assert cell_value(value) == shown


def test_control_characters_half_surrogates_and_turned_text_are_removed() -> None:
    assert clean_text("a\x00b\x1bc\ud800d\u202ee\nf\tg") == "abcde\nf\tg"


def test_text_too_long_for_a_cell_is_cut_with_a_mark() -> None:
    cut = clean_text("x" * 40_000)
    assert len(cut) == TEXT_LIMIT
    assert cut.endswith(CUT_MARK)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 4, 0.0, 0.4899), (3, 4, 0.3006, 0.9544), (4, 4, 0.5101, 1.0), (15, 148, 0.0624, 0.1605)],  # Newcombe 1998
)
def test_wilsons_interval_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


def test_wilsons_interval_of_nothing_is_nothing() -> None:
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(
    ("n", "share", "words"),
    [
        (4, 0.25, "rated below good enough in 3 of 4 sessions seen"),
        (1, 1.0, "rated below good enough in 0 of 1 session seen"),
        (3, 2 / 3, "rated below good enough in 1 of 3 sessions seen"),
        (0, None, ""),
        (4, None, ""),
    ],
)
def test_counts_are_said_in_the_words_used_for_people(n: int, share: float | None, words: str) -> None:
    assert rated_below(n, share) == words


def test_what_is_too_few_is_named() -> None:
    enough = Enough(4, 2, 2)
    assert too_few(3, 2, 2, enough) == "too few sessions to say"
    assert too_few(4, 1, 1, enough) == "too few patients to say"
    assert too_few(4, 2, 1, enough) == "too few raters to say"
    assert too_few(4, 2, 2, enough) == ""


def test_no_number_of_patients_is_too_few_in_groups() -> None:
    enough = Enough(4, 2, 2, frozenset({"mbt-group"}))
    assert too_few(4, 0, 2, enough.of("mbt-group")) == ""
    assert too_few(4, 0, 1, enough.of("mbt-group")) == "too few raters to say"
    assert too_few(4, 0, 2, enough.of("mbt-session")) == "too few patients to say"


def test_quarters_follow_each_other_over_the_year() -> None:
    assert [quarter_of(date(2026, month, 1)) for month in (1, 3, 4, 12)] == ["2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4"]
    assert next_quarter(date(2025, 10, 1)) == date(2026, 1, 1)
    assert next_quarter(date(2026, 1, 1)) == date(2026, 4, 1)


def test_a_row_is_given_the_lines_its_text_needs() -> None:
    assert n_lines("Humility", 28) == 1
    assert n_lines("Modest about knowing another mind", 28) == 2
    assert n_lines("one\ntwo", 28) == 2
    assert n_lines("W" * 60, 28) > 3
