"""Timelines of forms and logs, from the cell to the rating they go with; slips, corrections and sheets sent back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from flows.forms.form_layout import EVENT_HEADERS
from flows.forms.rating_form import write_form
from flows.intake.preview import try_layout
from schemas.catalog import load_catalog
from schemas.published import VOCABULARY
from tests.forms.filling import fill_form
from tests.forms.test_form_is_read_back import CHOSEN, FIELDS, SAVED
from tests.support.lab import FIRST_NIGHT, Lab

CATALOG = load_catalog(())
SESSION = CATALOG.latest("mbt-session")
COLUMNS = dict(zip(EVENT_HEADERS, "ABCDEFGH", strict=True))
Lines = Sequence[dict[str, object]]
LINES: Lines = (
    {"minute": 3, "step": "1 – Joint focus"},
    {"minute": 12.5, "step": "3 – Mode", "mode": "psychic equivalence", "arousal": "flooding", "intervention": "affect focus",
     "followed": "lost further", "note": "=“he KNOWS”"},
    {"episode": 2, "minute": "20", "step": 5, "followed": "mentalizing back"},
)  # fmt: skip
READ = [
    (1, 1, 3.0, "joint_focus", None, None, None, None, None, "Timeline", "C5"),
    (
        2,
        1,
        12.5,
        "mode",
        "psychic_equivalence",
        "flooding",
        "affect_focus",
        "lost_further",
        "=“he KNOWS”",
        "Timeline",
        "C6",
    ),
    (3, 2, 20.0, "restoring", None, None, None, "mentalizing_back", None, "Timeline", "C7"),
]
STEPS = (
    "select line, episode, minute, step, mode, arousal, intervention, followed, note, sheet, cell from {} order by line"
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "home")
    yield lab
    lab.leaves()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole form without a timeline."""
    return write_filled(tmp_path_factory.mktemp("forms"))


def write_filled(folder: Path) -> Path:
    """The form of tests/forms, every score filled in, with its timeline blank."""
    write_form(SESSION, CATALOG.elements_of(SESSION), folder / "blank.xlsx")
    scores = {(i, s): chosen[k] for i, chosen in CHOSEN.items() for k, s in enumerate(("adherence", "competence"))}
    fill_form(folder / "blank.xlsx", SESSION, folder / "filled.xlsx", FIELDS, scores)  # type: ignore[arg-type]
    return folder / "filled.xlsx"


def with_timeline(form: Path, out: Path, lines: Lines, **cells: object) -> bytes:
    """A filled form with these lines on its timeline; a cell of another sheet as `D11=5`."""
    book = load_workbook(form, rich_text=True)
    for row, line in enumerate(lines, 5):
        for name, value in line.items():
            cell = book["Timeline"][f"{COLUMNS[name]}{row}"]  # type: ignore[index]
            assert not cell.protection.locked
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    for cell, value in cells.items():
        book["Rating"][cell].value = value
    book.save(out)
    return out.read_bytes()


def drops(lab: Lab, filled: Path, name: str, lines: Lines = (), **cells: object) -> None:
    """Drop the filled form with these lines in the inbox."""
    out = lab.settings.home / "out.xlsx"
    out.parent.mkdir(parents=True, exist_ok=True)
    lab.sends(name, content=with_timeline(filled, out, lines, **cells))


def held_for(lab: Lab, filled: Path, *lines: dict[str, object]) -> list[tuple[str, str]]:
    """Cells and codes of the findings when the form has these lines."""
    drops(lab, filled, "form.xlsx", lines)
    said = lab.night()
    assert (said["accepted"], said["held"]) == (0, 1)
    assert lab.rows("select count(*) from history.step") == [(0,)]
    return [(cell, code) for _, cell, code in lab.findings()]


def test_the_timeline_of_a_form_is_read_as_it_was_written(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "form.xlsx", LINES)
    assert lab.night()["accepted"] == 1
    assert lab.findings() == []
    assert lab.rows(STEPS.format("current.step")) == READ
    assert lab.rows("select distinct workbook from current.step") == [("form.xlsx",)]


def test_a_blank_timeline_is_none(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "form.xlsx", [{"minute": 5}, {"episode": 2}])
    lab.night()
    assert lab.findings() == []
    assert lab.rows("select count(*) from current.step") == [(0,)]
    assert lab.rows("select timeline_hash from history.timeline") == [("",)]


def test_a_timeline_on_a_form_without_ratings_holds_it(lab: Lab, tmp_path: Path) -> None:
    write_form(SESSION, CATALOG.elements_of(SESSION), tmp_path / "blank.xlsx")
    lab.sends("form.xlsx", content=with_timeline(tmp_path / "blank.xlsx", tmp_path / "out.xlsx", LINES))
    assert lab.night()["held"] == 1
    assert ("form.xlsx", "D11", "cell_blank") in lab.findings()


@pytest.mark.parametrize(
    ("lines", "cell", "code"),
    [
        ([{"step": "3 – Mod"}], "C5", "step_unknown"),
        ([{"mode": "pretent"}], "D5", "noted_unknown"),
        ([{"arousal": "high"}], "E5", "noted_unknown"),
        ([{"intervention": "chalenge"}], "F5", "noted_unknown"),
        ([{"followed": "better"}], "G5", "noted_unknown"),
        ([{"minute": "about ten", "step": 1}], "B5", "minute_unreadable"),
        ([{"minute": "12:30", "step": 1}], "B5", "minute_unreadable"),
        ([{"minute": -1, "step": 1}], "B5", "minute_unreadable"),
        ([{"minute": 601, "step": 1}], "B5", "minute_unreadable"),
        ([{"minute": 12, "step": 1}, {"minute": 11, "step": 2}], "B6", "minute_backwards"),
        ([{"episode": "two", "step": 1}], "A5", "episode_unreadable"),
        ([{"episode": 1.5, "step": 1}], "A5", "episode_unreadable"),
    ],
)  # fmt: skip
def test_a_slip_in_the_timeline_holds_the_whole_rating(
    lab: Lab, filled: Path, lines: Lines, cell: str, code: str
) -> None:
    assert held_for(lab, filled, *lines) == [(cell, code)]
    assert lab.rows("select sheet from history.finding where code <> 'roster_absent'") == [("Timeline",)]
    assert lab.waiting() == [("form.xlsx", "007", "R-1", code)]


def test_a_new_episode_may_begin_again_at_an_earlier_minute(lab: Lab, filled: Path) -> None:
    lines = [{"minute": 12, "step": 1}, {"minute": 12, "step": 2}, {"episode": 2, "minute": 3, "step": 1}]
    drops(lab, filled, "form.xlsx", lines)
    assert lab.night()["accepted"] == 1


def test_no_finding_repeats_what_stood_in_the_timeline(lab: Lab, filled: Path) -> None:
    held_for(lab, filled, {"minute": "CANARY-1", "step": "CANARY-2", "mode": "CANARY-3", "note": "CANARY-4"})
    assert len(lab.findings()) == 3
    assert not [message for message in lab.messages() if "CANARY" in message]
    assert any("Did you mean" in message for message in _messages_of(lab, filled))


def _messages_of(lab: Lab, filled: Path) -> list[str]:
    drops(lab, filled, "form.xlsx", [{"mode": "pretned"}])
    lab.night()
    return lab.messages()


def test_a_mended_timeline_lets_the_rating_in(lab: Lab, filled: Path) -> None:
    held_for(lab, filled, {"step": "Modde"})
    drops(lab, filled, "form.xlsx", [{"step": "mode"}])
    assert lab.night()["accepted"] == 1
    assert lab.waiting() == []
    assert lab.rows("select step from current.step") == [("mode",)]


def test_a_corrected_timeline_is_a_correction_and_keeps_the_earlier_one(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "monday.xlsx", LINES)
    lab.night()
    drops(lab, filled, "friday.xlsx", LINES[:2])
    assert lab.night()["accepted"] == 1
    assert [line for line, *_ in lab.rows(STEPS.format("current.step"))] == [1, 2]
    assert lab.rows("select workbook from current.rating") == [("friday.xlsx",)]
    assert lab.rows("select count(*) from history.step") == [(5,)]


def test_a_rating_that_counts_as_it_stood_before_a_consensus_keeps_the_timeline_of_then(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "monday.xlsx", LINES, E5="observer")
    drops(lab, filled, "agreed.xlsx", E5="consensus")
    lab.night()
    drops(lab, filled, "friday.xlsx", LINES[:2], E5="observer", E6=3)
    assert lab.night()["accepted"] == 1
    observed = " where rating_id in (select rating_id from current.rating where role = 'observer')"
    assert [row[:4] for row in lab.rows(STEPS.format(f"current.step{observed}"))] == [row[:4] for row in READ]
    assert lab.rows("select distinct workbook from current.step") == [("monday.xlsx",)]


def test_the_same_timeline_again_is_a_duplicate_and_brings_its_note(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "one.xlsx", [{"minute": 1, "step": "mode", "note": "first"}])
    lab.night()
    drops(lab, filled, "two.xlsx", [{"minute": 1, "step": "3 – Mode", "note": "second"}])
    assert lab.night()["known already"] == 1
    assert lab.rows("select workbook, note from current.step") == [("two.xlsx", "second")]
    assert lab.rows("select workbook from current.rating") == [("one.xlsx",)]


def test_a_rating_without_a_timeline_has_the_values_it_had_before(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "form.xlsx")
    lab.night()
    drops(lab, filled, "other.xlsx")
    (scores_hash,) = lab.reads("again.xlsx", content=(lab.settings.inbox / "other.xlsx").read_bytes()).rating[
        "scores_hash"
    ]
    # what the release before joined: scores, version, therapists, patient, date
    said = f"'{scores_hash}', '1.0', ['T-07']::varchar, 'P/3', '2026-03-24'"
    assert lab.rows(f"select values_hash = md5(concat_ws('|', {said})) from history.rating") == [(True,)]


def forget_timelines(lab: Lab) -> None:
    """Make history what a release that did not read timelines had left."""
    lab.rows("delete from history.timeline")
    lab.rows("delete from history.step")


def test_a_rating_known_before_timelines_were_read_is_corrected_by_no_new_release(lab: Lab, filled: Path) -> None:
    drops(lab, filled, "old.xlsx")
    lab.night()
    forget_timelines(lab)
    drops(lab, filled, "copy.xlsx", LINES)
    assert lab.night()["known already"] == 1
    assert lab.rows("select workbook from current.rating") == [("old.xlsx",)]
    assert lab.rows(STEPS.format("current.step")) == READ  # what nobody could read before is known now
    drops(lab, filled, "again.xlsx", LINES, C26="remark")
    assert lab.night()["known already"] == 1
    drops(lab, filled, "other.xlsx", LINES[:1])
    assert lab.night()["accepted"] == 1
    assert [line for line, *_ in lab.rows(STEPS.format("current.step"))] == [1]


def test_a_form_of_an_earlier_release_has_no_column_for_episode_and_intervention(lab: Lab, tmp_path: Path) -> None:
    book = load_workbook(SAVED / "whole-calc.xlsx")
    sheet = book["Timeline"]
    assert [sheet.cell(4, c).value for c in range(1, 7)] == [
        "Minute",
        "Step",
        "Mode",
        "Arousal",
        "What followed",
        "Note",
    ]
    sheet["A5"], sheet["B5"], sheet["C5"], sheet["E5"] = 7, "4 – Validation", "psychic equivalence", "no change"
    book.save(tmp_path / "old.xlsx")
    lab.sends("old.xlsx", content=(tmp_path / "old.xlsx").read_bytes())
    assert lab.night()["accepted"] == 1
    assert [row[:8] for row in lab.rows(STEPS.format("current.step"))] == [
        (1, 1, 7.0, "validation", "psychic_equivalence", None, None, "no_change")
    ]


def test_copied_forms_in_one_workbook_have_the_timelines_copied_with_them(
    lab: Lab, filled: Path, tmp_path: Path
) -> None:
    with_timeline(filled, tmp_path / "one.xlsx", LINES[:1])
    book = load_workbook(tmp_path / "one.xlsx")
    for name in ("Rating", "Timeline"):
        book.copy_worksheet(book[name]).title = f"{name} (2)"
    book["Rating (2)"]["C3"], book["Timeline (2)"]["C5"] = "008", "2 – Arousal"
    book.save(tmp_path / "both.xlsx")
    lab.sends("both.xlsx", content=(tmp_path / "both.xlsx").read_bytes())
    assert lab.night()["accepted"] == 2
    assert lab.findings() == []
    assert lab.rows(
        "select session_id, step, s.sheet from current.step s join current.rating using (rating_id) order by 1"
    ) == [
        ("007", "joint_focus", "Timeline"),
        ("008", "arousal", "Timeline (2)"),
    ]


def test_a_timeline_that_goes_with_no_rating_for_sure_is_left_out_and_told(
    lab: Lab, filled: Path, tmp_path: Path
) -> None:
    with_timeline(filled, tmp_path / "one.xlsx", LINES[:1])
    book = load_workbook(tmp_path / "one.xlsx")
    book.copy_worksheet(book["Rating"]).title = "Second"
    book["Second"]["C3"] = "008"
    book.save(tmp_path / "both.xlsx")
    lab.sends("both.xlsx", content=(tmp_path / "both.xlsx").read_bytes())
    assert lab.night()["accepted"] == 2
    assert lab.findings() == [("both.xlsx", "", "timeline_of_nobody")]
    assert lab.rows("select count(*) from current.step") == [(0,)]


LOG = """
id = "our-log"
version = "1"
title = "A long table and a log of events"
instrument = "mbt-session"
shape = "long"

[marks]
NO = "no_opportunity"

[sheet]
name = ["Scores"]

[fields]
session_id = { column = "session" }
therapist_id = { column = "therapist" }
rater_id = { column = "rater", case = "upper" }
patient_id = { column = "patient" }
item = { column = "item" }

[table]
levels = ["scale"]

[timeline]
sheet = "Events"
minutes = "clock"

[timeline.fields]
session_id = { column = "Session", fill_down = true }
rater_id = { column = "By", case = "upper", fill_down = true }
episode = { column = "Run" }
minute = { column = "At" }
step = { column = "What", codes = { F = "joint_focus", V = "validation" } }
mode = { column = "State", codes = { PE = "psychic_equivalence" } }
arousal = { column = "Heat", codes = { hi = "flooding" } }
followed = { column = "Then", codes = { "+" = "mentalizing_back", "0" = "no_change", "-" = "lost_further" } }
note = { column = "Words" }
"""
ITEMS = [item.id for item in SESSION.items]


def scores(*ratings: str) -> str:
    """A long table with every item of these ratings (`session rater`)."""
    rows = [f"{r.split()[0]} | T-1 | {r.split()[1]} | P-1 | {item} | 4 | 4" for r in ratings for item in ITEMS]
    return "\n".join(("session | therapist | rater | patient | item | Adherence | Competence", *rows))


def test_a_log_of_events_is_shared_out_to_the_ratings_of_its_workbook(lab: Lab) -> None:
    lab.describes(LOG)
    events = """
        Session | By  | Run | At      | What    | State | Heat | Then | Words
        S-1     | r-1 | 1   | 2:30    | F       | .     | .    | .    | .
        .       | .   | .   | 1:02:15 | .       | PE    | hi   | -    | there it went
        .       | .   | 2   | 70:00   | V       | .     | .    | +    | .
        S-1     | R-2 | .   | 3:00    | 2       | .     | flat | 0    | .
    """
    lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1", "S-1 R-2", "S-2 R-1"), "Events": events})
    assert lab.night()["accepted"] == 3
    assert lab.findings() == []
    found = lab.rows(
        "select rater_id, line, episode, minute, step, mode, arousal, followed, note, s.cell"
        " from current.step s join current.rating using (rating_id) order by rater_id, line"
    )
    assert found == [
        ("R-1", 1, 1, 2.5, "joint_focus", None, None, None, None, "E2"),
        ("R-1", 2, 1, 62.25, None, "psychic_equivalence", "flooding", "lost_further", "there it went", "F3"),
        ("R-1", 3, 2, 70.0, "validation", None, None, "mentalizing_back", None, "E4"),
        ("R-2", 1, 1, 3.0, "arousal", None, "flat", "no_change", None, "E5"),
    ]


def test_lines_of_a_log_that_no_rating_goes_with_are_told_at_the_first_of_them(lab: Lab) -> None:
    lab.describes(LOG)
    events = "Session | By | At | What\nS-1 | R-1 | 1:00 | F\nS-9 | R-1 | 1:00 | F\nS-9 | R-1 | 2:00 | V"
    lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1"), "Events": events})
    assert lab.night()["accepted"] == 1
    assert lab.findings() == [("log.xlsx", "A3", "timeline_of_nobody")]


def test_a_slip_in_a_log_holds_its_own_rating_alone(lab: Lab) -> None:
    lab.describes(LOG)
    events = "Session | By | At | What\nS-1 | R-1 | 1:00 | F\nS-2 | R-1 | soon | F"
    lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1", "S-2 R-1"), "Events": events})
    said = lab.night()
    assert (said["accepted"], said["held"]) == (1, 1)
    assert lab.findings() == [("log.xlsx", "C3", "clock_unreadable")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ((time(2, 0), time(4, 30)), [("C2", "clock_ambiguous"), ("C3", "clock_ambiguous")]),
        ((time(0, 30), time(0, 59), timedelta(hours=75, minutes=30)), [("C4", "clock_ambiguous")]),
        ((time(0, 2), time(0, 59, 30), time(1, 12)), [2.0, 59.5, 72.0]),
        (("2:00", "4:30", "1:12:00"), [2.0, 4.5, 72.0]),
        (("2:00", "12", "4.5"), [("C3", "clock_unreadable"), ("C4", "clock_unreadable")]),
    ],
)
def test_a_time_of_which_a_spreadsheet_may_have_made_hours_is_asked_about(
    lab: Lab, typed: tuple[time | timedelta | str, ...], found: list[object]
) -> None:
    lab.describes(LOG)
    lab.sends("log.xlsx", content=with_events(*typed))
    lab.night()
    places = [(cell, code) for _, cell, code in lab.findings()]
    assert places or [minute for (minute,) in lab.rows("select minute from current.step order by line")] == found
    assert not places or places == found


def with_events(*times: time | timedelta | str) -> bytes:
    """A workbook with every score of S-1 by R-1, and a line of the log at each of these times."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Scores"
    for line in scores("S-1 R-1").splitlines():
        sheet.append([part.strip() for part in line.split("|")])
    events = book.create_sheet("Events")
    for row in (("Session", "By", "At", "What"), *(("S-1", "R-1", at, "F") for at in times)):
        events.append(row)
    book.save(out := BytesIO())
    return out.getvalue()


def test_seconds_that_cannot_be_read_are_asked_for_as_seconds(lab: Lab) -> None:
    lab.describes(LOG.replace('minutes = "clock"', 'minutes = "seconds"'))
    events = "Session | By | At | What\nS-1 | R-1 | 90 | F\nS-1 | R-1 | 2:00 | V"
    lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1"), "Events": events})
    lab.night()
    assert lab.findings() == [("log.xlsx", "C3", "seconds_unreadable")]


def test_a_log_whose_columns_are_not_there_is_named_with_what_it_lacks(lab: Lab) -> None:
    lab.describes(LOG)
    lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1"), "Events": "Session | By | At\nS-1 | R-1 | 1:00"})
    assert lab.night()["accepted"] == 1
    assert lab.messages()[0] == "No layout describes this sheet; nothing was read from it. There is no column “What”."


def test_layout_try_shows_the_timeline(lab: Lab) -> None:
    lab.describes(LOG)
    events = "Session | By | At | What\nS-1 | R-1 | 1:00 | F\nS-1 | R-1 | 2:00 | V"
    path = lab.sends("log.xlsx", sheets={"Scores": scores("S-1 R-1"), "Events": events})
    lines = try_layout(path, lab.settings.own_schemas / "layouts" / "our-log.toml", lab.settings, FIRST_NIGHT)
    assert "Sheet Events: a timeline; 2 lines go with the ratings" in lines
    assert "Sheet Scores: fits; 1 rating from row 2 on" in lines
    assert "      episode 1: minute 1 joint_focus; minute 2 validation" in lines


def test_the_words_of_the_timeline_are_those_of_the_published_columns() -> None:
    assert {"mode", "arousal", "intervention", "followed", "basis", "break_kind"} <= set(VOCABULARY)
