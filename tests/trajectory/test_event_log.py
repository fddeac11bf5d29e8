"""Logs of events in files of their own: before their ratings, after them, corrected, withdrawn, erased, told again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lab import Lab

LAYOUT = """
id = "our-events"
version = "1"
title = "The event log of our recordings"
instrument = "mbt-session"
shape = "log"

[timeline]
minutes = "clock"

[timeline.fields]
session_id = { column = "Recording" }
rater_id = { column = "By", required = false }
episode = { column = "Run", required = false }
minute = { column = "At" }
step = { column = "Step", codes = { F = "joint_focus" } }
mode = { column = "Mode", required = false }
arousal = { column = "Arousal", required = false }
"""
WIDE = """
id = "our-table"
version = "1"
title = "One row a rating"
instrument = "mbt-session"
shape = "long"

[fields]
session_id = { column = "session" }
rater_id = { column = "rater" }
therapist_id = { column = "therapist" }
patient_id = { column = "patient" }
session_on = { column = "date" }
item = { column = "item" }

[scales]
A = "adherence"
C = "competence"

[table]
levels = ["scale"]
"""
ITEMS = (
    "humility not_knowing differences legitimising enquiry says_unclear own_misunderstanding alternatives "
    "joint_focus arousal mode validation restoring"
).split()
LOG = """
    Recording | By  | Run | At    | Step       | Mode    | Arousal
    S-1       | R-1 | 1   | 3:00  | F          |         |
    S-1       | R-1 |     | 9:30  | arousal    |         | flooding
    S-1       | R-1 |     | 12:00 | mode       | pretend |
"""
STEPS = "select session_id, rater_id, line, episode, minute, step from current.step join current.rating using (rating_id) order by all"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "home")
    lab.describes(LAYOUT)
    lab.describes(WIDE)
    yield lab
    lab.leaves()


def rates(lab: Lab, session: str, *raters: str, name: str = "") -> None:
    lines = [f"{session} | {rater} | {item} | 5 | 5" for rater in raters for item in ITEMS]
    lab.sends(name or f"{session} {' '.join(raters)}.csv", "\n".join(("session | rater | item | A | C", *lines)))


def test_a_log_that_comes_before_its_rating_waits_and_says_so_and_goes_with_it_later(lab: Lab) -> None:
    lab.sends("events.csv", LOG)
    said = lab.night()
    assert (said["ratings"], said["accepted"], said["held"]) == (1, 1, 0)
    assert lab.outcomes() == {"events.csv": "accepted"}
    assert lab.findings() == [("events.csv", "E2", "timeline_waits")]
    assert lab.rows(STEPS) == []
    rates(lab, "S-1", "R-1", "R-2")
    lab.night()
    assert lab.findings() == []
    assert lab.rows(STEPS) == [
        ("S-1", "R-1", 1, 1, 3.0, "joint_focus"),
        ("S-1", "R-1", 2, 1, 9.5, "arousal"),
        ("S-1", "R-1", 3, 1, 12.0, "mode"),
    ]
