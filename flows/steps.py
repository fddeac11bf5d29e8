"""How a named step of a night is carried out, and what is told when it breaks off.

An exception's text, its causes and its notes may hold a cell's content: pandera and DuckDB quote whole rows.
Whatever leaves a step is therefore one of our own errors, cut loose from what caused it, that names the step,
the kind of the exception and the line of ours it came from.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import walk_tb
from typing import Protocol, TypeVar

from flows.errors import DiskTooFull, FidelityError, NightFailed

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
OURS = ("flows", "schemas", "sql")
# How a full disk, a quota and a limit on a file's size show: in a system call, and in the words of libraries.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SAYS_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


class Do(Protocol):
    """Carries a named step out and returns what it returns."""

    def __call__(self, name: str, step: Callable[[], T]) -> T:
        """Raise only FidelityErrors whose message is safe to keep."""


class StepBrokeOff(NightFailed):
    """A step met an exception that nobody foresaw. `may_pass` says whether trying again can help."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def do_plainly(name: str, step: Callable[[], T]) -> T:
    """Carry a step out here and now.

    Raises:
        FidelityError: as the step raised it, without its causes.
        DiskTooFull: there was no room to write to.
        StepBrokeOff: for any other exception, with its type and place and nothing of its text.
    """
    try:
        return step()
    except FidelityError as wrong:
        error: FidelityError = wrong
    except BaseException as broken:  # the one edge where every failure is taken: see the module's first lines
        if not is_failure(broken):
            raise
        error = _told(name, broken)
    # Outside the except clauses, so that Python does not link what was caught to what is raised.
    raise cut_loose(error)


def _told(name: str, broken: BaseException) -> FidelityError:
    if is_disk_full(broken):
        return DiskTooFull(
            f"The disk is full: the step {name!r} could not write. What was published stays. Make room and run it again."
        )
    return StepBrokeOff(f"The step {name!r} broke off: {what_broke(broken)}.", may_pass=isinstance(broken, OSError))


def is_disk_full(broken: BaseException) -> bool:
    """Whether an exception, or one that it came from, says that there was no room to write to."""
    return any(
        getattr(one, "errno", None) in FULL or any(words in str(one) for words in SAYS_FULL) for one in _causes(broken)
    )


def _causes(broken: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    one: BaseException | None = broken
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        one = one.__cause__ or one.__context__


def cut_loose(error: FidelityError) -> FidelityError:
    """The same error without causes, notes and frames: nothing but its own message is left to record."""
    error.__cause__ = error.__context__ = None
    error.__notes__ = []
    return error.with_traceback(None)


def is_failure(broken: BaseException) -> bool:
    """False for what stops a program from outside: Ctrl-C, a time limit, the end of the interpreter."""
    # A panic in polars or calamine derives from BaseException, and its class cannot be imported.
    return isinstance(broken, Exception) or type(broken).__name__ == "PanicException"


def what_broke(broken: BaseException) -> str:
    """An exception's kind and the innermost line of ours on its way: `KeyError at flows/cli.py line 41`."""
    here = ""
    for frame, line in walk_tb(broken.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS:
            here = f" at {path.relative_to(ROOT).as_posix()} line {line}"
    return type(broken).__name__ + here
