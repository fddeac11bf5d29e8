"""Logs of events in files of their own: before their ratings, after them, corrected, withdrawn, erased, told again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import LayoutWrong, UsageError
from flows.intake.preview import try_layout
from flows.load.models import run_models
from flows.load.night import working_file
from schemas.catalog import check_layout, load_catalog, read_layout
from tests.history.past_nights import PastNights
from tests.history.test_withdraw import takes_back
from tests.keeping.homes import Home, reads_here, without_models, without_workbooks
from tests.support.lab import FIRST_NIGHT, Lab

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
ITEMS = [item.id for item in load_catalog(()).latest("mbt-session").items]
LOG = """
    Recording | By  | Run | At    | Step       | Mode    | Arousal
    S-1       | R-1 | 1   | 3:00  | F          |         |
    S-1       | R-1 |     | 9:30  | arousal    |         | flooding
    S-1       | R-1 |     | 12:00 | mode       | pretend |
"""
STEPS = (
    "select session_id, rater_id, line, episode, minute, step "
    "from current.step join current.rating using (rating_id) order by all"
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "home")
    lab.describes(LAYOUT)
    lab.describes(WIDE)
    yield lab
    lab.leaves()


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PastNights]:
    """A lab that publishes its nights and can be asked about them again; nobody asks for its estimates."""
    without_models(monkeypatch)
    lab = PastNights(tmp_path / "home", monkeypatch)
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


def test_a_log_may_come_after_its_rating_and_another_rater_has_no_part_in_it(lab: Lab) -> None:
    rates(lab, "S-1", "R-1", "R-2")
    lab.night()
    lab.sends("events.csv", LOG)
    lab.night()
    assert [row[1:3] for row in lab.rows(STEPS)] == [("R-1", 1), ("R-1", 2), ("R-1", 3)]
    assert lab.findings() == []
    said = lab.night()
    assert (said["workbooks"], said["ratings"]) == (0, 0)


def test_a_log_that_names_no_rater_goes_with_every_rating_of_the_session_and_counts_as_one_observation(
    lab: Lab,
) -> None:
    rates(lab, "S-1", "R-1", "R-2")
    lab.sends("events.csv", LOG.replace("R-1", "."))
    lab.sends("own.csv", LOG.replace("R-1", "R-2").replace("12:00", "14:00"))
    lab.night()
    assert [(row[1], row[4]) for row in lab.rows(STEPS)] == [
        ("R-1", 3.0), ("R-1", 9.5), ("R-1", 12.0), ("R-2", 3.0), ("R-2", 9.5), ("R-2", 14.0),
    ]  # fmt: skip
    shared = lab.rows(
        "select distinct rater_id, is_shared from current.step join current.rating using (rating_id) order by all"
    )
    assert shared == [("R-1", True), ("R-2", False)]


def test_a_newer_log_takes_the_place_of_an_older_one_and_the_change_is_told(lab: Lab) -> None:
    rates(lab, "S-1", "R-1")
    lab.sends("events.csv", LOG)
    lab.night()
    lab.sends("again.xlsx", LOG)
    assert lab.night()["known already"] == 1
    lab.sends("corrected.csv", LOG.replace("12:00", "11:00").replace("pretend", "teleological"))
    lab.night()
    assert [row[4] for row in lab.rows(STEPS)] == [3.0, 9.5, 11.0]
    lab.leaves()
    with working_file(lab.settings) as con:
        run_models(con, ["65_audit"])
        assert con.execute(
            "select rater_id, instrument_id, field, old_said, new_said, old_workbook, new_workbook, new_cell from audit.change"
        ).fetchall() == [
            (
                "R-1", "mbt-session", "event_log",
                "1: 3 joint_focus; 1: 9.5 arousal flooding; 1: 12 mode pretend",
                "1: 3 joint_focus; 1: 9.5 arousal flooding; 1: 11 mode teleological",
                "events.csv", "corrected.csv", "E2",
            )
        ]  # fmt: skip


def test_a_slip_holds_its_log_alone_until_it_is_mended(lab: Lab) -> None:
    rates(lab, "S-1", "R-1")
    rates(lab, "S-2", "R-1")
    lab.sends("events.csv", LOG + "    S-2 | R-1 | 1 | 2:00 | foucs | | \n")
    said = lab.night()
    assert (said["accepted"], said["held"]) == (3, 1)
    assert lab.waiting() == [("events.csv", "S-2", "R-1", "step_unknown")]
    assert {row[0] for row in lab.rows(STEPS)} == {"S-1"}
    lab.sends("events.csv", LOG + "    S-2 | R-1 | 1 | 2:00 | joint focus | | \n")
    lab.night()
    assert lab.waiting() == []
    assert {row[0] for row in lab.rows(STEPS)} == {"S-1", "S-2"}


def test_a_log_that_is_taken_back_leaves_the_scores_and_one_whose_rating_is_taken_back_waits_again(lab: Lab) -> None:
    rates(lab, "S-1", "R-1")
    rates(lab, "S-2", "R-1")
    lab.sends("events.csv", LOG)
    lab.sends("events2.csv", LOG.replace("S-1", "S-2"))
    lab.night()
    takes_back(lab, "S-1", "R-1", instrument_id="mbt-session/timeline")
    takes_back(lab, "S-2", "R-1", instrument_id="mbt-session")
    assert lab.rows(STEPS) == []
    assert lab.rows("select session_id from current.rating") == [("S-1",)]
    assert lab.findings() == [("events2.csv", "E2", "timeline_waits")]


def test_a_log_that_names_no_rater_is_taken_back_without_naming_one(lab: Lab) -> None:
    rates(lab, "S-1", "R-1")
    lab.sends("events.csv", LOG.replace("R-1", "."))
    lab.night()
    with pytest.raises(UsageError, match="Name the rater"):
        takes_back(lab, "S-2", "")
    takes_back(lab, "S-1", "")
    assert lab.rows(STEPS) == []
    assert lab.rows("select session_id from current.rating") == [("S-1",)]


def test_a_log_beside_its_ratings_in_one_workbook_is_read_once_with_them(lab: Lab) -> None:
    beside = (
        LAYOUT.partition("[timeline]")[2].replace("\n", '\nsheet = "Events"\n', 1).replace(", required = false", "")
    )
    lab.describes(WIDE + "[timeline]" + beside)
    ratings = "\n".join(("session | rater | item | A | C", *(f"S-1 | R-1 | {item} | 5 | 5" for item in ITEMS)))
    lab.sends("all.xlsx", sheets={"Ratings": ratings, "Events": LOG})
    said = lab.night()
    assert (said["ratings"], said["accepted"]) == (1, 1)
    assert [row[2] for row in lab.rows(STEPS)] == [1, 2, 3]
    assert lab.findings() == []


def test_each_file_may_be_named_after_its_session_and_what_the_layout_names_must_be_there(lab: Lab) -> None:
    lab.describes(
        LAYOUT.replace('session_id = { column = "Recording" }', "session_id = { file_name = true, pattern = '^\\S+' }")
        .replace('rater_id = { column = "By", required = false }', 'rater_id = { value = "R-1" }')
        .replace('id = "our-events"', 'id = "per-file"')
        .replace('minute = { column = "At" }', 'minute = { column = "Clock" }')
    )
    rates(lab, "S-1", "R-1")
    lab.sends("S-1 events.csv", "Clock | Step\n3:00 | F\n4:00 | arousal\n")
    lab.sends("S-1 odd.csv", "Time | Step | Arousal\n3:00 | F | flat\n")
    lab.night()
    assert [row[4] for row in lab.rows(STEPS)] == [3.0, 4.0]
    code, why = lab.reason("S-1 odd.csv")
    assert code == "layout_unknown"
    assert "there is no column “" in str(why)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        (LAYOUT.replace('session_id = { column = "Recording" }', ""), "nothing says where session_id stands"),
        (LAYOUT + '[fields]\nsession_id = { column = "Recording" }\n', "a log has no"),
        (LAYOUT.replace("mbt-session", "dbt-session"), "no ordered domain"),
        (
            LAYOUT.replace('mode = { column = "Mode", required = false }', "mode = { file_name = true }"),
            "mode must be a column",
        ),
    ],
)
def test_a_log_that_cannot_be_read_is_told_in_words(tmp_path: Path, toml: str, why: str) -> None:
    path = tmp_path / "layout.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(LayoutWrong, match=why):
        check_layout(read_layout(path), load_catalog(()))


def test_a_log_can_be_tried_before_it_is_loaded(lab: Lab) -> None:
    path = lab.sends("events.csv", LOG + "    S-2 | R-9 | one | 2:00 | restoring | | \n")
    layout = lab.settings.own_schemas / "layouts" / "our-events.toml"
    said = try_layout(path, layout, lab.settings, FIRST_NIGHT)
    assert "Its text: fits; 2 logs of events from row 2 on" in said
    assert "  E2  session_id S-1, rater_id R-1: 3 events" in said
    assert "      episode 1: minute 3 joint_focus; minute 9.5 arousal, flooding; minute 12 mode, pretend" in said
    assert "  E5  session_id S-2, rater_id R-9: 1 event — would be held" in said
    assert any(
        line.endswith(
            "The episode is not a whole number. Enter 1 for the first episode, then 2, 3 …, or leave the cell blank."
        )
        for line in said
    )


def test_past_days_are_told_with_the_logs_of_then(past: PastNights) -> None:
    rates(past, "S-1", "R-1")
    past.sends("events.csv", LOG)
    days = [dt.date(2026, 7, d) for d in (1, 8)]
    past.publishes(days[0])
    past.takes_back("S-1", "R-1", days[1], instrument_id="mbt-session/timeline")
    assert past.asks("select basis, episode from supervision.trajectory_session") == [("scores", None)]
    assert past.asks("select field, cause from audit.change") == [("event_log", "withdrawn")]
    assert past.tells(days[0], days[1]) == past.was(days[0])


def test_a_log_goes_with_its_session_when_people_are_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_here(monkeypatch)
    without_models(monkeypatch)
    without_workbooks(monkeypatch)
    home = Home(tmp_path / "home")
    home.lab.describes(LAYOUT)
    home.lab.describes(WIDE)
    rated = (("SESSION1", "R-1", "PATIENT1"), ("SESSION2", "RATER99", "P-2"), ("SESSION2", "R-1", "P-2"))
    lines = [f"{s} | {r} | T-1 | {p} | 2026-06-01 | {item} | 5 | 5" for s, r, p in rated for item in ITEMS]
    home.lab.sends("all.csv", "\n".join(("session | rater | therapist | patient | date | item | A | C", *lines)))
    hers = LOG.replace("S-1 ", "SESSION2 ").replace("R-1", "RATER99").partition("Arousal\n")[2]
    both = LOG.replace("S-1", "SESSION1") + hers + LOG.replace("S-1", "SESSION2").partition("Arousal\n")[2]
    home.lab.sends("events.csv", both)
    home.night()
    steps = "select session_id, rater_id, count(*) from supervision.trajectory_step group by all order by all"
    assert home.asks(steps) == [("SESSION1", "R-1", 3), ("SESSION2", "R-1", 3), ("SESSION2", "RATER99", 3)]
    home.erases(patients=["PATIENT1"], raters=["RATER99"])
    assert home.asks(steps) == [("SESSION2", "R-1", 3)]
    assert home.where("PATIENT1", "RATER99") == []
    home.night()
    assert home.asks(steps) == [("SESSION2", "R-1", 3)]
    assert home.lab.findings() == []
