"""The three labs' sheets, two nights, held against an answer sheet that this code had no part in."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lab import Lab

EXAMPLES = Path(__file__).parents[2] / "raw" / "examples"
KEY = Path(__file__).parent / "answers" / "key.csv.gz"
REASONS = {
    "error value": "error_value",
    "half point on a whole-point scale": "half_point",
    "left blank": "cell_blank",
    "no rater": "rater_missing",
    "not a rating": "not_a_rating",
    "out of range": "out_of_range",
    "two different ratings by one rater": "two_ratings",
    "unknown therapist": "therapist_unknown",
}
Place = tuple[str, str, str, str]  # session, rater, item, scale
Cell = tuple[str, float | None, str, str, str]  # state, value, therapist, patient, date
CELLS = """
select
    session_id, rater_id, item, scale,
    state, value, therapist_ids[1], patient_id, session_on::varchar
from current.rating join current.score using (rating_id)
"""


def key() -> list[dict[str, str]]:
    """The answer sheet, a dict a cell."""
    return list(csv.DictReader(io.StringIO(gzip.decompress(KEY.read_bytes()).decode())))


def wanted(night: int) -> dict[Place, Cell]:
    """Every cell that must count after that night; a later night's accepted cells replace what they supersede."""
    cells: dict[Place, Cell] = {}
    for row in key():
        counts = row["verdict"] == "accepted" or (row["verdict"] == "superseded" and night == 1)
        if int(row["night"]) <= night and counts:
            place = (row["session"], row["rater"], row["item"], row["scale"])
            value = float(row["value"]) if row["value"] else None
            cells[place] = (row["state"], value, row["therapist"], row["patient"], row["date"])
    return cells


def found(lab: Lab) -> dict[Place, Cell]:
    """Every cell that counts in the lab."""
    return {(s, r, i, c): tuple(rest) for s, r, i, c, *rest in lab.rows(CELLS)}  # type: ignore[misc]


@pytest.fixture(scope="module")
def nights(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]]]:
    """What counts after each of the two nights, the lab after the second, and what waited after the first."""
    lab = Lab(tmp_path_factory.mktemp("labs"), validates=True)
    shutil.copytree(EXAMPLES / "schemas", lab.settings.own_schemas)
    for night in ("night1", "night2"):
        shutil.copytree(EXAMPLES / night, lab.settings.inbox, dirs_exist_ok=True)
        if night == "night1":
            for roster in ("therapists.csv", "raters.csv"):
                shutil.copy(EXAMPLES / roster, lab.settings.raw / roster)
            lab.night()
            first, waited = found(lab), [(b, s or "", r or "", c) for b, s, r, c in lab.waiting()]
    lab.night()
    yield [first, found(lab)], lab, waited
    lab.leaves()


@pytest.mark.parametrize("night", [1, 2])
def test_every_cell_reads_as_the_answer_sheet_says_and_nothing_else_counts(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]], night: int
) -> None:
    cells, want = nights[0][night - 1], wanted(night)
    assert len(want) == {1: 8440, 2: 8474}[night]
    wrong = {place: (cell, cells.get(place)) for place, cell in want.items() if cells.get(place) != cell}
    assert wrong == {}
    assert set(cells) - set(want) == set()


def test_every_rating_that_should_be_held_waits_with_a_reason_that_fits(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]],
) -> None:
    held = {(r["file"], r["session"], REASONS[r["verdict"][5:]]) for r in key() if r["verdict"].startswith("held:")}
    assert len(held) == 10
    assert {(book.rpartition("/")[2], session, code) for book, session, _, code in nights[2]} == held


def test_the_mended_sheet_of_the_second_night_ends_its_waiting(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]],
) -> None:
    still = {(book, session) for book, session, _, _ in nights[1].waiting()}
    assert {(book, session) for book, session, _, _ in nights[2]} - still == {("north/OPPTAK-104 AH.xls", "OPPTAK-104")}


def test_what_is_no_rating_is_told_for_what_it_is(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]],
) -> None:
    found = nights[1].rows(
        "select workbook, outcome, reason_code from history.workbook where n_ratings = 0 and workbook not like '%Kopi%'"
        " and workbook <> 'north/OPPTAK-100 KT.xlsx' order by 1"
    )
    assert found == [
        ("north/OPPTAK-198 ML.xlsx", "refused", "empty_file"),
        ("north/OPPTAK-199 KT.ods", "refused", "damaged"),
        ("north/les meg.txt", "refused", "not_a_spreadsheet"),
        ("north/~$OPPTAK-101 AH.xlsx", "ignored", None),
    ]


def test_one_of_two_copies_is_the_duplicate_of_the_other(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]],
) -> None:
    twins = "('north/Kopi av skjema (2).xlsx', 'north/OPPTAK-100 KT.xlsx')"
    outcomes = nights[1].rows(f"select outcome from history.workbook where workbook in {twins} order by 1")
    assert outcomes == [("accepted",), ("duplicate",)]


def test_found_is_accepted_and_held_and_duplicate(
    nights: tuple[list[dict[Place, Cell]], Lab, list[tuple[str, ...]]],
) -> None:
    ledger = nights[1].ledger()
    assert all(found == accepted + held + twice for found, accepted, held, twice in ledger)
    assert sum(found for found, *_ in ledger) == nights[1].rows("select count(*) from history.rating")[0][0]
