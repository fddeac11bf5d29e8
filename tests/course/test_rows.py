"""The words and the cut of a course that does not fit on a page: pure layout, drawn by hand."""

from __future__ import annotations

from datetime import date, timedelta

from flows.publish.course_facts import Course, CourseLine, Point, Visit
from flows.publish.course_rows import MOST_VISITS, shown_course
from flows.publish.course_sheet import add_courses
from flows.publish.supervision_sheet import SHEET_STYLES
from flows.publish.workbook import new_book
from tests.support.publish_fixture import FACTS
from tests.support.workbooks import texts_of

FIRST_ON = date(2026, 1, 1)


def course(instruments: str, n_undated: int = 0) -> Course:
    """A course with a session a day, each rated with the instrument of its letter, on a scale of 1 to 7 with 4 good enough."""
    visits, stretch = [], 1
    for n, letter in enumerate(instruments):
        change = "instrument" if n and instruments[n - 1] != letter else None
        stretch += change is not None
        before = f"{instruments[n - 1]} 1.0" if change else None
        visits.append(Visit(f"S-{n + 1}", FIRST_ON + timedelta(n), f"{letter} 1.0", stretch, change, before))
    points = tuple(Point(float(n % 7 + 1), None, None, "covered", False, 1.0, 7.0, 4.0) for n in range(len(visits)))
    line = CourseLine("Humility", "Stance", "Adherence", points)
    return Course("observer", "individual", tuple(visits), (line,), n_undated)


def test_the_latest_sessions_are_shown_and_the_others_counted() -> None:
    shown = shown_course(course("x" * 8 + "y" * 8))
    assert [visit.session_id for visit in shown.course.visits] == [f"S-{n}" for n in range(3, 17)]
    assert len(shown.course.lines[0].points) == MOST_VISITS == 14
    assert any(
        text.startswith("2 sessions left out for want of room: see supervision.therapist_course")
        for text in shown.sentences
    )


def test_a_change_that_lies_before_the_latest_sessions_is_still_shown() -> None:
    shown = shown_course(course("x" * 5 + "y" * 20))
    # the change is at S-6; seven sessions before it would begin before the first
    assert [visit.session_id for visit in shown.course.visits] == [f"S-{n}" for n in range(1, 15)]
    assert [visit.session_id for visit in shown.course.visits if visit.change] == ["S-6"]
    assert any(text.startswith("11 sessions left out for want of room") for text in shown.sentences)


def test_a_course_that_fits_leaves_nothing_out_and_says_what_has_no_place() -> None:
    shown = shown_course(course("xxyy", n_undated=2))
    assert not any("left out" in text for text in shown.sentences)
    assert "2 sessions without a date have no place in the line." in shown.sentences
    assert shown.letters == {"x 1.0": "A", "y 1.0": "B"}


def test_three_instruments_are_told_in_a_grid_and_not_drawn() -> None:
    book = new_book("T-1", "For tests.", FACTS, SHEET_STYLES)
    add_courses(book, "T-1", (course("xyz"),))
    sheet = book["Across instruments"]
    assert sheet._charts == []
    assert "More than two instruments: no picture, as it would need more than two scales." in texts_of(sheet)


def test_a_therapist_without_a_change_gets_no_sheet() -> None:
    book = new_book("T-1", "For tests.", FACTS, SHEET_STYLES)
    add_courses(book, "T-1", ())
    assert book.sheetnames == ["Sheet"]
