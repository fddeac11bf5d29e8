"""Tombstones: who was erased, as keyed hashes in the working file, and the keys they were made with.

The keys lie beside the working file and not in it (`warehouse/erasure.key`, for the owner only): who has one without the
other can tell nothing. A home has one key, and more when backups with keys of their own were brought in.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from duckdb import DuckDBPyConnection

from flows.errors import NightFailed
from flows.intake.erased import RATER, THERAPIST, Erased, Tombstone, key_id, tombstone
from flows.intake.inbox import Received
from flows.settings import Settings
from schemas.codes import Code
from schemas.roster import Roster

KEYS_NAME = "erasure.key"
KEY_BYTES = 32

_PLACE = """
insert into history.finding
select
    md5(concat_ws('|', $sha256, $sheet, $cell, $code, $message)), $workbook, $sha256, null, $code, 'warning', $sheet, $cell,
    null, null, $message, $received_at, null, null, $night_id, null
where md5(concat_ws('|', $sha256, $sheet, $cell, $code, $message)) not in (select finding_id from history.finding)
"""

_ROSTER = """
insert into history.finding
select
    'erased_in_roster ' || $night_id, 'raw/roster.xlsx', '', null, 'erased_in_roster', 'warning', '', '', null, null,
    $message, $stamp, null, null, $night_id, null
where not exists (select 1 from history.finding where code = 'erased_in_roster' and closed_at is null)
"""
_NO_ROSTER = """
update history.finding
set closed_at = $stamp, closed_night_id = $night_id
where code = 'erased_in_roster' and closed_at is null
"""


def read_keys(settings: Settings) -> dict[str, bytes]:
    """The home's keys by their short names, its own first; none where nobody was ever erased."""
    path = settings.warehouse / KEYS_NAME
    if not path.exists():
        return {}
    keys = [bytes.fromhex(line) for line in path.read_text(encoding="ascii").split()]
    return {key_id(key): key for key in keys}


def write_keys(settings: Settings, keys: Iterable[bytes]) -> None:
    """Keep these keys, whole or not at all, readable by the owner alone."""
    path = settings.warehouse / KEYS_NAME
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        file.write("".join(f"{key.hex()}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def have_key(settings: Settings) -> bytes:
    """The home's own key; made when it has none."""
    keys = read_keys(settings)
    if not keys:
        write_keys(settings, [secrets.token_bytes(KEY_BYTES)])
        keys = read_keys(settings)
    return next(iter(keys.values()))


def read_tombstones(con: DuckDBPyConnection) -> list[Tombstone]:
    """Every tombstone of a working file."""
    rows = con.execute(
        "select kind, digest, length, found_as, key_id, head from history.tombstone order by all"
    ).fetchall()
    return [Tombstone(*row) for row in rows]


def lay_tombstones(con: DuckDBPyConnection, stones: Iterable[Tombstone], at: datetime) -> int:
    """Add the tombstones that are not there yet; how many those are. `at` is UTC."""
    there = {(s.digest, s.key_id) for s in read_tombstones(con)}
    new = {(s.digest, s.key_id): s for s in stones if (s.digest, s.key_id) not in there}
    for stone in new.values():
        told = [stone.kind, stone.digest, stone.length, stone.found_as, stone.key_id, stone.head]
        con.execute("insert into history.tombstone values (?, ?, ?, ?, ?, ?, ?)", [*told, at.replace(tzinfo=None)])
    return len(new)


def read_erased(con: DuckDBPyConnection, settings: Settings, before: date | None = None) -> Erased:
    """Who was erased in this home; `before`: sessions that are kept no longer.

    Raises:
        NightFailed: a key is lost without which erased people would not be known again.
    """
    keys, stones = read_keys(settings), read_tombstones(con)
    if any(stone.key_id not in keys for stone in stones):
        raise NightFailed(
            f"warehouse/{KEYS_NAME} is missing or is another home's, and without it erased people would come back unseen. "
            "Put it back from a backup."
        )
    return Erased(keys, frozenset(stones), before)


def stones_for(kind: str, ids: Sequence[str], roster: Roster, key: bytes) -> list[Tombstone]:
    """Tombstones of people in every spelling that the roster knows of them."""
    spellings = {text for one in ids for text in _spellings(kind, one, roster)}
    return [tombstone(kind, text, key) for text in sorted(spellings)]


def spellings_of(kind: str, ids: Sequence[str], roster: Roster) -> set[str]:
    """The ids as given, and every other spelling that the roster has for them."""
    return {text for one in ids for text in _spellings(kind, one, roster)}


def _spellings(kind: str, person: str, roster: Roster) -> set[str]:
    alone = Erased({"": b""}, frozenset({tombstone(kind, person, b"")}))
    found = {person}
    for rater in roster.raters if kind == RATER else ():
        written = (rater.rater_id, *rater.also_written)
        if any(alone.names(kind, text) for text in written):
            found |= set(written)
    return found


def without_erased(roster: Roster, erased: Erased) -> tuple[Roster, int]:
    """The roster without erased people, and how many of its lines were left out."""
    therapists = tuple(t for t in roster.therapists if not erased.names(THERAPIST, t.therapist_id))
    raters = tuple(r for r in roster.raters if not any(erased.names(RATER, w) for w in (r.rater_id, *r.also_written)))
    plan = tuple(p for p in roster.plan if not erased.names(THERAPIST, p.therapist_id))
    led = tuple(type(t)(t.therapist_id, t.team, _kept_supervisor(t.supervisor_id, erased)) for t in therapists)
    n_left_out = len(roster.therapists) - len(therapists) + len(roster.raters) - len(raters)
    n_left_out += sum(old != new for old, new in zip(therapists, led, strict=True))
    return Roster(led, raters, plan, roster.is_present), n_left_out


def _kept_supervisor(supervisor: str | None, erased: Erased) -> str | None:
    is_erased = erased.names(THERAPIST, supervisor) or erased.names(RATER, supervisor)
    return None if is_erased else supervisor


def tell_of_places(con: DuckDBPyConnection, received: Iterable[Received], night_id: int) -> None:
    """Record a finding for each rating that was left out at the door: where it stood, and not whose it was."""
    for sheet in received:
        for at_sheet, cell, code in sheet.places:
            about = {"sha256": sheet.sha256, "workbook": sheet.workbook, "received_at": sheet.received_at}
            about |= {"night_id": night_id}
            con.execute(
                _PLACE, about | {"sheet": at_sheet, "cell": cell, "code": code, "message": Code(code).kind.sentence}
            )


def tell_of_roster(con: DuckDBPyConnection, n_left_out: int, stamp: datetime, night_id: int) -> None:
    """Tell that the roster names people who were erased, as long as it does."""
    when = {"stamp": stamp, "night_id": night_id}
    if n_left_out:
        con.execute(_ROSTER, when | {"message": Code.ERASED_IN_ROSTER.kind.sentence})
    else:
        con.execute(_NO_ROSTER, when)
