"""Tiny nights that tests run through Prefect's engine: `python -m tests.flow.nights HOME NIGHT…`.

They run in a process of their own, as a night does; for each the answer is one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import date
from pathlib import Path

from flows.console import Progress, show
from flows.errors import FidelityError, LayoutWrong
from flows.nightly import NightReport
from flows.server import begin_server, wait_for_server
from flows.settings import load_settings
from flows.start import prepare_engine
from flows.steps import Do, do_plainly

CANARY = "canary-7f3a-T-07-said-something-private"
DONE = NightReport(date(2026, 11, 23), {"workbooks": 3, "held": 1})


def whole(do: Do) -> NightReport:
    """Three steps that go well; one of them handles what may not be told."""
    do("receive sheets", lambda: {"a cell": CANARY})
    do("read sheets, batch 1 of 2", lambda: CANARY)
    do("read sheets, batch 2 of 2", lambda: None)
    return DONE


def unforeseen(do: Do) -> NightReport:
    """A step breaks with a cell's content in the exception, in its cause and in its notes."""

    def step() -> None:
        try:
            raise KeyError(CANARY)
        except KeyError as cause:
            error = ValueError(f"could not convert {CANARY}")
            error.add_note(CANARY)
            raise error from cause

    do("load", step)
    return DONE


def foreseen(do: Do) -> NightReport:
    """A step breaks with one of our errors, raised over one that holds a cell's content."""

    def step() -> None:
        try:
            raise ValueError(CANARY)
        except ValueError as cause:
            raise LayoutWrong("The layout is wrong.") from cause

    do("load", step)
    return DONE


def between_steps(do: Do) -> NightReport:
    """The night breaks where no step is running."""
    do("receive sheets", lambda: None)
    raise RuntimeError(CANARY)


def passing(do: Do) -> NightReport:
    """A step that may be repeated meets trouble once."""
    tries: list[int] = []

    def step() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError(CANARY)

    do("read sheets, batch 1 of 1", step)
    return NightReport(DONE.night_on, {"tries": len(tries)})


def without_server(do: Do) -> NightReport:
    """The temporary server is killed in the middle."""
    do("receive sheets", lambda: None)
    do("load", _kill_children)
    do("publish", lambda: None)
    return DONE


def _kill_children() -> None:
    for child in Path("/proc/self/task").glob("*/children"):
        for pid in child.read_text(encoding="ascii").split():
            os.kill(int(pid), signal.SIGKILL)


NIGHTS = {f.__name__: f for f in (whole, unforeseen, foreseen, between_steps, passing, without_server)}


def run(name: str) -> dict[str, object]:
    """Run a night by name through the engine; what it reported or how it failed."""
    begin_server()
    from flows.tasks import run_in_engine

    wait_for_server()
    console, began = Progress(), time.perf_counter()

    def night(do: Do) -> NightReport:
        return do_plainly("night", lambda: NIGHTS[name](show(console, do)))

    try:
        told: dict[str, object] = {"counts": dict(run_in_engine(f"night {name}", night, console).counts)}
    except FidelityError as wrong:
        told = {"error": type(wrong).__name__, "message": str(wrong), "chained": wrong.__context__ is not None}
    return {"night": name, **told, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    prepare_engine(load_settings(Path(sys.argv[1])))
    for wanted in sys.argv[2:]:
        print(json.dumps(run(wanted)), flush=True)
