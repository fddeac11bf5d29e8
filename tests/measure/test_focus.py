"""The two-and-two of each therapist: chosen by rule, shown by a session and a cell, and true in nine of ten."""

from __future__ import annotations

import random
from typing import Any

import duckdb

from flows.load.models import SQL, read_model, run_models
from flows.measure.fits import renew_fits
from tests.support.drawn_ratings import FROM_RATINGS, Ratings

TABLES = """
create schema supervision; create schema current; create schema reference;
create table supervision.therapist_element(therapist_id varchar, instrument_id varchar, role varchar, domain varchar,
    element varchar, scale varchar, n_sessions integer, share_adequate double, estimate double, low double, high double,
    p_adequate double, status varchar, crosswalked boolean, threshold double);
create table supervision.session_therapist(session_id varchar, therapist_id varchar, in_window boolean);
create table supervision.session_element(session_id varchar, session_on date, instrument_id varchar, role varchar,
    element varchar, scale varchar, mean double);
create table current.rating(rating_id varchar, session_id varchar, instrument_id varchar, instrument_version varchar,
    role varchar, workbook varchar, sheet varchar);
create table current.score(rating_id varchar, item varchar, scale varchar, state varchar, value double, cell varchar);
create table reference.item_element(instrument_id varchar, version varchar, item varchar, element varchar,
    is_reversed boolean);
"""
ELEMENTS = ("humility", "not_knowing", "differences", "enquiry")


class Told:
    """A therapist T-1 with four sessions S-1 to S-4 that two raters rated, told element by element."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute(TABLES)
        for n in range(1, 5):
            self.con.execute(f"insert into supervision.session_therapist values ('S-{n}', 'T-1', true)")
            for rater in ("A", "B"):
                rating = f"'S-{n}/{rater}', 'S-{n}', 'i', '1', 'observer', 'S-{n} {rater}.xlsx', 'Rating'"
                self.con.execute(f"insert into current.rating values ({rating})")

    def says(
        self, element: str, status: str | None, p_adequate: float, scores: list[tuple[int, int]], scale: str = "adherence",
        **other: Any,
    ) -> None:  # fmt: skip
        """One row of therapist_element, and the two raters' points in each session."""
        means = [(a + b) / 2 for a, b in scores]
        share = sum(mean >= 4 for mean in means) / len(means)
        role, crosswalked = other.get("role", "observer"), other.get("crosswalked", False)
        estimate = sum(means) / len(means)
        row = ["T-1", "i", role, "stance", element, scale, len(scores), share, estimate, estimate - 1, estimate + 1,
               p_adequate, status, crosswalked, 4.0]  # fmt: skip
        self.con.execute(
            f"insert into supervision.therapist_element values ({', '.join('?' * len(row))})",
            row,
        )
        self.con.execute("insert into reference.item_element values ('i', '1', ?, ?, false)", [element, element])
        for n, (a, b) in enumerate(scores, 1):
            at = f"'S-{n}', '2026-0{n}-01', 'i', '{role}', '{element}', '{scale}', {(a + b) / 2}"
            self.con.execute(f"insert into supervision.session_element values ({at})")
            for rater, value in (("A", a), ("B", b)):
                cell = f"{'CDEFGH'[len(element) % 6]}{n}"
                score = f"'S-{n}/{rater}', '{element}', '{scale}', 'rated', {value}, '{cell}'"
                self.con.execute(f"insert into current.score values ({score})")

    def named(self, columns: str = "kind, element, scale") -> list[tuple[Any, ...]]:
        """What the model names."""
        query = read_model(SQL / "50_supervision" / "focus.sql").sql
        return self.con.execute(f"select {columns} from ({query}) order by kind, position").fetchall()


LOW, HIGH = [(2, 3), (3, 3), (4, 4), (2, 2)], [(6, 6), (5, 7), (6, 7), (7, 7)]


def test_the_two_surest_of_each_kind_are_named_and_no_more() -> None:
    told = Told()
    for n, element in enumerate(ELEMENTS):
        told.says(element, "below", 0.08 - 0.02 * n, LOW)
        told.says(element, "strength", 0.96 + 0.01 * n, HIGH, "competence")
    assert told.named() == [
        ("strength", "enquiry", "competence"),
        ("strength", "differences", "competence"),
        ("work_on", "enquiry", "adherence"),
        ("work_on", "differences", "adherence"),
    ]


def test_none_is_a_fine_answer() -> None:
    told = Told()
    told.says("humility", "uncertain", 0.2, LOW)
    told.says("not_knowing", "adequate", 0.95, HIGH)
    told.says("differences", "insufficient", 0.01, LOW)
    told.says("enquiry", "not_covered", 0.0, LOW)
    assert told.named() == []


def test_crosswalked_elements_and_other_roles_are_never_named() -> None:
    told = Told()
    told.says("humility", "below", 0.01, LOW, crosswalked=True)
    told.says("not_knowing", "below", 0.01, LOW, role="self")
    assert told.named() == []


def test_an_element_is_named_once_on_the_scale_that_is_surer() -> None:
    told = Told()
    told.says("humility", "below", 0.06, LOW)
    told.says("humility", "below", 0.02, LOW, "competence")
    assert told.named() == [("work_on", "humility", "competence")]


def test_what_is_named_to_work_on_may_be_good_enough_in_one_of_ten_at_most() -> None:
    told = Told()  # a lab that set sure_below to .20: statuses alone would name both
    told.says("humility", "below", 0.06, LOW)
    told.says("not_knowing", "below", 0.18, LOW)
    assert told.named("element, p_adequate") == [("humility", 0.06)]  # the mean of both would be .12


def test_the_reason_counts_sessions_and_the_lowest_session_and_cell_show_it() -> None:
    told = Told()
    told.says("humility", "below", 0.03, [(2, 4), (3, 2), (4, 4), (1, 4)])
    columns = "reason, session_id, session_on::varchar, workbook, sheet, cell"
    # S-2 and S-4 have the lowest mean, 2.5; the newer is shown, and in it the rating of 1
    assert told.named(columns) == [
        ("rated below good enough in 3 of 4 sessions seen", "S-4", "2026-04-01", "S-4 A.xlsx", "Rating", "E4")
    ]


def test_a_strength_is_shown_by_the_highest_session() -> None:
    told = Told()
    told.says("humility", "strength", 0.99, HIGH)
    assert told.named("reason, session_id, workbook") == [
        ("rated good enough in 4 of 4 sessions seen", "S-4", "S-4 A.xlsx")
    ]


def test_a_reason_that_the_counts_alone_do_not_give_says_what_else_was_taken_into_account() -> None:
    told = Told()
    told.says("humility", "below", 0.05, [(4, 4), (4, 5), (3, 4), (4, 4)])
    ((reason,),) = told.named("reason")
    assert reason == (
        "rated below good enough in 1 of 4 sessions seen; the raters who saw these sessions rate higher than others, "
        "which is taken into account"
    )


HEAD = "session | therapist | patient | on | rater | item | adherence | competence"
ITEMS, SCALES = ("humility", "not_knowing", "arousal"), ("adherence", "competence")


def simulated(seed: int) -> tuple[str, dict[tuple[str, str, str], float]]:
    """Twelve therapists of six sessions by two of five raters, whole points 1 to 7; and every therapist's true level."""
    dice = random.Random(seed)
    severity = [dice.gauss(0, 0.5) for _ in range(5)]
    truth = {(f"T-{t:02}", i, s): dice.gauss(4, 0.8) for t in range(12) for i in ITEMS for s in SCALES}
    patients = {(t, k, i, s): dice.gauss(0, 0.3) for t in range(12) for k in range(3) for i in ITEMS for s in SCALES}
    lines = [HEAD]
    for session in range(72):
        t, k = divmod(session, 6)
        level = {
            (i, s): truth[f"T-{t:02}", i, s] + patients[t, k % 3, i, s] + dice.gauss(0, 0.5)
            for i in ITEMS
            for s in SCALES
        }
        for r in dice.sample(range(5), 2):
            for i in ITEMS:
                a, c = (min(7, max(1, round(level[i, s] + severity[r] + dice.gauss(0, 0.6)))) for s in SCALES)
                lines.append(f"S-{session:03} | T-{t:02} | P-{t}-{k % 3} | 2026-0{1 + k}-10 | R-{r} | {i} | {a} | {c}")
    return "\n".join(lines), truth


def test_nine_in_ten_of_what_is_named_to_work_on_are_truly_below() -> None:
    drawing, truth = simulated(1)  # over more labs: docs/decisions/focus.md
    ratings = Ratings()
    ratings.counts(drawing)
    ratings._lay()
    ratings.con.execute(FROM_RATINGS)
    run_models(ratings.con, ["40_measure"])
    renew_fits(ratings.con)
    run_models(ratings.con, ["45_estimate", "50_supervision"])
    named = ratings.asks("select therapist_id, element, scale from supervision.focus where kind = 'work_on'")
    assert len(named) >= 5
    truly_below = sum(truth[t, e, s] < 4 for t, e, s in named)
    assert truly_below >= 0.9 * len(named)
    strengths = ratings.asks("select therapist_id, element, scale from supervision.focus where kind = 'strength'")
    assert sum(truth[t, e, s] >= 4 for t, e, s in strengths) >= 0.9 * len(strengths)


def test_a_cell_of_a_reversed_item_shows_an_element_only_where_no_other_does() -> None:
    told = Told()
    told.says("humility", "below", 0.02, LOW)
    told.con.execute("update reference.item_element set is_reversed = true")
    (turned,) = told.named("cell, session_id")
    told.con.execute("insert into reference.item_element values ('i', '1', 'straight', 'humility', false)")
    told.con.execute("insert into current.score values ('S-4/A', 'straight', 'adherence', 'rated', 5, 'Z9')")
    (straight,) = told.named("cell, session_id")
    assert (turned[1], straight) == ("S-4", ("Z9", "S-4"))
