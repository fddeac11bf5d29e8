"""A small lab's published tables, drawn by hand: what the workbooks are made from, with the contract's columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.publish.facts import NightFacts
from schemas.advice_codes import PlanNote
from schemas.codes import FINDING_KINDS, Outcome, Role, State, Status

FACTS = NightFacts(date(2026, 5, 4), "North clinic", "quality@north.example", True, date(2026, 2, 3), "0.1.0")

TABLES = """
create schema reference; create schema current; create schema supervision; create schema quality; create schema about;
create table reference.night(night_id bigint, night_on date, window_start date, min_sessions int, min_patients int,
    min_raters int, since date, has_roster boolean, has_plan boolean, version varchar, lab varchar);
create table reference.instrument(instrument_id varchar, version varchar, is_latest boolean, title varchar, unit varchar,
    modality varchar, is_clinical boolean, crosswalk_to varchar, version_order int);
create table reference.scale(instrument_id varchar, version varchar, scale varchar, position int, title varchar,
    lowest double, highest double, step double, threshold double, threshold_word varchar, anchors varchar);
create table reference.item(instrument_id varchar, version varchar, item varchar, number int, title varchar, is_required boolean);
create table reference.therapist(therapist_id varchar, team varchar, supervisor_id varchar);
create table about.element(instrument_id varchar, instrument_version varchar, domain varchar, domain_title varchar,
    is_ordered boolean, element varchar, position int, title varchar, guidance varchar, crosswalked boolean);
create table about.code(list varchar, code varchar, severity varchar, meaning varchar);
create table supervision.therapist_element(therapist_id varchar, instrument_id varchar, role varchar, domain varchar,
    element varchar, scale varchar, n_sessions int, n_patients int, n_raters int, raw_mean double, share_adequate double,
    share_low double, share_high double, n_rated int, n_no_opportunity int, n_unjudgeable int, n_not_delivered int,
    n_missing int, status varchar, crosswalked boolean, last_session_on date, threshold double, estimate double, low double,
    high double, p_adequate double, reliability double, estimate_note varchar);
create table supervision.focus(therapist_id varchar, instrument_id varchar, role varchar, kind varchar, position int,
    domain varchar, element varchar, scale varchar, reason varchar, p_adequate double, session_id varchar, session_on date,
    workbook varchar, sheet varchar, cell varchar);
create table supervision.session_element(session_id varchar, session_on date, instrument_id varchar, role varchar,
    domain varchar, element varchar, scale varchar, n_raters int, mean double, lowest double, highest double, n_rated int,
    n_no_opportunity int, n_unjudgeable int, n_not_delivered int, n_missing int);
create table supervision.consensus(session_id varchar, instrument_id varchar, rater_id varchar, consensus varchar,
    signed_by varchar, signed_on date);
create view supervision.session_feedback as select se.session_id, se.session_on, se.instrument_id, se.role, se.domain, se.element,
    se.scale, se.n_raters, se.mean, se.lowest, se.highest, null::varchar as state, c.consensus, c.signed_by, c.signed_on
    from supervision.session_element se left join supervision.consensus c using (session_id, instrument_id)
    where se.role = if(c.consensus = 'signed', 'consensus', 'observer');
create table quality.waiting_session(session_id varchar, session_on date, therapist_id varchar, instrument_id varchar,
    waits_for varchar, raters varchar, since timestamp);
create table supervision.session_therapist(session_id varchar, therapist_id varchar, session_on date, patient_id varchar,
    selection varchar, in_window boolean);
create table supervision.prompt(session_id varchar, session_on date, rule varchar, sentence varchar, why varchar,
    workbook varchar, sheet varchar, cell varchar);
create table supervision.session_fact(session_id varchar, case_id varchar, assessment_point int, session_on date,
    instrument_id varchar, role varchar, item varchar, scale varchar, kind varchar, state varchar, said varchar);
create table supervision.therapist_fact(therapist_id varchar, instrument_id varchar, role varchar, item varchar,
    scale varchar, said varchar, n_ratings int, n_sessions int);
create table supervision.therapist_course(therapist_id varchar, role varchar, modality varchar, unit varchar, domain varchar,
    element varchar, scale varchar, position int, session_id varchar, session_on date, in_window boolean, instrument_id varchar,
    instrument_version varchar, stretch int, instrument_change varchar, instruments_before varchar, scale_lowest double,
    scale_highest double, threshold double, mean double, stands varchar, gap varchar, coverage varchar, items varchar,
    crosswalked boolean, n_raters int, n_no_opportunity int, n_unjudgeable int, n_not_delivered int, n_missing int);
create table supervision.course_change(therapist_id varchar, role varchar, modality varchar, unit varchar, session_id varchar,
    session_on date, in_window boolean, instrument_change varchar, instruments_before varchar, instrument_id varchar,
    instrument_version varchar, domains varchar, going_on varchar, ending varchar, beginning varchar);
create table supervision.trajectory_session(session_id varchar, session_on date, therapist_id varchar, rater_id varchar,
    role varchar, instrument_id varchar, basis varchar, episode int, n_expected int, n_in_order int, last_in_order varchar,
    furthest varchar, breaks_at varchar, break_kind varchar, n_inversions int, order_held boolean, modes varchar,
    lost_minute double, minutes_to_validation double, minutes_to_restoring double, done_while_high varchar,
    n_mentalizing_back int, n_no_change int, n_lost_further int);
create table supervision.trajectory_therapist(therapist_id varchar, instrument_id varchar, role varchar, basis varchar,
    breaks_at varchar, position int, n_sessions int, n_raters int, n_episodes int, n_unknown int, episodes double,
    breaks double, share_breaks double, breaks_low double, breaks_high double, opportunities double, reached double,
    share_reached double, reached_low double, reached_high double, is_experimental boolean);
create table quality.trajectory as select * exclude (therapist_id) from supervision.trajectory_therapist;
create table quality.trajectory_agreement(instrument_id varchar, role varchar, basis varchar, n_sessions int, n_pairs int,
    exact double, alpha double, is_experimental boolean);
create table current.step(rating_id varchar, line int, episode int, minute double, step varchar, mode varchar,
    arousal varchar, intervention varchar, followed varchar, note varchar, workbook varchar, sheet varchar, cell varchar);
create table quality.team_chart(team varchar, instrument_id varchar, role varchar, domain varchar, element varchar,
    scale varchar, position int, session_id varchar, session_on date, value double, mean double, lower double, upper double,
    near_lower double, near_upper double, rules varchar, n_sessions int);
create table quality.d_study(instrument_id varchar, role varchar, domain varchar, element varchar, scale varchar, n_sessions int,
    n_patients int, raters_per_session int, n_raters int, reliability double, dependability double, error_variance double,
    note varchar);
create table quality.next_rating(therapist_id varchar, instrument_id varchar, role varchar, domain varchar, element varchar,
    scale varchar, option varchar, by_new_rater boolean, session_id varchar, patient_id varchar, n_sessions int, n_patients int,
    n_raters int, n_ratings int, reliability double, reliability_then double, gain double, error_variance double,
    error_variance_then double, buys_most boolean, note varchar);
create table quality.change(team varchar, instrument_id varchar, role varchar, domain varchar, element varchar, scale varchar,
    period_before varchar, period_after varchar, sessions_before int, sessions_after int, n_therapists int,
    therapists_in_both int, mean_before double, mean_after double, difference double, by_therapists double,
    by_severity double, by_who_was_rated double, note varchar);
create table quality.rater_agreement(instrument_id varchar, role varchar, level varchar, domain varchar, element varchar,
    item varchar, scale varchar, icc_type varchar, icc_single double, icc_average double, k double, low double, high double,
    average_low double, average_high double, alpha double, alpha_low double, alpha_high double, exact double,
    within_one double, n_units int, n_raters int, n_rated int, n_no_opportunity int, no_opportunity_agreement double,
    no_opportunity_ac1 double, restricted_range boolean, note varchar);
create table quality.rater_severity(rater_id varchar, instrument_id varchar, role varchar, domain varchar, element varchar,
    scale varchar, period varchar, severity double, low double, high double, n_rated int, n_corated int, is_drifting boolean,
    note varchar);
create table quality.rater_drift(rater_id varchar, instrument_id varchar, role varchar, level varchar, element varchar,
    scale varchar, period varchar, compared_with varchar, movement double, low double, high double, n_before int, n_since int,
    drift_points double, is_drifting boolean, causes varchar, note varchar);
create table quality.shared_drift(instrument_id varchar, role varchar, scale varchar, period varchar, movement double,
    low double, high double, n_references int, is_drifting boolean, note varchar);
create table quality.coverage(therapist_id varchar, team varchar, supervisor_id varchar, period varchar, planned int,
    rated int, double_rated int, overdue int, waits_for_consensus int, waits_for_signature int, note varchar);
create table quality.workbook(workbook varchar, sha256 varchar, received_at timestamp, outcome varchar, reason varchar,
    layout varchar, n_ratings int, n_accepted int, n_held int, n_duplicate int);
create table quality.held_rating(workbook varchar, sheet varchar, cell varchar, session_id varchar, rater_id varchar,
    therapist_ids varchar, role varchar, instrument_id varchar, first_code varchar, message varchar, since timestamp,
    rating_id varchar);
create table quality.finding(code varchar, severity varchar, workbook varchar, sheet varchar, cell varchar,
    session_id varchar, rater_id varchar, message varchar, opened_at timestamp, closed_at timestamp, finding_id varchar);
create table current.rating(rating_id varchar, session_id varchar, therapist_ids varchar[], patient_id varchar,
    rater_id varchar, session_on date, rated_on date, revision int, role varchar, selection varchar, instrument_id varchar,
    instrument_version varchar, received_at timestamp, workbook varchar, sheet varchar, cell varchar);
create table current.comment(rating_id varchar, item varchar, workbook varchar, sheet varchar, cell varchar, comment varchar);
"""

ELEMENTS = (
    ("stance", "Stance", False, "humility", "Humility"),
    ("stance", "Stance", False, "not_knowing", "Not-knowing position"),
    ("stance", "Stance", False, "differences", "Where perspectives differ"),
    ("stance", "Stance", False, "legitimising", "Legitimises perspectives"),
    ("stance", "Stance", False, "enquiry", "Enquires into experience"),
    ("stance", "Stance", False, "says_unclear", "Says what is unclear"),
    ("stance", "Stance", False, "own_misunderstanding", "Owns misunderstandings"),
    ("stance", "Stance", False, "alternatives", "Alternative perspectives"),
    ("trajectory", "Trajectory within the session", True, "joint_focus", "A joint focus"),
    ("trajectory", "Trajectory within the session", True, "arousal", "Arousal is regulated"),
    ("trajectory", "Trajectory within the session", True, "mode", "The mode is identified"),
    ("trajectory", "Trajectory within the session", True, "validation", "Empathic validation"),
    ("trajectory", "Trajectory within the session", True, "restoring", "Restores mentalizing"),
)
SCALES = ("adherence", "competence")


class Lab:
    """An in-memory working file with the ground laid: one instrument, the closed lists, the night of `FACTS`."""

    def __init__(self, path: Path | None = None) -> None:
        self._con = duckdb.connect(str(path) if path else ":memory:")
        self._con.execute(TABLES)
        self._led: set[tuple[str, str]] = set()
        self._drawn: dict[str, list[tuple[Any, ...]]] = {}
        self.add(
            "reference.night",
            (1, FACTS.night_on, date(2024, 5, 4), 4, 2, 2, FACTS.since, True, True, "0.1.0", FACTS.lab),
        )
        self.adds_instrument("mbt-session")
        for name, members in {
            "state": State,
            "role": Role,
            "outcome": Outcome,
            "status": Status,
            "plan_note": PlanNote,
        }.items():
            for member in members:
                self.add("about.code", (name, str(member), None, member.meaning))
        for code, kind in FINDING_KINDS.items():
            self.add("about.code", ("finding", str(code), str(kind.severity), kind.sentence))

    def adds_instrument(self, instrument_id: str, threshold: float | None = 4.0) -> None:
        """An instrument with our thirteen elements and two scales of 1 to 7; its items are its elements."""
        row = (instrument_id, "1.0", True, instrument_id.upper(), "session", "individual", True, None, 1)
        self.add("reference.instrument", row)
        for position, scale in enumerate(SCALES, 1):
            words = ("good enough", "1 very poor; 4 good enough; 7 excellent")
            self.add(
                "reference.scale",
                (instrument_id, "1.0", scale, position, scale.capitalize(), 1, 7, 1, threshold, *words),
            )
        for position, (domain, title, is_ordered, element, name) in enumerate(ELEMENTS, 1):
            row = (instrument_id, "1.0", domain, title, is_ordered, element, position, name, "What it asks for.", False)
            self.add("about.element", row)
            self.add("reference.item", (instrument_id, "1.0", element, position, name, True))

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The working file, with all that was drawn so far."""
        for table, rows in self._drawn.items():
            places = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
            self._con.execute(f"insert into {table} values {places}", [value for row in rows for value in row])
        self._drawn.clear()
        return self._con

    def add(self, table: str, row: tuple[Any, ...]) -> None:
        """One row, in the order of the table's columns."""
        self._drawn.setdefault(table, []).append(row)

    def has_therapist(self, therapist_id: str, team: str | None = "north", supervisor_id: str | None = "SV-1") -> None:
        """A therapist of the roster."""
        self.add("reference.therapist", (therapist_id, team, supervisor_id))

    def tells(
        self,
        therapist_id: str,
        element: str,
        scale: str,
        n: int,
        mean: float | None,
        share: float | None,
        *,
        status: str | None = None,
        role: str = "observer",
        instrument_id: str = "mbt-session",
        patients: int = 2,
        raters: int = 2,
        no_opportunity: int = 0,
        crosswalked: bool = False,
        interval: tuple[float | None, float | None] = (0.1, 0.9),
        threshold: float | None = 4.0,
        estimate: tuple[float, float, float] | None = None,
    ) -> None:
        """A row of supervision.therapist_element; `estimate` with the ends of its interval."""
        domain = next(e[0] for e in ELEMENTS if e[3] == element)
        low, high = interval if n else (None, None)
        seen = (n, patients if n else 0, raters if n else 0)
        states = (n, no_opportunity, 0, 0, 0)
        last_on = date(2026, 3, 24) if n else None
        self.add(
            "supervision.therapist_element",
            (therapist_id, instrument_id, role, domain, element, scale, *seen, mean, share, low, high, *states, status,
             crosswalked, last_on, threshold, *(estimate or (None,) * 3), None, 0.62 if estimate else None, None),
        )  # fmt: skip

    def rates(
        self,
        session_id: str,
        therapist_id: str,
        session_on: date | None,
        means: dict[tuple[str, str], float | None],
        *,
        role: str = "observer",
        instrument_id: str = "mbt-session",
        rated_on: date | None = None,
        raters: tuple[str, ...] = ("R-1",),
        in_window: bool = True,
        selection: str = "random",
        consensus: str = "signed",
    ) -> None:
        """A session of one therapist, rated once by each of `raters`, with its mean per (element, scale)."""
        if (session_id, therapist_id) not in self._led:
            self._led.add((session_id, therapist_id))
            self.add(
                "supervision.session_therapist", (session_id, therapist_id, session_on, "P-1", selection, in_window)
            )
        for (element, scale), mean in means.items():
            domain = next(e[0] for e in ELEMENTS if e[3] == element)
            n = 0 if mean is None else 1
            row = (
                session_id,
                session_on,
                instrument_id,
                role,
                domain,
                element,
                scale,
                n,
                mean,
                mean,
                mean,
                n,
                1 - n,
                0,
                0,
                0,
            )
            self.add("supervision.session_element", row)
        for rater in raters:
            rating_id = f"{session_id}/{rater}/{role}/{instrument_id}"
            row = (rating_id, session_id, [therapist_id], "P-1", rater, session_on, rated_on, 1, role, selection,
                   instrument_id, "1.0", "2026-03-30 04:15:00", f"{session_id} {rater}.xlsx", "Rating", "B2")  # fmt: skip
            self.add("current.rating", row)
            if role == "consensus":
                signature = ("SV-1", session_on) if consensus == "signed" else (None, None)
                self.add("supervision.consensus", (session_id, instrument_id, rater, consensus, *signature))

    def moves(self, therapist_id: str, before: str, after: str) -> None:
        """Let a therapist's second session have been rated with another instrument than her first."""
        who = (therapist_id, "observer", "individual", "session")
        for n, (instrument, change) in enumerate(((before, None), (after, "instrument")), 1):
            told = (
                f"{therapist_id}-S{n}",
                date(2026, 3, n),
                True,
                instrument,
                "1.0",
                n,
                change,
                change and f"{before} 1.0",
            )
            means = (1.0, 7.0, 4.0, 3.0 + n, "at", None, "covered", "1 (weight 1)", n == 2, 1, 0, 0, 0, 0)
            self.add("supervision.therapist_course", (*who, "stance", "humility", "adherence", n, *told, *means))
        changed = (f"{therapist_id}-S2", date(2026, 3, 2), True, "instrument", f"{before} 1.0", after, "1.0")
        self.add("supervision.course_change", (*who, *changed, "stance", "humility", None, before))

    def follows(self, therapist_id: str, notes: Sequence[tuple[str, str]]) -> None:
        """Timelines of a therapist's sessions, one line each with a note: all of them end before the mode."""
        steps = [element[3] for element in ELEMENTS if element[2]]
        n = float(len(notes))
        for table, subject in (("supervision.trajectory_therapist", (therapist_id,)), ("quality.trajectory", ())):
            for position, step in enumerate([*steps, "complete"], 1):
                breaks = n if step == "mode" else 0.0
                chances: tuple[float | None, ...] = (n, n - breaks, 1.0, 0.5, 1.0) if position <= 3 else (None,) * 5
                key = (*subject, "mbt-session", "observer", "timeline", step, position)
                shares = (len(notes), 2, len(notes), 1, n, breaks, breaks / n, 0.1, 0.9, *chances)
                self.add(table, (*key, *shares, True))
        for number, (session_id, note) in enumerate(notes, 1):
            where = (f"{session_id} R-1.xlsx", "Timeline", f"C{number}")
            rating_id = f"{session_id}/R-1/observer/mbt-session"
            self.add(
                "current.step", (rating_id, 1, 1, 12.0, "arousal", "pretend", "flooding", None, None, note, *where)
            )
            self.add(
                "supervision.trajectory_session",
                (session_id, None, therapist_id, "R-1", "observer", "mbt-session", "timeline", 1, 5, 2, "arousal",
                 "validation", "mode", "missing", 0, True, "pretend", 12.0, 3.5, None, "arousal", 0, 0, 0),
            )  # fmt: skip

    def names(self, therapist_id: str, kind: str, element: str, scale: str, reason: str, session_id: str) -> None:
        """A row of supervision.focus; its place is the session's sheet, Rating, F12."""
        domain = next(e[0] for e in ELEMENTS if e[3] == element)
        shown = (reason, 0.04, session_id, date(2026, 3, 24), f"{session_id} R-1.xlsx", "Rating", "F12")
        self.add(
            "supervision.focus",
            (therapist_id, "mbt-session", "observer", kind, 1, domain, element, scale, *shown),
        )

    def remarks(self, rating_id: str, item: str | None, cell: str, comment: str) -> None:
        """A rater's remark beside a rating or an item."""
        session_id, rater = rating_id.split("/")[:2]
        self.add("current.comment", (rating_id, item, f"{session_id} {rater}.xlsx", "Rating", cell, comment))


def small_lab() -> Lab:
    """Two teams, three therapists, two supervisors; enough of everything that each sheet has rows."""
    lab = Lab()
    lab.has_therapist("T-1")
    lab.has_therapist("T-2", "north", "SV-2")
    lab.has_therapist("T-3", "south", "SV-2")
    for therapist_id, shift in (("T-1", 0.0), ("T-2", 0.5), ("T-3", -0.5)):
        _rate_four_sessions(lab, therapist_id, shift)
    lab.names(
        "T-1", "work_on", "differences", "competence", "rated below good enough in 2 of 4 sessions seen", "T-1-S4"
    )
    _add_numbers(lab)
    lab.add("quality.coverage", ("T-1", "north", "SV-1", "2026-Q1", 2, 2, 1, 0, 1, 0, None))
    lab.add(
        "quality.coverage",
        ("T-3", "south", "SV-2", "2026-Q2", None, 1, 0, None, 0, 1, "The roster has no plan for this period."),
    )
    waits = ("T-3-S2", date(2025, 11, 3), "T-3", "mbt-session", "signature", "R-1; R-2", "2026-03-30 04:15:00")
    lab.add("quality.waiting_session", waits)
    lab.add("quality.workbook", ("north/one.xlsx", "aa", "2026-04-05 04:15:00", "accepted", None, "form 1", 1, 1, 0, 0))
    lab.add("quality.workbook", ("old.xlsx", "bb", "2025-04-05 04:15:00", "accepted", None, "form 1", 1, 1, 0, 0))
    lab.add(
        "quality.workbook", ("bad.xlsx", "cc", "2025-04-06 04:15:00", "refused", "It has a password.", None, 0, 0, 0, 0)
    )
    lab.add("quality.held_rating", ("north/two.xlsx", "Rating", "B2", "S-9", None, "T-1", "observer", "mbt-session", "cell_blank",
            "Nothing is entered for Humility.", "2026-04-06 04:15:00", "r9"))  # fmt: skip
    lab.add("quality.finding", ("cell_blank", "error", "north/two.xlsx", "Rating", "C9", "S-9", None,
            "Nothing is entered for Humility.", "2026-04-06 04:15:00", None, "f1"))  # fmt: skip
    lab.add("quality.finding", ("password", "error", "bad.xlsx", "", "", None, None, "Save a copy without a password.",
            "2025-04-06 04:15:00", "2025-05-06 04:15:00", "f0"))  # fmt: skip
    return lab


def _add_numbers(lab: Lab) -> None:
    """Rows for each table that the models make: charts, planner, change, raters R-1 to R-3."""
    key = ("mbt-session", "observer", "stance")
    for n in range(8):
        rules = "outside" if n == 4 else None
        value = 6.75 if n == 4 else 4.0 + 0.25 * (n % 2)
        place = (n + 1, f"N-{n}", date(2025, 9, 1 + n), value)
        row = ("north", *key, None, "adherence", *place, 4.5, 3.25, 5.75, 3.66, 5.34, rules, 8)
        lab.add("quality.team_chart", row)
    for n_sessions, reliability in ((4, 0.5), (8, 0.67)):
        for element in ("humility", "not_knowing"):
            numbers = (n_sessions, 2, 1, 2, reliability, reliability - 0.1, 0.4, None)
            lab.add("quality.d_study", (*key, element, "adherence", *numbers))
    for option, then, most in (
        ("new_patient", 0.6, True),
        ("same_patient", 0.55, False),
        ("second_rater", None, False),
    ):
        numbers = (4, 2, 2, 8, 0.5, then, None if then is None else then - 0.5, 0.4, None if then is None else 0.3)
        place = ("T-1-S4" if option == "second_rater" else None, None)
        note = "untold" if then is None else None
        lab.add("quality.next_rating", ("T-1", *key, None, "adherence", option, True, *place, *numbers, most, note))
    periods, seen = ("2025-Q4", "2026-Q1"), (4, 4, 2, 2)
    lab.add(
        "quality.change",
        ("north", *key, None, "adherence", *periods, *seen, 4.5, 4.0, -0.5, -0.25, -0.125, -0.125, None),
    )
    untold = (
        "north",
        *key,
        None,
        "competence",
        *periods,
        *seen,
        4.5,
        4.0,
        -0.5,
        None,
        None,
        -0.125,
        "severity_untold",
    )
    lab.add("quality.change", untold)
    figures = (0.45, 0.62, 2.0, 0.2, 0.66, 0.33, 0.8, 0.5, 0.3, 0.7, 0.4, 0.9, 12, 3, 24, 2, 0.5, 0.9, False, None)
    lab.add(
        "quality.rater_agreement", (*key[:2], "element", "stance", "humility", None, "adherence", "agreement", *figures)
    )
    for rater, severity in (("R-1", 0.5), ("R-2", -0.25), ("R-3", -0.25)):
        numbers = (severity, severity - 0.3, severity + 0.3, 8, 8, None, None)
        lab.add("quality.rater_severity", (rater, *key, "humility", "adherence", "all", *numbers))
    drift = ("2026-Q1", "co_raters", -0.75, -1.25, -0.25, 6, 5, 0.5, True, "humility", None)
    lab.add("quality.rater_drift", ("R-2", *key[:2], "all", None, "adherence", *drift))
    lab.add(
        "quality.shared_drift",
        (*key[:2], "adherence", "2026-Q1", None, None, None, 0, None, "Nothing was rated again."),
    )


def _rate_four_sessions(lab: Lab, therapist_id: str, shift: float) -> None:
    """Four sessions over three quarters, means 3 to 6 before the shift; the last one has a remark and a consensus."""
    days = (date(2025, 8, 4), date(2025, 11, 3), date(2026, 1, 12), date(2026, 3, 24))
    for number, day in enumerate(days):
        means: dict[tuple[str, str], float | None] = {
            (element[3], scale): _mean(position, number, scale, shift)
            for position, element in enumerate(ELEMENTS)
            for scale in SCALES
        }
        session_id = f"{therapist_id}-S{number + 1}"
        lab.rates(session_id, therapist_id, day, means, rated_on=day, raters=("R-1", "R-2"))
    last = f"{therapist_id}-S4"
    lab.rates(
        last,
        therapist_id,
        days[3],
        {("humility", "adherence"): 5.0},
        role="consensus",
        raters=("R-1",),
        rated_on=days[3],
    )
    lab.remarks(f"{last}/R-1/observer/mbt-session", "humility", "F12", f"Remark on {therapist_id}: stayed curious.")
    lab.remarks(f"{therapist_id}-S1/R-2/observer/mbt-session", None, "F30", f"Early remark on {therapist_id}.")
    for position, element in enumerate(ELEMENTS):
        for scale in SCALES:
            _tell_four_sessions(
                lab, therapist_id, element[3], scale, [_mean(position, n, scale, shift) for n in range(4)]
            )
            mean = 5.0 if (element[3], scale) == ("humility", "adherence") else None
            lab.tells(therapist_id, element[3], scale, int(mean is not None), mean, 1.0 if mean else None, role="consensus",
                      status="insufficient", patients=1, raters=1)  # fmt: skip


LOW = ("differences", "competence")  # what the sessions settle to be below good enough


def _mean(position: int, number: int, scale: str, shift: float) -> float | None:
    if position == 10 and number < 3:
        return None  # the mode: no opportunity in three of four sessions
    return min(7.0, max(1.0, 3.0 + (position * 7 + number * 3) % 4 + shift - (0.5 if scale == "competence" else 0)))


def _tell_four_sessions(lab: Lab, therapist_id: str, element: str, scale: str, means: list[float | None]) -> None:
    seen = [mean for mean in means if mean is not None]
    share = sum(mean >= 4 for mean in seen) / len(seen)
    mean = sum(seen) / len(seen)
    status = "insufficient" if len(seen) < 4 else "below" if (element, scale) == LOW else "uncertain"
    lab.tells(therapist_id, element, scale, len(seen), mean, share, status=status, patients=min(2, len(seen)),
              no_opportunity=2 * (4 - len(seen)), estimate=(mean, mean - 0.5, mean + 0.75))  # fmt: skip
