"""A night on Prefect's engine that dies takes its temporary server with it, and the next night makes up for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.prove.state import SECOND, State, copy_home, lies_about, state_of
from flows.settings import bare_environment
from tests.death.conftest import ROOT, CleanNights, assert_same, assert_whole

CLI = "import sys; from flows.cli import main; sys.exit(main())"
PATIENCE_SECONDS = 500  # a busy machine takes its time

pytestmark = pytest.mark.engine


def have_engine_night(home: Path, failpoint: str) -> int:
    """A night as a person starts it, on a temporary server; its exit code."""
    tiny = {"FIDELITY_SETTLE_SECONDS": "0", "FIDELITY_PROCESSES": "1", "FIDELITY_MIN_FREE_MIB": "0"}
    done = subprocess.run(
        [sys.executable, "-c", CLI, "nightly", "--date", SECOND, "--home", str(home)],
        env=bare_environment() | tiny | {"FIDELITY_FAILPOINT": failpoint},
        cwd=ROOT, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode


def servers_of(home: Path) -> list[str]:
    """The processes that keep Prefect's records of this home: whatever has its folder in the environment."""
    kept_in = f"PREFECT_HOME={home}/warehouse/prefect".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if kept_in in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def assert_no_server(home: Path) -> None:
    """All of them end within a while."""
    end = time.monotonic() + 30
    while (left := servers_of(home)) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []


def test_a_night_that_dies_on_the_engine_leaves_no_server_and_loses_nothing(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path
) -> None:
    home = copy_home(evening, tmp_path / "home")
    assert have_engine_night(home, "between swaps: kill") == -signal.SIGKILL
    assert (home / "warehouse" / "prefect" / "prefect.db").exists()
    assert_no_server(home)
    assert_whole(home, before, undisturbed)
    assert nights.have(home, SECOND).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=False)
    assert lies_about(home) == []


def test_a_process_that_keeps_the_records_of_a_home_is_seen(tmp_path: Path) -> None:
    keeps = {"PREFECT_HOME": f"{tmp_path}/warehouse/prefect"}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=keeps, stdin=subprocess.PIPE) as process:
        assert ["input()" in found for found in servers_of(tmp_path)] == [True]
        process.kill()
    assert_no_server(tmp_path)
