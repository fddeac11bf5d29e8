"""Sheets from night to night: what is unchanged stays, what is gone goes, and what a person wrote is kept."""

from __future__ import annotations

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


def test_a_night_with_nothing_new_leaves_every_file_untouched(tmp_path: Path) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    before = bytes_below(tmp_path)
    assert write_supervision_sheets(small_lab().con, tmp_path, NEXT_NIGHT) == SheetCounts(n_unchanged=3)
    assert bytes_below(tmp_path) == before


def test_a_new_remark_rewrites_that_therapists_sheet_alone(tmp_path: Path) -> None:
    lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    before = bytes_below(tmp_path)
    lab.remarks("T-3-S4/R-1/observer/mbt-session", None, "F31", "A new remark.")
    assert write_supervision_sheets(lab.con, tmp_path, NEXT_NIGHT) == SheetCounts(n_written=1, n_unchanged=2)
    after = bytes_below(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"SV-2/T-3.xlsx", "SV-2/.fingerprints.json"}


def test_a_therapist_who_changes_supervisor_takes_her_sheet_along(tmp_path: Path) -> None:
    lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-1' where therapist_id in ('T-2', 'T-3')")
    counts = write_supervision_sheets(lab.con, tmp_path, FACTS)
    assert counts == SheetCounts(n_written=2, n_unchanged=1, n_removed=2)
    assert sorted(path.name for path in tmp_path.glob("SV-1/*.xlsx")) == ["T-1.xlsx", "T-2.xlsx", "T-3.xlsx"]
    assert not list(tmp_path.glob("SV-2/*.xlsx"))


def test_an_answer_typed_into_a_sheet_is_left_alone_while_nothing_is_new(tmp_path: Path) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    answer(tmp_path / "SV-1/T-1.xlsx", "I see it otherwise.")
    assert write_supervision_sheets(small_lab().con, tmp_path, NEXT_NIGHT) == SheetCounts(n_unchanged=3)
    assert "I see it otherwise." in texts_of(open_book(tmp_path / "SV-1/T-1.xlsx")["Supervision sheet"])


def test_an_answer_typed_into_a_sheet_is_set_aside_when_the_sheet_is_made_anew(tmp_path: Path) -> None:
    lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    for day in (5, 5, 6):
        answer(tmp_path / "SV-1/T-1.xlsx", f"Answer of day {day}.")
        lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", f"New on day {day}.")
        counts = write_supervision_sheets(lab.con, tmp_path, replace(FACTS, night_on=date(2026, 5, day)))
        assert (counts.n_written, counts.n_set_aside) == (1, 1)
    names = sorted(path.name for path in tmp_path.glob("SV-1/T-1~*.xlsx"))
    assert names == [
        "T-1~changed-by-hand-2026-05-05-2.xlsx",
        "T-1~changed-by-hand-2026-05-05.xlsx",
        "T-1~changed-by-hand-2026-05-06.xlsx",
    ]
    kept = open_book(tmp_path / "SV-1" / names[2])["Supervision sheet"]
    assert "Answer of day 6." in texts_of(kept)


def test_what_was_set_aside_goes_with_the_therapist(tmp_path: Path) -> None:
    lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    answer(tmp_path / "SV-1/T-1.xlsx", "An answer.")
    lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", "New.")
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    own = tmp_path / "SV-1/my copy.xlsx"
    own.write_bytes(b"a person's own file")
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-2' where therapist_id = 'T-1'")
    assert write_supervision_sheets(lab.con, tmp_path, FACTS).n_removed == 1
    assert list(tmp_path.glob("SV-1/*.xlsx")) == [own]


@pytest.mark.parametrize("damage", [b"", b"half a file"])
def test_a_damaged_sheet_is_written_anew(tmp_path: Path, damage: bytes) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    (tmp_path / "SV-1/T-1.xlsx").write_bytes(damage)
    assert write_supervision_sheets(small_lab().con, tmp_path, FACTS).n_written == 1
    assert open_book(tmp_path / "SV-1/T-1.xlsx").sheetnames == ["Supervision sheet"]


def test_a_deleted_sheet_comes_back(tmp_path: Path) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    (tmp_path / "SV-1/T-1.xlsx").unlink()
    assert write_supervision_sheets(small_lab().con, tmp_path, FACTS) == SheetCounts(n_written=1, n_unchanged=2)


@pytest.mark.parametrize("record", ["", "[]", '{"T-1.xlsx": 4}', "{"])
def test_a_lost_record_costs_a_rewriting_and_nothing_else(tmp_path: Path, record: str) -> None:
    write_supervision_sheets(small_lab().con, tmp_path, FACTS)
    (tmp_path / "SV-1" / unchanged.RECORD).write_text(record)
    assert write_supervision_sheets(small_lab().con, tmp_path, FACTS).n_written == 1
    assert write_supervision_sheets(small_lab().con, tmp_path, FACTS).n_unchanged == 3


def test_a_sheet_of_a_folder_whose_record_is_lost_does_not_outlive_its_therapist(tmp_path: Path) -> None:
    lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    (tmp_path / "SV-1" / unchanged.RECORD).unlink()
    lab.con.execute("update reference.therapist set supervisor_id = 'SV-2' where therapist_id = 'T-1'")
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    assert not list(tmp_path.glob("SV-1/*.xlsx"))


def test_a_night_killed_while_swapping_is_taken_up_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab: Lab = small_lab()
    write_supervision_sheets(lab.con, tmp_path, FACTS)
    lab.remarks("T-1-S4/R-1/observer/mbt-session", None, "F31", "New.")

    def killed(self: unchanged.FolderRecord, name: str, today: date) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as night:
        night.setattr(unchanged.FolderRecord, "_set_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            write_supervision_sheets(lab.con, tmp_path, FACTS)
    counts = write_supervision_sheets(lab.con, tmp_path, FACTS)
    assert (counts.n_written, counts.n_set_aside) == (1, 0)
    assert sorted(path.name for path in tmp_path.glob("SV-1/*")) == [unchanged.RECORD, "T-1.xlsx"]
    assert "New." in texts_of(open_book(tmp_path / "SV-1/T-1.xlsx")["Supervision sheet"])
