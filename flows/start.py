"""Starting a night from this process, with Prefect's engine or without it.

Prefect is imported only when it is asked for, after its switches are set.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flows.console import Console
from flows.nightly import NightReport, run_night
from flows.settings import Settings, prepare_prefect
from flows.steps import Do, do_plainly


def hold_night(settings: Settings, night_on: date | None, plain: bool, console: Console) -> NightReport:
    """One night now; `night_on` stands in for today's date.

    Raises:
        FidelityError: when the night broke off.
    """
    now = datetime.now(UTC)
    night_on = night_on or date_of(settings, now)

    def night(do: Do) -> NightReport:
        return run_night(settings, now, night_on, do, console)

    if plain:
        return night(do_plainly)
    prepare_engine(settings)
    from flows.tasks import run_in_engine

    return run_in_engine(f"night of {night_on}", night, console)


def prepare_engine(settings: Settings, environ: dict[str, str] | None = None) -> None:
    """Make ready what Prefect needs before it is imported."""
    # Prefect makes its own folder but not the one it is in, and its server then restarts until its time is up.
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    prepare_prefect(settings, environ)


def date_of(settings: Settings, now: datetime) -> date:
    """The date of a moment in the lab's time zone."""
    return now.astimezone(ZoneInfo(settings.time_zone)).date()
