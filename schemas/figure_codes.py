"""The closed lists of notes beside figures: why one is missing, what was left out of a model, how raters were compared."""

from __future__ import annotations

from schemas.codes import Described


class ModelNote(Described):
    """What is to be known about a model of variance; written before its facets, as `merged: session+residual`."""

    ONE_LEVEL = "one_level", "there is only one of them, so that no variance between them can be seen; left out"
    MERGED = (
        "merged",
        "they group these ratings in the same way, so that no data of this design can part the variances; fitted as one",
    )
    NOT_TOLD_APART = "not_told_apart", "this design cannot tell it apart from the other facets; left out"
    DEPENDENT = (
        "dependent",
        "together these facets cannot be told apart by this design; the variances share one amount",
    )
    NOT_TOLD = "not_told", "no sheet says it, or it does not apply; left out"
    SINGULAR = "singular", "its variance was fitted at zero: what is seen is no more than chance would make"
    ALL_EQUAL = "all_equal", "all ratings are equal: there is no variance"
    AGREED = (
        "agreed",
        "raters of the same sessions agree in every rating, or always differ by the same amount, so that nothing is left over; "
        "the other variances are those of one value a session, and do not say how sure raters are",
    )
    ONE_RATING = "one_rating", "there is one rating only: no variance can be seen"
    NOT_CONVERGED = "not_converged", "the fit did not settle: its numbers are provisional"
    LED_TOGETHER = (
        "led_together",
        "several therapists led some sessions, whose effect is the mean of theirs; the variance is that of one therapist",
    )
    TOO_MANY = (
        "too_many",
        "so many therapists who lead together have so many raters that it is not worked out; left out",
    )


class IccType(Described):
    """What an intraclass correlation counts as error."""

    ONE_WAY = (
        "one_way",
        "raters are taken as interchangeable, by sessions alone (ICC(1)); too low when the same raters rate many sessions",
    )
    AGREEMENT = "agreement", "absolute agreement: differences in raters' severity are error (ICC(2), ICC(A))"
    CONSISTENCY = (
        "consistency",
        "raters' severity is not error: do they put sessions in the same order (ICC(3), ICC(C))",
    )


class ComparedWith(Described):
    """Against what a rater's movement is told."""

    CO_RATERS = "co_raters", "the co-raters of the same sessions, by the median of how far each of them moved"
    REFERENCE = "reference", "recordings with ratings made both before and in the quarter"


class RaterNote(Described):
    """Why a figure about raters is missing, or how it is to be read. The sentences stand in the tables' notes."""

    NOBODY_TO_COMPARE = "nobody_to_compare", "no session has ratings of this by two raters, so agreement cannot be told"
    TOO_FEW_SESSIONS = (
        "too_few_sessions",
        "fewer than five sessions have ratings of this by two raters: too few for a correlation or a severity",
    )
    NOT_SEPARABLE = (
        "not_separable",
        "raters and sessions cannot be told apart in this design, so there is no correlation and no severity",
    )
    NO_ERROR = (
        "no_error",
        "raters of the same sessions never differ, or always by the same amount; how sure that is cannot be told",
    )
    MANY_RATERS = "many_raters", "there are too many raters for intervals to be worked out"
    NOTHING_VARIES = "nothing_varies", "all ratings are equal: there is nothing for a correlation to work on"
    NO_TRUE_VARIANCE = (
        "no_true_variance",
        "the variance between sessions was fitted at zero: these ratings do not tell one session from another",
    )
    RESTRICTED_RANGE = (
        "restricted_range",
        "nearly all ratings lie within two neighbouring points of the scale; raters may well agree while the correlation "
        "is low or uncertain, because it needs sessions that differ, so a low one is no sign that they disagree",
    )
    NOT_CO_RATED = (
        "not_co_rated",
        "this rater has no session in common with another one here, so nothing shows how her ratings compare",
    )
    TWO_RATERS = (
        "two_raters",
        "only two raters can be compared here: one of them moved, or both, and which it was cannot be told",
    )
    NO_REFERENCE = (
        "no_reference",
        "no recording was rated both before and in this quarter; a drift that all raters share cannot be seen "
        "without reference recordings that are rated again",
    )
    FIRST_QUARTER = "first_quarter", "no quarter before it has ratings, so there is nothing to have drifted from"


class EstimateNote(Described):
    """Why an estimate, or a number beside it, is empty or weaker than it looks; the first that applies."""

    OTHER_ROLE = "other_role", "only observers' ratings are modelled"
    NOT_RATED = "not_rated", "no observer's rating in the window has a value here"
    LED_TOGETHER = (
        "led_together",
        "a colleague led exactly the same sessions: the ratings tell of both together, and give each the same estimate",
    )
    NO_VARIANCE = "no_variance", "all ratings are equal, or there is one: nothing can be said of how sure the mean is"
    ONE_THERAPIST = "one_therapist", "the only therapist rated: the mean of these sessions, pooled with nobody's"
    NOT_TOLD_APART = (
        "not_told_apart",
        "the ratings cannot tell therapists apart from single sessions: everyone is given the mean",
    )
    VARIANCE_ZERO = "variance_zero", "the variance between therapists was fitted at zero: everyone is given the mean"
    MERGED = "merged", "the ratings cannot tell the therapist apart from her one patient, session or rater"
    SHORT_SERIES = "short_series", "a trend needs more dated sessions over a longer time"
