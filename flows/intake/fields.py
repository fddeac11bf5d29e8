"""The fields of a rating: ids, dates, role. Each is read as the layout says, or a finding says why it cannot be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from flows.intake.cells import is_error_text
from flows.intake.extract import FIELD_WORDS, Found, FoundRating
from flows.intake.findings import Finding
from flows.intake.roster import KnownPeople
from flows.intake.text import comparable, typed
from flows.intake.written import NUMBERED, prepare, read_date, split_people, whole_number
from schemas.codes import Code, Described, Role, Selection
from schemas.layout import CONSENSUS_FIELDS, DATE_FIELDS, ID_FIELDS, FieldSource, Layout
from schemas.session_codes import Diagnosis, Phase, Setting

EARLIEST = dt.date(1990, 1, 1)
LONGEST_ID = 64
_MISSING = {
    "session_id": Code.SESSION_MISSING,
    "therapist_id": Code.THERAPIST_MISSING,
    "patient_id": Code.PATIENT_MISSING,
    "rater_id": Code.RATER_MISSING,
    "session_on": Code.DATE_MISSING,
}
ALWAYS_REQUIRED = ("session_id", "therapist_id", "rater_id")  # a layout may let the column be absent, never the id
CO_THERAPIST = "co_therapist_id"
OTHER_ORDERS = {"dmy": "mdy", "mdy": "dmy"}
BETWEEN_RATERS = re.compile(r"[,;+&\n]|\sand\s", re.IGNORECASE)  # unless the layout says what stands between them
AT_POINT = " @ "  # between a case's id and the month of its treatment
W = TypeVar("W", Role, Selection)
F = TypeVar("F", Phase, Diagnosis, Setting)
D = TypeVar("D", bound=Described)


@dataclass(slots=True)
class Fields:
    """What a rating is about. None where the sheet does not say, or says it unreadably (then there is a finding)."""

    session_id: str | None = None
    therapist_ids: tuple[str, ...] = ()
    patient_id: str | None = None
    rater_id: str | None = None
    session_on: dt.date | None = None
    rated_on: dt.date | None = None
    revision: int | None = None
    role: Role = Role.OBSERVER
    selection: Selection = Selection.UNKNOWN
    phase: Phase | None = None
    diagnosis: Diagnosis | None = None
    setting: Setting | None = None
    settles: tuple[str, ...] = ()  # raters whose ratings a consensus names as settled, sorted
    signed_by: str | None = None
    signed_on: dt.date | None = None
    findings: list[Finding] = field(default_factory=list)


class FieldReader:
    """Reads the fields of one layout's ratings against the people known and the night's date."""

    def __init__(self, layout: Layout, people: KnownPeople, night_on: dt.date) -> None:
        self._layout = layout
        self._people = people
        self._night_on = night_on

    def read(self, rating: FoundRating) -> Fields:
        """All fields of a rating, with a finding for each that cannot be used."""
        fields = Fields()
        fields.role = self._word(rating, fields, "role", Role.OBSERVER, Code.ROLE_UNKNOWN)
        for name in ID_FIELDS:
            self._read_id(rating, fields, name)
        self._read_point(rating, fields)
        for name in DATE_FIELDS:
            setattr(fields, name, self._date(rating, fields, name))
        if fields.session_on and fields.rated_on and fields.rated_on < fields.session_on:
            self._find(fields, rating, Code.RATED_BEFORE_SESSION, "rated_on")
        fields.revision = self._revision(rating, fields)
        fields.selection = self._word(rating, fields, "selection", Selection.UNKNOWN, Code.SELECTION_UNKNOWN)
        fields.phase = self._fact(rating, fields, "phase", Phase)
        fields.diagnosis = self._fact(rating, fields, "diagnosis", Diagnosis)
        fields.setting = self._fact(rating, fields, "setting", Setting)
        self._read_consensus(rating, fields)
        return fields

    def texts(self, rating: FoundRating, name: str) -> list[str]:
        """What the sheet says of a field, after what the layout does to it, whether or not anybody knows it."""
        return [text for text in self._texts(rating, name) if text]

    def settled_texts(self, rating: FoundRating) -> list[str]:
        """The raters that a consensus names, one by one, whether or not anybody knows them."""
        found, source = rating.fields.get("settles"), self._source("settles")
        text = "" if found is None else typed(found.value)
        mark = source.several if source is not None else None
        parts = text.split(mark) if isinstance(mark, str) else BETWEEN_RATERS.split(text)
        ids = [whole_number(part.strip()) for part in parts if part.strip()]
        return [text for text in (prepare(i, source) if source else i for i in ids) if text]

    def _read_consensus(self, rating: FoundRating, fields: Fields) -> None:
        """What a consensus settles and who signed it off; any other rating with such a word in it is taken for a slip."""
        if fields.role is Role.CONSENSUS:
            self._read_settled(rating, fields)
            self._read_signature(rating, fields)
            return
        said = next((name for name in CONSENSUS_FIELDS if self.texts(rating, name)), None)
        if said is not None and not any(found.code is Code.ROLE_UNKNOWN for found in fields.findings):
            self._find(fields, rating, Code.CONSENSUS_ONLY, said)

    def _read_settled(self, rating: FoundRating, fields: Fields) -> None:
        texts = self.settled_texts(rating)
        known = {text: self._people.rater(text) for text in texts}
        for unknown in (text for text, rater_id in known.items() if rater_id is None):
            self._find(fields, rating, Code.SETTLED_UNKNOWN, "settles", self._people.nearest_rater(unknown))
        fields.settles = tuple(sorted({rater_id for rater_id in known.values() if rater_id is not None}))
        if texts and all(known.values()) and len(fields.settles) < 2:
            self._find(fields, rating, Code.SETTLED_TOO_FEW, "settles")

    def _read_signature(self, rating: FoundRating, fields: Fields) -> None:
        signer = next(iter(self.texts(rating, "signed_by")), "")
        if bool(signer) != bool(self.texts(rating, "signed_on")):
            self._find(fields, rating, Code.SIGNATURE_INCOMPLETE, "signed_by" if signer else "signed_on")
        if not signer:
            return
        fields.signed_by = (
            self._people.supervisor(signer) if len(signer) <= LONGEST_ID and signer.isprintable() else None
        )
        if fields.signed_by is None:
            self._find(fields, rating, Code.SIGNER_UNKNOWN, "signed_by")
        elif fields.signed_by in (*fields.settles, fields.rater_id):
            self._find(fields, rating, Code.SIGNER_RATED, "signed_by")
        before = [day for day in (fields.session_on, fields.rated_on) if day is not None]
        if fields.signed_on is not None and before and fields.signed_on < max(before):
            self._find(fields, rating, Code.SIGNED_TOO_EARLY, "signed_on")

    def _read_id(self, rating: FoundRating, fields: Fields, name: str) -> None:
        texts = self._ids(rating, fields, name)
        if name == "therapist_id":
            ids = {self._therapist(rating, fields, name, text) for text in texts}
            others = self._ids(rating, fields, CO_THERAPIST)
            ids |= {self._therapist(rating, fields, CO_THERAPIST, text) for text in others}
            fields.therapist_ids = tuple(sorted(known for known in ids if known is not None))
        elif name == "rater_id":
            fields.rater_id = self._rater(rating, fields, texts[0]) if texts else None
        else:
            setattr(fields, name, texts[0] if texts else None)

    def _read_point(self, rating: FoundRating, fields: Fields) -> None:
        """A case is rated at points of its treatment: `P-12 @ 6` is the case P-12 in its sixth month."""
        if "assessment_point" not in rating.fields:
            return
        text = next(self._texts(rating, "assessment_point"), "")
        if not (text.isascii() and text.isdigit() and len(text) < 4):
            self._find(fields, rating, Code.POINT_UNREADABLE, "assessment_point")
        elif fields.session_id is not None:
            fields.session_id = f"{fields.session_id}{AT_POINT}{int(text)}"

    def _ids(self, rating: FoundRating, fields: Fields, name: str) -> list[str]:
        """The ids of a field; none, with a finding, where one is needed or what is there can be none."""
        texts = [text for text in self._texts(rating, name) if text]
        if not texts and name in _MISSING and self._is_required(rating, name):
            self._find(fields, rating, _MISSING[name], name)
        if any(len(text) > LONGEST_ID or not text.isprintable() or is_error_text(text) for text in texts):
            self._find(fields, rating, Code.ID_UNREADABLE, name)
            return []
        return texts

    # What the roster does not know is not kept as an id: it may be a remark typed into the wrong cell.

    def _therapist(self, rating: FoundRating, fields: Fields, name: str, text: str) -> str | None:
        known = self._people.therapist(text)
        if known is None:
            self._find(fields, rating, Code.THERAPIST_UNKNOWN, name, self._people.nearest_therapist(text))
        return known

    def _rater(self, rating: FoundRating, fields: Fields, text: str) -> str | None:
        known = self._people.rater(text, fields.role)
        if known is None:
            self._find(fields, rating, Code.RATER_UNKNOWN, "rater_id", self._people.nearest_rater(text))
        return known

    def _date(self, rating: FoundRating, fields: Fields, name: str) -> dt.date | None:
        found = rating.fields.get(name, Found(""))
        value = next(self._texts(rating, name), "") if isinstance(found.value, str) else found.value
        if value == "":
            if name == "session_on" and self._is_required(rating, name):
                self._find(fields, rating, Code.DATE_MISSING, name)
            return None
        read = read_date(value, self._layout.date_order, self._layout.months)
        if read is None:
            other = OTHER_ORDERS.get(self._layout.date_order, "")
            is_other = bool(other) and read_date(value, other, self._layout.months) is not None
            self._find(fields, rating, Code.DATE_OTHER_ORDER if is_other else Code.DATE_UNREADABLE, name)
        elif not EARLIEST <= read <= self._night_on:
            self._find(fields, rating, Code.DATE_IMPLAUSIBLE, name)
        return read

    def _revision(self, rating: FoundRating, fields: Fields) -> int | None:
        text = next(self._texts(rating, "revision"), "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 7):
            self._find(fields, rating, Code.REVISION_UNREADABLE, "revision")
            return None
        return int(text)

    def _word(self, rating: FoundRating, fields: Fields, name: str, default: W, code: Code) -> W:
        text = next(self._texts(rating, name), "")
        if not text:
            return default
        word = _member(type(default), text)
        if word is None:
            self._find(fields, rating, code, name)
        return word or default

    def _fact(self, rating: FoundRating, fields: Fields, name: str, words: type[F]) -> F | None:
        """An optional fact about the session; one in no known word is left out and told, and holds nothing."""
        text = next(self._texts(rating, name), "")
        word = _member(words, text) if text else None
        if text and word is None:
            self._find(fields, rating, Code.FACT_UNKNOWN, name)
        return word

    def _texts(self, rating: FoundRating, name: str) -> Iterator[str]:
        """The field's text or texts, after what the layout says is done to them."""
        found, source = rating.fields.get(name), self._source(name)
        text = "" if found is None else typed(found.value)
        for part in self._parts(name, text, source):
            written = whole_number(part) if name in NUMBERED else part
            yield written if source is None else prepare(written, source)

    def _parts(self, name: str, text: str, source: FieldSource | None) -> list[str]:
        """The people in a field, one by one; a therapist of the roster is one person, whatever her id is made of."""
        if source is not None and name == "therapist_id" and self._people.lists_therapist(prepare(text, source)):
            return [text]
        return split_people(text, source)

    def _source(self, name: str) -> FieldSource | None:
        source = self._layout.fields.get(name)  # type: ignore[call-overload]
        return source if isinstance(source, FieldSource) else None

    def _is_required(self, rating: FoundRating, name: str) -> bool:
        source = self._source(name)
        if self._layout.is_log and name != "session_id":
            return source is not None and source.required is not False
        if name in ALWAYS_REQUIRED or source is None or source.required is None:
            return name in ALWAYS_REQUIRED or name in rating.fields
        return source.required

    def _find(self, fields: Fields, rating: FoundRating, code: Code, name: str, suggestion: str = "") -> None:
        place = rating.fields.get(name, Found(""))
        words = {"field": FIELD_WORDS.get(name, name), "suggestion": suggestion}
        fields.findings.append(Finding(code, place.sheet or rating.sheet, place.cell or rating.first_cell, words))


def _member(words: type[D], text: str) -> D | None:
    plain = _plain(text)
    return next((word for word in words if plain in (word.value, _plain(word.meaning))), None)


def _plain(text: str) -> str:
    return comparable(text).replace(" ", "_").replace("-", "_")
