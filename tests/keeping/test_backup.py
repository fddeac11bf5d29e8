"""A backup is whole or it is none; what it gives back is the same; and it does not bring erased people back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.errors import BackupWrong, NightRunning
from flows.failpoints import FailpointReached, arm
from flows.keeping.backups import known_backups, make_backup
from flows.keeping.restore import finish_restore, restore
from flows.load.lock import night_lock
from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT

SENT = f"""
{HEAD}
S-1 | R-1 | T-1 | P-1       | 2026-06-01 | 4 | 5 | calm
S-2 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | upset
S-3 | R-2 | T-2 | P-2       | 2026-06-03 | 9 | 4 | held
"""


Copy = Callable[[str, Callable[[Home], None]], Home]


def filled(home: Home) -> None:
    """A home with one workbook."""
    home.lab.sends("monday.xlsx", SENT)
    home.night()


def moved_on(home: Home) -> None:
    """That home with a backup of it in one of its folders, and a night that came after."""
    filled(home)
    make_backup(home.settings, home.path / "backups", home.now())
    home.lab.sends("new.csv", f"{HEAD}\nS-9 | R-1 | T-1 | P-1 | 2026-07-02 | 3 | 3 | .")
    home.night()


def backed_up(copy_of: Copy, tmp_path: Path) -> tuple[Home, Path]:
    """That home, and a backup of it."""
    home = copy_of("filled", filled)
    return home, make_backup(home.settings, tmp_path / "backups", home.now())


def test_a_restored_home_publishes_the_same_rows(copy_of: Copy, home_of: Callable[..., Home], tmp_path: Path) -> None:
    home, backup = backed_up(copy_of, tmp_path)
    other = home_of("other")
    shutil.rmtree(other.path / "schemas")
    other.n_nights = home.n_nights
    restore(other.settings, tmp_path / "backups", other.now())
    assert other.published(but=()) == home.published(but=())
    for one in (home, other):
        one.lab.sends("new.csv", f"{HEAD}\nS-9 | R-1 | T-1 | P-1 | 2026-07-02 | 3 | 3 | .")
        one.night()
    assert other.published(but=()) == home.published(but=())
    assert sorted(p.name for p in (other.settings.raw / "returned").rglob("*.xlsx")) == sorted(
        p.name for p in (home.settings.raw / "returned").rglob("*.xlsx")
    )
    assert backup in known_backups(other.settings)


def test_a_home_that_holds_something_is_replaced_only_when_asked(copy_of: Copy, tmp_path: Path) -> None:
    home, backup = backed_up(copy_of, tmp_path)
    before = home.published(but=())
    home.lab.sends("new.csv", f"{HEAD}\nS-9 | R-1 | T-1 | P-1 | 2026-07-02 | 3 | 3 | .")
    home.night()
    home.lab.leaves()
    with pytest.raises(BackupWrong, match="--replace"):
        restore(home.settings, backup, home.now())
    assert home.published(but=()) != before
    restore(home.settings, backup, home.now(), replace=True)
    assert home.published(but=()) == before


def changed(original: Path) -> None:
    content = original.read_bytes()
    original.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])


def test_a_damaged_backup_changes_nothing(copy_of: Copy, tmp_path: Path) -> None:
    home, backup = backed_up(copy_of, tmp_path)
    before = home.published(but=())
    harms: dict[str, Callable[[Path, Path], object]] = {
        "one byte": lambda _, original: changed(original),
        "missing": lambda _, original: original.unlink(),
        "too many": lambda folder, _: (folder / "raw" / "therapists.csv").write_text("therapist_id\n"),
        "manifest": lambda folder, _: (folder / "manifest.json").write_text("{"),
    }
    for name, harm in harms.items():
        harmed = tmp_path / name
        shutil.copytree(backup, harmed)
        harm(harmed, next(p for p in (harmed / "raw" / "archive").rglob("*") if p.is_file()))
        with pytest.raises(BackupWrong, match=r"damaged|no whole backup"):
            restore(home.settings, harmed, home.now(), replace=True)
        assert home.published(but=()) == before, name


def test_erasing_goes_through_the_backups_that_the_home_knows(
    copy_of: Copy, home_of: Callable[..., Home], tmp_path: Path
) -> None:
    home, backup = backed_up(copy_of, tmp_path)
    gone = make_backup(home.settings, tmp_path / "elsewhere", home.now())
    shutil.rmtree(gone)
    said = home.erases(patients=[PATIENT])
    assert f"The backup {backup} was gone through." in said
    assert f"The backup {gone} cannot be reached. Where it still exists, delete it by hand." in said
    copy = Home(backup)
    assert copy.where(PATIENT) == []
    other = home_of("other")
    restore(other.settings, backup, other.now(), replace=True)
    assert other.published() == home.published()


def test_an_old_backup_does_not_bring_back_whom_the_home_erased_since(copy_of: Copy, tmp_path: Path) -> None:
    home, backup = backed_up(copy_of, tmp_path)
    hidden = tmp_path / "on a shelf"
    backup.rename(hidden)
    home.erases(patients=[PATIENT])
    before = home.published()
    said = restore(home.settings, hidden, home.now(), replace=True)
    assert "1 ratings of people who were erased since were erased again." in said[0]
    assert home.where(PATIENT) == []
    assert home.published() == before
    home.lab.sends("monday.xlsx", SENT)
    home.night()
    assert home.where(PATIENT) == []


def test_a_backup_that_is_killed_is_none(copy_of: Copy, home_of: Callable[..., Home], tmp_path: Path) -> None:
    home = copy_of("filled", filled)
    other = home_of("other")
    for n, place in enumerate(("backup half copied: raise, 3", "backup whole: raise")):
        arm(place)
        with pytest.raises(FailpointReached):
            make_backup(home.settings, tmp_path / f"later {n}", home.now(1))
        arm("")
        with pytest.raises(BackupWrong, match="no whole backup"):
            restore(other.settings, tmp_path / f"later {n}", home.now(2))
    home.erases(patients=[PATIENT])
    assert [p for p in tmp_path.glob("later */**/*") if p.is_file()] == []


@pytest.mark.parametrize("place", ["restore half copied: raise, 3", "home set aside: raise", "home restored: raise"])
def test_a_restore_that_is_killed_is_finished_or_forgotten(copy_of: Copy, place: str) -> None:
    home = copy_of("moved on", moved_on)
    after = home.published()
    (backup,) = (home.path / "backups").iterdir()
    arm(place)
    with pytest.raises(FailpointReached):
        restore(home.settings, backup, home.now(), replace=True)
    arm("")
    # as the next night begins
    finish_restore(home.settings)
    there = [
        session for (session,) in home.asks("select distinct session_id from supervision.session_item order by all")
    ]
    assert there == (["S-1", "S-2", "S-9"] if place.startswith("restore") else ["S-1", "S-2"])
    assert (home.published() == after) is place.startswith("restore")
    assert not (home.settings.warehouse / ".restoring").exists()


def test_nobody_backs_up_while_a_night_runs(home_of: Callable[..., Home], tmp_path: Path) -> None:
    home = home_of()
    with night_lock(home.settings, home.now()), pytest.raises(NightRunning):
        make_backup(home.settings, tmp_path / "backups", home.now())
    with pytest.raises(BackupWrong, match="in the home itself"):
        make_backup(home.settings, home.path / "raw" / "backups", home.now())
