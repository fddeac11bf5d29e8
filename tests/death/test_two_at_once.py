"""Two nights at once, locks of the dead, and readers who have the published file open."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.errors import NightRunning
from flows.load.lock import night_lock
from flows.prove.state import SECOND, State, copy_home, shown, state_of
from flows.settings import load_settings
from tests.death.conftest import ROOT, CleanNights, assert_same

HOLDS = """
    import sys, datetime as dt
    from pathlib import Path
    from flows.load.lock import night_lock
    from flows.settings import load_settings

    with night_lock(load_settings(Path(sys.argv[1])), dt.datetime(2026, 7, 8, 2, 30, tzinfo=dt.UTC)):
        print("held", flush=True)
        sys.stdin.read()
"""
READS = """
    import sys
    from pathlib import Path
    from flows.load.connection import open_published

    with open_published(Path(sys.argv[1])) as con:
        print(con.execute("select count(*) from supervision.session_item").fetchone()[0], flush=True)
        for _ in sys.stdin:
            print(con.execute("select count(*) from supervision.session_item").fetchone()[0], flush=True)
            print(con.execute("select max(night_on) from about.run").fetchone()[0], flush=True)
"""


@contextmanager
def another(program: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, which ends with the block."""
    command = [sys.executable, "-c", textwrap.dedent(program), *words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ask(process: subprocess.Popen[str]) -> None:
    """Ask a reader to look again."""
    assert process.stdin is not None
    process.stdin.write("again\n")
    process.stdin.flush()


def test_a_second_night_says_who_holds_the_lock_and_since_when_and_changes_nothing(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path
) -> None:
    home = copy_home(evening, tmp_path / "home")
    with another(HOLDS, str(home)) as holder:
        assert line_of(holder) == "held"
        record = (home / "warehouse" / "last-night.json").read_bytes()
        second = nights.have(home, SECOND)
        assert second.exit_code == NightRunning.exit_code
        assert f"process {holder.pid}, since 2026-07-08 02:30 UTC" in second.said
        assert (home / "warehouse" / "last-night.json").read_bytes() == record
        assert_same(state_of(home), before, dated=True)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    # the lock file still names the dead process; the lock itself went with it
    assert f"process {holder.pid}" in (home / "warehouse" / "night.lock").read_text()
    assert nights.have(home, SECOND).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=True)


def test_a_holder_who_has_not_signed_yet_is_not_taken_for_the_dead_one_before(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    now = dt.datetime(2026, 7, 8, 2, 30, tzinfo=dt.UTC)
    with night_lock(settings, now):
        gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
        stale = f"process {int(gone.stdout)}, since 2026-07-01 04:15 UTC"
        (settings.warehouse / "night.lock").write_text(stale)
        with pytest.raises(NightRunning, match=r"\(another process\)"), night_lock(settings, now):
            pass


def test_a_reader_keeps_yesterday_and_a_new_one_sees_today(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path
) -> None:
    home = copy_home(evening, tmp_path / "home")
    place = "supervision/SV-1/fidelity.duckdb"
    hers = home / "warehouse" / "published" / place
    lab = home / "warehouse" / "published" / "fidelity.duckdb"
    with another(READS, str(lab)) as reader, another(READS, str(hers)) as supervisor:
        n_yesterday, n_hers = line_of(reader), line_of(supervisor)
        assert nights.have(home, SECOND).exit_code == 0
        for one, n_rows in ((reader, n_yesterday), (supervisor, n_hers)):
            ask(one)
            assert line_of(one) == n_rows
            assert line_of(one) == "2026-07-01"
        assert shown(lab) == undisturbed.published["fidelity.duckdb"]
        assert shown(hers) == undisturbed.published[place]
    assert before.published[place] != undisturbed.published[place]
    assert_same(state_of(home), undisturbed, dated=True)
