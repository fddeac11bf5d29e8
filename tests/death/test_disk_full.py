"""A disk that fills up, or a file that may not grow: the night says so in one line, and the next one makes up for it."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from flows.errors import DiskTooFull
from flows.prove.disk import FAILED, KIB, MIB, small_disk, try_free, try_limit
from flows.prove.state import SECOND, copy_home, published_files
from flows.prove.trial import Bench, made_up_for
from flows.settings import bare_environment
from tests.death.conftest import ROOT

CLI = "import sys; from flows.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own in memory, where this test may mount one."""
    with small_disk(tmp_path_factory.mktemp("small")) as disk:
        if disk is None:
            pytest.skip("this test may not mount a small disk")
        yield disk


@pytest.mark.parametrize("free_kib", [0, 900, 6_000])
def test_a_full_disk_ends_the_night_and_the_next_one_makes_up_for_it(bench: Bench, disk: Path, free_kib: int) -> None:
    assert try_free(bench, disk, free_kib) == ([], 0)


def test_a_file_that_may_grow_further_each_night_ends_it_and_the_one_without_a_limit_makes_up_for_all(
    bench: Bench,
) -> None:
    with bench.home("limits") as home:
        for limit in (0, 20 * KIB, 300 * KIB, 2 * MIB):
            ended = bench.nights.have(home, SECOND, file_limit_bytes=limit, with_children=limit == 300 * KIB)
            assert (ended.exit_code in FAILED, len(ended.said.splitlines())) == (True, 1), (limit, ended.said)
        assert made_up_for(bench, home) == ([], 0)


def test_a_working_file_that_may_not_grow_ends_the_night_and_the_next_one_makes_up_for_it(bench: Bench) -> None:
    working = bench.evening.home / "warehouse" / "working.duckdb"
    assert try_limit(bench, working.stat().st_size) == ([], 0)


def test_the_command_line_says_in_one_line_that_the_disk_is_full(evening: Path, tmp_path: Path) -> None:
    home = copy_home(evening, tmp_path / "home")
    limit = (100 * KIB, 100 * KIB)
    done = subprocess.run(
        [sys.executable, "-c", CLI, "nightly", "--plain", "--date", SECOND, "--home", str(home)],
        env=bare_environment() | {"FIDELITY_MIN_FREE_MIB": "0", "FIDELITY_SETTLE_SECONDS": "0"},
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, limit),
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == DiskTooFull.exit_code, done.stderr
    said = done.stderr.splitlines()
    assert "The disk is full" in said[-1]
    assert "Traceback" not in done.stderr
    assert published_files(home).keys() == published_files(evening).keys()
