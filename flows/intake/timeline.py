"""What the lines of one rating's timeline say: episode, minute, step, mode, arousal, intervention and what followed.

As with scores, nothing is guessed: a blank says nothing, and what cannot be read is a finding with its cell.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.forms.form_layout import event_word, step_word
from flows.intake.cells import as_number
from flows.intake.extract import FIELD_WORDS, Found, FoundEvent, FoundRating
from flows.intake.findings import Finding
from flows.intake.suggest import nearest
from flows.intake.text import Value, comparable, text_of
from flows.intake.written import prepare
from schemas.codes import Code, Described
from schemas.instrument import Element, Instrument
from schemas.layout import EventField, Timeline
from schemas.timeline_codes import Arousal, Followed, Intervention, Mode

LAST_MINUTE = 600
UNREADABLE = {"minutes": Code.MINUTE_UNREADABLE, "seconds": Code.SECONDS_UNREADABLE, "clock": Code.CLOCK_UNREADABLE}
MOST_EPISODES = 99
WORDS: Mapping[EventField, type[Described]] = {
    "mode": Mode,
    "arousal": Arousal,
    "intervention": Intervention,
    "followed": Followed,
}
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline as read; None where it says nothing. `line` counts the rating's events from 1."""

    line: int
    episode: int
    minute: float | None
    step: str | None
    mode: str | None
    arousal: str | None
    intervention: str | None
    followed: str | None
    note: str | None
    sheet: str
    cell: str

    @property
    def told(self) -> str | None:
        """What of it makes one timeline another; None for a line that holds a note alone, which like a remark does not."""
        noted = (self.step, self.mode, self.arousal, self.intervention, self.followed)
        return "|".join(map(str, (self.episode, self.minute, *noted))) if any(noted) else None


class TimelineReader:
    """Reads the lines of one layout's timelines."""

    def __init__(self, timeline: Timeline, instrument: Instrument, steps: Sequence[Element]) -> None:
        self._timeline = timeline
        self._known: dict[str, dict[str, str]] = {"step": _step_texts(instrument, steps)}
        for name, words in WORDS.items():
            self._known[name] = {comparable(said): str(w) for w in words for said in (str(w), event_word(w))}

    def read(self, rating: FoundRating) -> tuple[list[Event], list[Finding]]:
        """The events of a rating in the order of their lines, and what is wrong in them."""
        events: list[Event] = []
        findings: list[Finding] = []
        episode, latest = 1, dict[int, float]()
        may_be_hours = not any(_shows_seconds(_value_of(line, "minute")) for line in rating.events)
        for line in rating.events:
            episode = self._episode(line, findings) or episode
            minute = self._minute(line, may_be_hours, findings)
            if minute is not None and minute < latest.get(episode, 0):
                findings.append(_finding(Code.MINUTE_BACKWARDS, line, "minute"))
            if minute is not None:
                latest[episode] = max(minute, latest.get(episode, 0))
            said = {name: self._word(line, name, findings) for name in self._known}
            note = _text(line, "note") or None
            if any(said.values()) or note:
                events.append(
                    Event(len(events) + 1, episode, minute, **said, note=note, sheet=line.sheet, cell=line.cell)
                )
        return events, findings

    def _episode(self, line: FoundEvent, findings: list[Finding]) -> int | None:
        text = self._prepared(line, "episode")
        if not text:
            return None
        if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_EPISODES:
            return int(text)
        findings.append(_finding(Code.EPISODE_UNREADABLE, line, "episode"))
        return None

    def _minute(self, line: FoundEvent, may_be_hours: bool, findings: list[Finding]) -> float | None:
        value = _value_of(line, "minute")
        value = self._prepared(line, "minute") if isinstance(value, str) else value
        if value == "":
            return None
        written = self._timeline.minutes
        minute = as_minutes(value, written)
        if written == "clock" and may_be_hours and _is_hours(value):
            wrong = Code.CLOCK_AMBIGUOUS
        elif minute is None or not 0 <= minute <= LAST_MINUTE:
            wrong = UNREADABLE[written]
        else:
            return round(minute, 4)
        findings.append(_finding(wrong, line, "minute"))
        return None

    def _word(self, line: FoundEvent, name: str, findings: list[Finding]) -> str | None:
        text = comparable(self._prepared(line, name))
        known = self._known[name]
        if not text or text in known:
            return known.get(text)
        code = Code.STEP_UNKNOWN if name == "step" else Code.NOTED_UNKNOWN
        words = {"suggestion": nearest(text, known), "field": FIELD_WORDS.get(name, name)}
        findings.append(_finding(code, line, name, words))
        return None

    def _prepared(self, line: FoundEvent, name: str) -> str:
        source = self._timeline.fields.get(name)  # type: ignore[call-overload]
        text = _text(line, name)
        return text if source is None else prepare(text, source)


def as_minutes(value: Value, written: str) -> float | None:
    """Minutes of a cell that holds `minutes`, `seconds`, or the time on a `clock`; None when it holds no such thing.

    >>> as_minutes("12,5", "minutes"), as_minutes(90, "seconds"), as_minutes("12:30", "clock"), as_minutes("1:00:30", "clock")
    (12.5, 1.5, 12.5, 60.5)
    >>> as_minutes("12:30", "minutes"), as_minutes("a while", "clock")
    (None, None)
    """
    if written == "clock":
        return _from_clock(value)
    if isinstance(value, str):
        number = as_number(value, ",")
    else:
        number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return number / 60 if number is not None and written == "seconds" else number


def _from_clock(value: Value) -> float | None:
    if isinstance(value, dt.time):
        return value.hour * 60 + value.minute + value.second / 60
    if isinstance(value, dt.timedelta):
        return value.total_seconds() / 60
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    return int(found[1] or 0) * 60 + int(found[2]) + int(found[3]) / 60 if found else None


def _is_hours(value: Value) -> bool:
    """True for what a spreadsheet made a time of an hour or more; text is none."""
    return isinstance(value, (dt.time, dt.timedelta)) and (_from_clock(value) or 0) >= 60


def _shows_seconds(value: Value) -> bool:
    """True for a time of a spreadsheet with seconds in it.

    Whoever types 2:00 or 12:30 for minutes and seconds into a cell gets hours and minutes, never seconds. So where one cell of a
    timeline shows seconds, its hours are hours; where none does, nobody can tell (docs/decisions/trajectory.md).
    """
    if isinstance(value, dt.time):
        return bool(value.second or value.microsecond)
    return isinstance(value, dt.timedelta) and value.total_seconds() % 60 != 0


def told_of(events: Iterable[Event]) -> str:
    """All that a timeline says, as one text: two timelines are the same when these are; empty when it says nothing."""
    return "\n".join(told for event in events if (told := event.told))


def _step_texts(instrument: Instrument, steps: Sequence[Element]) -> dict[str, str]:
    """The texts that mean a step: its id, title and number, and what the form calls it."""
    named = {s.element: i.title for i in reversed(instrument.items) for s in i.speaks_to}
    texts: dict[str, str] = {}
    for k, step in enumerate(steps, 1):
        title = named.get(step.id, step.title)
        for text in (step.id, event_word_of(step.id), step.title, title, str(k), step_word(k, title)):
            texts.setdefault(comparable(text), step.id)
    return texts


def event_word_of(element: str) -> str:
    """An element's id as people write it: `joint focus`."""
    return element.replace("_", " ")


def _value_of(line: FoundEvent, name: str) -> Value:
    return line.fields.get(name, Found("")).value


def _text(line: FoundEvent, name: str) -> str:
    return text_of(_value_of(line, name))


def _finding(code: Code, line: FoundEvent, name: str, words: dict[str, str] | None = None) -> Finding:
    return Finding(code, line.sheet, line.fields[name].cell or line.cell, words or {})
