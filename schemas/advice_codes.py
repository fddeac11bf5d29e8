"""The closed lists of charts, focus and planning: part of `schemas.codes`, which would be too long with them.

As there, every word that a table may use is a member with the sentence that explains it.
"""

from __future__ import annotations

from schemas.codes import Described


class ChartRule(Described):
    """What a point of an XmR chart may fire: the rules of the NHS's Making Data Count."""

    OUTSIDE = "outside", "it lies outside the limits"
    RUN = "run", "it is one of seven or more in a row on the same side of the mean"
    TREND = "trend", "it is one of seven or more in a row that all rise or all fall"
    NEAR_LIMIT = "near_limit", "it is one of two among three in a row, on one side, that lie near a limit"


class FocusKind(Described):
    """Why an element stands out for one therapist."""

    STRENGTH = "strength", "clearly above good enough in the sessions seen: something to keep and build on"
    WORK_ON = "work_on", "below good enough in the sessions seen: something to work on in supervision"


class RatingOption(Described):
    """What the next hour of rating can be spent on."""

    NEW_PATIENT = "new_patient", "a session with a patient of whom no session is rated yet"
    SAME_PATIENT = "same_patient", "another session with a patient of whom a session is rated already"
    NEW_SESSION = "new_session", "a session more, where no sheet names a patient, as in groups"
    SECOND_RATER = "second_rater", "a further rater for a session that is rated already"


class PlanNote(Described):
    """Why what a rating would buy, or what moved a team's mean, is told in part or not at all."""

    UNTOLD = "untold", "the ratings so far cannot tell what this would change from what it would leave as it is"
    THERAPISTS_MERGED = (
        "therapists_merged",
        "these ratings cannot tell therapists from their patients, sessions or raters",
    )
    ALIKE = "alike", "therapists' variance is fitted at zero: the error shrinks, and reliability stays nought"
    LED_ALONE = "led_alone", "sessions led alone are meant; one led with a colleague says less of either"
    SEVERITY_UNTOLD = (
        "severity_untold",
        "these raters share no sessions: therapists and severity are one, and not split",
    )
