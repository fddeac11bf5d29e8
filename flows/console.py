"""What a person sees while a night runs: a turning wheel on a terminal, one line a step everywhere else.

Only names of steps, counts and times are shown; what a step reads never comes here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console as Terminal
from rich.markup import escape

from flows.steps import Do, T


class Console(Protocol):
    """Where a night tells what it does."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """A context in which the step of that name runs."""

    def say(self, line: str) -> None:
        """Tell one line, counts only."""


class Progress:
    """Progress on stderr, so that a program's answer on stdout stays clean."""

    def __init__(self, terminal: Terminal | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._terminal = terminal or Terminal(file=sys.stderr, highlight=False)
        self._clock = clock

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show the step's name while it runs and its time when it is done."""
        began = self._clock()
        if self._terminal.is_terminal:
            with self._terminal.status(escape(f"{name} …")):
                yield
        else:
            yield
        self._terminal.print(f"{escape(name)}  [dim]{self._clock() - began:.1f} s[/dim]")

    def say(self, line: str) -> None:
        """Tell one line."""
        self._terminal.print(escape(line))


class Silence:
    """No progress: for tests, and for a night that a worker runs (its engine keeps a log)."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:  # noqa: ARG002 - the protocol names it
        """Show nothing."""
        yield

    def say(self, line: str) -> None:
        """Tell nothing."""


def show(console: Console, do: Do) -> Do:
    """A `do` that shows each step on the console while it carries it out."""

    def do_shown(name: str, step: Callable[[], T]) -> T:
        with console.step(name):
            return do(name, step)

    return do_shown
