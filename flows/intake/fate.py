"""What becomes of one rating when people are erased or when it has grown too old: it goes, it loses a therapist, or it stays."""

from __future__ import annotations

from enum import Enum

from flows.intake.erased import PATIENT, RATER, THERAPIST, Erased
from flows.intake.extract import FoundRating
from flows.intake.fields import CO_THERAPIST, FieldReader, Fields
from schemas.codes import Code, Role


class Fate(Enum):
    """What becomes of a rating."""

    STAYS = "stays"
    TRIMMED = "trimmed"  # one of its therapists was erased, another was not
    ERASED = "erased"
    TOO_OLD = "too_old"

    @property
    def goes(self) -> bool:
        """Whether nothing of it is left."""
        return self in (Fate.ERASED, Fate.TOO_OLD)

    @property
    def code(self) -> Code:
        """The finding that tells of it."""
        return Code.TOO_OLD if self is Fate.TOO_OLD else Code.ERASED


def fate_of(rating: FoundRating, fields: Fields, reader: FieldReader, erased: Erased) -> Fate:
    """What becomes of a rating by what its sheet says, in the words of the sheet and of the roster."""
    therapists = [*reader.texts(rating, "therapist_id"), *reader.texts(rating, CO_THERAPIST)]
    named = [text for text in therapists if erased.names(THERAPIST, text)]
    if _names_person(rating, fields, reader, erased) or (named and len(named) == len(therapists)):
        return Fate.ERASED
    if erased.before is not None and fields.session_on is not None and fields.session_on < erased.before:
        return Fate.TOO_OLD
    return Fate.TRIMMED if named else Fate.STAYS


def _names_person(rating: FoundRating, fields: Fields, reader: FieldReader, erased: Erased) -> bool:
    """Whether it is of an erased patient, by an erased rater or settles hers, or its session's own name gives one away."""
    raters = {*reader.texts(rating, "rater_id"), fields.rater_id}
    raters |= {*reader.settled_texts(rating), *fields.settles}  # a consensus is theirs whose ratings it settles
    patients = {*reader.texts(rating, "patient_id"), fields.patient_id}
    kinds = (RATER, THERAPIST) if fields.role is Role.SELF else (RATER,)
    return (
        any(erased.names(PATIENT, text) for text in patients)
        or any(erased.names(kind, text) for kind in kinds for text in raters)
        or any(erased.mentions(text) for text in reader.texts(rating, "session_id"))
    )
