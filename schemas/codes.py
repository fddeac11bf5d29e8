"""The closed lists: states, roles, outcomes, statuses and finding codes. They are written here and nowhere else.

Every word that a table, sheet or message may use for a state of affairs is a member here with the
sentence that explains it; pandera models, DuckDB reference tables, drop-downs and legends are made from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PURPOSE = (
    "For supervision and team learning. Not for pay, hiring, discipline, certification or caseload; not for "
    "ranking therapists or raters, comparing treatments, or deciding about a patient. It says nothing about outcome."
)
SCOPE = (
    "Scores describe the sessions that were sent in, not the therapist's whole practice. "
    "A concern about a patient's safety goes by the service's own route, not through this system."
)


class Described(StrEnum):
    """A closed list whose members carry the sentence that explains them."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Described:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class State(Described):
    """What a cell of a rating form says. A cell is in exactly one state; states are never mixed."""

    RATED = "rated", "a value on the scale"
    NOT_RATED_BY_DESIGN = (
        "not_rated_by_design",
        "the instrument does not use this scale for this item; never expected",
    )
    NOT_DELIVERED = "not_delivered", "competence of something that was not done; left out of means, counted apart"
    NO_OPPORTUNITY = "no_opportunity", "nothing in the session called for it; left out of means, counted apart"
    UNJUDGEABLE = "unjudgeable", "the rater could not tell; left out of means, counted apart"
    MISSING = "missing", "nothing was entered where something was expected; never a score, it is chased"


class Role(Described):
    """Who made a rating. Roles are never pooled."""

    OBSERVER = "observer", "an independent rater"
    SUPERVISOR = "supervisor", "the therapist's supervisor"
    SELF = "self", "the therapist"
    CONSENSUS = "consensus", "what a pair of raters agreed afterwards; never enters means or reliability"


class Selection(Described):
    """How a session came to be rated."""

    RANDOM = "random", "drawn at random"
    THERAPIST_CHOSEN = "therapist_chosen", "the therapist chose it"
    SUPERVISOR_CHOSEN = "supervisor_chosen", "the supervisor chose it"
    UNKNOWN = "unknown", "the sheet does not say"


class Modality(Described):
    """In what kind of session an instrument is used. Modalities are never pooled."""

    INDIVIDUAL = "individual", "one patient"
    GROUP = "group", "several patients"


class Outcome(Described):
    """What became of a workbook. Every workbook ever seen has exactly one."""

    ACCEPTED = "accepted", "every rating in it was taken in (or was known already)"
    PARTLY_HELD = "partly_held", "some ratings were taken in, others wait for a person"
    HELD = "held", "every rating in it waits for a person"
    DUPLICATE = "duplicate", "the same bytes, or only the same ratings, as a workbook that came before"
    REFUSED = "refused", "it could not be read; the reason says why"
    IGNORED = "ignored", "not a rating sheet: a lock file, a thumbnail, a form nobody filled in"
    ARRIVING = "arriving", "it was still being copied; it is read on a later night"


class Verdict(Described):
    """The first judgement of a rating found in a workbook."""

    ACCEPTED = "accepted", "valid, and new or a correction"
    HELD = "held", "something in it must be mended or decided by a person"
    DUPLICATE = "duplicate", "the same values as a rating that was known already"


class Event(Described):
    """What happened to a rating after its first judgement."""

    RELEASED = "released", "a held rating was taken in after all"
    WITHDRAWN = "withdrawn", "a person took the rating back"


class Status(Described):
    """What the data settle about one therapist's fidelity to one element."""

    STRENGTH = "strength", "clearly above good enough in the sessions seen"
    ADEQUATE = "adequate", "good enough in the sessions seen"
    BELOW = "below", "below good enough in the sessions seen"
    UNCERTAIN = "uncertain", "these sessions do not settle it"
    INSUFFICIENT = "insufficient", "too few sessions, patients or raters to say"
    NOT_COVERED = "not_covered", "the instrument has no item for this element on this scale"


class Severity(Described):
    """What a finding does to the rating it is about."""

    ERROR = "error", "holds the rating, or refuses the workbook"
    WARNING = "warning", "is told, and holds nothing"


@dataclass(frozen=True, slots=True)
class FindingKind:
    """How one kind of finding weighs, and the sentence a rater reads. `{…}` is filled from the instrument or roster."""

    severity: Severity
    sentence: str


class Code(StrEnum):
    """The closed list of findings."""

    # a cell that should hold a rating
    CELL_BLANK = "cell_blank"
    NOT_A_RATING = "not_a_rating"
    OUT_OF_RANGE = "out_of_range"
    HALF_POINT = "half_point"
    ERROR_VALUE = "error_value"
    FORMULA_NOT_CALCULATED = "formula_not_calculated"
    DATE_IN_RATING = "date_in_rating"
    STATE_NOT_ALLOWED = "state_not_allowed"
    SCALE_NOT_USED = "scale_not_used"
    NOT_DELIVERED_BUT_RATED = "not_delivered_but_rated"
    # an item
    ITEM_UNKNOWN = "item_unknown"
    ITEM_ABSENT = "item_absent"
    ITEM_TWICE = "item_twice"
    SCALE_UNKNOWN = "scale_unknown"
    # who, whom, when
    SESSION_MISSING = "session_missing"
    THERAPIST_MISSING = "therapist_missing"
    PATIENT_MISSING = "patient_missing"
    RATER_MISSING = "rater_missing"
    DATE_MISSING = "date_missing"
    THERAPIST_UNKNOWN = "therapist_unknown"
    RATER_UNKNOWN = "rater_unknown"
    ID_UNREADABLE = "id_unreadable"
    DATE_UNREADABLE = "date_unreadable"
    DATE_OTHER_ORDER = "date_other_order"
    DATE_IMPLAUSIBLE = "date_implausible"
    RATED_BEFORE_SESSION = "rated_before_session"
    REVISION_UNREADABLE = "revision_unreadable"
    POINT_UNREADABLE = "point_unreadable"
    ROLE_UNKNOWN = "role_unknown"
    SELECTION_UNKNOWN = "selection_unknown"
    ROWS_DISAGREE = "rows_disagree"
    VERSION_UNKNOWN = "version_unknown"
    # a consensus and its signature
    CONSENSUS_ONLY = "consensus_only"
    SETTLED_UNKNOWN = "settled_unknown"
    SETTLED_TOO_FEW = "settled_too_few"
    SIGNER_UNKNOWN = "signer_unknown"
    SIGNER_RATED = "signer_rated"
    SIGNATURE_INCOMPLETE = "signature_incomplete"
    SIGNED_TOO_EARLY = "signed_too_early"
    # a timeline
    STEP_UNKNOWN = "step_unknown"
    NOTED_UNKNOWN = "noted_unknown"
    MINUTE_UNREADABLE = "minute_unreadable"
    SECONDS_UNREADABLE = "seconds_unreadable"
    CLOCK_UNREADABLE = "clock_unreadable"
    CLOCK_AMBIGUOUS = "clock_ambiguous"
    MINUTE_BACKWARDS = "minute_backwards"
    EPISODE_UNREADABLE = "episode_unreadable"
    # ratings against each other
    TWO_RATINGS = "two_ratings"
    SESSION_DISAGREES = "session_disagrees"
    # a whole workbook
    PASSWORD = "password"  # noqa: S105 - a reason, not a secret
    DAMAGED = "damaged"
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    EMPTY_FILE = "empty_file"
    EMPTY_WORKBOOK = "empty_workbook"
    NO_WORKSHEET = "no_worksheet"
    MACRO_SHEET = "macro_sheet"
    TOO_LARGE = "too_large"
    TOO_MANY_CELLS = "too_many_cells"
    STRAY_CELL = "stray_cell"
    TOOK_TOO_LONG = "took_too_long"
    READER_STOPPED = "reader_stopped"
    LAYOUT_UNKNOWN = "layout_unknown"
    LAYOUT_AMBIGUOUS = "layout_ambiguous"
    # told, not held
    NOTHING_FILLED_IN = "nothing_filled_in"
    ROSTER_ABSENT = "roster_absent"
    SHEET_NOT_READ = "sheet_not_read"
    FACT_UNKNOWN = "fact_unknown"
    HIDDEN_SHEET = "hidden_sheet"
    TIMELINE_OF_NOBODY = "timeline_of_nobody"
    TIMELINE_WAITS = "timeline_waits"
    # kept no longer
    ERASED = "erased"
    TOO_OLD = "too_old"
    SEND_APART = "send_apart"
    ERASED_IN_ROSTER = "erased_in_roster"

    @property
    def kind(self) -> FindingKind:
        """Severity and sentence of this code."""
        return FINDING_KINDS[self]


def _error(sentence: str) -> FindingKind:
    return FindingKind(Severity.ERROR, sentence)


def _warning(sentence: str) -> FindingKind:
    return FindingKind(Severity.WARNING, sentence)


# No sentence quotes what stood in a cell: a comment typed in the wrong column must not travel.
FINDING_KINDS: dict[Code, FindingKind] = {
    Code.CELL_BLANK: _error("Nothing is entered for {item}, {scale}. Enter {expected}."),
    Code.NOT_A_RATING: _error("What is entered for {item}, {scale}, is not one rating. Enter {expected}."),
    Code.OUT_OF_RANGE: _error("The number for {item}, {scale}, is outside the scale. Enter {expected}."),
    Code.HALF_POINT: _error("The number for {item}, {scale}, lies between two points of the scale. Enter {expected}."),
    Code.ERROR_VALUE: _error(
        "The cell for {item}, {scale}, holds a spreadsheet error such as #N/A. Type the rating itself: {expected}."
    ),
    Code.FORMULA_NOT_CALCULATED: _error(
        "The cell for {item}, {scale}, holds a formula that was never calculated. Type the rating itself: {expected}."
    ),
    Code.DATE_IN_RATING: _error(
        "The cell for {item}, {scale}, holds a date (a spreadsheet makes one of entries like 4-5). Enter {expected}."
    ),
    Code.STATE_NOT_ALLOWED: _error("That mark may not be used for {item}, {scale}. Enter {expected}."),
    Code.SCALE_NOT_USED: _error(
        "{item} is not rated for {scale}, yet something is entered. Clear the cell, or move the rating where it belongs."
    ),
    Code.NOT_DELIVERED_BUT_RATED: _error(
        "{item} is marked as not delivered for {scale}, yet adherence says it was. Change one of the two."
    ),
    Code.ITEM_UNKNOWN: _error("This is not an item of the instrument.{suggestion} Correct the item's name."),
    Code.ITEM_ABSENT: _error("There is no row or column for {item}, {scale}. Add it and enter {expected}."),
    Code.ITEM_TWICE: _error("{item} is rated twice in one rating. Keep one of the two."),
    Code.SCALE_UNKNOWN: _error("This is not a scale of the instrument.{suggestion} Correct the scale's name."),
    Code.SESSION_MISSING: _error("The session is not named. Enter the session's id."),
    Code.THERAPIST_MISSING: _error("The therapist is not named. Enter the therapist's id."),
    Code.PATIENT_MISSING: _error("The patient is not named. Enter the patient's id."),
    Code.RATER_MISSING: _error("The rater is not named. Enter your rater id."),
    Code.DATE_MISSING: _error(
        "The date of the session is not entered. Enter it as year-month-day, such as 2026-03-24."
    ),
    Code.THERAPIST_UNKNOWN: _error(
        "This therapist is not in the roster.{suggestion} Correct the id, or ask for the therapist to be added."
    ),
    Code.RATER_UNKNOWN: _error(
        "This rater is not in the roster.{suggestion} Correct the id, or ask for the spelling to be added."
    ),
    Code.ID_UNREADABLE: _error("This is not a usable id for {field}. Enter a short id without line breaks."),
    Code.DATE_UNREADABLE: _error("This date cannot be read. Enter it as year-month-day, such as 2026-03-24."),
    Code.DATE_OTHER_ORDER: _error(
        "This date has its day and month the other way round than this sheet is read. "
        "Enter it as year-month-day, such as 2026-03-24, and look at the other dates of the column too."
    ),
    Code.DATE_IMPLAUSIBLE: _error("This date lies before 1990 or in the future. Correct it."),
    Code.RATED_BEFORE_SESSION: _error("The rating is dated before its session. Correct one of the two dates."),
    Code.REVISION_UNREADABLE: _error("The revision is not a whole number. Enter 1 for the first version, then 2, 3 …"),
    Code.POINT_UNREADABLE: _error(
        "The month of treatment is not a whole number. Enter the month of this assessment, such as 6."
    ),
    Code.ROLE_UNKNOWN: _error("This is not a role. Enter observer, supervisor, self or consensus."),
    Code.SELECTION_UNKNOWN: _error(
        "This does not say how the session was selected. Enter random, therapist_chosen, supervisor_chosen or unknown."
    ),
    Code.ROWS_DISAGREE: _error("The rows of this rating name different values for {field}. Make them the same."),
    Code.VERSION_UNKNOWN: _error(
        "This form was made for an instrument version that is not known here. Use a current form."
    ),
    Code.CONSENSUS_ONLY: _error("Only a consensus settles ratings and is signed off. Correct the role, or clear this."),
    Code.SETTLED_UNKNOWN: _error(
        "A rater named here is not in the roster.{suggestion} Correct the id, or ask for the spelling to be added."
    ),
    Code.SETTLED_TOO_FEW: _error(
        "A consensus settles the ratings of two raters or more. Name them all, with commas between, or clear the cell."
    ),
    Code.SIGNER_UNKNOWN: _error("This is not a supervisor in the roster. Correct the id, or ask for her to be added."),
    Code.SIGNER_RATED: _error("Who rated the session may not sign its consensus off. Have another supervisor sign."),
    Code.SIGNATURE_INCOMPLETE: _error("A signature is a supervisor's id and a date. Enter both, or clear both cells."),
    Code.SIGNED_TOO_EARLY: _error(
        "The signature is dated before the consensus, or before its session. Correct the date."
    ),
    Code.STEP_UNKNOWN: _error(
        "This is not a step of the trajectory.{suggestion} Choose a step from the list, or clear the cell."
    ),
    Code.NOTED_UNKNOWN: _error(
        "This is not a word for {field}.{suggestion} Choose one from the list, or clear the cell."
    ),
    Code.MINUTE_UNREADABLE: _error(
        "This minute cannot be read. Enter minutes from the beginning of the recording, from 0 to 600, such as 12 or 12.5."
    ),
    Code.SECONDS_UNREADABLE: _error(
        "These seconds cannot be read. Enter seconds from the beginning of the recording, from 0 to 36000, such as 750."
    ),
    Code.CLOCK_UNREADABLE: _error(
        "This time cannot be read. Enter the time from the beginning of the recording as minutes and seconds, such as "
        "12:30, or 1:12:30 after the first hour, up to 10:00:00."
    ),
    Code.CLOCK_AMBIGUOUS: _error(
        "The spreadsheet has made hours of this time, as it does of 2:00, and nothing says whether minutes were meant. "
        "Enter 0:02:00 for two minutes; where hours are meant, make the cell text and enter 1:12:00."
    ),
    Code.MINUTE_BACKWARDS: _error(
        "This minute lies before the line above it in the same episode. "
        "Correct one of the two, or put the lines in the order in which things happened."
    ),
    Code.EPISODE_UNREADABLE: _error(
        "The episode is not a whole number. Enter 1 for the first episode, then 2, 3 …, or leave the cell blank."
    ),
    Code.TWO_RATINGS: _error(
        "The same rater rated this session twice, differently, and nothing says which is later. "
        "Send the one that counts again, alone or with a higher revision or a later rated-on date."
    ),
    Code.SESSION_DISAGREES: _error(
        "Ratings of this session name different values for {field}. "
        "Find out which is right and send the mistaken sheet again, corrected."
    ),
    Code.PASSWORD: _error("The file has a password. Save a copy without one and drop it again."),
    Code.DAMAGED: _error("The file is damaged or only half copied. Open it, save it anew and drop it again."),
    Code.NOT_A_SPREADSHEET: _error(
        "This is not a spreadsheet.{suggestion} Drop the rating as xlsx, xls, xlsb, ods, csv or tsv."
    ),
    Code.EMPTY_FILE: _error("The file is empty. Save the sheet again and drop it anew."),
    Code.EMPTY_WORKBOOK: _error(
        "The workbook is empty: nothing is entered on any sheet. Save the filled sheet and drop it."
    ),
    Code.NO_WORKSHEET: _error(
        "The workbook has no worksheet, only charts or dialogs. Put the ratings on a worksheet and drop it again."
    ),
    Code.MACRO_SHEET: _error(
        "The workbook has no worksheet, only a macro sheet. Put the ratings on a worksheet and drop it again."
    ),
    Code.TOO_LARGE: _error("The file is too large, or would be when unpacked. Send the rating sheets alone."),
    Code.TOO_MANY_CELLS: _error("The sheet holds too many cells. Send the rating sheets alone."),
    Code.STRAY_CELL: _error(
        "The sheet spans too many cells because of a stray entry far away{suggestion}. Delete its row and column, save again."
    ),
    Code.TOOK_TOO_LONG: _error("The file took too long to read. Save the rating sheets alone in a new workbook."),
    Code.READER_STOPPED: _error(
        "Reading the file broke off or needed too much memory. Save the rating sheets alone in a new workbook."
    ),
    Code.LAYOUT_UNKNOWN: _error(
        "No layout describes this workbook.{suggestion} Use the rating form, or describe the sheet."
    ),
    Code.LAYOUT_AMBIGUOUS: _error(
        "Several layouts describe this workbook: {suggestion}. Make them tell each other apart."
    ),
    Code.NOTHING_FILLED_IN: _warning("The form is blank: nobody has rated anything in it."),
    Code.ROSTER_ABSENT: _warning("There is no roster, so every id was taken as it stands. Add raw/roster.xlsx."),
    Code.FACT_UNKNOWN: _warning(
        "This does not name {field} in a word that is known, so it was left out. Choose from the list on the form."
    ),
    Code.SHEET_NOT_READ: _warning("No layout describes this sheet; nothing was read from it.{suggestion}"),
    Code.HIDDEN_SHEET: _warning("This sheet is hidden and was not read."),
    Code.TIMELINE_OF_NOBODY: _warning(
        "No rating in this workbook goes with this timeline, so it was left out. Send it in one workbook with its rating, "
        "and name the same session and rater in both."
    ),
    Code.TIMELINE_WAITS: _warning(
        "No rating goes with this log of events yet, so it waits. It is taken as soon as a rating of its session comes (by its "
        "rater, where the log names one). Compare the session and the rater with the rating's."
    ),
    Code.ERASED: _warning(
        "This is about someone, or by someone, whose data were erased at request. It was not taken in and not kept."
    ),
    Code.TOO_OLD: _warning(
        "The session lies further back than ratings are kept here (keep_months). It was not taken in and not kept."
    ),
    Code.SEND_APART: _warning(
        "No copy of this workbook could be made without the data of someone who was erased, so nothing of it was kept. "
        "Send this rating again in a workbook of its own."
    ),
    Code.ERASED_IN_ROSTER: _warning(
        "The roster names someone who was erased; that line was left out. Take it out of the roster."
    ),
}
