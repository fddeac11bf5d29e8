"""Taking a rating back: all that one rater ever sent of it, from one night on. What was sent stays in history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.errors import UsageError
from flows.failpoints import reached
from flows.load.judge import judge
from flows.load.stage import stage_frames, stage_received
from schemas.timeline_codes import LOG

LONGEST_WHY = 500  # characters

MEANT = """
rating.session_id = $session and rating.rater_id = $rater
    and ($role is null or rating.role = $role)
    and ($instrument is null or rating.instrument_id = $instrument)
"""
FITTING = f"""
select distinct rating.role, rating.instrument_id
from history.rating as rating
where {MEANT}
    and (
        rating.rating_id in (select rating_id from current.standing)
        or rating.rating_id in (select rating_id from current.waiting)
    )
order by all
"""
WITHDRAWN_ON = f"""
select max(event.event_at)::date
from history.event as event
join history.rating as rating on rating.rating_id = event.rating_id
where event.event = 'withdrawn' and {MEANT}
"""
WITHDRAW = f"""
insert into history.event
select rating.rating_id, 'withdrawn', $stamp, $why, $night_id
from history.rating as rating
where {MEANT}
    and rating.rating_id not in (select rating_id from history.event where event = 'withdrawn')
"""


@dataclass(frozen=True, slots=True)
class Meant:
    """The rating that a person wants to take back, and her reason; None where she did not say.

    `rater_id` is empty for a log of events that names no rater.
    """

    session_id: str
    rater_id: str
    why: str
    role: str | None = None
    instrument_id: str | None = None

    @property
    def given(self) -> dict[str, str | None]:
        """What the queries ask for."""
        return {
            "session": self.session_id,
            "rater": self.rater_id,
            "role": self.role,
            "instrument": self.instrument_id,
        }


def withdraw_rating(con: DuckDBPyConnection, meant: Meant, stamp: datetime, night_id: int, spool: Path) -> str:
    """Record that a rating is withdrawn, every version of it, and judge what is left of its session; gives back what it was.

    `spool` is an empty folder: nothing arrives with a withdrawal.

    Raises:
        UsageError: not exactly one rating is meant, it was withdrawn already, or no reason is given.
    """
    why = " ".join(meant.why.split())
    if not why or len(why) > LONGEST_WHY:
        raise UsageError(f'Say why in words, {LONGEST_WHY} characters at most: --why "…".')
    role, instrument_id = _the_one(con, meant)
    one = meant.given | {"role": role, "instrument": instrument_id}
    con.execute(WITHDRAW, one | {"stamp": stamp, "why": why, "night_id": night_id})
    stage_received(con, [])
    stage_frames(con, spool)
    judge(con, stamp, night_id)
    reached("withdrawal written")
    return "log of events" if instrument_id.endswith(LOG) else "rating"


def _the_one(con: DuckDBPyConnection, meant: Meant) -> tuple[str, str]:
    """Role and instrument of the only rating that fits."""
    fitting = con.execute(FITTING, meant.given).fetchall()
    if len(fitting) == 1:
        role, instrument_id = fitting[0]
        return role, instrument_id
    if fitting:
        choices = "; ".join(f"--role {role} --instrument {instrument_id}" for role, instrument_id in fitting)
        raise UsageError(f"{len(fitting)} ratings fit. Say which is meant: {choices}.")
    row = con.execute(WITHDRAWN_ON, meant.given).fetchone()
    if row is not None and row[0] is not None:
        raise UsageError(
            f"That rating was withdrawn already, on {row[0]}, and nothing of it counts or waits. If a publication still "
            "shows it, run `fidelity nightly`."
        )
    if not meant.rater_id:
        raise UsageError(
            "No log of events of that session that names no rater counts or waits. Name the rater whose rating you mean: "
            "fidelity withdraw SESSION RATER."
        )
    raise UsageError(
        "No rating of that session by that rater counts or waits. Compare session, rater, role and instrument with "
        "supervision.session_item and quality.held_rating."
    )
