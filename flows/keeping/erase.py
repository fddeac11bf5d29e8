"""Erasing people: their tombstones are laid, the home and its backups are swept, and then everything is searched for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from duckdb import DuckDBPyConnection

from flows.errors import StillFound, UsageError
from flows.failpoints import reached
from flows.intake.erased import PATIENT, RATER, THERAPIST, Erased, Tombstone
from flows.intake.roster import read_roster
from flows.keeping.backups import known_backups, sweep_backup
from flows.keeping.history import ratings_that_go
from flows.keeping.restore import finish_restore
from flows.keeping.search import Found, search
from flows.keeping.sweep import Report, is_over, is_pending, mark_pending, sweep
from flows.load.connection import one_transaction
from flows.load.ground import check_ground
from flows.load.lock import night_lock
from flows.load.night import working_file
from flows.load.reference import window_start
from flows.load.tombstones import have_key, lay_tombstones, spellings_of, stones_for
from flows.settings import Settings
from schemas.roster import Rater, Roster

OLD = """
select count(*) from history.workbook
where received_at::date < $before and n_ratings = 0 and sha256 not in (select sha256 from history.rating)
"""


@dataclass(frozen=True, slots=True)
class People:
    """Whom to erase, by their ids."""

    patients: Sequence[str] = ()
    therapists: Sequence[str] = ()
    raters: Sequence[str] = ()

    def by_kind(self) -> Mapping[str, Sequence[str]]:
        """Ids by kind.

        Raises:
            UsageError: nobody is named, or an id is blank.
        """
        named = {PATIENT: self.patients, THERAPIST: self.therapists, RATER: self.raters}
        if not any(named.values()) or any(not one.strip() for ids in named.values() for one in ids):
            raise UsageError("Name whom to erase: --patient, --therapist or --rater with the id.")
        return named


def would_go(settings: Settings, people: People, now: datetime) -> list[str]:
    """What erasing these people would take from the tables, in lines of counts. Nothing is changed."""
    with night_lock(settings, now), working_file(settings) as con:
        stones = _stones(_everyone(con, settings), people, b"looked at only")
        going = ratings_that_go(con, Erased({"": b"looked at only"}, frozenset(stones)))
        books = con.execute(
            "select count(distinct sha256) from history.rating where rating_id in (select unnest($ids))",
            {"ids": sorted(going.gone | going.trimmed)},
        ).fetchone()
    return [
        f"Ratings that would go: {len(going.gone)}; that would lose one of their therapists: {len(going.trimmed)}.",
        f"Originals that would be replaced by a copy without them, or removed: {books[0] if books else 0}.",
        f"Backups that are known, and would be gone through as well: {len(known_backups(settings))}.",
    ]


def erase(settings: Settings, people: People, now: datetime) -> list[str]:
    """Erase people from a home and its backups, and say what was done in lines of counts. `now` is UTC.

    Raises:
        StillFound: something of them is left; the message names the files.
        NightRunning: a night is running in the home.
        FidelityError: a step could not be done; run the same command again, and it goes on.
    """
    kinds = people.by_kind()
    with night_lock(settings, now):
        finish_restore(settings)
        check_ground(settings)
        with working_file(settings) as con:
            roster = _everyone(con, settings)
            spelt = {kind: spellings_of(kind, ids, roster) for kind, ids in kinds.items()}
            stones = _stones(roster, people, have_key(settings))
            mark_pending(settings)
            _begin(con, stones, now)
        reached("tombstones laid")
        report = sweep(settings, now)
        backups = [sweep_backup(settings, path, now) for path in known_backups(settings)]
        _end(settings, now)
        found = search(settings, spelt, [b.path for b in backups if b.is_swept])
    lines = [*_told(report), *(line for b in backups for line in b.told), *found.told]
    if found.hits:
        raise StillFound(_still_there(found))
    return lines


def keep_in_order(settings: Settings, now: datetime, night_on: date) -> dict[str, int]:
    """Before a night begins, under its lock: finish an erasure that was killed, and let go of what is older than is kept."""
    before, was_pending = oldest_kept(settings, night_on), is_pending(settings)
    if not is_pending(settings) and (before is None or not _has_old(settings, before)):
        return {}
    if before is not None and not was_pending:
        with working_file(settings) as con:
            _note(con, "age", before, now)
    report = sweep(settings, now, before)
    for path in known_backups(settings) if was_pending else ():
        sweep_backup(settings, path, now)
    _end(settings, now)
    return {"ratings kept no longer": report.n_ratings}


def oldest_kept(settings: Settings, night_on: date) -> date | None:
    """The first day whose sessions are kept; None when all are."""
    return None if settings.keep_months is None else window_start(night_on, settings.keep_months)


def _everyone(con: DuckDBPyConnection, settings: Settings) -> Roster:
    """The roster with the raters of every roster that nights rested on: who left is still spelt there in other ways."""
    roster = read_roster(settings.raw)
    then = con.execute("select distinct rater_id, also_written from history.roster_rater order by all").fetchall()
    return replace(roster, raters=(*roster.raters, *(Rater(name, None, tuple(written)) for name, written in then)))


def _stones(roster: Roster, people: People, key: bytes) -> list[Tombstone]:
    return [stone for kind, ids in people.by_kind().items() for stone in stones_for(kind, ids, roster, key)]


def _begin(con: DuckDBPyConnection, stones: Sequence[Tombstone], now: datetime) -> None:
    with one_transaction(con):
        lay_tombstones(con, stones, now.astimezone(UTC))
        _note(con, "person", None, now)


def _note(con: DuckDBPyConnection, what: str, before: date | None, now: datetime) -> None:
    at = now.astimezone(UTC).replace(tzinfo=None)
    con.execute(
        "insert into history.erasure values ($at, null, $what, $before, 0, 0)",
        {"at": at, "what": what, "before": before},
    )


def _end(settings: Settings, now: datetime) -> None:
    reached("before erasure is done")
    with working_file(settings) as con:
        con.execute("update history.erasure set done_at = $at where done_at is null", {"at": now.replace(tzinfo=None)})
    is_over(settings)


def _has_old(settings: Settings, before: date) -> bool:
    with working_file(settings) as con:
        old = con.execute(OLD, {"before": before}).fetchone()
        return bool(old and old[0]) or bool(ratings_that_go(con, Erased(before=before)).gone)


def _told(report: Report) -> list[str]:
    return [
        f"Ratings that went: {report.n_ratings}; that lost one of their therapists: {report.n_trimmed}.",
        f"Originals replaced by redacted copies: {report.n_copies}; of which nothing could be kept: {report.n_removed}.",
        f"Other files redacted: {report.files.n_redacted}; removed: {report.files.n_removed}; "
        f"lines of the roster blanked: {report.n_roster_lines}. What rested on them was published anew.",
    ]


def _still_there(found: Found) -> str:
    return (
        f"Erased, but an id still stands in {'; '.join(found.hits[:20])} ({len(found.hits)} in all). "
        "Look at each, change or delete it by hand, and run the same command again."
    )
