"""What people see of trajectories: the ladder and its words on the supervision workbook, the question in the summary."""

from __future__ import annotations

import datetime as dt
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.facts import NightFacts
from flows.publish.summary import write_summary
from flows.publish.supervision_sheet import write_supervision_sheets
from schemas.codes import PURPOSE
from tests.support.drawn_ratings import Ratings, roster_of
from tests.support.workbooks import open_book, table_of, texts_of
from tests.trajectory.drawn import CATALOG, STEPS, Trajectories

FACTS = NightFacts(dt.date(2026, 7, 1), "Test lab", "ask us", True, dt.date(2026, 5, 1), "0.1")
ROSTER = "therapist | team | supervisor\nT-1 | north | SV-1\nT-2 | north | SV-1"


def small_lab() -> Trajectories:
    """T-1: two sessions with timelines, one of them in two episodes, and one with scores alone. T-2: nothing to tell."""
    lab = Trajectories(roster=roster_of(ROSTER))
    lab.rated("S-1", on="2026-03-01")
    lab.noted("S-1", "joint_focus arousal mode validation restoring")
    lab.rated("S-2", on="2026-04-01")
    lab.notes("""
        session | rater | instrument  | episode | minute | step        | mode    | arousal  | intervention | followed
        S-2     | R-1   | mbt-session | 1       | 4      | joint_focus | .       | .        | .            | .
        S-2     | R-1   | mbt-session | 1       | 9      | validation  | pretend | flooding | supportive   | lost_further
        S-2     | R-1   | mbt-session | 1       | 12     | arousal     | .       | .        | .            | .
        S-2     | R-1   | mbt-session | 2       | 30     | arousal     | .       | .        | .            | .
    """)
    lab.rated("S-3", scores=dict.fromkeys(STEPS, "5") | {"mode": "2"}, on="2026-05-01")
    lab.rated("S-9", therapist="T-2", role="self")
    lab.rebuild()
    lab.con.execute("update current.step set note = '=CANARY(1)' where minute = 9")
    return lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    lab = small_lab()
    write_supervision_sheets(lab.con, folder / "supervision", FACTS)
    write_summary(lab.con, folder / "summary.xlsx", FACTS)
    return folder


@pytest.fixture(scope="module")
def sheet(folder: Path) -> Worksheet:
    book: Workbook = open_book(folder / "supervision" / "SV-1" / "T-1.xlsx")
    assert book.sheetnames == ["Supervision sheet", "Trajectory in sessions"]
    return book["Trajectory in sessions"]


def rows(sheet: Worksheet) -> list[tuple[str, ...]]:
    """Texts of the printed columns, row by row, without trailing blanks."""
    found = [[str(c.value) if c.value is not None else "" for c in row] for row in sheet.iter_rows(max_col=4)]
    return [tuple(row) for row in found]


def test_the_ladder_is_told_in_words_rung_by_rung(sheet: Worksheet) -> None:
    told = rows(sheet)
    start = told.index(("Every step in order: 1 of 3", "", "", ""))
    # 0 of 3: Wilson's upper end is 56 %; 1 of 3: 6 to 79 %
    assert [row[:3] for row in told[start + 1 : start + 7]] == [
        ("5 An intervention then aims to restore mentalizing", "1 of 1", "0 of 3 (0 to 56 %)"),
        ("4 The patient's experience is validated with empathy", "1 of 1", "0 of 3 (0 to 56 %)"),
        ("3 The non-mentalizing mode is identified", "1 of 2", "1 of 3 (6 to 79 %)"),
        ("2 Arousal is regulated: neither flooding nor flat", "2 of 2", "0 of 3 (0 to 56 %)"),
        ("1 A focus is developed together", "2 of 3", "1 of 3 (6 to 79 %)"),
        ("Before the first step", "", ""),
    ]


def test_every_episode_is_told_oldest_first(sheet: Worksheet) -> None:
    told = rows(sheet)
    start = told.index(("No. and episode", "How far it got", "Where the order ends", "What else is noted"))
    assert told[start + 1 : start + 4] == [
        ("1  S-1, 2026-03-01, episode 1", "in order to restoring", "every step came in order", "the order held"),
        (
            "2  S-2, 2026-04-01, episode 1",
            "in order to arousal; furthest validation",
            "mode: not noted",
            "some steps came in another order; mentalizing lost at minute 9 (pretend); validation 0 minutes later; "
            "while arousal was high: validation: supportive, arousal",
        ),
        (
            "3  S-2, 2026-04-01, episode 2",
            "before the first step; furthest arousal",
            "joint focus: not noted",
            "nothing else",
        ),
    ]


def test_sessions_without_a_timeline_are_told_apart_and_say_so(sheet: Worksheet) -> None:
    told = rows(sheet)
    start = told.index(("From scores alone: observers' ratings with mbt-session, 1 session", "", "", ""))
    assert told[start + 1][0].startswith("No timeline was kept.")
    assert (
        "1  S-3, 2026-05-01",
        "in order to arousal; furthest restoring",
        "mode: rated below the threshold",
        "nothing else",
    ) in told


def test_it_says_what_it_is_for_that_nothing_is_scored_and_that_it_is_experimental(sheet: Worksheet) -> None:
    said = " ".join(row[0] for row in rows(sheet))
    assert PURPOSE in said
    assert "Described, never scored" in said
    assert said.count("Experimental: raters of one session are not yet known to agree") == 2
    assert "R-1" not in said


def test_a_moment_has_its_minute_its_place_and_the_raters_note_as_text(sheet: Worksheet) -> None:
    (moment,) = [row for row in rows(sheet) if "CANARY" in row[3]]
    assert moment == (
        "S-2, 2026-04-01, minute 9",
        "validation, pretend, flooding, supportive, lost further",
        "S-2 R-1.xlsx, Timeline, C6",
        "=CANARY(1)",
    )
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_picture_draws_each_episode_on_its_rung_and_has_a_text_of_its_own(folder: Path, sheet: Worksheet) -> None:
    numbers = [
        [c.value for c in row]
        for row in sheet.iter_rows(min_col=5, max_col=7)
        if isinstance(row[0].value, (int, float))
    ]
    in_order = [row for row in numbers if row[0] in (1, 2, 3) and row[0] != 0.5]
    assert in_order[:3] == [[1, 5, None], [2, 2, 4], [3, 0, 2]]
    with zipfile.ZipFile(folder / "supervision" / "SV-1" / "T-1.xlsx") as parts:
        drawings = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/drawings/drawing")]
    assert (
        sum(
            text.count("A ladder with a rung for each step. Marks for the last 3 episodes of therapist T-1")
            for text in drawings
        )
        == 1
    )
    assert sum(text.count("Marks for the last 1 sessions of therapist T-1") for text in drawings) == 1


def test_a_case_is_named_as_a_case(tmp_path: Path) -> None:
    of_cases = CATALOG.latest("mbt-session").model_copy(update={"id": "our-cases", "unit": "case"})
    lab = Ratings(roster_of(ROSTER), replace(CATALOG, instruments={("our-cases", "1.0"): of_cases}))
    lab.counts("""
        session | therapist | patient | on         | rater | instrument    | item     | adherence | competence
        C-1 @ 6 | T-1       | P-1     | 2026-03-01 | R-1   | our-cases 1.0 | humility | 4         | 4
    """)
    lab.notes("""
        session | rater | instrument | minute | step        | mode
        C-1 @ 6 | R-1   | our-cases  | 3      | joint_focus | .
        C-1 @ 6 | R-1   | our-cases  | 8      | mode        | pretend
    """)
    lab.rebuild()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    told = " ".join(texts_of(open_book(tmp_path / "SV-1" / "T-1.xlsx")["Trajectory in sessions"]))
    assert "case C-1 at month 6, 2026-03-01, minute 8" in told
    assert "C-1 @ 6," not in told


def test_a_therapist_of_whom_nothing_is_known_has_no_such_sheet(folder: Path) -> None:
    lab = Trajectories(roster=roster_of(ROSTER))
    lab.counts("""
        session | therapist | patient | on         | rater | instrument      | item | adherence | competence
        S-1     | T-1       | P-1     | 2026-03-01 | R-1   | mbt-i-acs 1.0 | 1    | .         | 5
    """)
    lab.rebuild()
    write_supervision_sheets(lab.con, folder / "other", FACTS)
    assert open_book(folder / "other" / "SV-1" / "T-1.xlsx").sheetnames == ["Supervision sheet"]


def test_the_summary_asks_where_sessions_break_and_names_nobody(folder: Path) -> None:
    book = open_book(folder / "summary.xlsx")
    table = table_of(book["Trajectory"])
    told = {(row["Known from"], row["Role"], row["Step"]): (row["Ends here"], row["Weighed"]) for row in table}
    assert told["timelines", "observer", "The non-mentalizing mode is identified"] == (1, 3)
    assert told["timelines", "observer", "Every step in order"] == (1, 3)
    assert told["scores alone", "observer", "The non-mentalizing mode is identified"] == (1, 1)
    assert {row["In words"] for row in table} == {"experimental: no session was followed by two raters"}
    texts = [str(c.value) for row in book["Trajectory"].iter_rows() for c in row]
    assert not [text for text in texts if "T-1" in text or "CANARY" in text]
