"""Dates in all the ways in which sheets hold them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake.written import read_date

FEB_3 = dt.date(2026, 2, 3)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2026-02-03", "dmy"),
        ("2026-02-03", "mdy"),
        ("2026/2/3", "dmy"),
        ("2026-02-03T14:30:00", "dmy"),
        ("03.02.2026", "dmy"),
        ("3.2.26", "dmy"),
        ("3/2/2026", "dmy"),
        ("3-2-2026", "dmy"),
        ("3. 2. 2026", "dmy"),
        ("03.02.2026 14:30", "dmy"),
        ("02/03/2026", "mdy"),
        ("2/3/26 2:30 PM", "mdy"),
        ("26-2-3", "ymd"),
        ("3 Feb 2026", "dmy"),
        ("3-Feb-26", "dmy"),
        ("Feb 3, 2026", "mdy"),
        ("February 3, 2026", "dmy"),
        ("2026-Feb-03", "dmy"),
        ("3. februar 2026", "dmy"),
        ("03022026", "dmy"),
        ("02032026", "mdy"),
        ("20260203", "ymd"),
        ("46056", "dmy"),
    ],
)
def test_text_is_a_date_in_the_order_that_the_layout_names_and_iso_is_always_one(text: str, order: str) -> None:
    assert read_date(text, order, {"februar": 2}) == FEB_3


@pytest.mark.parametrize(
    "value", [46056.0, 46056.75, 46056, 20260203.0, dt.date(2026, 2, 3), dt.datetime.fromisoformat("2026-02-03T14:30")]
)
def test_serial_numbers_and_date_cells_are_dates(value: object) -> None:
    assert read_date(value, "ymd") == FEB_3


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("", "dmy"),
        ("soon", "dmy"),
        ("30.02.2026", "dmy"),
        ("13/02/2026", "mdy"),
        ("3.2", "dmy"),
        ("3.2.2026.1", "dmy"),
        ("3.2.126", "dmy"),
        ("03.02.2026 and 04.02.2026", "dmy"),
        ("3 Smarch 2026", "dmy"),
        ("Feb Feb 2026", "dmy"),
        ("2026", "dmy"),
        ("12", "dmy"),
        ("99999", "dmy"),
        ("3_2_2026", "dmy"),
        ("٣.٢.٢٠٢٦", "dmy"),
        ("x3.2.2026", "dmy"),
    ],
)
def test_what_is_no_date_is_not_made_into_one(text: str, order: str) -> None:
    assert read_date(text, order) is None


@pytest.mark.parametrize("value", [True, 0.0, -5.0, 1e300, 2_958_466.0, dt.time(3, 2)])
def test_other_things_in_a_date_cell_are_no_dates(value: object) -> None:
    assert read_date(value, "dmy") is None


@given(st.dates(dt.date(1990, 1, 1), dt.date(2089, 12, 31)), st.sampled_from("./- "))
def test_every_day_reads_back_in_each_order(day: dt.date, mark: str) -> None:
    assert read_date(day.strftime(f"%d{mark}%m{mark}%Y"), "dmy") == day
    assert read_date(day.strftime(f"%m{mark}%d{mark}%Y"), "mdy") == day
    assert read_date(day.strftime(f"%Y{mark}%m{mark}%d"), "mdy") == day
    assert read_date(float((day - dt.date(1899, 12, 30)).days), "dmy") == day


@given(st.text(max_size=30), st.sampled_from(["dmy", "mdy", "ymd"]))
def test_no_text_makes_the_reading_of_dates_raise(text: str, order: str) -> None:
    assert read_date(text, order) is None or isinstance(read_date(text, order), dt.date)
