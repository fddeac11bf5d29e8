"""Starting a night from this process, with Prefect's engine or without it.

Prefect is imported only when it is asked for, after its switches are set.
"""

from __future__ import annotations

import atexit
import os
import sys
from datetime import UTC, date, datetime

from flows.console import Console
from flows.nightly import NightReport, run_night
from flows.server import begin_server, wait_for_server
from flows.settings import Settings, prepare_prefect
from flows.steps import Do, do_plainly


def hold_night(settings: Settings, night_on: date | None, plain: bool, console: Console) -> NightReport:
    """One night now; `night_on` stands in for today's date.

    Raises:
        FidelityError: when the night broke off.
    """
    now = datetime.now(UTC)
    night_on = night_on or settings.date_of(now)

    def night(do: Do) -> NightReport:
        return run_night(settings, now, night_on, do, console)

    if plain:
        return night(do_plainly)
    prepare_engine(settings)
    end_quietly()
    begin_server()
    from flows.tasks import run_in_engine

    wait_for_server()
    return run_in_engine(f"night of {night_on}", night, console)


def prepare_engine(settings: Settings, environ: dict[str, str] | None = None) -> None:
    """Make ready what Prefect needs before it is imported."""
    # Prefect makes its own folder but not the one it is in, and its server then restarts until its time is up.
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    prepare_prefect(settings, environ)


def end_quietly() -> None:
    """Let nothing be written to the terminal once this process is at its end."""
    atexit.register(_shut_stderr)


def _shut_stderr() -> None:
    # DuckDB's binding lists its own types as leaked when Prefect's threads still hold them at the end; by then
    # nothing is left to be told.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
