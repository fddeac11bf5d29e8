"""Single calls in child processes with limits, for what is as dangerous as reading: writing into a rater's own workbook.

A call that dies, hangs, outgrows its memory or raises takes no other with it: it simply has no answer.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from flows.settings import prepare_children

A = TypeVar("A")
R = TypeVar("R")
MOST_BROKEN = 3  # pools that may break before what is left has no answer
UNKNOWN_END = 255  # of a child when what started it, and would know how it ended, was itself ended
_PR_SET_PDEATHSIG = 1
LOOK_AGAIN_SECONDS = 0.5
RAISED = 70  # exit code of a child whose call raised
# A child's clock counts its own work, so that a busy machine makes no sheet slow; one that only waits has so many times as long.
PATIENCE = 4
TIME_IS_UP = (-signal.SIGPROF, -signal.SIGALRM)  # exit codes of a child that worked, or waited, too long


def guard_child(memory_bytes: int) -> None:
    """Bind this process, which must be a child of its own, to limits that the kernel keeps whatever code is running."""
    _end_with_parent()
    for clock in (signal.SIGPROF, signal.SIGALRM):  # the kernel ends a child whose time is up, whatever code it is in
        signal.signal(clock, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_children()
    # What is written counts, not what is set aside: threads and allocators of libraries set aside a gigabyte at once.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # panics and warnings of libraries quote cells, and nothing of a cell may reach a terminal or a log
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)


@contextmanager
def time_for(seconds: float) -> Iterator[None]:
    """Let this child, which `guard_child` has bound, work so many seconds on the block, or wait `PATIENCE` times as long."""
    _set_clocks(seconds)
    try:
        yield
    finally:
        _set_clocks(0)


def _set_clocks(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * PATIENCE)


def _end_with_parent() -> None:
    """Let the kernel end this child when the night dies, whatever file it is at: it must not write into the next night."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux has it; elsewhere a child ends with the file it is at
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_of(
    pool: ProcessPool | None, future: ProcessFuture[R], is_lost: Callable[[], bool] = lambda: False
) -> BaseException | None:
    """Wait for a call to end, and say what ended it; None when it has an answer.

    A pool breaks when a child dies before it says what it is at. A call that is handed over at that moment is never
    heard of again, so nobody waits for one whose pool is no more, or for one that `is_lost`, which is asked now and then.
    """
    while True:
        if wait([future], timeout=LOOK_AGAIN_SECONDS).done:
            try:
                return future.exception()
            except CancelledError as cancelled:
                return cancelled
        if pool is None or not pool.active or is_lost():
            return BrokenProcessPool()


class GuardedCalls:
    """Children that carry out calls one at a time, each within `seconds` of work."""

    def __init__(self, memory_bytes: int, seconds: int, n_processes: int) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._n_processes = n_processes
        self._pool: ProcessPool | None = None

    def answers(self, act: Callable[[A], R], orders: Sequence[A]) -> list[R | None]:
        """What `act` (a module's own function) answers to each order, in their order; None where it did not come to an end."""
        answers: list[R | None] = [None] * len(orders)
        left = list(range(len(orders)))
        for _ in range(MOST_BROKEN):
            futures = self._begin(act, {k: orders[k] for k in left})
            left = [k for k in left if k not in futures]
            for k, future in futures.items():
                broke = end_of(self._pool, future)
                if broke is None:
                    answers[k] = future.result()
                elif isinstance(broke, BrokenProcessPool) or _was_killed(broke):
                    left.append(k)
            if not left:
                break
            self.close()  # a pool in which a child died before it said what it was at takes every call with it
        return answers

    def _begin(self, act: Callable[[A], R], orders: Mapping[int, A]) -> dict[int, ProcessFuture[R]]:
        """Calls that are under way; fewer than asked for when the pool breaks meanwhile."""
        futures: dict[int, ProcessFuture[R]] = {}
        with suppress(RuntimeError):
            for k, order in orders.items():
                futures[k] = self._children().schedule(partial(_within, self._seconds, act), args=[order])
        return futures

    def _children(self) -> ProcessPool:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["flows.intake.pool"])
            self._pool = ProcessPool(
                self._n_processes, context=context, initializer=guard_child, initargs=[self._memory_bytes]
            )
        return self._pool

    def close(self) -> None:
        """End the children."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


@contextmanager
def guarded_calls(memory_bytes: int, seconds: int, n_processes: int) -> Iterator[GuardedCalls]:
    """Guarded calls whose children start when first used and end in any case."""
    calls = GuardedCalls(memory_bytes, seconds, n_processes)
    try:
        yield calls
    finally:
        calls.close()


def _was_killed(broke: BaseException) -> bool:
    """Whether the child was killed from outside: its own limits end it otherwise."""
    return isinstance(broke, ProcessExpired) and broke.exitcode in (-signal.SIGKILL, UNKNOWN_END)


def _within(seconds: int, act: Callable[[A], R], order: A) -> R:
    """Runs in the child. An exception ends it: exceptions of libraries quote cells, and some cannot be passed on at all."""
    is_done = False
    try:
        with time_for(seconds):
            answer = act(order)
        is_done = True
        return answer
    finally:
        if not is_done:
            os._exit(RAISED)
