"""What trials work on: sheets of one of the demo's labs on two evenings, with corrections and a changed roster."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from flows.demo import EXAMPLES
from flows.errors import NightFailed, UsageError
from flows.prove.nights import Have, settings_of
from flows.prove.state import FIRST, SECOND, copy_home, lies_about, state_of
from flows.prove.trial import Evening

LAB = "north"
FIRST_SHEETS = ("OPPTAK-100 ML.xlsx", "OPPTAK-101 BL.ods", "OPPTAK-104 AH.xls", "OPPTAK-105 BL.xlsx")
SECOND_SHEETS = ("OPPTAK-100 KT.xlsx", "OPPTAK-102 AH.xlsx", "OPPTAK-105 ML.xlsx")
UNKNOWN_AT_FIRST = (
    "BL"  # a rater whom the roster of the first evening does not have: her sheets wait, and are let in later
)


def make_home(home: Path) -> Path:
    """A home with the demo lab's layouts and roster, without sheets.

    Raises:
        UsageError: the demo's sheets are not installed.
    """
    if not (EXAMPLES / "night1" / LAB).is_dir():
        raise UsageError(
            "The example sheets that trials are made of are not installed. Run it in a clone of the project."
        )
    (home / "raw" / "inbox").mkdir(parents=True)
    shutil.copytree(EXAMPLES / "schemas", home / "schemas")
    _copy_roster("therapists.csv", home)
    _copy_roster("raters.csv", home, but=UNKNOWN_AT_FIRST)
    return home


def _copy_roster(name: str, home: Path, but: str = "") -> None:
    """The people of the lab alone: for each supervisor a file is published, in every night that is tried."""
    with (EXAMPLES / name).open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with (home / "raw" / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *(row for row in rows if row[1] == LAB and row[0] != but)])


def send_first(home: Path) -> None:
    """The sheets of the first evening."""
    for name in FIRST_SHEETS:
        shutil.copy2(EXAMPLES / "night1" / LAB / name, home / "raw" / "inbox" / name)


def send_second(home: Path) -> None:
    """What comes on the second: new sheets, corrections of the first, a copy, half a file, a lock; and the whole roster."""
    inbox = home / "raw" / "inbox"
    for name in SECOND_SHEETS:
        shutil.copy2(EXAMPLES / "night1" / LAB / name, inbox / name)
    (inbox / "team").mkdir()
    for found in sorted((EXAMPLES / "night2" / LAB).iterdir()):
        shutil.copy2(found, inbox / "team" / found.name)
    shutil.copy2(EXAMPLES / "night1" / LAB / FIRST_SHEETS[0], inbox / "team" / "copy.xlsx")
    (inbox / "half.xlsx").write_bytes(b"PK\x03\x04 half")
    (inbox / "~$half.xlsx").write_bytes(b"lock")
    _copy_roster("raters.csv", home)


def make_evening(folder: Path, nights: Have) -> Evening:
    """A home with one night published and the next sheets sent, and what an undisturbed night makes of it.

    Raises:
        NightFailed: not even an undisturbed night goes well here.
    """
    home = make_home(folder / "evening")
    send_first(home)
    _have_well(nights, home, FIRST)
    send_second(home)
    before = state_of(home)
    calm = copy_home(home, folder / "undisturbed")
    _have_well(nights, calm, SECOND)
    return Evening(home, before, state_of(calm))


def _have_well(nights: Have, home: Path, night_on: str) -> None:
    ended = nights.have(home, night_on)
    if ended.exit_code or lies_about(home):
        raise NightFailed(f"Nothing could be tried: a night that nobody disturbs does not end well here. {ended.said}")


def inbox_of(home: Path) -> Path:
    """Where the sheets of a trial's home are dropped."""
    return settings_of(home).inbox
