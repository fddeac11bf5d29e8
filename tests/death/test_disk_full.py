"""A disk that fills at any point ends the night with one clear line; yesterday stays, and the next night makes up for it."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from flows.errors import DiskTooFull, NightFailed
from flows.prove.state import SECOND, State, copy_home, lies_about, published_files, state_of
from tests.death.conftest import CleanNights, assert_same, assert_whole

KIB, MIB = 1024, 1024 * 1024
DISK_MIB = 400
# Python does not notice when the compiled module that it writes is cut short, and would read it the next time.
ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "FIDELITY_MIN_FREE_MIB": "0", "FIDELITY_SETTLE_SECONDS": "0"}
CLI = "import sys; from flows.cli import main; sys.exit(main())"
FAILED = (DiskTooFull.exit_code, NightFailed.exit_code)


def recovers(nights: CleanNights, home: Path, before: State, undisturbed: State) -> None:
    """What people see is whole now, and right after the next night."""
    assert_whole(home, before, undisturbed)
    assert nights.have(home, SECOND).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=True)
    assert lies_about(home) == []


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own in memory, where this test may mount one."""
    disk = tmp_path_factory.mktemp("disk")
    mounted = os.geteuid() == 0 and shutil.which("mount")
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "fidelity-test", str(disk)]
    if not mounted or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this test may not mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("free_kib", [0, 40, 900, 6_000])
def test_a_full_disk_ends_the_night_and_the_next_one_makes_up_for_it(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, small_disk: Path, free_kib: int
) -> None:
    home = copy_home(evening, small_disk / "home")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - free_kib * KIB))
    ended = nights.have(home, SECOND)
    assert ended.exit_code in FAILED, ended.said
    assert len(ended.said.splitlines()) == 1
    filler.unlink()
    recovers(nights, home, before, undisturbed)
    shutil.rmtree(home)


@pytest.mark.parametrize("limit", [0, 20 * KIB, 300 * KIB, 2 * MIB, "working file"])
def test_a_file_that_may_not_grow_ends_the_night_and_the_next_one_makes_up_for_it(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path, limit: int | str
) -> None:
    home = copy_home(evening, tmp_path / "home")
    limit_bytes = (home / "warehouse" / "working.duckdb").stat().st_size if isinstance(limit, str) else limit
    ended = nights.have(home, SECOND, file_limit_bytes=limit_bytes, with_children=limit == 300 * KIB)
    assert ended.exit_code in (*FAILED, *([0] if isinstance(limit, str) else [])), ended.said
    assert len(ended.said.splitlines()) == 1
    recovers(nights, home, before, undisturbed)


def test_the_command_line_says_in_one_line_that_the_disk_is_full(evening: Path, tmp_path: Path) -> None:
    home = copy_home(evening, tmp_path / "home")
    limit = (100 * KIB, 100 * KIB)
    done = subprocess.run(
        [sys.executable, "-c", CLI, "nightly", "--plain", "--date", SECOND, "--home", str(home)],
        env=ENVIRONMENT,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, limit),
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == DiskTooFull.exit_code, done.stderr
    said = done.stderr.splitlines()
    assert "The disk is full" in said[-1]
    assert "Traceback" not in done.stderr
    assert published_files(home).keys() == published_files(evening).keys()
