"""Publishing one night: the DuckDB files, the summary workbook and the supervision sheets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.load.models import run_models
from flows.publish.facts import NightFacts
from flows.publish.snapshot import prepare_snapshots, renew_run
from flows.publish.standing import forget_standing, note_standing
from flows.publish.summary import write_summary
from flows.publish.supervision_sheet import write_supervision_sheets
from flows.settings import Settings


def facts_of(settings: Settings, night_on: date) -> NightFacts:
    """What covers say of a night; `since last time` counts from the date that the settings give, else from days back."""
    since = settings.since or night_on - timedelta(days=settings.since_days)
    return NightFacts(
        night_on, settings.lab, settings.contact, settings.provisional, since, version("session-fidelity")
    )


def publish(con: DuckDBPyConnection, settings: Settings, facts: NightFacts, under: str) -> dict[str, int]:
    """Publish what the working file holds; gives back what the quality lead should hear of, counted.

    Raises:
        PublishingStopped: an audit failed; what was published before stays.
    """
    counts = publish_anew(con, settings, facts)
    note_standing(con, settings, facts, under)
    return counts


def publish_anew(con: DuckDBPyConnection, settings: Settings, facts: NightFacts) -> dict[str, int]:
    """As `publish`, but the next night publishes whether or not it brings anything new."""
    return publish_into(con, settings.published, facts, lambda: forget_standing(settings))


def publish_into(
    con: DuckDBPyConnection, published: Path, facts: NightFacts, before_swaps: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Publish what the file `con` holds into a folder.

    The DuckDB files are built and audited first and swapped in last: until the workbooks are whole, readers query yesterday.

    Raises:
        PublishingStopped: an audit failed; what was published before stays.
    """
    prepared = prepare_snapshots(con, published)
    before_swaps()
    try:
        write_summary(con, published / f"fidelity-summary-{facts.period}.xlsx", facts)
        reached("summary swapped")
        sheets = write_supervision_sheets(con, published / "supervision", facts)
        reached("workbooks written")
    except BaseException:
        prepared.discard()
        raise
    publication = prepared.swap()
    return {
        "warnings of checks": len(publication.warnings),
        "supervision sheets written": sheets.n_written,
        "therapists without a supervisor": sheets.n_without_supervisor,
    }


def publish_record(con: DuckDBPyConnection, settings: Settings, _facts: NightFacts, _under: str) -> dict[str, int]:
    """Publish a night that changed nothing: the figures stand, and only the record of nights grows."""
    run_models(con, ["70_about"], only=frozenset({"about.run"}))
    renew_run(con, settings.published)
    return {}
