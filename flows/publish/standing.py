"""Whether what is published still stands: a night that would publish the same again publishes its own record alone.

The standing of a publication is one hash of all that its tables and workbooks rest on: the last night that changed history,
the instruments, layouts and roster, the settings, this software, and what the passing of days moves (which sessions
are in the window, which ratings are from since the last meeting, which planned periods are over, which quarter it is).
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.load.models import SQL
from flows.load.reference import window_start
from flows.publish.facts import NightFacts
from flows.settings import Settings

NAME = ".standing"
AS_OF = "as-of"  # the folder of past publications, which no night touches

MOVED = """
select
    (select coalesce(max(night_id), 0) from history.rating) as last_rating,
    (select coalesce(max(night_id), 0) from history.event) as last_event,
    (select coalesce(max(night_id), 0) from history.workbook) as last_workbook,
    (select count(*) from history.finding where closed_at is null) as n_open,
    count(*) filter (where session_on > $window_start) as n_after_window_start,
    count(*) filter (where session_on <= $night_on) as n_until_night,
    (select count(*) from current.rating where coalesce(rated_on, session_on, received_at::date) >= $since) as n_rated_since,
    (select count(*) from current.rating where received_at::date >= $since) as n_received_since
from current.session
"""
OVER = "select count(*) from reference.plan where ends_on < $night_on"


def standing_of(con: DuckDBPyConnection, settings: Settings, facts: NightFacts, under: str) -> str:
    """The standing of a publication made tonight; `under` is the hash of instruments, layouts and roster."""
    days = {
        "window_start": window_start(facts.night_on, settings.window_months),
        "night_on": facts.night_on,
        "since": facts.since,
    }
    moved = con.execute(MOVED, days).fetchone()
    over = con.execute(OVER, {"night_on": facts.night_on}).fetchone()
    chosen = settings.model_dump_json(exclude={"home", "since"})
    return _hash(str(moved), str(over), under, chosen, facts.period, _software())


def still_stands(con: DuckDBPyConnection, settings: Settings, facts: NightFacts, under: str) -> bool:
    """Whether tonight would publish what the publication in place shows already; all of its files must still be there."""
    published = settings.published
    try:
        found = json.loads((published / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    standing = standing_of(con, settings, facts, under)
    return bool(standing == found["standing"] and all((published / name).exists() for name in found["files"]))


def forget_standing(settings: Settings) -> None:
    """Before the first file is replaced: a night that is killed among its swaps must not be taken for one that stands."""
    (settings.published / NAME).unlink(missing_ok=True)


def note_standing(con: DuckDBPyConnection, settings: Settings, facts: NightFacts, under: str) -> None:
    """Note with what standing the publication now in place was made."""
    published = settings.published
    files = [
        path.relative_to(published).as_posix()
        for path in sorted(published.rglob("*"))
        if _is_published(path.relative_to(published))
    ]
    standing = standing_of(con, settings, facts, under)
    beside = published / f"{NAME}.new"
    beside.write_text(json.dumps({"standing": standing, "files": files}), encoding="utf-8")
    reached("before standing")
    beside.replace(published / NAME)
    reached("standing noted")


def _is_published(path: Path) -> bool:
    return path.parts[0] != AS_OF and path.suffix in (".duckdb", ".xlsx") and not path.name.startswith(".")


def _software() -> str:
    models = sorted(SQL.rglob("*.sql"))
    return _hash(version("session-fidelity"), *(path.read_text(encoding="utf-8") for path in models))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
