"""Who there is: therapists with their teams and supervisors, raters, and what a lab plans to rate in a period."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from flows.errors import RosterWrong

_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?P<unit>[QH])(?P<part>\d))?")
_MONTHS = {"Q": 3, "H": 6, None: 12}


@dataclass(frozen=True, slots=True)
class Therapist:
    """One therapist of the roster. Team and supervisor are None where the roster leaves them blank."""

    therapist_id: str
    team: str | None = None
    supervisor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rater:
    """One rater of the roster, with other spellings of the id or name that sheets may use."""

    rater_id: str
    team: str | None = None
    also_written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How many sessions are to be rated in a period, each by how many raters; for everyone when no therapist is named."""

    therapist_id: str | None
    period: str
    sessions: int
    raters: int


@dataclass(frozen=True, slots=True)
class Roster:
    """The roster as it was read. `is_present` is False when there is none, and then every id is taken."""

    therapists: tuple[Therapist, ...] = ()
    raters: tuple[Rater, ...] = ()
    plan: tuple[Plan, ...] = ()
    is_present: bool = False


def spellings(cell: str) -> tuple[str, ...]:
    """The spellings in one `also_written` cell, which are separated by `;` or `,`."""
    return tuple(dict.fromkeys(part.strip() for part in re.split("[;,]", cell) if part.strip()))


def period_dates(period: str) -> tuple[date, date]:
    """First and last day of a period written as 2026, 2026-H1 or 2026-Q1.

    Raises:
        RosterWrong: the period is written in another way.
    """
    found = _PERIOD.fullmatch(period)
    months = _MONTHS[found["unit"]] if found else 0
    part = int(found["part"] or 1) if found else 0
    if not found or not 1 <= part <= 12 // months or found["year"] == "0000" or found["year"] == "9999":
        raise RosterWrong(
            "A period of the plan is not written as 2026, 2026-H1 or 2026-Q1. Correct the sheet plan of the roster."
        )
    year, first_month = int(found["year"]), (part - 1) * months + 1
    end_year, end_month = divmod(year * 12 + first_month - 1 + months, 12)
    return date(year, first_month, 1), date(end_year, end_month + 1, 1) - timedelta(days=1)
