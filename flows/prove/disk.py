"""A disk that is full, or a file that may not grow: the night says so in one line, and the next one makes up for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.errors import DiskTooFull, NightFailed
from flows.prove.nights import Ended, settings_of
from flows.prove.state import SECOND, copy_home
from flows.prove.trial import Bench, Figures, figures_of, made_up_for

KIB, MIB = 1024, 1024 * 1024
DISK_MIB = 400
FREE_KIB = (0, 900, 6_000)
LIMITS_BYTES = (0, 20 * KIB, 300 * KIB, 2 * MIB)
FAILED = (DiskTooFull.exit_code, NightFailed.exit_code)
NO_DISK = "by a limit on the size of files alone: a small disk may not be mounted here"


def try_full_disk(bench: Bench) -> Figures:
    """A small disk with less and less room where one may be mounted, and files that may not grow in any case."""
    tries = [try_limit(bench, limit) for limit in LIMITS_BYTES]
    with small_disk(bench.folder) as disk:
        if disk is None:
            return figures_of(tries, NO_DISK)
        tries += [try_free(bench, disk, free_kib) for free_kib in FREE_KIB]
    return figures_of(tries, f"{len(FREE_KIB)} of them on a small disk")


def try_free(bench: Bench, disk: Path, free_kib: int) -> tuple[list[str], int]:
    """A night on a disk with so much room, then one with room enough."""
    home = copy_home(bench.evening.home, disk / "home")
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - free_kib * KIB))
    wrong = _failed_clearly(bench.nights.have(home, SECOND), FAILED)
    filler.unlink()
    after, n_lost = made_up_for(bench, home)
    shutil.rmtree(home)
    return wrong + after, n_lost


def try_limit(bench: Bench, limit_bytes: int, *, with_children: bool = False) -> tuple[list[str], int]:
    """A night in which no file may grow beyond a size, then one without that limit."""
    with bench.home(f"limit-{limit_bytes}") as home:
        ended = bench.nights.have(home, SECOND, file_limit_bytes=limit_bytes, with_children=with_children)
        # a limit that the working file may just reach lets some nights through
        may_pass = limit_bytes >= (settings_of(home).warehouse / "working.duckdb").stat().st_size
        wrong = _failed_clearly(ended, (*FAILED, 0) if may_pass else FAILED)
        after, n_lost = made_up_for(bench, home)
    return wrong + after, n_lost


def _failed_clearly(ended: Ended, codes: tuple[int, ...]) -> list[str]:
    wrong = [] if ended.exit_code in codes else [f"the night ended with exit code {ended.exit_code}"]
    return wrong if len(ended.said.splitlines()) == 1 else [*wrong, "it did not say so in one line"]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of its own in memory, for as long as the block lasts; None where none may be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        yield None
        return
    words = [mount, "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "fidelity-trial", str(disk)]
    if subprocess.run(words, capture_output=True, check=False).returncode:  # noqa: S603 - words of our own
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run([umount, str(disk)], capture_output=True, check=False)  # noqa: S603 - as above
