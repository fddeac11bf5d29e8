"""The raters' tables: from sheets to figures, what stands beside them, and what is kept from night to night."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flows.load.connection import open_working
from flows.load.models import make_marts, run_checks
from flows.measure import measure
from flows.measure.raters import measure_raters
from schemas.figure_codes import RaterNote
from tests.measure.rater_labs import SHROUT_FLEISS
from tests.support.drawn_ratings import Ratings
from tests.support.lab import Lab

TEN_POINTS = """
id = "judged"
version = "1.0"
title = "One item of ten points"
about = "For tests."
source = "None."
modality = "individual"
domains = [{ id = "stance", title = "Stance" }]
elements = [{ id = "not_knowing", domain = "stance", title = "Not-knowing", guidance = "Listen." }]

[[scales]]
id = "adherence"
title = "Adherence"
short = "Adh."
question = "How much of it was done?"
lowest = 1
highest = 10

[[items]]
id = "not_knowing"
number = 1
title = "Not-knowing"
scales = ["adherence"]
speaks_to = [{ element = "not_knowing" }]
"""
JUDGES_ACROSS = """
id = "judges-across"
version = "1"
title = "A column for each judge"
instrument = "judged"
shape = "crossed"

[fields]
session_id = { column = "target" }
therapist_id = { column = "therapist" }
rater_id = { header = true }
item = { value = "not_knowing" }
scale = { value = "adherence" }

[table]
levels = ["rater_id"]
"""
FIGURES = """
select icc_type, icc_single, icc_average, k, low, high, exact, within_one, n_units, n_raters, note
from quality.rater_agreement
where level = 'element'
order by icc_type
"""


def test_shrout_and_fleiss_table_sent_as_a_sheet_gives_their_numbers(lab: Lab) -> None:
    lab.uses(TEN_POINTS)
    lab.describes(JUDGES_ACROSS)
    rows = "\n".join(f"S-{n} | T-1 | {' | '.join(map(str, row))}" for n, row in enumerate(SHROUT_FLEISS, 1))
    lab.sends("judges.xlsx", f"target | therapist | J-1 | J-2 | J-3 | J-4\n{rows}")
    lab.night()
    lab.leaves()
    con = open_working(lab.settings)
    try:
        measure(con)
        make_marts(con)
        found = {str(row[0]): row[1:] for row in con.execute(FIGURES).fetchall()}
        severities = con.execute(
            "select rater_id, severity from quality.rater_severity where period = 'all'"
        ).fetchall()
    finally:
        con.close()
    # Shrout & Fleiss 1979: .17 .44, .29 .62, .71 .91; .0188 to .7611 for ICC(2,1)
    single = {kind: row[:2] for kind, row in found.items()}
    assert single == {
        "one_way": (pytest.approx(0.17, abs=0.005), pytest.approx(0.44, abs=0.005)),
        "agreement": (pytest.approx(0.29, abs=0.005), pytest.approx(0.62, abs=0.005)),
        "consistency": (pytest.approx(0.71, abs=0.005), pytest.approx(0.91, abs=0.005)),
    }
    k, low, high, exact, within_one, n_units, n_raters, note = found["agreement"][2:]
    assert (k, n_units, n_raters, note) == (4.0, 6, 4, None)
    assert (low, high) == (pytest.approx(0.0188, abs=0.00005), pytest.approx(0.7611, abs=0.00005))
    # counted by hand over the 36 pairs: equal in S-3 (8, 8); one apart in S-1, S-2 (two), S-4 (two), S-5 (two), S-6
    assert exact == pytest.approx(1 / 36)
    assert within_one == pytest.approx(9 / 36)
    assert severities == [
        ("J-1", pytest.approx(2.30, abs=0.01)),
        ("J-2", pytest.approx(-2.70, abs=0.01)),
        ("J-3", pytest.approx(-0.93, abs=0.01)),
        ("J-4", pytest.approx(1.33, abs=0.01)),
    ]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A lab in a scratch home."""
    return Lab(tmp_path / "home")


HEAD = "session | therapist | patient | on | rater | item | adherence | competence"


def lab_of_two(n: int = 8, *more: str) -> Ratings:
    """Two raters of n sessions who differ by a point on every other one, one rater alone, and a self-rating."""
    ratings = Ratings()
    rows = [HEAD]
    for i in range(n):
        rows += [f"S-{i} | T-{i % 2} | P-{i % 2} | 2026-0{1 + i % 6}-01 | R-1 | humility | {2 + i % 5} | 4"]
        rows += [
            f"S-{i} | T-{i % 2} | P-{i % 2} | 2026-0{1 + i % 6}-01 | R-2 | humility | {2 + i % 5 + i % 2} | {4 + i % 2}"
        ]
    ratings.counts("\n".join([*rows, "S-A | T-0 | P-0 | 2026-02-01 | R-3 | humility | 4 | 5", *more]))
    ratings.counts(
        "session | therapist | on | rater | role | item | adherence | competence\n"
        "S-0 | T-0 | 2026-01-01 | T-0 | self | humility | 7 | 7\nS-0 | T-0 | 2026-01-01 | R-1 | consensus | humility | 7 | 7"
    )
    ratings.rebuild()
    return ratings


@cache
def seen() -> Ratings:
    """Eight sessions of such a lab, to be looked at and not changed."""
    return lab_of_two()


def of(ratings: Ratings, column: str, scale: str = "adherence", kind: str = "agreement") -> Any:
    ((found,),) = ratings.asks(
        f"select {column} from quality.rater_agreement where element = 'humility' and scale = '{scale}' and icc_type = '{kind}'"
    )
    return found


def test_only_observers_own_ratings_enter() -> None:
    ratings = seen()
    assert ratings.asks("select distinct role from quality.rater_agreement") == [("observer",)]
    assert (of(ratings, "n_rated"), of(ratings, "n_units"), of(ratings, "n_raters")) == (17, 8, 2)
    assert (of(ratings, "exact"), of(ratings, "within_one")) == (0.5, 1.0)
    assert {row.name for row in run_checks(ratings.con) if row.n and row.severity == "fail"} == set()


def test_high_agreement_in_a_narrow_range_is_explained() -> None:
    ratings = seen()
    assert of(ratings, "restricted_range", "competence") is True
    assert of(ratings, "within_one", "competence") == 1.0
    assert "no sign that they disagree" in of(ratings, "note", "competence")
    assert (of(ratings, "restricted_range"), of(ratings, "note")) == (False, None)


def test_a_rater_alone_has_no_severity_and_the_note_says_why() -> None:
    ratings = seen()
    assert ratings.asks(
        "select severity, low, high, n_rated, n_corated, note from quality.rater_severity"
        " where rater_id = 'R-3' and scale = 'adherence' and period = 'all'"
    ) == [(None, None, None, 1, 0, f"T{RaterNote.NOT_CO_RATED.meaning[1:]}.")]
    ((severity, low, high),) = ratings.asks(
        "select severity, low, high from quality.rater_severity where rater_id = 'R-2' and scale = 'adherence' and period = 'all'"
    )
    assert low < severity < high


def test_an_item_that_alone_speaks_to_an_element_has_the_elements_figures() -> None:
    ratings = seen()
    same = "select icc_single, low, high, alpha, exact, n_units from quality.rater_agreement where"
    items = ratings.asks(f"{same} item = 'humility' order by scale, icc_type")
    assert items == ratings.asks(f"{same} element = 'humility' order by scale, icc_type")
    assert len(items) == 6


def test_agreement_on_no_opportunity_is_told_beside() -> None:
    ratings = lab_of_two(
        8,
        *(
            f"N-{i} | T-0 | P-0 | 2026-02-01 | R-{r} | arousal | {'NO' if i + r < 3 else 4} | 4"
            for i in range(3)
            for r in (1, 2)
        ),
        "U-1 | T-0 | P-0 | 2026-02-01 | R-1 | arousal | UJ | 4",
        "U-1 | T-0 | P-0 | 2026-02-01 | R-2 | arousal | NO | 4",
    )
    # N-0: both say NO; N-1: one of two; N-2: none; U-1 was judged by one
    assert ratings.asks(
        "select distinct n_no_opportunity, no_opportunity_agreement from quality.rater_agreement"
        " where element = 'arousal' and scale = 'adherence'"
    ) == [(3, pytest.approx(2 / 3))]


def test_what_a_shared_drift_is_and_that_it_cannot_be_seen_is_said_each_quarter() -> None:
    ratings = lab_of_two(12)
    found = ratings.asks(
        "select period, movement, n_references, note from quality.shared_drift where scale = 'adherence'"
    )
    assert [row[:3] for row in found] == [("2026-Q1", None, 0), ("2026-Q2", None, 0)]
    assert "nothing to have drifted from" in found[0][3]
    assert "cannot be seen" in found[1][3]
    ((told,),) = ratings.asks("select sentence from about.purpose where topic = 'raters'")
    assert "cannot be seen unless reference recordings are rated again" in told


def test_two_raters_moving_apart_are_told_that_it_cannot_be_known_which() -> None:
    ratings = Ratings()
    rows = [HEAD]
    for i in range(24):
        month, higher = 1 + i // 4, 3 if i >= 12 else 0
        rows += [f"S-{i} | T-1 | P-1 | 2026-0{month}-01 | R-1 | humility | {3 + i % 2} | 4"]
        rows += [
            f"S-{i} | T-1 | P-1 | 2026-0{month}-01 | R-2 | humility | {3 + (i + i // 2) % 2 + higher} | {4 + i % 3}"
        ]
    ratings.counts("\n".join(rows))
    ratings.rebuild()
    found = ratings.asks(
        "select rater_id, level, period, is_drifting, causes, note from quality.rater_drift"
        " where scale = 'adherence' order by 1, 2"
    )
    note = f"O{RaterNote.TWO_RATERS.meaning[1:]}."
    assert found == [
        ("R-1", "all", "2026-Q2", True, "humility", note), ("R-1", "element", "2026-Q2", True, None, note),
        ("R-2", "all", "2026-Q2", True, "humility", note), ("R-2", "element", "2026-Q2", True, None, note),
    ]  # fmt: skip
    flagged = "select distinct rater_id from quality.rater_severity where is_drifting and period = '2026-Q2' order by 1"
    assert ratings.asks(flagged) == [("R-1",), ("R-2",)]


TABLES = ("quality.rater_agreement", "quality.rater_severity", "quality.rater_drift", "quality.shared_drift")


def test_figures_that_were_kept_are_those_worked_out_anew_and_a_change_renews_them() -> None:
    ratings = lab_of_two(8)
    first = {table: ratings.asks(f"from {table} order by all") for table in TABLES}
    done = ratings.asks("from measure.rater_done order by all")
    measure_raters(ratings.con)
    assert ratings.asks("from measure.rater_done order by all") == done
    ratings.counts(
        f"{HEAD}\nS-X | T-0 | P-0 | 2026-01-05 | R-2 | humility | 1 | 7\n"
        "S-X | T-0 | P-0 | 2026-01-05 | R-1 | humility | 7 | 1"
    )
    ratings.rebuild()
    assert ratings.asks("from measure.rater_done order by all") != done
    grown = {table: ratings.asks(f"from {table} order by all") for table in TABLES}
    assert grown != first
    for name in ("agreement", "severity", "drift", "shared", "done"):
        ratings.con.execute(f"delete from measure.rater_{name}")
    ratings.rebuild()
    assert {table: ratings.asks(f"from {table} order by all") for table in TABLES} == grown
