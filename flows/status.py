"""What `fidelity status` answers, without Prefect and without opening the working file.

The night leaves its own record, `warehouse/last-night.json`, whatever became of the engine that ran it:
success is judged from that and from the published file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flows.errors import NotFresh
from flows.failpoints import reached
from flows.settings import Settings

PUBLISHED, FAILED = "published", "failed"
WAITING = "select first_code, count(*) from quality.held_rating group by all order by all"
NOT_READ = (
    "select code, count(distinct workbook) from quality.finding "
    "where severity = 'error' and sheet = '' and closed_at is null group by all order by all"
)


@dataclass(frozen=True, slots=True)
class LastNight:
    """The night's record. Times are UTC; the message and the counts name no cell's content."""

    night_on: date
    started_at: datetime
    finished_at: datetime
    outcome: str  # published or failed
    step: str = ""  # the last step that began
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


def write_last_night(settings: Settings, night: LastNight) -> None:
    """Replace the record whole, so that a reader never meets half of one."""
    path = record_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(asdict(night), default=_as_text, indent=2) + "\n", encoding="utf-8")
    reached("record half written")
    os.replace(beside, path)  # noqa: PTH105 - as the publication is swapped
    reached("after record")


def read_last_night(settings: Settings) -> LastNight:
    """The record of the last night.

    Raises:
        NotFresh: there is none, or it cannot be read.
    """
    path = record_path(settings)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return LastNight(
            date.fromisoformat(found["night_on"]),
            datetime.fromisoformat(found["started_at"]),
            datetime.fromisoformat(found["finished_at"]),
            outcome=str(found["outcome"]),
            step=str(found["step"]),
            message=str(found["message"]),
            counts=dict(found["counts"]),
        )
    except FileNotFoundError:
        raise NotFresh("No night has run in this home yet. Run `fidelity nightly`.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise NotFresh(f"The record {path.name} cannot be read. Run `fidelity nightly` again.") from None


def record_path(settings: Settings) -> Path:
    """Where the record of the last night is."""
    return settings.warehouse / "last-night.json"


def describe(settings: Settings, night: LastNight, now: datetime) -> list[str]:
    """What a person asks first: how the last night ended, how old it is, what was counted, what waits."""
    seconds = (night.finished_at - night.started_at).total_seconds()
    ago = _age(now - night.finished_at)
    return [
        f"Last night  {night.night_on}: {night.outcome}, {ago} ago, in {seconds:.0f} s",
        *(f"            {n} {what.replace('_', ' ')}" for what, n in night.counts.items()),
        *_waiting(settings),
        f"Published   {settings.published}",
    ]


def check_fresh(settings: Settings, night: LastNight, now: datetime) -> None:
    """Raise NotFresh when the last night failed or is older than the lab accepts (`stale_hours`)."""
    if night.outcome != PUBLISHED:
        raise NotFresh(f"The night of {night.night_on} failed: {night.message} What was published stays.")
    age = now - night.finished_at
    if age > timedelta(hours=settings.stale_hours):
        raise NotFresh(f"The last night ended {_age(age)} ago. Look at the schedule, or run `fidelity nightly`.")


def _waiting(settings: Settings) -> list[str]:
    path = settings.published / "fidelity.duckdb"
    if not path.exists():
        return ["Waiting     nothing has been published yet"]
    # Not above: a home without a publication needs no DuckDB.
    from flows.load.connection import open_published

    with open_published(path) as con:
        held, not_read = con.execute(WAITING).fetchall(), con.execute(NOT_READ).fetchall()
    lines = [f"Waiting     {_counted(held)} ratings for a person{_told(held)}"]
    return [*lines, f"            {_counted(not_read)} workbooks not read{_told(not_read)}"] if not_read else lines


def _counted(rows: Sequence[tuple[str, int]]) -> int:
    return sum(n for _, n in rows)


def _told(rows: Sequence[tuple[str, int]]) -> str:
    return ": " + ", ".join(f"{n} {code}" for code, n in rows) if rows else ""


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"


def _as_text(moment: date | datetime) -> str:
    return (moment.astimezone(UTC) if isinstance(moment, datetime) else moment).isoformat()
