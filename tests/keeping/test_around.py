"""What lies around a home: its roster as a workbook, folders named after people, Prefect's records, and what cannot be mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from python_calamine import CalamineWorkbook

from flows.errors import StillFound
from flows.keeping.search import sought_of
from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT, SPELT, THERAPIST
from tests.support.intake_sheets import xlsx_bytes

ROSTER = {
    "therapists": [["therapist_id", "team", "supervisor_id"], ["T-1", "north", "7"], [THERAPIST, "north", "SV-1"]],
    "raters": [["rater_id", "team", "also_written"], ["7", "", ""], ["R-1", "", "Ann"], ["R-2", "", f"Bea; {SPELT}"]],
    "plan": [["therapist_id", "period", "sessions"], [THERAPIST, "2026-Q3", "4"], ["T-1", "2026-Q3", "3"]],
}


def filled(home: Home) -> None:
    """A home with a roster as a workbook, in which a rater who supervises has an id of one character."""
    (home.settings.raw / "roster.xlsx").write_bytes(xlsx_bytes(ROSTER))
    lines = [f"S-{n} | {rater} | T-1 | P-1 | 2026-06-01 | {n} | 5 | ." for n in (1, 2) for rater in ("7", "R-1")]
    home.lab.sends("monday.csv", "\n".join([HEAD, *lines]))
    home.night()


@pytest.fixture
def home(copy_of: Callable[[str, Callable[[Home], None]], Home]) -> Home:
    """That home, for one test to change."""
    return copy_of("with a roster as a workbook", filled)


def test_lines_of_a_roster_workbook_are_blanked_and_folders_of_short_ids_removed(home: Home) -> None:
    raters, supervision = (home.settings.published / name for name in ("raters", "supervision"))
    (raters / "7").mkdir(parents=True, exist_ok=True)
    assert (supervision / "7").is_dir()
    home.erases(therapists=[THERAPIST], raters=["7", SPELT])
    book = CalamineWorkbook.from_path(str(home.settings.raw / "roster.xlsx"))
    left = {name: book.get_sheet_by_name(name).to_python() for name in ROSTER}
    assert left["therapists"][1:] == [["T-1", "north", ""]]
    assert [row for row in left["raters"][1:] if any(row)] == [["R-1", "", "Ann"]]
    assert [row for row in left["plan"][1:] if any(row)] == [["T-1", "2026-Q3", 3.0]]
    assert not (raters / "7").exists()
    assert not (supervision / "7").exists()
    assert home.asks("select distinct rater_id from supervision.session_item") == [("R-1",)]


def test_prefects_records_go_when_they_hold_an_id_and_what_cannot_be_mended_is_told_without_it(home: Home) -> None:
    prefect = home.settings.warehouse / "prefect"
    prefect.mkdir()
    with closing(sqlite3.connect(prefect / "prefect.db")) as records, records:
        records.execute("create table run (said varchar)")
        records.execute("insert into run values (?)", [f"seen {PATIENT}"])
    layouts = home.settings.own_schemas / "layouts"
    (layouts / f"for {PATIENT.upper()}.txt").write_text("not ours to change")
    with pytest.raises(StillFound) as told:
        home.erases(patients=[PATIENT])
    assert not prefect.exists()
    assert "layouts/for ***.txt" in str(told.value)
    assert PATIENT.lower() not in str(told.value).lower()
    assert home.where(PATIENT) == [f"name of {layouts}/for {PATIENT.upper()}.txt"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("T-12.xlsx", "***.xlsx"), ("T-123.xlsx", "T-123.xlsx"), ("xCanary77y", "x***y"), ("7.csv", "7.csv")],
)
def test_an_id_is_masked_in_what_is_told_as_far_as_its_length_allows(text: str, told: str) -> None:
    assert sought_of({"patient": ["t-12", "canary77", "7"]}).masked(text) == told
