"""Backups: a home copied whole under its lock, with a manifest, and a note in the home so that erasure can follow."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from flows.errors import BackupWrong, DiskTooFull
from flows.failpoints import reached
from flows.intake.inbox import write_whole
from flows.keeping.manifest import about_of, check_backup, home_files, write_manifest
from flows.keeping.sweep import is_over, sweep
from flows.load.connection import one_transaction
from flows.load.lock import night_lock
from flows.load.night import working_file
from flows.load.tombstones import lay_tombstones, read_keys, read_tombstones, write_keys
from flows.publish.workbook import sync_folder
from flows.settings import MIB, Settings, load_settings

NOTES = "backups.json"  # in the warehouse: where backups of this home were put
SWEEPING = ".erasing"  # in a backup that is being swept: its manifest is behind until that is done


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that the home knows of, after it was gone through: whether it could be, and what is to be told."""

    path: Path
    is_swept: bool = False
    told: Sequence[str] = ()


def make_backup(settings: Settings, folder: Path, now: datetime) -> Path:
    """Copy the home into `folder/<moment>`; what is there under that name is whole. Gives back where it is. `now` is UTC.

    Raises:
        BackupWrong: the folder lies in what is to be copied, or a backup of that moment is there.
        DiskTooFull: there is too little room.
    """
    folder = folder.expanduser().resolve()
    place = folder / f"{now:%Y-%m-%dT%H%M%SZ}"
    if any(folder.is_relative_to(settings.home / part) for part in ("raw", "warehouse", "schemas")):
        raise BackupWrong(f"{folder} lies in the home itself. Name a folder outside of it, on another disk if you can.")
    if place.exists():
        raise BackupWrong(f"{place} is there already. Wait a second and run it again.")
    with night_lock(settings, now):
        with working_file(settings) as con:
            con.execute("checkpoint")
        names = list(home_files(settings.home))
        folder.mkdir(parents=True, exist_ok=True)
        check_room(settings, folder, sum((settings.home / name).stat().st_size for name in names))
        _note(settings, place)
        for left_over in folder.glob(".*.part"):
            shutil.rmtree(left_over)
        part = folder / f".{place.name}.part"
        copy_files(settings.home, part, names, "backup half copied")
        write_manifest(part, {"made_at": now.isoformat(), "version": version("session-fidelity")})
        reached("backup whole")
        part.rename(place)
        sync_folder(folder)
    return place


def copy_files(home: Path, to: Path, names: Sequence[str], failpoint: str) -> None:
    """Copy files of a home to another place and have them on the disk."""
    for name in names:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(home / name, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        reached(failpoint)


def check_room(settings: Settings, folder: Path, size: int) -> None:
    """Raise DiskTooFull when so many bytes, and what a night needs besides, have no room where the folder is."""
    free, needed = shutil.disk_usage(folder).free // MIB, size // MIB + 1 + settings.min_free_mib
    if free < needed:
        raise DiskTooFull(f"Only {free} MiB are free for {folder}; {needed} are needed. Make room and run it again.")


def known_backups(settings: Settings) -> list[Path]:
    """Where backups of this home were put, as far as it knows."""
    try:
        return [Path(str(path)) for path in json.loads((settings.warehouse / NOTES).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _note(settings: Settings, place: Path) -> None:
    write_notes(settings, [*known_backups(settings), place])


def write_notes(settings: Settings, places: Sequence[Path]) -> None:
    """Remember where backups are; noted before they are made, so that none can be whole and unknown."""
    known = dict.fromkeys(str(place) for place in places)
    write_whole(settings.warehouse / NOTES, json.dumps(list(known), indent=1).encode())


def sweep_backup(settings: Settings, path: Path, now: datetime) -> Backup:
    """Erase from one backup whom this home has erased; `told` says what a person must know."""
    for part in path.parent.glob(f".{path.name}.part"):  # of a backup that was killed
        shutil.rmtree(part)
    if not path.is_dir():
        return Backup(path, told=[f"The backup {path} cannot be reached. Where it still exists, delete it by hand."])
    if not (path / SWEEPING).exists():
        try:
            check_backup(path)
        except BackupWrong:
            return Backup(path, told=[f"The backup {path} is damaged and was not gone through. Delete it by hand."])
    about = about_of(path)
    (path / SWEEPING).touch()
    inner = load_settings(path, min_free_mib=0)
    take_tombstones(settings, inner, now)
    sweep(inner, now)
    _clear_machinery(inner)
    write_manifest(path, about)
    (path / SWEEPING).unlink()
    return Backup(path, is_swept=True, told=[f"The backup {path} was gone through."])


def take_tombstones(settings: Settings, into: Settings, now: datetime) -> int:
    """Give another home the tombstones of this one, with their keys; how many it had not."""
    theirs, ours = read_keys(into), read_keys(settings)
    write_keys(into, [*theirs.values(), *(key for name, key in ours.items() if name not in theirs)])
    with working_file(settings) as con:
        stones = read_tombstones(con)
    with working_file(into) as con, one_transaction(con):
        return lay_tombstones(con, stones, now.astimezone(UTC))


def _clear_machinery(inner: Settings) -> None:
    """A backup is no home that is worked in: nothing of our working in it stays."""
    is_over(inner)
    for name in ("tmp", "spool"):
        shutil.rmtree(inner.warehouse / name, ignore_errors=True)
    with suppress(FileNotFoundError):
        (inner.warehouse / "night.lock").unlink()
