"""The closed lists of a therapist's course across instruments: part of `schemas.codes`, which would be too long with them."""

from __future__ import annotations

from schemas.codes import Described, State, Status


class InstrumentChange(Described):
    """How the instrument of a session differs from that of the session before. No score is converted across it."""

    INSTRUMENT = "instrument", "another instrument than at the session before"
    VERSION = "version", "another version of the same instrument than at the session before"
    BESIDE = "beside", "a further instrument, beside one that was used at the session before and is used still"


class Stands(Described):
    """Where a session's mean lies by the threshold of its own instrument."""

    ABOVE = "above", "above the threshold of its own instrument"
    AT = "at", "at the threshold of its own instrument, so good enough by it"
    BELOW = "below", "below the threshold of its own instrument"


class Gap(Described):
    """Why a session has no mean in a line: what its instrument cannot say, or else what its raters say."""

    NOT_COVERED = Status.NOT_COVERED.value, "no item of the instrument speaks to the element"
    NOT_RATED_BY_DESIGN = State.NOT_RATED_BY_DESIGN.value, "the instrument does not use this scale for the element"
    MISSING = State.MISSING.value, "nothing was entered where something was expected"
    UNJUDGEABLE = State.UNJUDGEABLE.value, "the raters could not tell"
    NO_OPPORTUNITY = State.NO_OPPORTUNITY.value, "nothing in the session called for it"
    NOT_DELIVERED = State.NOT_DELIVERED.value, "it was not done, so its competence is not rated"


class Coverage(Described):
    """How far an instrument's items speak to an element on a scale."""

    COVERED = "covered", "at least one item speaks to the element as a whole"
    PARTLY = "partly", "the items that speak to the element say only part of it"
    NOT_COVERED = Status.NOT_COVERED.value, "no item speaks to the element on this scale"
