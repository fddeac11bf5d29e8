"""The ledger of workbooks: what was seen before, what is to be read tonight, and what became of each file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from duckdb import DuckDBPyConnection

from flows.intake.frames import Job
from flows.intake.inbox import Received, original
from flows.settings import Settings
from schemas.catalog import Catalog
from schemas.codes import Code, Role, Verdict
from schemas.roster import Roster

# refusals that may lie with a busy or crowded machine: the next night reads such a sheet once more
MAY_PASS = (Code.TOOK_TOO_LONG, Code.READER_STOPPED)
# refusals that a new layout, instrument or setting may lift
LIFTABLE = (Code.LAYOUT_UNKNOWN, Code.LAYOUT_AMBIGUOUS, Code.VERSION_UNKNOWN, Code.TOO_LARGE, *MAY_PASS)
# What the ledger says of a workbook that held nothing new; a signature stands under values that were known already.
ALL_KNOWN = """case
            when counts.n_signed > 0 then 'Every rating in it was known already. It brought a signature of the consensus.'
            else 'Every rating in it was known already.'
        end"""
LATEST = """
select max(seen_at)
from (
    select received_at as seen_at from history.workbook
    union all
    select event_at from history.event
)
where seen_at::date = $night_on::date
"""


def tallies(rating: str, verdict: str) -> str:
    """The ledger's counts of a workbook's ratings, and of signed copies of what was known, from two tables by name."""
    counts = [f"count(*) filter (where {verdict}.verdict = '{word}') as n_{word}" for word in Verdict]
    signed = f"{rating}.role = '{Role.CONSENSUS}' and {rating}.signed_by is not null and {rating}.signed_on is not null"
    n_signed = f"count(*) filter (where {verdict}.verdict = 'duplicate' and {signed}) as n_signed"
    return ", ".join(("count(*) as n_ratings", *counts, n_signed))


def fingerprint(catalog: Catalog, roster: Roster) -> str:
    """One hash of all that decides how a workbook is judged: instruments, layouts and roster."""
    parts = [f"{name}\n{text}" for name, text in sorted(catalog.texts.items())] + [repr(roster)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def stamp_of(con: DuckDBPyConnection, now: datetime, night_on: date) -> datetime:
    """When tonight's sheets count as first seen (UTC, naive): on the night's date, after any other night of that date."""
    stamp = datetime.combine(night_on, now.time())
    row = con.execute(LATEST, {"night_on": night_on}).fetchone()
    latest = row[0] if row else None
    return stamp if latest is None or stamp > latest else latest + timedelta(seconds=1)


def known_hashes(con: DuckDBPyConnection) -> frozenset[str]:
    """The SHA-256 of every workbook that the ledger knows."""
    return frozenset(sha for (sha,) in con.execute("select distinct sha256 from history.workbook").fetchall())


def choose(con: DuckDBPyConnection, settings: Settings, received: Iterable[Received], under: str) -> list[Job]:
    """The workbooks to read tonight: those whose bytes are new, then those that the roster or a layout may now let in."""
    known = known_hashes(con)
    fresh: dict[str, Job] = {}
    for sheet in received:
        if sheet.kind == "sheet" and sheet.sha256 not in known:
            fresh.setdefault(sheet.sha256, Job(sheet.workbook, sheet.sha256, original(settings, sheet.sha256)))
    return [*fresh.values(), *_second_chances(con, settings, under)]


def _second_chances(con: DuckDBPyConnection, settings: Settings, under: str) -> Sequence[Job]:
    rows = con.execute(
        """
        select workbook, sha256
        from history.workbook
        where judged_under <> $under
            and outcome <> 'duplicate'
            and sha256 <> ''
            and (
                reason_code in (select unnest($liftable))
                or sha256 in (
                    select rating.sha256
                    from current.waiting as waiting
                    join history.rating as rating on rating.rating_id = waiting.rating_id
                    where not rating.is_valid
                )
            )
        order by received_at, workbook
        """,
        {"under": under, "liftable": [code.value for code in LIFTABLE]},
    ).fetchall()
    jobs = [Job(workbook, sha256, original(settings, sha256)) for workbook, sha256 in rows]
    return [job for job in jobs if job.path.exists()]
