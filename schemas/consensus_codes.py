"""The closed lists about a consensus: how far it has come, and what a session without a signed one waits for."""

from __future__ import annotations

from schemas.codes import Described


class Consensus(Described):
    """How far a consensus has come. Only a signed one is feedback."""

    SIGNED = "signed", "a supervisor signed it off as it stands: it is the feedback on its session"
    WAITS_FOR_SIGNATURE = "waits_for_signature", "no supervisor has signed it off as it stands"
    WAITS_FOR_RATINGS = "waits_for_ratings", "fewer than two ratings, or not all that it names, are there to be settled"
    SUPERSEDED = "superseded", "a later consensus on the same session took its place"


class WaitsFor(Described):
    """What a rated session waits for before its feedback can be the signed consensus."""

    CONSENSUS = "consensus", "two observers or more have rated it, and no consensus is there"
    RATINGS = "ratings", "its consensus settles ratings that are not there"
    SIGNATURE = "signature", "its consensus is not signed off as it stands"
