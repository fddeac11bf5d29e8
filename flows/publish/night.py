"""Publishing one night: the DuckDB files, the summary workbook and the supervision sheets."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.publish.facts import NightFacts
from flows.publish.snapshot import publish_snapshots
from flows.publish.summary import write_summary
from flows.publish.supervision_sheet import SheetCounts, write_supervision_sheets
from flows.settings import Settings


def facts_of(settings: Settings, night_on: date) -> NightFacts:
    """What covers say of a night; `since last time` counts from the date that the settings give, else from days back."""
    since = settings.since or night_on - timedelta(days=settings.since_days)
    return NightFacts(
        night_on, settings.lab, settings.contact, settings.provisional, since, version("session-fidelity")
    )


def publish(con: DuckDBPyConnection, published: Path, facts: NightFacts) -> SheetCounts:
    """Publish what the working file holds, below `published`.

    Raises:
        PublishingStopped: an audit failed; what was published before stays.
    """
    publish_snapshots(con, published)
    write_summary(con, published / f"fidelity-summary-{facts.period}.xlsx", facts)
    return write_supervision_sheets(con, published / "supervision", facts)
