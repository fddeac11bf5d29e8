"""What is looked at before a sheet is let in: whether it names someone who was erased, or is older than is kept.

Such a sheet is replaced at the door: only a redacted copy is noted, kept and read, never the sheet as it was sent.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from flows.intake.erased import Erased
from flows.intake.frames import Job
from flows.intake.grid import limits_of
from flows.intake.guarded import guarded_calls
from flows.intake.inbox import Received, Screen, as_they_are
from flows.intake.redact import Left, Place, Redaction, RedactOrder, harmless_name, nothing_left, redact, redact_unread
from flows.settings import MIB, Settings
from schemas.codes import Code
from schemas.roster import Roster

A = TypeVar("A")
R = TypeVar("R")
TIMES_READING = 3  # a file is read, written and read again


class Calls(Protocol):
    """Carries calls out where they can do no harm."""

    def answers(self, act: Callable[[A], R], orders: Sequence[A]) -> list[R | None]:
        """What `act` answers to each order; None where it came to no end."""


@dataclass(frozen=True, slots=True)
class Ground:
    """By what sheets are read when it is looked who is in them."""

    settings: Settings
    under: str  # fingerprint of roster, layouts and instruments
    roster: Roster
    night_on: dt.date
    erased: Erased

    def order(
        self, path: Path, workbook: str, sha256: str, part: Path, gone: frozenset[str] = frozenset()
    ) -> RedactOrder:
        """The order to redact one file."""
        settings = self.settings
        return RedactOrder(
            path, workbook, sha256, part, settings.own_schemas, self.under, self.roster, self.night_on,
            limits_of(settings), self.erased, gone,
        )  # fmt: skip


def guarded(settings: Settings, n_files: int) -> AbstractContextManager[Calls]:
    """Guarded children for redacting so many files."""
    memory, seconds = settings.child_memory_mib * MIB, settings.file_seconds * TIMES_READING
    return guarded_calls(memory, seconds, max(1, min(settings.n_processes, n_files)))


def redactions(settings: Settings, orders: Sequence[RedactOrder]) -> list[Redaction]:
    """What became of each file. Of one that no child could look through to the end nothing is kept."""
    if not orders:
        return []
    with guarded(settings, len(orders)) as calls:
        answers = calls.answers(redact, orders)
        left = [k for k, answer in enumerate(answers) if answer is None]
        for k, answer in zip(left, calls.answers(redact_unread, [orders[k] for k in left]), strict=True):
            answers[k] = answer
    unknown = (Place("", "", Code.SEND_APART),)
    return [
        nothing_left(order, unknown) if answer is None else answer
        for order, answer in zip(orders, answers, strict=True)
    ]


def screen_of(ground: Ground, known: Container[str]) -> Screen:
    """The screen at the door; `known` are the hashes of files that were looked at before."""
    if not ground.erased:
        return as_they_are

    def screen(incoming: Path, taken: list[Received]) -> list[Received]:
        fresh = [k for k, sheet in enumerate(taken) if sheet.kind == "sheet" and sheet.sha256 not in known]
        orders = [
            ground.order(incoming / str(k), taken[k].workbook, taken[k].sha256, incoming / f"{k}.part") for k in fresh
        ]
        screened = [_named_harmlessly(sheet, ground.erased) for sheet in taken]
        for k, order, done in zip(fresh, orders, redactions(ground.settings, orders), strict=True):
            if done.left is not Left.WHOLE:
                order.part.replace(order.path)
                screened[k] = _replaced(taken[k], done)
        return screened

    return screen


def screen_again(ground: Ground, jobs: Sequence[Job], known: Container[str], beside: Path) -> tuple[list[Job], int]:
    """Jobs without the originals that can be read only now and name someone who was erased; how many those are.

    Nobody could see who was in them when they came. They must be swept before they are read.
    """
    again = [k for k, job in enumerate(jobs) if job.sha256 in known] if ground.erased else []
    if not again:
        return list(jobs), 0
    beside.mkdir(parents=True, exist_ok=True)
    orders = [ground.order(jobs[k].path, jobs[k].workbook, jobs[k].sha256, beside / f"{k}.part") for k in again]
    touched = {
        k for k, done in zip(again, redactions(ground.settings, orders), strict=True) if done.left is not Left.WHOLE
    }
    shutil.rmtree(beside)
    return [job for k, job in enumerate(jobs) if k not in touched], len(touched)


def _named_harmlessly(sheet: Received, erased: Erased) -> Received:
    name = harmless_name(sheet.workbook, erased)
    return sheet if name == sheet.workbook else replace(sheet, workbook=name, as_sent=sheet.sha256)


def _replaced(sheet: Received, done: Redaction) -> Received:
    places = tuple((place.sheet, place.cell, place.code) for place in done.places)
    return replace(sheet, workbook=done.workbook, sha256=done.sha256, as_sent=sheet.sha256, places=places)
