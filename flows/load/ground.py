"""The ground a night stands on: the folders of a home, and room enough on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.errors import DiskTooFull
from flows.settings import MIB, Settings


def check_ground(settings: Settings) -> None:
    """Make the folders of a home, and raise DiskTooFull when there is too little space to work safely.

    With `min_free_mib = 0` nobody looks: a night that fills the disk then fails on the way, and loses nothing by it.
    """
    for folder in (settings.inbox, settings.archive, settings.warehouse, settings.published):
        folder.mkdir(parents=True, exist_ok=True)
    clear_scratch(settings)
    free = shutil.disk_usage(settings.warehouse).free // MIB
    needed = settings.min_free_mib + 3 * _size_mib(settings.warehouse / "working.duckdb")
    if settings.min_free_mib and free < needed:
        raise DiskTooFull(
            f"Only {free} MiB are free for {settings.warehouse}; a night needs {needed}. Make room and run it again."
        )


def scratch_folder(settings: Settings) -> Path:
    """An empty folder for a past night; the next night removes it if this process is killed."""
    folder = settings.warehouse / "tmp" / "as-of"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clear_scratch(settings: Settings) -> None:
    """Remove what DuckDB had set aside, and what a past night was made in, also for a process that was killed."""
    shutil.rmtree(settings.warehouse / "tmp", ignore_errors=True)


def spool_folder(settings: Settings) -> Path:
    """An empty folder for what tonight's reading children write."""
    folder = settings.warehouse / "spool"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clear_spool(settings: Settings) -> None:
    """What was read is in history now: nothing of it lies about."""
    shutil.rmtree(settings.warehouse / "spool", ignore_errors=True)


def _size_mib(path: Path) -> int:
    return path.stat().st_size // MIB if path.exists() else 0
