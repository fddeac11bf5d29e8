"""What the Excel summary says in sentences: its cover, and the notes that its tables refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from flows.publish.facts import NightFacts
from flows.publish.words import Enough, counted
from flows.publish.workbook import SHORTHAND
from schemas.codes import PURPOSE, SCOPE, Status

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Totals:
    """What the cover counts."""

    window_start: date
    n_therapists: int
    n_sessions: int
    n_undated: int
    n_waiting: int
    n_open: int


def read_totals(con: DuckDBPyConnection) -> Totals:
    """The counts on the cover."""
    return Totals(*con.execute(TOTALS_SQL).fetchall()[0])


TOTALS_SQL = """
select n.window_start,
       (select count(distinct therapist_id) from supervision.session_therapist where in_window),
       (select count(distinct session_id) from supervision.session_therapist where in_window),
       (select count(distinct session_id) from supervision.session_therapist where session_on is null),
       (select count(*) from quality.held_rating),
       (select count(*) from quality.finding where closed_at is null and severity = 'error')
from reference.night n
"""


def cover_lines(facts: NightFacts, totals: Totals) -> Iterator[tuple[str, str]]:
    """The cover, line by line: (style, words). The first is the title."""
    yield "Heading 1", f"Session fidelity: {facts.lab}, {facts.period}"
    yield (
        "Text",
        f"Provisional: {facts.period} may still change." if facts.provisional else f"Final for {facts.period}.",
    )
    yield "Text", f"As of {facts.night_on.isoformat()}, the last night on which anything in this workbook changed."
    yield "Heading 2", "What is in it"
    yield (
        "Text",
        (
            f"Fidelity to each element, from {counted(totals.n_sessions, 'rated session')} of "
            f"{counted(totals.n_therapists, 'therapist')}. Counted are sessions after {totals.window_start.isoformat()}, up to "
            f"the as-of date, and {counted(totals.n_undated, 'session')} without a date."
        ),
    )
    yield (
        "Text",
        (
            f"{counted(totals.n_waiting, 'rating')} {'waits' if totals.n_waiting == 1 else 'wait'} for a person and "
            f"{'is' if totals.n_waiting == 1 else 'are'} not counted; {counted(totals.n_open, 'error')} "
            f"in the sheets {'is' if totals.n_open == 1 else 'are'} open."
        ),
    )
    yield "Heading 2", "What it is for"
    yield "Text", PURPOSE
    yield "Text", SCOPE
    yield "Heading 2", "Who to ask"
    yield "Text", facts.contact
    yield "Text", f"Made by Session Fidelity {facts.version}."


def note_lines(enough: Enough) -> list[tuple[str, str]]:
    """The notes, numbered as the tables refer to them, and the shorthand."""
    least = (
        f"{counted(enough.sessions, 'session')}, {counted(enough.patients, 'patient')} "
        f"(none in groups) or {counted(enough.raters, 'rater')}"
    )
    texts = (
        "Counted are the ratings that stand after corrections, observers' as they stood before any consensus, of sessions in the "
        "window on the cover. A session without a date cannot be too old and is counted. Observers', supervisors', therapists' "
        "own and consensus ratings have rows of their own by role, and instruments too: nothing is pooled.",
        "A mean is the mean of session means, so that a session seen by three raters counts once. Every mean stands beside the "
        "number of sessions it rests on; adherence and competence have their own.",
        "The share good enough is the share of these sessions whose mean reaches the scale's threshold. 'Share from' and "
        "'Share to' are its 95 per cent interval by Wilson's method: with few sessions it is wide.",
        "Left out of means and counted apart: no opportunity (nothing in the session called for it), not judgeable (the rater "
        "could not tell), not delivered (competence of something that was not done). Missing is never a score; it is chased.",
        f"Too few to say: fewer than {least}. The numbers are shown, and settle nothing about the therapist.",
        f"Not covered: {Status.NOT_COVERED.meaning}. It is never guessed. Elements marked crosswalk are told by items of another "
        "instrument that speak to them, and get no status.",
        "Rows are in the order of ids and of the instrument. Nothing here ranks therapists, raters or teams.",
        "A session led by two therapists counts for each of them, and once for their team. A team's sessions are held against "
        "the threshold of the instrument's newest version.",
        "Coverage counts sessions rated by observers. Planned and overdue follow the plan in the roster; where there is none, "
        "they do not apply. A session waits for a consensus where the lab agrees them and two observers have rated it.",
        "Every workbook ever seen has one outcome. A rating is taken in whole or waits whole; what waits is counted nowhere "
        "until it is mended. Sentences say what to do and never quote a cell.",
        "An episode is one run through the steps of a session. Its order ends at the first step that was not noted, or came "
        "before the one it is expected to follow; from scores alone, at the first step below the threshold. A step has its "
        "opportunity when the one before it was reached and its rater does not say that nothing called for it. Experimental: "
        "raters of one session are not yet known to agree on where it ends (Krippendorff's alpha of .60 or more).",
        "An intraclass correlation is the share of the variance of ratings that is between sessions: agreement counts raters' "
        "severity as error, consistency does not. Alpha is Krippendorff's, for ordered points. Where sessions hardly differ, "
        "correlations are low although raters agree: then look at the shares of pairs at the same point and within one.",
        "A rater's severity is how many points above the others she rates the same sessions. Therapists' estimates have it taken "
        "off. Each rater's own figure is for her and the quality lead, in a workbook of its own. A rater moves when she leaves "
        "her co-raters by more than the lab's set amount and beyond chance; what all raters share shows only where recordings "
        "are rated again.",
        "Reliability is the share of the variance of what is told that is between therapists, were the fitted variances true; "
        "dependability counts raters' severity as error too. Raters a session and raters in all are different things: a second "
        "rater of one session is not a second session.",
        "What moved a team's mean is split in three parts that add up (Kitagawa's decomposition, severity taken out first). A "
        "therapist rated in one of the periods only counts as who was rated; other patients of hers count as her work.",
        "Control charts are XmR charts by the rules of the NHS's Making Data Count: outside the limits, seven on one side of the "
        "mean, seven that all rise or fall, two of three near a limit. A point that fires is a question to ask, not an answer.",
        "An estimate is drawn towards the mean of all therapists, the more the less was seen, and raters' severity is taken off. "
        "Its interval holds the level behind the sessions with a probability of 95 per cent.",
        "Two instruments rate one element in units of their own, also where their scales are written alike. A line is told "
        "on across a change, session by session, in supervision.therapist_course; its numbers before and after are not compared.",
    )
    notes = [(f"note {number}", text) for number, text in enumerate(texts, 1)]
    return [*notes, *((mark.strip("[]"), f"{mark} means {meaning}.") for mark, meaning in SHORTHAND.items())]
