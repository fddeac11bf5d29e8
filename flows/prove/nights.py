"""Nights in processes of their own, begun in milliseconds.

A process that has imported everything once (`serve`) reads a line of JSON that asks for a night, forks one, ends it when its
time is up, and answers with a line of JSON: how it ended, what it said, and how many processes it left behind.
`Nights` is the other end of that conversation.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from flows.console import Silence
from flows.errors import FidelityError, NightFailed
from flows.intake.frames import Job, build_frames, write_frames
from flows.intake.pool import ReadingOrder
from flows.intake.reader import Reader
from flows.settings import ROOT, Settings, bare_environment, load_settings, set_failpoint
from flows.steps import do_plainly, is_failure, what_broke

A = TypeVar("A")
R = TypeVar("R")
PR_SET_CHILD_SUBREAPER = 36
# In which what a killed night has started must have ended: a child that is still importing ends after that.
LEFT_SECONDS = 150
MOST_SECONDS = 300  # that a small night may take; one that hangs is killed and has not ended well
LOOK_SECONDS = 0.01
# What a night imports, also what it imports only when it needs it: each forked night would import that anew.
PRELOADED = (
    *("flows.nightly", "flows.publish.returned_book"),
    *("mixedlm.estimation.reml", "scipy.linalg.lapack", "scipy.sparse.linalg", "scipy.sparse.csgraph", "scipy.special"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A night to have: in which home, on which date, and how it is to end."""

    home: str
    night_on: str
    failpoint: str = ""
    kill_after_seconds: float = -1  # negative: not killed
    kill_child: bool = False  # what is killed then is one of its children and not the night
    with_children: bool = False  # work in guarded children, as a lab's night does; else in the night's own process
    instead: str = ""  # "as-of" tells the first night again, "withdraw" takes a rating back; else it is a night
    file_limit_bytes: int = -1  # no file may grow beyond it; negative: any may
    n_meanwhile: int = 0  # nights to be had while this one stands still at its failpoint (`stop`)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a night ended."""

    exit_code: int  # as a shell would tell it; negative: the signal that killed it
    said: str  # its line, or the error's
    n_left: int  # processes that outlived it
    seconds: float
    meanwhile: list[tuple[int, str]] = field(default_factory=list)  # exit code and words of each night had meanwhile


class Have(Protocol):
    """Has nights: `Nights`, or what stands in for it in a test."""

    def have(self, home: Path, night_on: str, **how: Any) -> Ended:
        """Have one night as `Asked` says, and tell how it ended."""


class Nights:
    """Nights in processes of their own."""

    def __init__(self, serving: subprocess.Popen[str]) -> None:
        self._serving = serving

    def have(self, home: Path, night_on: str, **how: Any) -> Ended:
        """Have a night and tell how it ended.

        Raises:
            NightFailed: the process that has the nights is gone.
        """
        told = ""
        with suppress(BrokenPipeError):
            _end_of(self._serving.stdin).write(json.dumps(asdict(Asked(str(home), night_on, **how))) + "\n")
            _end_of(self._serving.stdin).flush()
            told = _end_of(self._serving.stdout).readline()
        if not told:
            raise NightFailed("The process in which nights are tried has ended. Run `fidelity prove` again.")
        ended = json.loads(told)
        return Ended(**ended | {"meanwhile": [(code, said) for code, said in ended["meanwhile"]]})


@contextmanager
def serving_nights() -> Iterator[Nights]:
    """A process that has nights on demand, for as long as the block lasts."""
    # Neither -m nor a script: the children of a night would import that module, and all it imports, once each.
    words = [sys.executable, "-c", "from flows.prove.nights import serve; serve()"]
    with subprocess.Popen(  # noqa: S603 - this interpreter and words of our own
        words,
        cwd=ROOT,
        env=bare_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as serving:
        try:
            yield Nights(serving)
        finally:
            _end_of(serving.stdin).close()


def _end_of(pipe: Any) -> Any:
    assert pipe is not None  # noqa: S101 - both were asked for
    return pipe


# What follows runs in the process that has the nights.


class InProcess:
    """Reads in the night's own process: starting guarded children takes longer than such a night does."""

    def __init__(self, order: ReadingOrder) -> None:
        self._order = order

    def read(self, name: str, jobs: Sequence[Job]) -> Mapping[str, int]:
        """Read a batch and leave its frames in the spool folder."""
        reader = Reader(self._order.catalog, self._order.roster, self._order.night_on, self._order.limits)
        return write_frames(build_frames([reader.read(job) for job in jobs], reader.readers), self._order.spool, name)


class CallsInProcess:
    """Makes copies in the night's own process."""

    def answers(self, act: Callable[[A], R], orders: Sequence[A]) -> list[R | None]:
        """What `act` answers to each order."""
        return [act(order) for order in orders]


@contextmanager
def in_process(order: ReadingOrder, _n_processes: int) -> Iterator[InProcess]:
    """What `reading_pool` is to a night, without children."""
    yield InProcess(order)


@contextmanager
def _calls_in_process(_memory_bytes: int, _seconds: int, _n_processes: int) -> Iterator[CallsInProcess]:
    yield CallsInProcess()


def _without_children() -> None:
    import flows.nightly
    import flows.publish.returned

    vars(flows.nightly)["reading_pool"] = in_process
    vars(flows.publish.returned)["guarded_calls"] = _calls_in_process


def settings_of(home: Path) -> Settings:
    """The settings of a home in which nights are tried."""
    return load_settings(home, settle_seconds=0, processes=1, min_free_mib=0)


def have_night(asked: Asked) -> tuple[int, str]:
    """A plain night at 04:15 UTC of its date; its exit code and what it said."""
    from pandera.config import config_context

    set_failpoint(asked.failpoint)
    if not asked.with_children:
        _without_children()
    if asked.file_limit_bytes >= 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked.file_limit_bytes, asked.file_limit_bytes))
    night_on = dt.date.fromisoformat(asked.night_on)
    now = dt.datetime.combine(night_on, dt.time(4, 15), dt.UTC)
    try:
        # what a table must be is other tests' matter, and is half of the time that so small a night takes
        with config_context(validation_enabled=asked.with_children):
            return 0, _carry_out(asked.instead, settings_of(Path(asked.home)), now, night_on)
    except FidelityError as wrong:
        return wrong.exit_code, str(wrong)
    except BaseException as broken:  # the edge of this process: its own line is all that leaves it
        if not is_failure(broken):
            raise
        return 1, what_broke(broken)


def _carry_out(instead: str, settings: Settings, now: dt.datetime, night_on: dt.date) -> str:
    from flows.as_of import publish_as_of
    from flows.load.withdraw import Meant
    from flows.nightly import run_night
    from flows.withdraw import withdraw

    if instead == "as-of":
        return publish_as_of(settings, now, night_on)[0]
    if instead == "withdraw":
        return withdraw(settings, now, night_on, Meant("S-1", "R-1", "the wrong recording"))[0]
    return run_night(settings, now, night_on, do_plainly, Silence()).line


def fork_night(asked: Asked) -> Ended:
    """Have a night in a child, kill it or one of its children when its time is up, and see what is left of it."""
    began = time.monotonic()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _be_night(asked, writes)
    os.close(writes)
    meanwhile = _nights_meanwhile(asked, child) if asked.n_meanwhile else []
    if asked.kill_after_seconds >= 0:
        time.sleep(asked.kill_after_seconds)
        _kill(_a_child_of(child) if asked.kill_child else child)
    exit_code = _wait_for(child)
    seconds = time.monotonic() - began
    n_left = _wait_for_orphans()
    with os.fdopen(reads, "rb") as said_by_child:
        said = said_by_child.read().decode()
    return Ended(exit_code, said, n_left, seconds, meanwhile)


def _be_night(asked: Asked, writes: int) -> None:
    code = 1
    try:
        code, said = have_night(asked)
        os.write(writes, said.encode())
    finally:
        # not sys.exit: what the parent has set up is not the child's to take down
        os._exit(code)


def _nights_meanwhile(asked: Asked, child: int) -> list[tuple[int, str]]:
    """Nights in the same home while the first stands still and holds the lock; then the first is sent on."""
    found = os.waitid(os.P_PID, child, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    if found is None or found.si_code != os.CLD_STOPPED:
        return []
    another = replace(asked, failpoint="", n_meanwhile=0)
    ended = [_fork_beside(another) for _ in range(asked.n_meanwhile)]
    os.kill(child, signal.SIGCONT)
    return ended


def _fork_beside(asked: Asked) -> tuple[int, str]:
    """Have a night while another stands still; exit code and words."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _be_night(asked, writes)
    os.close(writes)
    exit_code = _wait_for(child)
    with os.fdopen(reads, "rb") as said_by_child:
        return exit_code, said_by_child.read().decode()


def _kill(process: int | None) -> None:
    if process is not None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _a_child_of(process: int) -> int | None:
    """The youngest descendant of a process: a reading child when there is one, else what starts them; None without any."""
    youngest = None
    while children := [int(pid) for found in _children_files(process) for pid in _text(found).split()]:
        youngest = process = max(children)
    return youngest


def _children_files(process: int) -> Iterator[Path]:
    return Path(f"/proc/{process}/task").glob("*/children")


def _text(path: Path) -> str:
    with suppress(OSError):  # it has ended meanwhile
        return path.read_text(encoding="ascii")
    return ""


def _wait_for(child: int) -> int:
    """The exit code of a child; one that takes far too long is killed."""
    end = time.monotonic() + MOST_SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            _kill(child)
        time.sleep(LOOK_SECONDS)


def _wait_for_orphans() -> int:
    """How many processes are left after a while; every orphan becomes a child of this process."""
    end = time.monotonic() + LEFT_SECONDS
    while (left := _n_children()) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return left


def _n_children() -> int:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return 0
    return sum(len(_text(found).split()) for found in _children_files(os.getpid()))


def serve() -> None:
    """Answer until there is nothing more to ask."""
    from flows.load.models import read_models

    for module in PRELOADED:
        import_module(module)
    read_models()  # and every forked night knows them
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # where there is none, orphans are not counted
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # an answer is a line of its own, whatever a night or one of its children may print
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers, Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        for line in sys.stdin:
            print(json.dumps(asdict(fork_night(Asked(**json.loads(line))))), file=answers, flush=True)
