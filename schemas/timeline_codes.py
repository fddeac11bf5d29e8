"""The closed lists of a timeline: what its lines may note, and how the order of its steps came to its end."""

from __future__ import annotations

from schemas.codes import Described

LOG = (
    "/timeline"  # after an instrument's id: a log of events in a file of its own, which is known apart from the ratings
)


def log_of(instrument_id: str) -> str:
    """What a log of events for the ratings made with this instrument is kept under: no instrument's own id holds a slash."""
    return instrument_id + LOG


class Mode(Described):
    """Non-mentalizing modes, as a timeline notes them."""

    PSYCHIC_EQUIVALENCE = "psychic_equivalence", "what is in the mind is taken for fact"
    PRETEND = "pretend", "thought cut loose from reality, nothing shifts"
    TELEOLOGICAL = "teleological", "only what is done counts"


class Arousal(Described):
    """How aroused the patient is, as a timeline notes it."""

    FLAT = "flat", "too little for feeling to be there"
    REGULATED = "regulated", "feeling is there and can be thought about"
    FLOODING = "flooding", "too much to think"


class Intervention(Described):
    """What was done, from safe to demanding; more is not better."""

    SUPPORTIVE = "supportive", "support and empathy"
    CLARIFYING = "clarifying", "clarification, elaboration"
    CHALLENGE = "challenge", "a belief is questioned; rare"
    AFFECT = "affect", "a feeling is identified"
    AFFECT_FOCUS = "affect_focus", "what both assume and neither says is named"
    RELATIONAL = "relational", "the relationship between the two is looked at"


class Followed(Described):
    """What an intervention was followed by."""

    MENTALIZING_BACK = "mentalizing_back", "the patient mentalizes again"
    NO_CHANGE = "no_change", "nothing moved"
    LOST_FURTHER = "lost_further", "less mentalizing than before"


class Basis(Described):
    """What is known of a session's trajectory, and from where. The two are never counted together."""

    TIMELINE = "timeline", "the rater's timeline, episode by episode"
    SCORES = "scores", "the scores of the steps alone, as no timeline was kept: the order is not known"


class Break(Described):
    """How the expected order of the steps came to its end. It is described, never scored."""

    COMPLETE = "complete", "every step that had its opportunity was reached in the expected order"
    MISSING = "missing", "the next step was not noted"
    EARLY = "early", "the next step was noted, but before the one that it is expected to follow"
    BELOW = "below", "the next step was rated below the threshold (known from scores alone)"
    UNKNOWN = "unknown", "not known: no step was noted, or the next one was not judged"
