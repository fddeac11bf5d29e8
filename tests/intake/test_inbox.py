"""Receiving: what has settled is taken and kept, nothing is lost, and names do no harm."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.intake import inbox
from flows.intake.inbox import (
    Received,
    clear_inbox,
    is_ignored,
    open_receipts,
    original,
    receipts_folder,
    receive,
    shown,
)
from flows.settings import Settings, load_settings

STAMP = dt.datetime.fromisoformat("2026-07-01T04:15")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with an empty inbox."""
    made = load_settings(tmp_path)
    made.inbox.mkdir(parents=True)
    return made


def drop(settings: Settings, name: str, content: bytes = b"a sheet") -> Path:
    """Put a file into the inbox."""
    path = settings.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def no_wait(_seconds: float) -> None:
    """The two looks fall together."""


def taken(settings: Settings, wait: Callable[[float], None] = no_wait, stamp: dt.datetime = STAMP) -> dict[str, str]:
    """Name -> kind of all that was received."""
    return {r.workbook: r.kind for r in receive(settings, stamp, wait)}


def test_an_empty_inbox_is_not_waited_for(settings: Settings) -> None:
    waits: list[float] = []
    assert receive(settings, STAMP, waits.append) == []
    assert waits == []


def test_between_the_two_looks_the_set_time_passes(settings: Settings) -> None:
    drop(settings, "a.xlsx")
    waits: list[float] = []
    receive(settings, STAMP, waits.append)
    assert waits == [2]


def test_a_settled_sheet_is_kept_under_the_hash_of_its_bytes(settings: Settings) -> None:
    drop(settings, "north/a.xlsx", b"a sheet")
    sha = hashlib.sha256(b"a sheet").hexdigest()
    assert receive(settings, STAMP, no_wait) == [Received("north/a.xlsx", sha, STAMP, "sheet", "north/a.xlsx")]
    assert original(settings, sha).read_bytes() == b"a sheet"
    assert original(settings, sha) == settings.archive / sha[:2] / sha
    assert (settings.inbox / "north/a.xlsx").exists()


def test_a_sheet_that_grows_changes_or_appears_between_two_looks_is_still_arriving(settings: Settings) -> None:
    growing, touched = drop(settings, "growing.xlsx"), drop(settings, "touched.xlsx")
    drop(settings, "settled.xlsx")

    def meanwhile(_seconds: float) -> None:
        growing.write_bytes(b"a sheet, and more of it")
        os.utime(touched, (1, 1))
        drop(settings, "new.xlsx")

    assert taken(settings, meanwhile) == {
        "growing.xlsx": "arriving",
        "touched.xlsx": "arriving",
        "settled.xlsx": "sheet",
        "new.xlsx": "arriving",
    }


def test_a_sheet_that_goes_away_between_two_looks_was_never_there(settings: Settings) -> None:
    going = drop(settings, "going.xlsx")
    drop(settings, "staying.xlsx")
    assert taken(settings, lambda _: going.unlink()) == {"staying.xlsx": "sheet"}


def test_a_sheet_that_goes_away_or_changes_while_it_is_copied_is_not_taken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(settings, "changing.xlsx", b"old")
    going = drop(settings, "going.xlsx", b"gone")
    real = hashlib.sha256

    def meanwhile(*content: bytes) -> object:
        drop(settings, "changing.xlsx", b"newer")
        going.unlink(missing_ok=True)  # the look was before, the copying comes after
        return real(*content)

    monkeypatch.setattr(inbox.hashlib, "sha256", meanwhile)
    assert taken(settings) == {"changing.xlsx": "arriving", "going.xlsx": "arriving"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_sheet_that_may_not_be_read_is_still_arriving(settings: Settings) -> None:
    drop(settings, "locked.xlsx").chmod(0)
    assert taken(settings) == {"locked.xlsx": "arriving"}


@pytest.mark.parametrize(
    "name",
    ["~$scores.xlsx", ".~lock.scores.ods#", "._scores.xlsx", "Thumbs.db", "desktop.ini", ".DS_Store", "a/.hidden.xlsx"],
)
def test_lock_files_and_thumbnails_are_ignored_and_stay(settings: Settings, name: str) -> None:
    path = drop(settings, name)
    received = receive(settings, STAMP, no_wait)
    assert [(r.kind, r.sha256) for r in received] == [("ignored", "")]
    assert clear_inbox(settings, received) == 0
    assert path.exists()


def test_a_sheet_is_not_ignored_for_a_dot_within_its_name() -> None:
    assert not is_ignored("v1.2/scores.final.xlsx")


def test_links_are_not_followed(settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.xlsx").write_bytes(b"not yours")
    (settings.inbox / "link.xlsx").symlink_to(outside / "secret.xlsx")
    (settings.inbox / "folder").symlink_to(outside)
    received = receive(settings, STAMP, no_wait)
    assert [(r.workbook, r.kind, r.reason) for r in received] == [
        ("folder", "ignored", inbox.NO_FILE),
        ("link.xlsx", "ignored", inbox.NO_FILE),
    ]
    assert clear_inbox(settings, received) == 0
    assert (outside / "secret.xlsx").read_bytes() == b"not yours"


@pytest.mark.parametrize(
    "name",
    ["två/ñandú ü.xlsx", "a\nb.xlsx", "a\u202egnp.xlsx", "=1+1.xlsx", "'; drop table.xlsx", "x" * 240 + ".xlsx"],
)
def test_odd_names_are_taken_and_shown_harmlessly(settings: Settings, name: str) -> None:
    drop(settings, name)
    received = receive(settings, STAMP, no_wait)
    assert len(received) == 1
    assert received[0].workbook.isprintable()
    assert received[0].suffix == ".xlsx"
    assert clear_inbox(settings, received) == 1


def test_a_name_that_is_no_unicode_is_taken_and_shown_harmlessly(settings: Settings) -> None:
    path = os.fsencode(settings.inbox) + b"/caf\xe9.xlsx"
    with open(path, "wb") as file:  # noqa: PTH123 - the name is bytes
        file.write(b"a sheet")
    received = receive(settings, STAMP, no_wait)
    assert [r.workbook for r in received] == ["caf\N{REPLACEMENT CHARACTER}~73d4ace7.xlsx"]
    assert clear_inbox(settings, received) == 1


def test_a_long_path_is_cut_in_the_middle_so_that_its_ending_shows() -> None:
    name = shown(f"{'f' * 200}/{'g' * 200}.xlsx")
    assert len(name) <= 301
    assert name.startswith("fff")
    assert name.endswith("ggg.xlsx")


def test_sheets_are_in_the_order_of_their_arrival(settings: Settings) -> None:
    for name, at in (("b.xlsx", 100), ("a.xlsx", 300), ("c.xlsx", 200)):
        os.utime(drop(settings, name, name.encode()), (at, at))
    assert [r.workbook for r in receive(settings, STAMP, no_wait)] == ["b.xlsx", "c.xlsx", "a.xlsx"]


def test_a_killed_night_keeps_the_moment_at_which_sheets_were_first_seen(settings: Settings) -> None:
    drop(settings, "a.xlsx", b"first")
    receive(settings, STAMP, no_wait)  # and here the machine dies
    later = STAMP + dt.timedelta(days=1)
    drop(settings, "b.xlsx", b"second")
    seen = {r.workbook: r.received_at for r in receive(settings, later, no_wait)}
    assert seen == {"a.xlsx": STAMP, "b.xlsx": later}


def test_a_sheet_changed_after_a_killed_night_is_new_and_what_that_night_had_kept_is_not_lost(
    settings: Settings,
) -> None:
    drop(settings, "a.xlsx", b"first")
    receive(settings, STAMP, no_wait)
    later = STAMP + dt.timedelta(days=1)
    drop(settings, "a.xlsx", b"second")
    received = receive(settings, later, no_wait)
    assert [r.received_at for r in received] == [STAMP, later]
    assert [original(settings, r.sha256).read_bytes() for r in received] == [b"first", b"second"]


def test_after_the_commit_sheets_and_receipts_leave_and_originals_stay(settings: Settings) -> None:
    drop(settings, "a.xlsx")
    received = receive(settings, STAMP, no_wait)
    assert [r.workbook for r in open_receipts(settings)] == ["a.xlsx"]
    assert clear_inbox(settings, received) == 1
    assert list(settings.inbox.rglob("*.xlsx")) == []
    assert list(receipts_folder(settings).iterdir()) == []
    assert original(settings, received[0].sha256).exists()


def test_a_sheet_that_changed_since_it_was_read_stays_for_the_next_night(settings: Settings) -> None:
    path = drop(settings, "a.xlsx", b"as it was read")
    received = receive(settings, STAMP, no_wait)
    path.write_bytes(b"as it was saved since")
    assert clear_inbox(settings, received) == 0
    assert path.read_bytes() == b"as it was saved since"


def test_a_half_made_copy_of_a_killed_night_does_not_stand_in_the_way(settings: Settings) -> None:
    (settings.archive / ".incoming").mkdir(parents=True)
    (settings.archive / ".incoming" / "0").write_bytes(b"half")
    drop(settings, "a.xlsx", b"whole")
    received = receive(settings, STAMP, no_wait)
    assert original(settings, received[0].sha256).read_bytes() == b"whole"


def test_a_torn_original_of_a_killed_night_is_replaced_before_the_sheet_leaves(settings: Settings) -> None:
    sha = hashlib.sha256(b"whole").hexdigest()
    original(settings, sha).parent.mkdir(parents=True)
    original(settings, sha).write_bytes(b"")
    drop(settings, "a.xlsx", b"whole")
    receive(settings, STAMP, no_wait)
    assert original(settings, sha).read_bytes() == b"whole"


def test_a_torn_receipt_does_not_stand_in_the_way(settings: Settings) -> None:
    receipts_folder(settings).mkdir(parents=True)
    (receipts_folder(settings) / ".20260630T041500000000.jsonl.partial").write_bytes(b'{"workbook": "a')
    drop(settings, "a.xlsx")
    assert taken(settings) == {"a.xlsx": "sheet"}


def test_a_folder_that_became_a_link_meanwhile_is_not_cleared(settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    drop(settings, "north/a.xlsx", b"a sheet")
    received = receive(settings, STAMP, no_wait)
    (settings.inbox / "north").rename(outside)
    (settings.inbox / "north").symlink_to(outside)
    assert clear_inbox(settings, received) == 0
    assert (outside / "a.xlsx").read_bytes() == b"a sheet"


def test_a_file_larger_than_may_be_read_is_refused_where_it_lies(settings: Settings) -> None:
    with (settings.inbox / "huge.xlsx").open("wb") as sparse:
        sparse.truncate(settings.max_file_mib * (1 << 20) + 1)
    received = receive(settings, STAMP, no_wait)
    assert [(r.kind, r.sha256, r.reason) for r in received] == [
        ("refused", "", "The file is too large, or would be when unpacked. Send the rating sheets alone.")
    ]
    assert clear_inbox(settings, received) == 0
    assert list(settings.archive.rglob("*")) in ([], [settings.archive / ".incoming"])


def test_folders_in_folders_without_end_are_looked_through(settings: Settings) -> None:
    here = settings.inbox
    for _ in range(300):
        here = here / "d"
    here.mkdir(parents=True)
    (here / "deep.csv").write_bytes(b"x")
    assert list(inbox.look(settings.inbox)) == ["d/" * 300 + "deep.csv"]
