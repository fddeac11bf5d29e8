"""The words of the supervision sheet's profile where a status is missing for reasons other than few sessions."""

from __future__ import annotations

from flows.publish.supervision_facts import Block, Line, Scale, Told
from flows.publish.supervision_profile import profile_rows
from flows.publish.words import Enough
from schemas.codes import Role, Status
from schemas.figure_codes import EstimateNote

ENOUGH = Enough(4, 2, 2, frozenset({"mbt-group"}))


def said(note: EstimateNote | None, instrument_id: str = "mbt-group", n_sessions: int = 6, n_patients: int = 0) -> str:
    """All words of a profile of one element, insufficient, rated in so many sessions by two raters, with so many patients."""
    told = Told(n_sessions, n_patients, 2, 4.5, 0.5, (), Status.INSUFFICIENT, 4.0, 4.4, 3.1, 5.7, note)
    line = Line("Modest about knowing another mind", "Stance", False, False, {"adherence": told})
    block = Block(instrument_id, "Group", Role.OBSERVER, (Scale("adherence", "Adherence", 1, 7),), (line,))
    return " ".join(str(text) for row in profile_rows(block, ENOUGH)[0] for text in row.texts)


def test_who_always_led_with_the_same_colleague_is_told_so() -> None:
    assert "For every element: always led with the same colleague." in said(EstimateNote.LED_TOGETHER)


def test_too_few_sessions_are_named_before_the_colleague() -> None:
    assert "too few sessions to say" in said(EstimateNote.LED_TOGETHER, n_sessions=2)
    assert "colleague" not in said(EstimateNote.LED_TOGETHER, n_sessions=2)


def test_a_group_without_named_patients_has_not_too_few_of_them() -> None:
    assert "too few patients" not in said(None)
    assert "too few patients" in said(None, instrument_id="mbt-session")


def test_patients_are_counted_where_sheets_name_some_and_not_mentioned_where_none_do() -> None:
    assert "6 sessions seen, by 2 raters." in said(None)
    assert "6 sessions seen, with 1 patient, by 2 raters." in said(None, n_patients=1)
    assert "1 session seen, with 2 patients, by 2 raters." in said(None, n_sessions=1, n_patients=2)
