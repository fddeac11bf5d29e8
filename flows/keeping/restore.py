"""Restoring a backup: verified first, copied beside, and only then put in the home's place, step by step and resumable.

A home that erased people since the backup was made erases them again from what comes back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from flows.errors import BackupWrong
from flows.failpoints import reached
from flows.intake.inbox import write_whole
from flows.keeping.backups import check_room, copy_files, known_backups, sweep_backup, take_tombstones, write_notes
from flows.keeping.manifest import FILES, FOLDERS, MANIFEST, check_backup
from flows.keeping.sweep import is_over, is_pending, mark_pending, sweep
from flows.load.connection import WORKING_NAME
from flows.load.lock import night_lock
from flows.load.night import working_file
from flows.settings import Settings, load_settings

STAGING = ".restoring"  # in the warehouse: the new home, the old one set aside, and the plan
PLAN = "plan.json"
AWAY = "old-is-set-aside"
PLACES = (*FOLDERS, *FILES, f"warehouse/{WORKING_NAME}.wal")


def restore(settings: Settings, folder: Path, now: datetime, *, replace: bool = False) -> list[str]:
    """Put a backup in the place of a home; `folder` is one backup, or holds several (the newest is taken).

    Raises:
        BackupWrong: no whole backup is there, or the home holds something and `replace` is not given; nothing was changed.
        DiskTooFull: there is too little room beside what is there.
    """
    backup = _find(folder.expanduser().resolve())
    sums = check_backup(backup)
    with night_lock(settings, now):
        finish_restore(settings)
        if not replace and _holds_something(settings):
            raise BackupWrong(
                f"{settings.home} holds something already. Name an empty home, or add --replace to put the backup in its place."
            )
        check_room(settings, settings.warehouse, sum((backup / name).stat().st_size for name in sums))
        staged = settings.warehouse / STAGING / "new"
        copy_files(backup, staged, list(sums), "restore half copied")
        (staged / "warehouse").mkdir(parents=True, exist_ok=True)
        _carry_tombstones(settings, staged, now)
        write_notes(settings, [*known_backups(settings), backup])
        _plan(settings)
        finish_restore(settings)
        n_ratings = _erase_again(settings, now)
    again = f" {n_ratings} ratings of people who were erased since were erased again." if n_ratings is not None else ""
    return [f"{len(sums)} files of {backup} are back in {settings.home}.{again}", "Run `fidelity nightly` to publish."]


def finish_restore(settings: Settings) -> None:
    """Finish a restore that was killed: forwards when its copy was whole, else as if it had never begun. Under the lock."""
    staging = settings.warehouse / STAGING
    if not (staging / PLAN).exists():
        shutil.rmtree(staging, ignore_errors=True)
        return
    places = json.loads((staging / PLAN).read_text(encoding="utf-8"))
    if not (staging / AWAY).exists():
        _move(settings.home, staging / "old", places["away"])
        (staging / AWAY).touch()
    reached("home set aside")
    _move(staging / "new", settings.home, places["in"])
    reached("home restored")
    (staging / PLAN).unlink()
    shutil.rmtree(staging)


def _find(folder: Path) -> Path:
    if (folder / MANIFEST).exists():
        return folder
    found = sorted(path.parent for path in folder.glob(f"[!.]*/{MANIFEST}"))
    if not found:
        raise BackupWrong(f"There is no whole backup in {folder}. Name a folder that `fidelity backup` has written.")
    return found[-1]


def _holds_something(settings: Settings) -> bool:
    there = (settings.home / name for name in PLACES if name != "fidelity.toml")
    return any(path.is_file() or (path.is_dir() and any(p.is_file() for p in path.rglob("*"))) for path in there)


def _carry_tombstones(settings: Settings, staged: Path, now: datetime) -> None:
    """Give the copy the tombstones of the home that it replaces; where it has not all of them, it must be swept."""
    if not (settings.warehouse / WORKING_NAME).exists():
        return
    inner = load_settings(staged)
    if take_tombstones(settings, inner, now):
        with working_file(inner) as con:
            at = now.astimezone(UTC).replace(tzinfo=None)
            con.execute("insert into history.erasure values ($at, null, 'restored', null, 0, 0)", {"at": at})
        mark_pending(settings)


def _plan(settings: Settings) -> None:
    staging = settings.warehouse / STAGING
    plan = {
        "away": [name for name in PLACES if (settings.home / name).exists()],
        "in": [name for name in PLACES if (staging / "new" / name).exists()],
    }
    write_whole(staging / PLAN, json.dumps(plan).encode())


def _move(source: Path, target: Path, names: Iterable[str]) -> None:
    """Move what is still there to move: each a single step, so that it can be done again from anywhere."""
    for name in names:
        place = target / name
        aside = place.with_name(f".{place.name}.since")
        if (source / name).exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():  # made since the kill, by whoever dropped a sheet
                place.replace(aside)
            (source / name).replace(place)
        _bring_along(aside, place)


def _bring_along(aside: Path, place: Path) -> None:
    """What people dropped between the kill and now stays with them."""
    for path in sorted(aside.rglob("*")):
        here = place / path.relative_to(aside)
        if path.is_file() and not here.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            path.replace(here)
    shutil.rmtree(aside, ignore_errors=True)


def _erase_again(settings: Settings, now: datetime) -> int | None:
    if not is_pending(settings):
        return None
    report = sweep(settings, now)
    with working_file(settings) as con:
        con.execute("update history.erasure set done_at = $at where done_at is null", {"at": now.replace(tzinfo=None)})
    for backup in known_backups(settings):
        sweep_backup(settings, backup, now)
    is_over(settings)
    return report.n_ratings
