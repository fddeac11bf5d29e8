"""Sheets from night to night: what is unchanged stays, what is gone goes, and what a person wrote is kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.publish import unchanged
from flows.publish.supervision_sheet import SheetCounts, write_supervision_sheets
from tests.support.publish_fixture import FACTS, Lab, small_lab
from tests.support.workbooks import open_book, texts_of

NEXT_NIGHT = replace(FACTS, night_on=date(2026, 5, 5), since=date(2026, 2, 4))


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def answer(path: Path, words: str) -> None:
    """The therapist writes into her sheet and saves it."""
    book = open_book(path)
    sheet = book["Supervision sheet"]
    sheet.cell(sheet.max_row, 1).value = words
    book.save(path)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheets of the small lab's first night."""
    folder = tmp_path_factory.mktemp("written")
    write_supervision_sheets(small_lab().con, folder, FACTS)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """They lie there, for one test to change."""
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def test_a_night_with_nothing_new_leaves_every_file_untouched(folder: Path) -> None:
    before = bytes_below(folder)
    assert write_supervision_sheets(small_lab().con, folder, NEXT_NIGHT) == SheetCounts(n_unchanged=3)
    assert bytes_below(folder) == before


def test_a_new_remark_rewrites_that_therapists_sheet_alone(folder: Path) -> None:
    lab = small_lab()
    before = bytes_below(folder)
    lab.remarks("T-3-S4/R-1/observer/mbt-session", None, "F31", "A new remark.")
    assert write_supervision_sheets(lab.con, folder, NEXT_NIGHT) == SheetCounts(n_written=1, n_unchanged=2)
    after = bytes_below(folder)
    assert {name for name in after if after[name] != before[name]} == {"SV-2/T-3.xlsx", "SV-2/.fingerprints.json"}


def test_a_therapist_who_changes_supervisor_takes_her_sheet_along(folder: Path) -> None:
    lab = small_lab()
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-1' where therapist_id in ('T-2', 'T-3')")
    counts = write_supervision_sheets(lab.con, folder, FACTS)
    assert counts == SheetCounts(n_written=2, n_unchanged=1, n_removed=2)
    assert sorted(path.name for path in folder.glob("SV-1/*.xlsx")) == ["T-1.xlsx", "T-2.xlsx", "T-3.xlsx"]
    assert not list(folder.glob("SV-2/*.xlsx"))


def test_an_answer_typed_into_a_sheet_is_left_alone_while_nothing_is_new(folder: Path) -> None:
    answer(folder / "SV-1/T-1.xlsx", "I see it otherwise.")
    assert write_supervision_sheets(small_lab().con, folder, NEXT_NIGHT) == SheetCounts(n_unchanged=3)
    assert "I see it otherwise." in texts_of(open_book(folder / "SV-1/T-1.xlsx")["Supervision sheet"])


def test_an_answer_typed_into_a_sheet_is_set_aside_when_the_sheet_is_made_anew(folder: Path) -> None:
    lab = small_lab()
    for day in (5, 5, 6):
        answer(folder / "SV-1/T-1.xlsx", f"Answer of day {day}.")
        lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", f"New on day {day}.")
        counts = write_supervision_sheets(lab.con, folder, replace(FACTS, night_on=date(2026, 5, day)))
        assert (counts.n_written, counts.n_set_aside) == (1, 1)
    names = sorted(path.name for path in folder.glob("SV-1/T-1~*.xlsx"))
    assert names == [
        "T-1~changed-by-hand-2026-05-05-2.xlsx",
        "T-1~changed-by-hand-2026-05-05.xlsx",
        "T-1~changed-by-hand-2026-05-06.xlsx",
    ]
    kept = open_book(folder / "SV-1" / names[2])["Supervision sheet"]
    assert "Answer of day 6." in texts_of(kept)


def test_what_was_set_aside_goes_with_the_therapist(folder: Path) -> None:
    lab = small_lab()
    answer(folder / "SV-1/T-1.xlsx", "An answer.")
    lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", "New.")
    write_supervision_sheets(lab.con, folder, FACTS)
    own = folder / "SV-1/my copy.xlsx"
    own.write_bytes(b"a person's own file")
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-2' where therapist_id = 'T-1'")
    assert write_supervision_sheets(lab.con, folder, FACTS).n_removed == 1
    assert list(folder.glob("SV-1/*.xlsx")) == [own]


@pytest.mark.parametrize("damage", [b"", b"half a file"])
def test_a_damaged_sheet_is_written_anew(folder: Path, damage: bytes) -> None:
    (folder / "SV-1/T-1.xlsx").write_bytes(damage)
    assert write_supervision_sheets(small_lab().con, folder, FACTS).n_written == 1
    assert open_book(folder / "SV-1/T-1.xlsx").sheetnames == ["Supervision sheet"]


def test_a_deleted_sheet_comes_back(folder: Path) -> None:
    (folder / "SV-1/T-1.xlsx").unlink()
    assert write_supervision_sheets(small_lab().con, folder, FACTS) == SheetCounts(n_written=1, n_unchanged=2)


@pytest.mark.parametrize("record", ["", "[]", '{"T-1.xlsx": 4}', "{"])
def test_a_lost_record_costs_a_rewriting_and_nothing_else(folder: Path, record: str) -> None:
    (folder / "SV-1" / unchanged.RECORD).write_text(record)
    assert write_supervision_sheets(small_lab().con, folder, FACTS).n_written == 1
    assert write_supervision_sheets(small_lab().con, folder, FACTS).n_unchanged == 3


def test_a_sheet_of_a_folder_whose_record_is_lost_does_not_outlive_its_therapist(folder: Path) -> None:
    lab = small_lab()
    (folder / "SV-1" / unchanged.RECORD).unlink()
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-2' where therapist_id = 'T-1'")
    write_supervision_sheets(lab.con, folder, FACTS)
    assert not list(folder.glob("SV-1/*.xlsx"))


def test_a_night_killed_while_swapping_is_taken_up_without_loss(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab: Lab = small_lab()
    lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", "New.")

    def killed(self: unchanged.FolderRecord, name: str, today: date) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as night:
        night.setattr(unchanged.FolderRecord, "_set_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            write_supervision_sheets(lab.con, folder, FACTS)
    counts = write_supervision_sheets(lab.con, folder, FACTS)
    assert (counts.n_written, counts.n_set_aside) == (1, 0)
    assert sorted(path.name for path in folder.glob("SV-1/*")) == [unchanged.RECORD, "T-1.xlsx"]
    assert "New." in texts_of(open_book(folder / "SV-1/T-1.xlsx")["Supervision sheet"])
