"""The closed lists of the audit: what of a rating that counted was changed, and by what. Part of `schemas.codes`."""

from __future__ import annotations

from schemas.codes import Described


class Cause(Described):
    """What changed a value that counted."""

    CORRECTED = "corrected", "a later form took the place of an earlier one"
    RELEASED = "released", "a held rating was taken in after all, and is the later one"
    WITHDRAWN = "withdrawn", "a person took the rating back; nothing stands in its place"
    SENT_ANEW = "sent_anew", "a form came after the rating had been withdrawn"


class ChangedField(Described):
    """What of a rating changed."""

    SCORE = "score", "what one cell says"
    THERAPIST_IDS = "therapist_ids", "who led the session"
    PATIENT_ID = "patient_id", "who was treated"
    SESSION_ON = "session_on", "when the session was"
    INSTRUMENT_VERSION = "instrument_version", "with which version of the instrument it was rated"
    SETTLES = "settles", "whose ratings a consensus names as settled"
    TIMELINE = "timeline", "what its timeline notes, event by event"
    EVENT_LOG = "event_log", "what a log of events in a file of its own notes, event by event"
