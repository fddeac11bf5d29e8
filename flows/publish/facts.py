"""What every publication of one night needs to know about that night. The clock is read by nobody here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class NightFacts:
    """The night as it stands on covers.

    `since` is the day of the last supervision meeting: what was rated or arrived from that day on is new.
    """

    night_on: date
    lab: str
    contact: str
    provisional: bool
    since: date
    version: str

    @property
    def period(self) -> str:
        """The calendar quarter of the night's date, such as `2026-Q2`."""
        return quarter_of(self.night_on)


def quarter_of(day: date) -> str:
    """The calendar quarter of a day, such as `2026-Q2`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_starts_on(day: date) -> date:
    """The first day of a day's calendar quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def next_quarter(first_day: date) -> date:
    """The first day of the quarter after the one that begins on `first_day`."""
    return date(first_day.year + first_day.month // 10, (first_day.month + 2) % 12 + 1, 1)
