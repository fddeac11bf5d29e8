"""Redacting one workbook: the ratings that go are found, their cells blanked in a copy, and the copy is read again.

A copy counts only when reading it gives every other rating as before, cell by cell. Where that cannot be had, nothing of the
file is kept. Runs only inside a guarded child (`flows.intake.guarded`): the file is opened here, and may be hostile.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path, PurePosixPath

from flows.intake.erased import PATIENT, RATER, THERAPIST, Erased
from flows.intake.extract import FoundRating
from flows.intake.fate import Fate, fate_of
from flows.intake.fields import Fields
from flows.intake.frames import FoundWorkbook, Job, rating_id_of
from flows.intake.grid import Grid, Kind, Limits, find_delimiter, open_workbook
from flows.intake.grid import decode as decoded
from flows.intake.parts import mentions_in_bytes
from flows.intake.reader import Reader
from flows.intake.redact_plan import SheetRatings, changes_anything, names_signer, plan_changes
from flows.intake.redact_timeline import timelines_agree
from flows.intake.redacted_copy import Changes, note_alone, redacted_text, redacted_workbook
from flows.intake.text import place
from schemas.catalog import load_catalog
from schemas.codes import Code
from schemas.layout import Layout
from schemas.roster import Roster

ANSWERS = re.compile(r"~mend-[0-9a-f]{12}")


class Left(Enum):
    """What is left of a file."""

    WHOLE = "whole"  # nothing in it goes
    COPY = "copy"  # a redacted copy
    NOTHING = "nothing"  # a note in its place


@dataclass(frozen=True, slots=True)
class RedactOrder:
    """All that the child must know to redact one file."""

    path: Path
    workbook: str  # the name it came under
    sha256: str
    part: Path  # where what is left is written
    own_schemas: Path
    under: str  # fingerprint of instruments and layouts: a reader is made once for each
    roster: Roster
    night_on: dt.date
    limits: Limits
    erased: Erased
    gone: frozenset[str] = frozenset()  # ids of ratings in it that go, whatever the file says


@dataclass(frozen=True, slots=True)
class Place:
    """The first cell of a rating that went, and why."""

    sheet: str
    cell: str
    code: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was done to one file. Nothing in it says what stood in the file."""

    left: Left
    sha256: str  # of what is left
    workbook: str  # the name it has from now on
    places: tuple[Place, ...] = ()
    gone: tuple[str, ...] = ()  # ids of the ratings that went, as reading the whole file makes them
    moved: tuple[tuple[str, str], ...] = ()  # ids of the ratings that stay, before and after


def redact(order: RedactOrder) -> Redaction:
    """Write what is left of one file to `order.part`, unless nothing in it goes."""
    with warnings.catch_warnings(action="ignore"):  # they quote cells
        erased = _remembered(order.erased)
        reader = _reader(order.own_schemas, order.under, order.roster, order.night_on, order.limits)
        job = Job(order.workbook, order.sha256, order.path)
        found = reader.read(job)
        if found.refusal is not None:
            return _unread(order, erased)
        return _Redacting(order, reader, erased, found).redact()


def redact_unread(order: RedactOrder) -> Redaction:
    """The same for a file whose reading came to no end: only its bytes are looked through."""
    return _unread(order, _remembered(order.erased))


def nothing_left(order: RedactOrder, places: tuple[Place, ...] = (), gone: tuple[str, ...] = ()) -> Redaction:
    """Write the note that stands in a file's place."""
    content = note_alone(order.erased.mark(order.sha256))
    order.part.write_bytes(content)
    name = harmless_name(order.workbook, order.erased, is_vague=True)
    return Redaction(Left.NOTHING, hashlib.sha256(content).hexdigest(), name, places, gone)


def harmless_name(workbook: str, erased: Erased, *, is_vague: bool = False) -> str:
    """A workbook's name without the parts that mention an erased person; the same name always becomes the same.

    With `is_vague` also a part of it that is an erased id by itself, however short, goes.
    """
    parts = [_harmless_part(part, erased, is_vague) for part in PurePosixPath(workbook).parts]
    return "/".join(parts)


def _harmless_part(part: str, erased: Erased, is_vague: bool) -> str:
    words = re.split(r"[^\w-]+|_", PurePosixPath(part).stem)
    is_named = is_vague and any(erased.names(kind, w) for kind in (PATIENT, THERAPIST, RATER) for w in words if w)
    if not (is_named or erased.mentions(part)):
        return part
    answers = ANSWERS.search(part)
    suffix = PurePosixPath(part).suffix
    plain = suffix if re.fullmatch(r"\.[A-Za-z]{1,5}", suffix) and not erased.mentions(suffix) else ""
    return f"erased-{erased.mark(part)[:12]}{answers.group() if answers else ''}{plain}"


_matchers: dict[str, Erased] = {}


def _remembered(erased: Erased) -> Erased:
    """The same matcher for every file of a child: it remembers what it has looked at."""
    if erased.stamp not in _matchers:
        _matchers.clear()
    return _matchers.setdefault(erased.stamp, erased)


@lru_cache(maxsize=1)
def _reader(own_schemas: Path, _under: str, roster: Roster, night_on: dt.date, limits: Limits) -> Reader:
    return Reader(load_catalog((own_schemas,)), roster, night_on, limits)


def _unread(order: RedactOrder, erased: Erased) -> Redaction:
    """A file that no reader understands stays as it is when it mentions nobody; else nothing of it is kept."""
    is_clean = not erased.mentions(order.workbook) and not mentions_in_bytes(
        order.path, erased, order.limits.unpacked_bytes
    )
    if is_clean:
        return Redaction(Left.WHOLE, order.sha256, order.workbook)
    return nothing_left(order, (Place("", "", Code.ERASED),))


class _Redacting:
    """One file under way."""

    def __init__(self, order: RedactOrder, reader: Reader, erased: Erased, found: FoundWorkbook) -> None:
        self._order, self._reader, self._erased, self._found = order, reader, erased, found
        self._layouts: dict[str, Layout] = {d.layout.name: d.layout for d in reader.described}
        self._ids = [rating_id_of(found.job, rating, number) for number, rating in enumerate(found.ratings)]
        self._fields = [reader.readers[r.layout].fields.read(r) for r in found.ratings]
        self._fates = [self._fate(k) for k in range(len(found.ratings))]

    def _fate(self, k: int) -> Fate:
        rating = self._found.ratings[k]
        if self._ids[k] in self._order.gone:
            return Fate.ERASED
        return fate_of(rating, self._fields[k], self._reader.readers[rating.layout].fields, self._erased)

    def redact(self) -> Redaction:
        """Write what is left, and say what went."""
        grids, delimiter = self._grids()
        changes = plan_changes(grids, self._by_sheet(), self._found.unclaimed, self._layouts, self._erased)
        if not self._is_touched(grids, changes):
            return Redaction(Left.WHOLE, self._order.sha256, self._order.workbook)
        kept = [k for k, fate in enumerate(self._fates) if not fate.goes]
        gone = tuple(self._ids[k] for k, fate in enumerate(self._fates) if fate.goes)
        if kept:
            content = self._written(grids, changes, delimiter)
            moved = self._moved(content, changes, kept)
            if moved is not None:
                sha256 = hashlib.sha256(content).hexdigest()
                return Redaction(Left.COPY, sha256, self._name(), self._places(changes), gone, moved)
        # what stays in history keeps its ids: no copy is left that could be read again
        left_out = tuple(
            Place(_title(changes, self._found.ratings[k].sheet), self._found.ratings[k].first_cell, Code.SEND_APART)
            for k in kept
        )
        return nothing_left(self._order, self._places(changes) + left_out, gone)

    def _grids(self) -> tuple[list[Grid], str | None]:
        """All sheets of the file, and what delimits its cells when it is text."""
        order = self._order
        layouts = [self._layouts[r.layout] for r in self._found.ratings]
        encoding = next((layout.encoding for layout in layouts), None)
        delimiter = next((layout.delimiter for layout in layouts), None)
        workbook = open_workbook(order.path, PurePosixPath(order.workbook).suffix, order.limits)
        grids = workbook.grids(encoding, delimiter)
        if workbook.kind is not Kind.TEXT:
            return grids, None
        return grids, delimiter or find_delimiter(decoded(order.path.read_bytes(), encoding))

    def _by_sheet(self) -> Mapping[str, SheetRatings]:
        sheets: dict[str, SheetRatings] = {}
        for rating, fate in zip(self._found.ratings, self._fates, strict=True):
            found = sheets.setdefault(rating.sheet, SheetRatings())
            (found.gone if fate.goes else found.kept).append(rating)
            if fate is Fate.TRIMMED:
                found.trimmed.append(rating)
        return sheets

    def _is_touched(self, grids: Sequence[Grid], changes: Mapping[str, Changes]) -> bool:
        order = self._order
        return (
            any(fate is not Fate.STAYS for fate in self._fates)
            or changes_anything(changes, grids)
            or self._erased.mentions(order.workbook)
            or self._is_mentioned_in(order.path)
        )

    def _is_mentioned_in(self, path: Path) -> bool:
        # a file that can be read is as long as the limits of reading allow
        unpacked_bytes = self._order.limits.unpacked_bytes
        return mentions_in_bytes(path, self._erased, unpacked_bytes, most_text=unpacked_bytes)

    def _written(self, grids: Sequence[Grid], changes: Mapping[str, Changes], delimiter: str | None) -> bytes:
        if delimiter is not None:
            return redacted_text(grids[0], changes[grids[0].name], delimiter)
        return redacted_workbook(grids, changes, self._erased.mark(self._order.sha256))

    def _name(self) -> str:
        is_vague = any(
            fate.goes and any(source.file_name for source in self._layouts[rating.layout].fields.values())
            for rating, fate in zip(self._found.ratings, self._fates, strict=True)
        )
        return harmless_name(self._order.workbook, self._erased, is_vague=is_vague)

    def _places(self, changes: Mapping[str, Changes]) -> tuple[Place, ...]:
        gone = [(r, f) for r, f in zip(self._found.ratings, self._fates, strict=True) if f.goes]
        return tuple(Place(_title(changes, rating.sheet), rating.first_cell, fate.code) for rating, fate in gone)

    def _moved(
        self, content: bytes, changes: Mapping[str, Changes], kept: Iterable[int]
    ) -> tuple[tuple[str, str], ...] | None:
        """Ids of the ratings that stay, before and after; None when reading the copy gives other ratings than these."""
        order = self._order
        order.part.write_bytes(content)
        again = self._reader.read(Job(self._name(), hashlib.sha256(content).hexdigest(), order.part))
        before = [(k, self._found.ratings[k]) for k in kept]
        if again.refusal is not None or len(again.ratings) != len(before):
            return None
        if self._is_mentioned_in(order.part):
            return None
        moved = []
        for number, ((k, rating), copied) in enumerate(zip(before, again.ratings, strict=True)):
            if not self._says_the_same(k, rating, copied, changes):
                return None
            moved.append((self._ids[k], rating_id_of(again.job, copied, number)))
        return tuple(moved)

    def _says_the_same(self, k: int, hers: FoundRating, copied: FoundRating, changes: Mapping[str, Changes]) -> bool:
        fields = self._reader.readers[copied.layout].fields.read(copied)
        blank = changes[hers.sheet].blank if hers.sheet in changes else set()
        remarks = [c for c in hers.comments if not c[1] or place(c[1]) not in blank]
        return (
            (copied.layout, copied.sheet) == (hers.layout, _title(changes, hers.sheet))
            and [(c.item, c.scale, c.cell) for c in copied.cells] == [(c.item, c.scale, c.cell) for c in hers.cells]
            and [_text(c.text) for c in copied.cells] == [_text(c.text) for c in hers.cells]
            and [c[:2] for c in copied.comments] == [c[:2] for c in remarks]
            and timelines_agree(hers, copied, self._reader.readers[copied.layout], changes)
            and self._facts(fields) == self._facts(self._fields[k])
            and (self._fates[k] is Fate.TRIMMED or _codes(copied, fields) == _codes(hers, self._fields[k]))
        )

    def _facts(self, fields: Fields) -> tuple[object, ...]:
        therapists = tuple(t for t in fields.therapist_ids if not self._erased.names(THERAPIST, t))
        signed_by = None if names_signer(fields.signed_by or "", self._erased) else fields.signed_by
        return (
            fields.session_id, therapists, fields.patient_id, fields.rater_id, fields.session_on, fields.rated_on,
            fields.revision, fields.role, fields.selection, fields.settles, signed_by,
        )  # fmt: skip


def _title(changes: Mapping[str, Changes], sheet: str) -> str:
    return (changes[sheet].title if sheet in changes else "") or sheet


def _text(text: str) -> str:
    """Formulas never calculated become errors in a copy; both hold a rating alike."""
    return "\x01" if text.startswith("\x01") else text


def _codes(rating: FoundRating, fields: Fields) -> list[Code]:
    return sorted(found.code for found in (*rating.findings, *fields.findings))
