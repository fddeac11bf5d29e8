"""Forms with timelines through whole nights: published, a slip sent back with its cell marked, mended and counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from openpyxl import load_workbook

from flows.load.connection import open_published
from flows.nightly import run_book
from flows.settings import Settings, load_settings
from flows.steps import do_plainly
from tests.returned.returning import marks_of, places_of
from tests.support.workbooks import open_book, table_of
from tests.trajectory.test_reading import LINES, with_timeline, write_filled

ROSTER = "therapist_id,team,supervisor_id\nT-07,north,SV-1\n"
RATERS = "rater_id,team,also_written\nR-1,north,\n"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path / "home", settle_seconds=0)
    settings.inbox.mkdir(parents=True)
    (settings.raw / "therapists.csv").write_text(ROSTER, encoding="utf-8")
    (settings.raw / "raters.csv").write_text(RATERS, encoding="utf-8")
    return settings


def night(settings: Settings, on: dt.date) -> dict[str, int]:
    return dict(run_book(settings, dt.datetime.combine(on, dt.time(4, 15), dt.UTC), on, do_plainly).counts)


def test_a_timeline_is_held_for_a_slip_sent_back_mended_and_published(home: Settings, tmp_path: Path) -> None:
    filled = write_filled(tmp_path)
    slip = [*LINES, {"minute": 2, "step": "4 – Validaton", "note": "CANARY"}]
    (home.inbox / "form.xlsx").write_bytes(with_timeline(filled, tmp_path / "out.xlsx", slip, E5="observer"))
    counts = night(home, dt.date(2026, 4, 1))
    assert (counts["held"], counts["sheets sent back"]) == (1, 1)
    (copy,) = (home.raw / "returned" / "north").glob("*.xlsx")
    book = load_workbook(copy)
    assert set(marks_of(book)) == {"Timeline!B8", "Timeline!C8"}
    assert [row[:3] for row in places_of(book)] == [
        ("Timeline", "B8", "This minute lies before the line above it in the same episode."),
        ("Timeline", "C8", "This is not a step of the trajectory."),
    ]

    book["Timeline"]["B8"], book["Timeline"]["C8"] = 22, "4 – Validation"
    book.save(home.inbox / copy.name)
    counts = night(home, dt.date(2026, 4, 8))
    assert (counts["accepted"], counts["held"], counts["sheets sent back"]) == (1, 0, 0)
    for file in (home.published, home.published / "supervision" / "SV-1"):
        with open_published(file / "fidelity.duckdb") as con:
            assert con.execute(
                "select session_id, therapist_id, episode, basis, last_in_order, breaks_at, break_kind, n_inversions, lost_minute"
                " from supervision.trajectory_session order by episode"
            ).fetchall() == [
                # restoring has no opportunity in the scores, yet the timeline notes it: it is expected
                ("007", "T-07", 1, "timeline", "joint_focus", "arousal", "missing", 0, 12.5),
                ("007", "T-07", 2, "timeline", None, "joint_focus", "missing", 1, None),
            ]
            assert con.execute("select cell, element from supervision.trajectory_step order by line").fetchall() == [
                ("C5", "joint_focus"),
                ("C6", "mode"),
                ("C7", "restoring"),
                ("C8", "validation"),
            ]
        assert b"CANARY" not in (file / "fidelity.duckdb").read_bytes()
    sheet = open_book(home.published / "supervision" / "SV-1" / "T-07.xlsx")["Trajectory in sessions"]
    assert "CANARY" in {c.value for row in sheet.iter_rows() for c in row}
    (summary,) = home.published.glob("fidelity-summary-*.xlsx")
    told = {row["Step"]: row["Ends here"] for row in table_of(open_book(summary)["Trajectory"])}
    assert told["A focus is developed together"] == 1
    assert told["Every step in order"] == 0

    again = night(home, dt.date(2026, 4, 9))
    assert (again["workbooks"], again["accepted"]) == (0, 0)
