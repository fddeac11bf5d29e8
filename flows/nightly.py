"""The run-book of one night, one screen: what happens, in which order, and what is told afterwards.

Nothing here knows whether Prefect runs it: `do` carries the named steps out, plainly or as Prefect tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from flows.console import Console, show
from flows.errors import FidelityError, NightRunning
from flows.failpoints import arm, reached
from flows.intake.door import Ground, screen_again, screen_of
from flows.intake.inbox import clear_inbox, receive
from flows.intake.pool import reading_order, reading_pool
from flows.intake.roster import read_roster
from flows.keeping.erase import keep_in_order, oldest_kept
from flows.keeping.restore import finish_restore
from flows.keeping.sweep import mark_pending
from flows.load.connection import one_transaction
from flows.load.ground import check_ground, clear_spool, spool_folder
from flows.load.ledger import choose, fingerprint, known_hashes
from flows.load.lock import night_lock
from flows.load.models import make_marts
from flows.load.night import begin_night, load, settle, working_file
from flows.load.tombstones import read_erased, tell_of_roster, without_erased
from flows.measure import measure
from flows.publish.night import facts_of, publish, publish_record
from flows.publish.returned import send_back
from flows.publish.standing import still_stands
from flows.settings import Settings, failpoint
from flows.status import FAILED, PUBLISHED, LastNight, write_last_night
from flows.steps import Do, T, do_plainly
from schemas.catalog import load_catalog


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a finished night tells: counts only."""

    night_on: date
    counts: Mapping[str, int]

    @property
    def line(self) -> str:
        """The counts in one line."""
        counts = ", ".join(f"{n} {what}" for what, n in self.counts.items())
        return f"Night of {self.night_on}: {counts or 'nothing new'}."


def run_book(settings: Settings, now: datetime, night_on: date, do: Do) -> NightReport:
    """One night over what lies in the inbox. No step begins unless the one before it is whole."""
    with night_lock(settings, now):
        reached("lock taken")
        finish_restore(settings)
        check_ground(settings)
        let_go = keep_in_order(settings, now, night_on)
        catalog, listed = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
        with working_file(settings) as con:
            reached("working file open")
            erased = read_erased(con, settings, oldest_kept(settings, night_on))
            roster, n_erased = without_erased(listed, erased)
            tonight = begin_night(con, now, night_on, fingerprint(catalog, roster))
            ground = Ground(settings, tonight.under, roster, night_on, erased)
            known = known_hashes(con)
            screen = screen_of(ground, known)
            received = do("receive sheets", lambda: receive(settings, tonight.stamp, screen=screen))
            to_read = do("choose what to read", lambda: choose(con, settings, received, tonight.under))
            to_read, n_put_off = screen_again(ground, to_read, known, settings.warehouse / "tmp")
            if n_put_off:
                mark_pending(settings)  # the next night sweeps them before it reads them
            reached("sheets chosen")
            spool = spool_folder(settings)
            with reading_pool(reading_order(settings, catalog, roster, night_on, spool), settings.n_processes) as pool:
                for k, n, batch in batches(to_read, settings.batch_files):
                    do(f"read sheets, batch {k} of {n}", partial(pool.read, f"batch-{k}", batch))
            reached("sheets read")
            facts = facts_of(settings, night_on)
            with one_transaction(con):
                counts = do("load", lambda: load(con, spool, received, tonight, catalog, roster, settings))
                tell_of_roster(con, n_erased, tonight.stamp, tonight.night_id)
                is_idle = still_stands(con, settings, facts, tonight.under)
                if not is_idle:
                    do("settle what counts", lambda: settle(con, tonight))
                    do("measure", lambda: measure(con))
                    reached("measured")
                    do("make marts", lambda: make_marts(con))
                    reached("marts made")
                reached("before commit")
            reached("after commit")
            publishing = publish_record if is_idle else publish
            counts |= let_go
            counts |= do("publish", lambda: publishing(con, settings, facts, tonight.under))
            counts |= do("send sheets back", lambda: send_back(con, settings, catalog))
        reached("working file closed")
        clear_spool(settings)
        do("clear inbox", lambda: clear_inbox(settings, received))
        return NightReport(night_on, counts)


def run_night(settings: Settings, now: datetime, night_on: date, do: Do, console: Console) -> NightReport:
    """Carry the run-book out and keep the night's record, from which alone `fidelity status` judges success.

    Raises:
        FidelityError: when the night broke off; its message is safe to keep.
    """
    arm(failpoint())
    begun: list[str] = []

    def do_noted(name: str, step: Callable[[], T]) -> T:
        begun.append(name)
        return do(name, step)

    def ended(outcome: str, message: str, counts: Mapping[str, int]) -> LastNight:
        step = begun[-1] if begun else ""
        return LastNight(night_on, now, datetime.now(UTC), outcome, step, message, counts)

    try:
        report = do_plainly("night", lambda: run_book(settings, now, night_on, show(console, do_noted)))
    except NightRunning:
        raise  # the record belongs to the night that runs
    except FidelityError as wrong:
        with suppress(
            OSError
        ):  # a disk that is full has no room for the record either; what went wrong is told all the same
            write_last_night(settings, ended(FAILED, str(wrong), {}))
        raise
    do_plainly("record", lambda: write_last_night(settings, ended(PUBLISHED, report.line, report.counts)))
    return report


def batches(to_read: Sequence[T], size: int) -> list[tuple[int, int, Sequence[T]]]:
    """What is to be read, `size` at a time, each batch with its number and how many there are."""
    parts = [to_read[at : at + size] for at in range(0, len(to_read), size)]
    return [(k, len(parts), part) for k, part in enumerate(parts, start=1)]
