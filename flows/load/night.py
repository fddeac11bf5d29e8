"""Tonight's load: what was read goes into history, the ledger and the reference tables, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.failpoints import reached
from flows.intake.inbox import Received
from flows.load.circumstance import keep_circumstance
from flows.load.connection import open_working
from flows.load.judge import judge
from flows.load.ledger import ALL_KNOWN, MAY_PASS, stamp_of, tallies
from flows.load.models import SQL, run_models
from flows.load.past import align_before
from flows.load.reference import Night, write_reference
from flows.load.stage import stage_frames, stage_received
from flows.load.tombstones import tell_of_places
from flows.settings import Settings
from schemas.catalog import Catalog
from schemas.codes import Code
from schemas.roster import Roster

HISTORY = SQL / "10_history" / "tables.sql"
CURRENT = "30_current"

LEDGER = f"""
insert into history.workbook
with
counts as (
    select
        arriving.sha256,
        {tallies("arriving", "verdict")}
    from judgement.arriving as arriving
    join judgement.verdict as verdict on verdict.rating_id = arriving.rating_id
    group by arriving.sha256
),
told as (
    select sha256, any_value(code) as code, any_value(message) as message
    from staged_finding
    where code in ('nothing_filled_in', 'erased')
    group by sha256
),
tonight as (
    select received.*, first.workbook as first_workbook
    from received
    left join first_of_bytes as first on first.sha256 = received.sha256
    where not exists (
        select 1 from history.workbook as known
        where known.workbook = received.workbook and known.sha256 = received.sha256 and known.outcome <> 'arriving'
    )
    qualify row_number() over (partition by received.workbook, received.sha256 order by received.place) = 1
)
select
    tonight.workbook,
    tonight.sha256,
    tonight.received_at,
    case
        when tonight.kind <> 'sheet' then tonight.kind
        when tonight.first_workbook <> tonight.workbook then 'duplicate'
        when read.refusal_code is not null then 'refused'
        when coalesce(counts.n_ratings, 0) = 0 then 'ignored'
        when counts.n_held = counts.n_ratings then 'held'
        when counts.n_held > 0 then 'partly_held'
        when counts.n_duplicate = counts.n_ratings then 'duplicate'
        else 'accepted'
    end as outcome,
    case
        when tonight.kind = 'refused' then 'too_large'
        when tonight.first_workbook = tonight.workbook then coalesce(read.refusal_code, told.code)
    end as reason_code,
    case
        when tonight.kind <> 'sheet' then tonight.reason
        when tonight.first_workbook <> tonight.workbook then 'The same bytes as ' || tonight.first_workbook || '.'
        when read.refusal_code is not null then read.refusal
        when coalesce(counts.n_ratings, 0) = 0 then told.message
        when counts.n_duplicate = counts.n_ratings then {ALL_KNOWN}
    end as reason,
    case when tonight.first_workbook = tonight.workbook then read.layout end as layout,
    if(tonight.first_workbook = tonight.workbook, coalesce(counts.n_ratings, 0), 0) as n_ratings,
    if(tonight.first_workbook = tonight.workbook, coalesce(counts.n_accepted, 0), 0) as n_accepted,
    if(tonight.first_workbook = tonight.workbook, coalesce(counts.n_held, 0), 0) as n_held,
    if(tonight.first_workbook = tonight.workbook, coalesce(counts.n_duplicate, 0), 0) as n_duplicate,
    if(read.refusal_code in (select unnest($passing)), '', $under) as judged_under,
    $night_id as night_id
from tonight
left join staged_workbook as read on read.sha256 = tonight.sha256
left join counts on counts.sha256 = tonight.sha256
left join told on told.sha256 = tonight.sha256
"""

# A workbook read again is judged under tonight's roster and layouts; one that was refused may have ratings now. Whether a
# refusal lay with the file or with a busy machine is not known before the file was read twice: the first time, it counts
# as judged under nothing, so that the next night reads it once more.
READ_AGAIN = """
update history.workbook as book
set
    judged_under = if(read.refusal_code in (select unnest($passing)) and book.judged_under <> '', '', $under),
    outcome = case
        when read.refusal_code is not null then 'refused'
        when counts.n_ratings is null then book.outcome
        when counts.n_held = counts.n_ratings then 'held'
        when counts.n_held > 0 then 'partly_held'
        when counts.n_duplicate = counts.n_ratings then 'duplicate'
        else 'accepted'
    end,
    reason_code = read.refusal_code,
    reason = read.refusal,
    layout = read.layout,
    n_ratings = coalesce(counts.n_ratings, book.n_ratings),
    n_accepted = coalesce(counts.n_accepted, book.n_accepted),
    n_held = coalesce(counts.n_held, book.n_held),
    n_duplicate = coalesce(counts.n_duplicate, book.n_duplicate)
from staged_workbook as read
left join (
    select
        sha256,
        count(*) as n_ratings,
        count(*) filter (where verdict = 'accepted') as n_accepted,
        count(*) filter (where verdict = 'held') as n_held,
        count(*) filter (where verdict = 'duplicate') as n_duplicate
    from history.rating
    group by sha256
) as counts on counts.sha256 = read.sha256
where book.sha256 = read.sha256
    and book.workbook = read.workbook
    and book.night_id <> $night_id
"""

# The ledger's rows as they were, before tonight's statements rewrite or remove them.
KEEP_BEFORE = """
insert into history.workbook_before by name
select book.*, $night_id as until_night_id
from history.workbook as book
where book.outcome = 'arriving'
    or (book.workbook, book.sha256) in (select (workbook, sha256) from staged_workbook)
"""

CLOSE_RATINGS = """
update history.finding as finding
set closed_at = $stamp, closed_by = counting.workbook, closed_night_id = $night_id
from history.rating as held
left join current.standing as counting
    on counting.session_id = held.session_id
    and counting.rater_id = held.rater_id
    and counting.role = held.role
    and counting.instrument_id = held.instrument_id
where held.rating_id = finding.rating_id
    and finding.closed_at is null
    and finding.severity = 'error'
    and held.rating_id not in (select rating_id from current.waiting)
"""

# Of a rating that was withdrawn nothing is left to mend, and nothing to be told.
CLOSE_WITHDRAWN = """
update history.finding
set closed_at = $stamp, closed_night_id = $night_id
where closed_at is null
    and rating_id in (select rating_id from history.event where event = 'withdrawn')
"""

# What was wrong with a workbook or sheet is settled when a later file of that name comes, or when it could be read after all.
CLOSE_WORKBOOKS = """
update history.finding as finding
set closed_at = $stamp, closed_by = later.workbook, closed_night_id = $night_id
from history.workbook as later
where finding.rating_id is null
    and finding.closed_at is null
    and later.workbook = finding.workbook
    and later.outcome <> 'refused'
    and (
        (later.received_at > finding.opened_at and later.sha256 <> finding.sha256)
        or (later.sha256 = finding.sha256 and finding.severity = 'error')
    )
"""

# A log of events that no rating goes with yet is told of, until one does, or until another log takes its place.
OPEN_LOGS = """
insert into history.finding by name
select
    md5(concat_ws('|', log.rating_id, $code, $night_id)) as finding_id, log.workbook, log.sha256, log.rating_id, $code as code,
    'warning' as severity, log.sheet, log.cell, log.session_id, nullif(log.rater_id, '') as rater_id, $message as message,
    log.received_at as opened_at, $night_id as night_id
from history.rating as log
where log.rating_id in (select log_id from current.log where rating_id is null)
    and log.rating_id not in (select rating_id from history.finding where code = $code and closed_at is null)
"""
CLOSE_LOGS = """
update history.finding
set closed_at = $stamp, closed_night_id = $night_id
where code = $code
    and closed_at is null
    and rating_id not in (select log_id from current.log where rating_id is null)
"""

ROSTER_ABSENT = """
insert into history.finding
select
    'roster_absent', 'raw/roster.xlsx', '', null, 'roster_absent', 'warning', '', '', null, null, $message, $stamp, null, null,
    $night_id, null
where not exists (select 1 from history.finding where finding_id = 'roster_absent')
"""

ROSTER_PRESENT = """
update history.finding
set closed_at = $stamp, closed_night_id = $night_id
where finding_id = 'roster_absent' and closed_at is null
"""

NIGHT = """
insert into history.night
select
    $night_id, $night_on, $started_at, $version,
    (select count(*) from history.workbook where night_id = $night_id),
    count(*), count(*) filter (where verdict = 'accepted'), count(*) filter (where verdict = 'held'),
    count(*) filter (where verdict = 'duplicate'),
    (select count(*) from history.event where night_id = $night_id and event = 'released')
from history.rating
where night_id = $night_id
returning n_workbooks, n_ratings, n_accepted, n_held, n_duplicate, n_released
"""
REFUSED = "select count(*) from history.workbook where night_id = $night_id and outcome = 'refused'"


@dataclass(frozen=True, slots=True)
class Tonight:
    """What distinguishes this night: its number, its date, its moment (UTC), and what sheets are judged under."""

    night_id: int
    night_on: date
    started_at: datetime
    stamp: datetime
    under: str
    version: str


@contextmanager
def working_file(settings: Settings) -> Iterator[DuckDBPyConnection]:
    """The working file, open for the night with its history tables in place."""
    con = open_working(settings)
    try:
        have_history(con)
        _have_current(con)
        yield con
    finally:
        con.close()


def have_history(con: DuckDBPyConnection) -> None:
    """Make the history tables, or bring those of an earlier release up to this one's columns."""
    con.execute("set timezone = 'UTC'")
    con.execute(HISTORY.read_text(encoding="utf-8"))
    align_before(con)


def begin_night(con: DuckDBPyConnection, now: datetime, night_on: date, under: str) -> Tonight:
    """The night that begins now (UTC) and stands for `night_on`; `under` is the fingerprint its sheets are judged under."""
    row = con.execute("select coalesce(max(night_id), 0) + 1 from history.night").fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Tonight(int(row[0]), night_on, now, stamp_of(con, now, night_on), under, version("session-fidelity"))


def load(
    con: DuckDBPyConnection,
    spool: Path,
    received: Sequence[Received],
    tonight: Tonight,
    catalog: Catalog,
    roster: Roster,
    settings: Settings,
) -> dict[str, int]:
    """Add what was received and read tonight to history, the ledger and the reference tables; gives back the counts."""
    if _has_news(con, spool, received):
        stage_received(con, received)
        stage_frames(con, spool)
        reached("staged")
        judge(con, tonight.stamp, tonight.night_id)
        reached("judged")
        con.execute(KEEP_BEFORE, {"night_id": tonight.night_id})
        con.execute("delete from history.workbook where outcome = 'arriving'")
        told = {"under": tonight.under, "night_id": tonight.night_id, "passing": [code.value for code in MAY_PASS]}
        con.execute(LEDGER, told)
        con.execute(READ_AGAIN, told)
        tell_of_places(con, received, tonight.night_id)
        reached("ledger written")
    counts = note_night(con, tonight, catalog, roster, settings)
    reached("loaded")
    return counts


def note_night(
    con: DuckDBPyConnection, tonight: Tonight, catalog: Catalog, roster: Roster, settings: Settings
) -> dict[str, int]:
    """Make the reference tables anew, keep what the night rests on, and write its own record; gives back its counts."""
    _tell_of_roster(con, tonight, roster)
    write_reference(con, catalog, roster, settings, Night(tonight.night_id, tonight.night_on, tonight.version))
    keep_circumstance(con, tonight.night_id, catalog, roster, settings)
    return _record(con, tonight)


def count(con: DuckDBPyConnection) -> None:
    """Work out which ratings count, from history alone."""
    run_models(con, [CURRENT])


def settle(con: DuckDBPyConnection, tonight: Tonight) -> None:
    """Work out which ratings count now, and close the findings that this settles."""
    count(con)
    when = {"stamp": tonight.stamp, "night_id": tonight.night_id}
    for closing in (CLOSE_RATINGS, CLOSE_WITHDRAWN, CLOSE_WORKBOOKS):
        con.execute(closing, when)
    waits = {"code": Code.TIMELINE_WAITS.value}
    con.execute(CLOSE_LOGS, when | waits)
    con.execute(OPEN_LOGS, waits | {"night_id": tonight.night_id, "message": Code.TIMELINE_WAITS.kind.sentence})
    reached("findings closed")


def _has_news(con: DuckDBPyConnection, spool: Path, received: Sequence[Received]) -> bool:
    """Whether anything was read, or something lies in the inbox of which the ledger does not know already."""
    known = con.execute("select workbook, sha256, outcome = 'arriving' from history.workbook").fetchall()
    ledger = {(workbook, sha256) for workbook, sha256, _ in known}
    is_new = any((sheet.workbook, sheet.sha256) not in ledger for sheet in received)
    return is_new or any(arriving for _, _, arriving in known) or any(spool.glob("workbook-*.parquet"))


def _tell_of_roster(con: DuckDBPyConnection, tonight: Tonight, roster: Roster) -> None:
    when = {"stamp": tonight.stamp, "night_id": tonight.night_id}
    if roster.is_present:
        con.execute(ROSTER_PRESENT, when)
    else:
        con.execute(ROSTER_ABSENT, when | {"message": Code.ROSTER_ABSENT.kind.sentence})


def _record(con: DuckDBPyConnection, tonight: Tonight) -> dict[str, int]:
    """Write the night's own record; gives back its counts."""
    about = {
        "night_id": tonight.night_id,
        "night_on": tonight.night_on,
        "started_at": tonight.started_at.replace(tzinfo=None),
        "version": tonight.version,
    }
    row = con.execute(NIGHT, about).fetchone()
    refused = con.execute(REFUSED, {"night_id": tonight.night_id}).fetchone()
    assert row is not None and refused is not None  # noqa: S101 - one row was inserted; a count is one row
    told = ("workbooks", "ratings", "accepted", "held", "known already", "released", "workbooks not read")
    return dict(zip(told, (*row, *refused), strict=True))


def _have_current(con: DuckDBPyConnection) -> None:
    """Before the first night nothing counts; the tables that later nights read must be there all the same."""
    there = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'current' and table_name = 'standing'"
    ).fetchone()
    if there is None:
        con.execute("create schema if not exists current")
        con.execute("create table if not exists current.rating (rating_id varchar)")
        con.execute("create table if not exists current.waiting (rating_id varchar)")
        # a home begun by an earlier release knows what counted under another name
        con.execute("create table if not exists current.standing as select rating_id from current.rating")
