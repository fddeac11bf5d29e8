"""Nights in processes of their own, begun in milliseconds: `python -m tests.death.nights`.

A line of JSON asks for a night; this process, which has imported everything once, forks one, ends it when its time is
up, and answers with a line of JSON: how it ended, what it said, and how many processes it left behind.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pandera.config import config_context

import flows.nightly
from flows.as_of import publish_as_of
from flows.console import Silence
from flows.errors import FidelityError
from flows.intake.frames import Job, build_frames, write_frames
from flows.intake.pool import ReadingOrder
from flows.intake.reader import Reader
from flows.load.withdraw import Meant
from flows.nightly import run_night
from flows.settings import Settings, load_settings
from flows.steps import do_plainly
from flows.withdraw import withdraw

PR_SET_CHILD_SUBREAPER = 36
LEFT_SECONDS = (
    30  # in which what a killed night has started must have ended: one that is still importing ends after that
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A night to have: in which home, on which date, and how it is to end."""

    home: str
    night_on: str
    failpoint: str = ""
    kill_after_seconds: float = -1  # negative: not killed
    with_children: bool = False  # read in guarded children, as a lab's night does; else in the night's own process
    instead: str = ""  # "as-of" tells the first night again, "withdraw" takes a rating back; else it is a night
    file_limit_bytes: int = -1  # no file may grow beyond it; negative: any may


@dataclass(frozen=True, slots=True)
class Ended:
    """How a night ended."""

    exit_code: int  # as a shell would tell it; negative: the signal that killed it
    said: str  # its line, or the error's
    n_left: int  # processes that outlived it
    seconds: float


class InProcess:
    """Reads in the night's own process: starting guarded children takes longer than such a night does."""

    def __init__(self, order: ReadingOrder) -> None:
        self._order = order

    def read(self, name: str, jobs: Sequence[Job]) -> dict[str, int]:
        """Read a batch and leave its frames in the spool folder."""
        reader = Reader(self._order.catalog, self._order.roster, self._order.night_on, self._order.limits)
        return write_frames(build_frames([reader.read(job) for job in jobs], reader.readers), self._order.spool, name)


@contextmanager
def in_process(order: ReadingOrder, _n_processes: int) -> Iterator[InProcess]:
    """Stands in for `reading_pool`."""
    yield InProcess(order)


def have_night(asked: Asked) -> tuple[int, str]:
    """A plain night at 04:15 UTC of its date; its exit code and what it said."""
    os.environ["FIDELITY_FAILPOINT"] = asked.failpoint
    if not asked.with_children:
        flows.nightly.reading_pool = in_process  # type: ignore[assignment]
    if asked.file_limit_bytes >= 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked.file_limit_bytes, asked.file_limit_bytes))
    night_on = dt.date.fromisoformat(asked.night_on)
    now = dt.datetime.combine(night_on, dt.time(4, 15), dt.UTC)
    settings = load_settings(Path(asked.home), settle_seconds=0, processes=1, min_free_mib=0)
    try:
        # what a table must be is other tests' matter, and is half of the time that so small a night takes
        with config_context(validation_enabled=asked.with_children):
            return 0, _carry_out(asked.instead, settings, now, night_on)
    except FidelityError as wrong:
        return wrong.exit_code, str(wrong)


def _carry_out(instead: str, settings: Settings, now: dt.datetime, night_on: dt.date) -> str:
    if instead == "as-of":
        return publish_as_of(settings, now, night_on)[0]
    if instead == "withdraw":
        return withdraw(settings, now, night_on, Meant("S-1", "R-1", "the wrong recording"))[0]
    return run_night(settings, now, night_on, do_plainly, Silence()).line


def fork_night(asked: Asked) -> Ended:
    """Have a night in a child, kill it when its time is up, and see what is left of it."""
    began = time.monotonic()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        code = 1
        try:
            code, said = have_night(asked)
            os.write(writes, said.encode())
        finally:
            # not sys.exit: what the parent has set up is not the child's to take down
            os._exit(code)
    os.close(writes)
    if asked.kill_after_seconds >= 0:
        time.sleep(asked.kill_after_seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    n_left = _wait_for_orphans()
    with os.fdopen(reads, "rb") as said_by_child:
        said = said_by_child.read().decode()
    return Ended(os.waitstatus_to_exitcode(status), said, n_left, seconds)


def _wait_for_orphans() -> int:
    """How many processes are left after a while; every orphan becomes a child of this process."""
    end = time.monotonic() + LEFT_SECONDS
    while (left := _n_children()) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _n_children() -> int:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return 0
    return sum(len(found.read_text().split()) for found in Path("/proc/self/task").glob("*/children"))


def serve() -> None:
    """Answer until there is nothing more to ask."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        wanted: dict[str, Any] = json.loads(line)
        print(json.dumps(asdict(fork_night(Asked(**wanted)))), flush=True)


if __name__ == "__main__":
    serve()
