"""One sweep over a home: whoever has a tombstone goes from every file and table, and all that rested on them is told anew.

It knows nobody by name, only by tombstone, so that a sweep that was killed can be done again by anyone, and by any night.
Every step can be done twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.intake.door import Ground
from flows.intake.erased import Erased
from flows.intake.roster import read_roster
from flows.keeping.circumstance import rewrite_circumstance
from flows.keeping.folders import (
    Swept,
    clear_temporary,
    remove_folders,
    sweep_inbox,
    sweep_published,
    sweep_receipts,
    sweep_returned,
)
from flows.keeping.history import Going, ratings_that_go, release_what_waits, rewrite_history
from flows.keeping.originals import delete_originals, forget_unknown, known_originals, replace_originals
from flows.keeping.roster_files import sweep_roster
from flows.load.connection import one_transaction, rewrite_working
from flows.load.ledger import fingerprint
from flows.load.models import make_marts
from flows.load.night import Tonight, settle, working_file
from flows.load.reference import Night, write_reference
from flows.load.tombstones import read_erased, tell_of_roster, without_erased
from flows.measure import measure
from flows.publish.night import facts_of, publish
from flows.publish.returned import send_back
from flows.settings import Settings
from schemas.catalog import Catalog, load_catalog
from schemas.roster import Roster

PENDING = (
    "erasing"  # a file in the warehouse while a sweep is under way, so that no night must look into history for it
)
LAST = "select night_id, night_on, version, started_at from history.night order by night_id desc limit 1"
UNKNOWN_NIGHT = (0, date.min, "", datetime.min)  # noqa: DTZ901 - as DuckDB has it, without a zone


@dataclass(slots=True)
class Report:
    """What a sweep did, counted."""

    n_ratings: int = 0
    n_trimmed: int = 0
    n_copies: int = 0
    n_removed: int = 0
    n_roster_lines: int = 0
    files: Swept = field(default_factory=Swept)


@dataclass(frozen=True, slots=True)
class _Home:
    """What a sweep stands on."""

    ground: Ground
    catalog: Catalog
    roster: Roster
    tonight: Tonight
    n_left_out: int

    @property
    def settings(self) -> Settings:
        return self.ground.settings

    @property
    def erased(self) -> Erased:
        return self.ground.erased


def sweep(settings: Settings, now: datetime, before: date | None = None) -> Report:
    """Sweep a home under its lock; `before`: sessions before that day go as well. `now` is UTC.

    Raises:
        PublishingStopped: an audit of what is left failed; everything is gone by then, and only the new publication is missing.
        RosterWrong: the roster cannot be read.
    """
    report = Report()
    mark_pending(settings)
    clear_temporary(settings)
    with working_file(settings) as con:
        erased = read_erased(con, settings, before)
        report.n_roster_lines = sweep_roster(settings, erased)
        reached("roster swept")
        home = _home(con, settings, erased, now)
        report.files += sweep_inbox(home.ground)
        _sweep_history(con, home, report)
        report.files += sweep_published(home.ground)
        _publish(con, home)
        reached("published without")
    rewrite_working(settings)
    reached("working file rewritten")
    clear_temporary(settings)
    return report


def mark_pending(settings: Settings) -> None:
    """Note that a sweep is to be done: whoever comes next does it, should this one be killed."""
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    (settings.warehouse / PENDING).touch()


def is_pending(settings: Settings) -> bool:
    """Whether a sweep was begun and not ended."""
    return (settings.warehouse / PENDING).exists()


def is_over(settings: Settings) -> None:
    """Note that the sweep is done."""
    (settings.warehouse / PENDING).unlink(missing_ok=True)


def _home(con: DuckDBPyConnection, settings: Settings, erased: Erased, now: datetime) -> _Home:
    catalog = load_catalog((settings.own_schemas,))
    roster, n_left_out = without_erased(read_roster(settings.raw), erased)
    under = fingerprint(catalog, roster)
    night_id, night_on, version, started_at = con.execute(LAST).fetchone() or UNKNOWN_NIGHT
    stamp = now.astimezone(UTC).replace(tzinfo=None)
    tonight = Tonight(night_id, night_on, started_at, stamp, under, version)
    ground = Ground(settings, under, roster, max(night_on, settings.date_of(now)), erased)
    return _Home(ground, catalog, roster, tonight, n_left_out)


def _sweep_history(con: DuckDBPyConnection, home: _Home, report: Report) -> None:
    """Originals and tables together: copies first, then history in one transaction, and only then are originals deleted."""
    settings, erased = home.settings, home.erased
    going = ratings_that_go(con, erased)
    replaced = replace_originals(home.ground, con, going)
    reached("originals redacted")
    going = Going(going.gone | replaced.gone, going.trimmed - replaced.gone)
    known = known_originals(con, settings)
    report.files.n_removed += remove_folders(settings, con, erased)
    with one_transaction(con):
        rewrite_circumstance(con, erased, home.tonight.under)
        rewrite_history(con, erased, going, replaced.moves)
        con.execute(
            "update history.erasure set n_ratings = n_ratings + $n, n_workbooks = n_workbooks + $w where done_at is null",
            {"n": len(going.gone), "w": len(replaced.moves.bytes)},
        )
        _tell_anew(con, home)
        reached("before history commits")
    reached("history rewritten")
    report.files += sweep_returned(home.ground, replaced.moves.bytes)
    sweep_receipts(settings, erased, replaced.moves.bytes)
    delete_originals(replaced)
    n_old = forget_unknown(settings, known | set(replaced.moves.bytes.values()), con)
    reached("originals deleted")
    report.n_ratings, report.n_trimmed = len(going.gone), len(going.trimmed)
    report.n_copies, report.n_removed = replaced.n_copies, replaced.n_removed + n_old


def _tell_anew(con: DuckDBPyConnection, home: _Home) -> None:
    """Make every table that rests on history, as the last night would have made it."""
    tonight = home.tonight
    for (table,) in con.execute("select table_name from duckdb_tables() where schema_name = 'judgement'").fetchall():
        con.execute(f"delete from judgement.{table}")
    if not tonight.night_id:
        return
    release_what_waits(con, tonight.stamp, tonight.night_id)
    tell_of_roster(con, home.n_left_out, tonight.stamp, tonight.night_id)
    night = Night(tonight.night_id, tonight.night_on, tonight.version)
    write_reference(con, home.catalog, home.roster, home.settings, night)
    settle(con, tonight)
    measure(con)
    make_marts(con)


def _publish(con: DuckDBPyConnection, home: _Home) -> None:
    settings, tonight = home.settings, home.tonight
    if not tonight.night_id:
        return
    publish(con, settings, facts_of(settings, tonight.night_on), tonight.under)
    send_back(con, settings, home.catalog)
