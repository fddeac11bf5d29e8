"""`fidelity withdraw`: a rating is taken back, and the publication follows at once.

A withdrawal is a night of its own that reads no inbox: it has a number, a date and a record like any other, so that what
was known before and after it can be told again.
"""

from __future__ import annotations

from datetime import date, datetime

from flows.failpoints import arm, reached
from flows.intake.roster import read_roster
from flows.load.connection import one_transaction
from flows.load.ground import check_ground, clear_spool, spool_folder
from flows.load.ledger import fingerprint
from flows.load.lock import night_lock
from flows.load.models import make_marts
from flows.load.night import begin_night, note_night, settle, working_file
from flows.load.withdraw import Meant, withdraw_rating
from flows.measure import measure
from flows.publish.night import facts_of, publish_anew
from flows.publish.returned import send_back
from flows.settings import Settings, failpoint
from flows.steps import do_plainly
from schemas.catalog import load_catalog


def withdraw(settings: Settings, now: datetime, night_on: date, meant: Meant) -> list[str]:
    """Take a rating back and publish what is left; gives back what to tell. Waits for nobody: a running night is an error.

    Raises:
        UsageError: not exactly one rating is meant, or it was withdrawn already.
        FidelityError: the withdrawal, or the publishing after it, broke off. What was published before stays, and a
            withdrawal that was recorded reaches the publication with the next night.
    """
    arm(failpoint())
    what, n_released = do_plainly("withdraw", lambda: _withdraw(settings, now, night_on, meant))
    released = f", and {n_released} that waited for it were taken in" if n_released else ""
    return [f"The {what} is withdrawn{released}. Published in {settings.published}"]


def _withdraw(settings: Settings, now: datetime, night_on: date, meant: Meant) -> tuple[str, int]:
    """The night of a withdrawal; gives back what was withdrawn, and how many ratings were released by it."""
    with night_lock(settings, now):
        check_ground(settings)
        catalog, roster = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
        with working_file(settings) as con:
            tonight = begin_night(con, now, night_on, fingerprint(catalog, roster))
            with one_transaction(con):
                what = withdraw_rating(con, meant, tonight.stamp, tonight.night_id, spool_folder(settings))
                counts = note_night(con, tonight, catalog, roster, settings)
                settle(con, tonight)
                measure(con)
                make_marts(con)
            reached("withdrawal committed")
            publish_anew(con, settings, facts_of(settings, night_on))
            send_back(con, settings, catalog)
        clear_spool(settings)
        return what, counts["released"]
