"""audit.change tells every value that changed after it had counted: from what, to what, where both stand, and why."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.load.connection import open_published
from flows.load.models import run_models
from flows.load.night import working_file
from tests.history.past_nights import PastNights
from tests.history.test_withdraw import sends, takes_back
from tests.keeping.homes import without_workbooks
from tests.support.lab import Lab

PEOPLE = "session | rater | therapist | patient | date | revision | adherence | competence\n"
Row = tuple[object, ...]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Every change of a lab in which each session has a story of its own: session, what, before, after, cause and why."""
    lab = Lab(tmp_path_factory.mktemp("changes") / "home").draws()
    sends(lab, "a.csv", "NEVER|R|.|.|4|4", "REV|R|1|.|4|4", "DATE|R|.|.|4|?", "LATER|R|.|.|4|4", "TWICE|R|.|.|3|4")
    sends(lab, "wide.csv", "GONE|R|.|.|6|7", "BACK|R|.|.|6|7")
    sends(lab, "who.csv", "WHO|R|T-1|P-1|2026-06-01|.|4|4", head=PEOPLE)
    lab.night()
    sends(
        lab,
        "b.csv",
        "NEVER|R|.|.|4|4",
        "REV|R|2|.|5|4",
        "DATE|R|.|2026-06-09|4|6",
        "LATER|R|.|.|2|4",
        "TWICE|R|.|.|5|4",
    )
    sends(lab, "who2.csv", "WHO|R|T-2|P-2|2026-06-02|2|4|4", head=PEOPLE)
    lab.night()
    takes_back(lab, "GONE", "R", why="rated the\nwrong recording")
    takes_back(lab, "BACK", "R", why="rated too early")
    sends(lab, "c.csv", "GONE|R|.|.|6|7", "BACK|R|.|.|5|7", "TWICE|R|7|.|3|4", "REV|R|2|.|5|4")
    lab.night()
    lab.leaves()
    with working_file(lab.settings) as con:
        run_models(con, ["65_audit"])
        return con.execute(
            """
            select session_id, coalesce(scale, field), coalesce(old_value::varchar, old_said, old_state),
                coalesce(new_value::varchar, new_said, new_state), old_workbook || ' ' || old_cell,
                new_workbook || ' ' || new_cell, changed_at, cause, why
            from audit.change order by session_id, changed_at, field, scale
            """
        ).fetchall()


SECOND, THIRD = dt.datetime(2026, 7, 8, 4, 15), dt.datetime(2026, 7, 15, 4, 15)
STORIES: dict[str, list[Row]] = {
    "NEVER": [],
    "REV": [("adherence", "4.0", "5.0", "a.csv E3", "b.csv E3", SECOND, "corrected", "a form with revision 2")],
    "DATE": [
        ("competence", "unjudgeable", "6.0", "a.csv F4", "b.csv F4", SECOND, "corrected", "a form rated on 2026-06-09")
    ],
    "LATER": [("adherence", "4.0", "2.0", "a.csv E5", "b.csv E5", SECOND, "corrected", "a form that came later")],
    "TWICE": [
        ("adherence", "3.0", "5.0", "a.csv E6", "b.csv E6", SECOND, "corrected", "a form that came later"),
        ("adherence", "5.0", "3.0", "b.csv E6", "a.csv E6", THIRD, "corrected", "a form with revision 7"),
    ],
    "WHO": [
        ("patient_id", "P-1", "P-2", "who.csv G2", "who2.csv G2", SECOND, "corrected", "a form with revision 2"),
        ("session_on", "2026-06-01", "2026-06-02", "who.csv G2", "who2.csv G2", SECOND, "corrected", "a form with revision 2"),
        ("therapist_ids", "T-1", "T-2", "who.csv G2", "who2.csv G2", SECOND, "corrected", "a form with revision 2"),
    ],
    "GONE": [
        ("adherence", "6.0", None, "wide.csv E2", None, dt.datetime(2026, 7, 9, 9), "withdrawn", "rated the wrong recording"),
        ("competence", "7.0", None, "wide.csv F2", None, dt.datetime(2026, 7, 9, 9), "withdrawn", "rated the wrong recording"),
    ],
    "BACK": [
        ("adherence", "6.0", None, "wide.csv E3", None, dt.datetime(2026, 7, 9, 9, 0, 1), "withdrawn", "rated too early"),
        ("competence", "7.0", None, "wide.csv F3", None, dt.datetime(2026, 7, 9, 9, 0, 1), "withdrawn", "rated too early"),
        ("adherence", None, "5.0", None, "c.csv E3", THIRD, "sent_anew", "a form sent after the withdrawal"),
        ("competence", None, "7.0", None, "c.csv F3", THIRD, "sent_anew", "a form sent after the withdrawal"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("session", STORIES)
def test_each_change_of_a_rating_is_told_once(told: list[Row], session: str) -> None:
    assert [row[1:] for row in told if row[0] == session] == STORIES[session]


def test_nothing_else_is_told(told: list[Row]) -> None:
    assert {row[0] for row in told} == {session for session, rows in STORIES.items() if rows}


def test_a_supervisor_is_told_what_was_hers_before_and_after(lab: PastNights, monkeypatch: pytest.MonkeyPatch) -> None:
    without_workbooks(monkeypatch)
    on = dt.date(2026, 7, 1)
    lab.sends("a.csv", PEOPLE + "MOVED|R-1|T-1|P-1|2026-05-01|.|4|4\nHERS|R-1|T-1|P-1|2026-05-02|.|4|4")
    lab.publishes(on)
    lab.sends("secret.csv", PEOPLE + "MOVED|R-1|T-2|P-2|2026-05-01|1|6|6\nHERS|R-1|T-1|P-1|2026-05-02|1|5|4")
    lab.publishes(on + dt.timedelta(days=1))
    asked = (
        "select session_id, field, old_value, old_said, new_value, new_said, old_workbook, new_workbook"
        " from audit.change order by all"
    )
    hers = ("HERS", "score", 4.0, None, 5.0, None, "a.csv", "secret.csv")
    moved = ("MOVED", "therapist_ids", None)
    supervision = lab.settings.published / "supervision"
    assert _asks(supervision / "SV-1" / "fidelity.duckdb", asked) == [hers, (*moved, "T-1", None, None, "a.csv", None)]
    assert _asks(supervision / "SV-2" / "fidelity.duckdb", asked) == [(*moved, None, None, "T-2", None, "secret.csv")]
    assert [(s, f) for s, f, *_ in _asks(lab.settings.published / "fidelity.duckdb", asked)] == [
        ("HERS", "score"), ("MOVED", "patient_id"), ("MOVED", "score"), ("MOVED", "score"), ("MOVED", "therapist_ids"),
    ]  # fmt: skip


def _asks(path: Path, query: str) -> list[Row]:
    with open_published(path) as con:
        return con.execute(query).fetchall()
