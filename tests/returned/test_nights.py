"""Copies from night to night: one for each workbook that waits, never rewritten without need, taken away when mended."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from flows.load.returns import WaitingWorkbook
from flows.publish import returned_record
from flows.publish.returned import safe_stem, team_folder
from tests.returned.returning import ReturningLab, marks_of
from tests.support.intake_sheets import csv_bytes

BLANK = """
session | rater | adherence | competence
S-001   | R-1   | 4         | .
"""


def test_a_night_with_nothing_new_rewrites_nothing(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", BLANK)
    lab.night()
    before = (lab.copy.read_bytes(), lab.copy.stat().st_mtime_ns)

    assert lab.night()["sheets sent back"] == 0
    assert (lab.copy.read_bytes(), lab.copy.stat().st_mtime_ns) == before


def test_nothing_that_waits_leaves_no_trace(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", BLANK.replace(". ", "5").replace(".", "5"))
    lab.night()
    assert not (lab.settings.raw / "returned").exists()


def test_the_mended_copy_counts_and_its_list_is_not_read(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", BLANK)
    lab.night()
    name = lab.mends({"D2": 6})
    lab.night()

    assert lab.values() == {
        ("S-001", "R-1", "not_knowing", "adherence"): 4,
        ("S-001", "R-1", "not_knowing", "competence"): 6,
    }
    assert (lab.waiting(), lab.findings(), lab.returned) == ([], [], [])
    assert lab.outcomes()[name] == "accepted"
    assert lab.rows("select closed_by from history.finding where code = 'cell_blank'") == [(name,)]


@pytest.mark.parametrize("kind", ["csv", "ods"])
def test_a_mended_copy_of_another_format_counts_as_well(lab: ReturningLab, kind: str) -> None:
    lab.sends(f"sub/a.{kind}", BLANK)
    lab.night()
    lab.mends({"D2": 6}, folder="elsewhere/")
    lab.night()
    assert lab.values()["S-001", "R-1", "not_knowing", "competence"] == 6
    assert (lab.waiting(), lab.findings()) == ([], [])


@pytest.mark.parametrize(("blank", "cell"), [("session", "A2"), ("rater", "B2")])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_mended_copy_settles_what_its_workbook_did_not_say(
    lab: ReturningLab, kind: str, blank: str, cell: str
) -> None:
    said = {"session": "S-001", "rater": "R-1"}
    row = " | ".join("." if name == blank else text for name, text in said.items())
    lab.sends(f"a.{kind}", f"session | rater | adherence | competence\n{row} | 4 | 5")
    lab.night()
    assert list(marks_of(lab.book())) == [f"Sheet1!{cell}"]

    lab.mends({cell: said[blank]})
    lab.night()
    assert lab.adherence() == {"S-001 R-1": 4}
    assert (lab.waiting(), lab.findings(), lab.returned) == ([], [], [])


def test_a_tie_is_settled_by_the_copy_with_a_revision(lab: ReturningLab) -> None:
    lab.sends(
        "a.xlsx",
        """
        session | rater | revision | adherence | competence
        S-001   | R-1   | 1        | 4         | 4
        S-001   | R-1   | 1        | 5         | 5
        """,
    )
    lab.night()
    lab.mends({"C3": 2})
    lab.night()
    assert lab.adherence() == {"S-001 R-1": 5}
    assert (lab.waiting(), lab.returned) == ([], [])


def test_a_copy_that_is_still_wrong_comes_back_with_the_old_marks_gone(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", "session | rater | adherence | competence\nS-001 | R-1 | . | .\nS-002 | R-1 | 4 | 9")
    lab.night()
    assert list(marks_of(lab.book())) == ["Sheet1!D3"]  # a row that is blank throughout was never a rating
    lab.mends({"D3": 5, "C2": 4})
    lab.night()

    (path,) = lab.returned
    copy = load_workbook(lab.settings.raw / "returned" / path)
    assert path.count("~mend-") == 1
    assert copy.sheetnames == ["What to mend", "Sheet1"]
    assert list(marks_of(copy)) == ["Sheet1!D2"]
    assert copy["Sheet1"]["D3"].fill.fill_type is None


def test_a_copy_that_the_rater_edits_in_place_is_hers(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", BLANK)
    lab.night()
    book = lab.book()
    book["Sheet1"]["D2"] = 6
    book.save(lab.copy)
    edited = lab.copy.read_bytes()

    lab.night()
    assert lab.copy.read_bytes() == edited
    lab.sends("a.xlsx", BLANK.replace(".", "5"))
    lab.night()
    assert (lab.waiting(), lab.copy.read_bytes()) == ([], edited)


def test_a_copy_that_was_taken_away_is_there_again_while_it_waits(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", BLANK)
    lab.night()
    lab.copy.unlink()
    assert lab.night()["sheets sent back"] == 1
    assert len(lab.returned) == 1


def test_a_copy_is_made_anew_when_less_of_its_workbook_waits(lab: ReturningLab) -> None:
    lab.sends("a.xlsx", "session | rater | adherence | competence\nS-001 | R-1 | 4 | .\nS-002 | R-1 | 4 | .")
    lab.night()
    assert list(marks_of(lab.book())) == ["Sheet1!D2", "Sheet1!D3"]
    lab.sends("b.xlsx", BLANK.replace(".", "5"))
    assert lab.night()["sheets sent back"] == 1
    assert list(marks_of(lab.book())) == ["Sheet1!D3"]


@pytest.mark.parametrize("at", ["record", "swap"])
def test_a_night_killed_while_sending_back_is_finished_by_the_next(
    lab: ReturningLab, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    lab.sends("a.xlsx", BLANK)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(returned_record, "write_whole" if at == "record" else "sync_folder", killed)
        lab.night()
    lab.sends_back()

    assert len(lab.returned) == 1
    assert list(marks_of(lab.book())) == ["Sheet1!D2"]
    assert list((lab.settings.raw / "returned").rglob("*.part")) == []
    lab.sends("b.xlsx", BLANK.replace(".", "5"))
    lab.night()
    assert lab.returned == []


def test_a_record_that_points_elsewhere_removes_nothing_there(lab: ReturningLab) -> None:
    theirs = lab.settings.raw / "theirs.xlsx"
    lab.sends("a.xlsx", BLANK)
    lab.night()
    theirs.write_bytes(b"theirs")
    record = lab.settings.raw / "returned" / ".written.json"
    sha = returned_record.hash_file(theirs)
    record.write_text(f'{{"../theirs.xlsx": {{"{sha}": "x"}}}}')
    lab.sends_back()
    assert theirs.exists()


def test_a_copy_goes_to_the_raters_team(lab: ReturningLab) -> None:
    (lab.settings.raw).mkdir(parents=True, exist_ok=True)
    (lab.settings.raw / "therapists.csv").write_bytes(
        csv_bytes([["therapist_id", "team", "supervisor_id"], ["T-1", "s", "SV"]])
    )
    (lab.settings.raw / "raters.csv").write_bytes(
        csv_bytes([["rater_id", "team", "also_written"], ["R-1", "Sørlandet", ""]])
    )
    lab.sends("drop/a.xlsx", BLANK)
    lab.night()
    assert lab.returned[0].startswith("Sørlandet/a~mend-")


@pytest.mark.parametrize(
    ("workbook", "teams", "folder"),
    [
        ("a.xlsx", (), "no-team"),
        ("b/c/a.xlsx", (), "b"),
        ("b/a.xlsx", ("north",), "north"),
        ("b/a.xlsx", ("north", "south"), "b"),
        ("a.xlsx", ("..",), "sheet~"),
        ("a.xlsx", ("a/../b",), "a-..-b~"),
        ("a.xlsx", ("CON",), "CON_~"),
        ("a.xlsx", ("  ",), "no-team"),
    ],
)
def test_the_folder_is_the_team_else_where_it_lay(workbook: str, teams: tuple[str, ...], folder: str) -> None:
    found = team_folder(WaitingWorkbook(workbook, "0" * 64, (), (), teams, 1, ()))
    assert found == folder if not folder.endswith("~") else found.startswith(folder)
    assert "/" not in found


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("OPPTAK-101 ÅH", "OPPTAK-101 ÅH"),
        ("..", "sheet"),
        ("=cmd|' /C calc'!A0", "cmd-- -C calc--A0"),
        (".hidden", "hidden"),
        ("nul", "nul_"),
        ("a\u202eb", "a-b"),
        ("ø" * 300, "ø" * 60),
    ],
)
def test_names_are_harmless(name: str, safe: str) -> None:
    assert safe_stem(name) == safe
