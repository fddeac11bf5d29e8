"""`fidelity as-of D`: the publication of a past night, made again from what was known then.

History is copied as it was when that night ended into a scratch file, and the night's own steps from settling to
publishing run over it, under the instruments, layouts, roster and settings of then. No inbox is read, and nothing of the
home changes but the folder `warehouse/published/as-of/D`, which is there whole or as it was before.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import arm, reached
from flows.load.circumstance import Circumstance, circumstance_of
from flows.load.connection import attached, one_transaction, open_scratch, working_path
from flows.load.ground import check_ground, clear_scratch, scratch_folder
from flows.load.lock import night_lock
from flows.load.models import make_marts
from flows.load.night import count, have_history, working_file
from flows.load.past import PastNight, copy_past, night_as_of
from flows.load.reference import Night, write_reference
from flows.measure import measure
from flows.publish.night import facts_of, publish_into
from flows.publish.standing import AS_OF
from flows.publish.workbook import sync_folder
from flows.settings import Settings, failpoint
from flows.steps import do_plainly


def publish_as_of(settings: Settings, now: datetime, day: date) -> list[str]:
    """Publish what was known by the end of `day`; gives back what to tell.

    Raises:
        UsageError: no night can be told again for that day; the message says which can.
        FidelityError: it broke off. What was published before stays.
    """
    arm(failpoint())
    night = do_plainly("as-of", lambda: _publish_as_of(settings, now, day))
    today = version("session-fidelity")
    ran = "the version it ran under" if night.version == today else f"it ran under {night.version}"
    return [
        f"What was known by the end of {day}, the night of {night.night_on}, computed by version {today} ({ran}).",
        f"Published in {settings.published / AS_OF / day.isoformat()}",
    ]


def _publish_as_of(settings: Settings, now: datetime, day: date) -> PastNight:
    with night_lock(settings, now):
        check_ground(settings)
        with working_file(settings) as con:
            night = night_as_of(con, day, settings.date_of(now))
            then = circumstance_of(con, night.night_id, settings)
        scratch = scratch_folder(settings)
        built = scratch / day.isoformat()
        with open_scratch(settings, scratch) as con:
            _copy(con, settings, night)
            _tell_again(con, night, then)
            publish_into(con, built, facts_of(then.settings, night.night_on))
            reached("past published")
        _put_in_place(built, settings.published / AS_OF / day.isoformat(), scratch, settings.published)
        clear_scratch(settings)
        return night


def _copy(con: DuckDBPyConnection, settings: Settings, night: PastNight) -> None:
    have_history(con)
    with attached(con, working_path(settings), "working"), one_transaction(con):
        copy_past(con, "working", night.night_id)
    reached("past copied")


def _tell_again(con: DuckDBPyConnection, night: PastNight, then: Circumstance) -> None:
    """The night's own steps over history as it was; what arrived or closed then is in history already."""
    shown = Night(night.night_id, night.night_on, version("session-fidelity"))
    with one_transaction(con):
        write_reference(con, then.catalog, then.roster, then.settings, shown)
        count(con)
        measure(con)
        make_marts(con)


def _put_in_place(built: Path, place: Path, scratch: Path, published: Path) -> None:
    """Swap the folder in whole; it and its supervisors' folders get the permissions of those that people use today."""
    for folder in (built, *(built / "supervision").glob("*/")):
        todays = published / folder.relative_to(built)
        if todays.is_dir():
            shutil.copystat(todays, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(scratch / "earlier")
        reached("between past folders")
    built.rename(place)
    sync_folder(place.parent)
    reached("past in place")
