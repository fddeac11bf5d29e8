"""The roster: who there is, from a workbook or from csv files."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import RosterWrong
from flows.intake.roster import KnownPeople, read_roster
from flows.intake.suggest import nearest
from schemas.codes import Role
from schemas.roster import Plan, Rater, Roster, Therapist
from tests.support.intake_sheets import drawn, xlsx_bytes

THERAPISTS = "therapist_id | team | supervisor_id\n 007 | west | SV-1\n N-01 | . | ."
RATERS = "rater_id | team | also_written\n Anna | west | Anna Berg; A. Berg, AB\n Ben | west | ."


def write_workbook(folder: Path, **sheets: str) -> Path:
    """A roster.xlsx with these sheets."""
    tables = {
        name: [[f"'{c}" if c.isdigit() else c for c in row] for row in drawn(text)] for name, text in sheets.items()
    }
    (folder / "roster.xlsx").write_bytes(xlsx_bytes(tables))
    return folder


def test_without_a_roster_there_is_an_empty_one(tmp_path: Path) -> None:
    assert read_roster(tmp_path) == Roster()


def test_a_workbook_names_therapists_raters_and_the_plan(tmp_path: Path) -> None:
    plan = "therapist_id | period | sessions | raters\n 007 | 2026-H1 | 2 | 2\n . | 2026 | 4 | ."
    write_workbook(tmp_path, therapists=THERAPISTS, raters=RATERS, plan=plan)
    assert read_roster(tmp_path) == Roster(
        (Therapist("007", "west", "SV-1"), Therapist("N-01", None, None)),
        (Rater("Anna", "west", ("Anna Berg", "A. Berg", "AB")), Rater("Ben", "west", ())),
        (Plan("007", "2026-H1", 2, 2), Plan(None, "2026", 4, 1)),
        is_present=True,
    )


def test_csv_files_say_the_same_in_any_delimiter_and_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "therapists.csv").write_bytes("\ufefftherapist_id;team;supervisor_id\r\n007;west;SV-1\r\n".encode())
    (tmp_path / "raters.csv").write_text("rater_id\tteam\nAnna\twest\n", encoding="utf-8")
    roster = read_roster(tmp_path)
    assert roster.therapists == (Therapist("007", "west", "SV-1"),)
    assert roster.raters == (Rater("Anna", "west", ()),)


def test_one_csv_file_of_two_is_no_roster_and_says_which_is_missing(tmp_path: Path) -> None:
    (tmp_path / "therapists.csv").write_text("therapist_id,team,supervisor_id\nT-1,west,SV-1\n", encoding="utf-8")
    with pytest.raises(
        RosterWrong, match=r"^raw/ has no raters\.csv\. Add it with the columns rater_id, team, also_written\.$"
    ):
        read_roster(tmp_path)


def test_headers_may_be_written_as_people_write_them_and_blank_rows_do_not_matter(tmp_path: Path) -> None:
    write_workbook(
        tmp_path,
        Therapists="Therapist ID | Team | Supervisor ID\n T-1 | a | .\n . | . | .\n T-2 | b | S",
        raters=RATERS,
    )
    assert [t.therapist_id for t in read_roster(tmp_path).therapists] == ["T-1", "T-2"]


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        (
            {"therapists": THERAPISTS},
            "raw/roster.xlsx has no sheet called raters. Add it with the columns rater_id, team, also_written.",
        ),
        (
            {"therapists": "name | team\n A | b", "raters": RATERS},
            "In roster.xlsx, the first row of therapists must hold the headers therapist_id, team, supervisor_id.",
        ),
        (
            {"therapists": THERAPISTS + "\n 007 | east | .", "raters": RATERS},
            "The roster names one therapist id twice. Keep one of the rows.",
        ),
        (
            {"therapists": THERAPISTS, "raters": RATERS + "\n . | east | ."},
            "The roster has a row without a rater id. Fill it in or delete the row.",
        ),
        (
            {
                "therapists": THERAPISTS,
                "raters": RATERS,
                "plan": "therapist_id | period | sessions | raters\n X | 2026 | 2 | 1",
            },
            "The plan names a therapist who is not among the therapists. Correct the id in the plan.",
        ),
        (
            {
                "therapists": THERAPISTS,
                "raters": RATERS,
                "plan": "therapist_id | period | sessions | raters\n 007 | spring | 2 | 1",
            },
            "A period of the plan is not written as 2026, 2026-H1 or 2026-Q1. Correct the sheet plan of the roster.",
        ),
        (
            {
                "therapists": THERAPISTS,
                "raters": RATERS,
                "plan": "therapist_id | period | sessions | raters\n 007 | 2026 | two | 1",
            },
            "The plan needs whole numbers under sessions and raters.",
        ),
    ],
)
def test_a_roster_that_contradicts_itself_is_an_error_with_the_next_step(
    tmp_path: Path, sheets: dict[str, str], message: str
) -> None:
    with pytest.raises(RosterWrong) as wrong:
        read_roster(write_workbook(tmp_path, **sheets))
    assert str(wrong.value) == message


def test_a_roster_that_cannot_be_opened_is_an_error_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "roster.xlsx").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(RosterWrong, match="Save it again as an Excel workbook without a password"):
        read_roster(tmp_path)


def test_one_spelling_of_two_raters_is_an_error() -> None:
    raters = (Rater("Anna", None, ("AB",)), Rater("Astrid", None, ("ab",)))
    with pytest.raises(RosterWrong, match="gives one spelling"):
        KnownPeople(Roster((), raters, is_present=True))


def test_ids_that_differ_only_in_case_are_told_apart_by_their_exact_writing() -> None:
    people = KnownPeople(Roster((), (Rater("ab"), Rater("AB")), is_present=True))
    assert (people.rater("ab"), people.rater("AB"), people.rater("Ab")) == ("ab", "AB", None)


def test_with_a_roster_unknown_people_are_unknown_and_without_one_everybody_is_known() -> None:
    roster = Roster((Therapist("T-1", None, "SV-1"),), (Rater("R-1"),), is_present=True)
    assert KnownPeople(roster).therapist("T-9") is None
    assert KnownPeople(roster).rater("SV-1", Role.SUPERVISOR) == "SV-1"
    assert KnownPeople(Roster()).therapist("T-9") == "T-9"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("N-10", " Did you mean N-01?"),
        ("N01", " Did you mean N-01?"),
        ("N-0l", " Did you mean N-01?"),
        ("completely other", ""),
        ("", ""),
    ],
)
def test_the_nearest_id_is_suggested_when_two_slips_at_most_lead_to_it(text: str, suggestion: str) -> None:
    assert nearest(text, ["N-01", "Zebra"]) == suggestion
