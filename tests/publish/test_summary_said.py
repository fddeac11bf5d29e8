"""The sentences of the summary's first table, of one and of several: each is read by a board that never sees the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from flows.publish.summary_said import said_table
from tests.support.publish_fixture import FACTS, Lab


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.adds_instrument("mbt-session")
    return lab


def said(lab: Lab, sheet: str) -> list[str]:
    """What is said about a sheet."""
    return [words for _, _, words, see in said_table(lab.con, FACTS).rows if see == sheet]


def rows(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> dict[str, Any]:
    """A row of a table with these values, and null elsewhere."""
    columns = [name for (name,) in con.execute(
        "select column_name from duckdb_columns() where schema_name || '.' || table_name = ? order by column_index", [table]
    ).fetchall()]  # fmt: skip
    assert set(values) <= set(columns), table
    return {name: values.get(name) for name in columns}


def add(lab: Lab, table: str, **values: Any) -> None:
    lab.add(table, tuple(rows(lab.con, table, **values).values()))


def held(workbooks: list[str]) -> Iterator[dict[str, Any]]:
    for number, workbook in enumerate(workbooks):
        yield {"workbook": workbook, "session_id": f"S-{number}", "since": "2026-04-06 04:15:00"}


@pytest.mark.parametrize(
    ("workbooks", "words"),
    [
        (["a.xlsx"], "1 rating of 1 workbook waits to be mended, the oldest since 2026-04-06."),
        (["a.xlsx"] * 2, "2 ratings of 1 workbook wait to be mended, the oldest since 2026-04-06."),
        (["a.xlsx", "b.xlsx"], "2 ratings of 2 workbooks wait to be mended, the oldest since 2026-04-06."),
    ],
)
def test_what_waits(lab: Lab, workbooks: list[str], words: str) -> None:
    for row in held(workbooks):
        add(lab, "quality.held_rating", **row)
    assert said(lab, "Waiting") == [words]


def test_nothing_waits_and_nothing_is_said(lab: Lab) -> None:
    assert said(lab, "Waiting") == []


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ([True], "1 of 1 rater who can be compared moved away from the others."),
        ([False], "0 of 1 rater who can be compared moved away from the others."),
        ([True, False, True], "2 of 3 raters who can be compared moved away from the others."),
    ],
)
def test_who_moved(lab: Lab, moved: list[bool], words: str) -> None:
    for number, is_drifting in enumerate(moved):
        add(
            lab, "quality.rater_drift", rater_id=f"R-{number}", instrument_id="mbt-session", role="observer", level="all",
            scale="adherence", period="2026-Q1", is_drifting=is_drifting,
        )  # fmt: skip
    assert said(lab, "Drift") == [f"Adherence: in 2026-Q1, {words}"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([(1, 1, 0, 0)], "1 session of 1 therapist rated, 0 by as many raters as planned; 1 session planned, 0 overdue."),
        ([(2, 1, 1, 1), (2, 2, 0, 1)],
         "3 sessions of 2 therapists rated, 1 by as many raters as planned; 4 sessions planned, 2 overdue."),
        ([(None, 1, 1, None)], "1 session of 1 therapist rated, 1 by as many raters as planned."),
    ],
)  # fmt: skip
def test_what_was_rated_of_what_was_planned(lab: Lab, counts: list[tuple[int | None, ...]], words: str) -> None:
    for number, (planned, rated, double_rated, overdue) in enumerate(counts):
        add(
            lab, "quality.coverage", therapist_id=f"T-{number}", period="2026-Q1", planned=planned, rated=rated,
            double_rated=double_rated, overdue=overdue,
        )  # fmt: skip
    assert said(lab, "Coverage") == [words]


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ([4.5], "mean 4.5 over 1 session, good enough (4 or more)."),
        ([3.5], "mean 3.5 over 1 session, not good enough (4 or more)."),
        ([3.5, 4.5], "mean 4.0 over 2 sessions; 1 of them good enough (4 or more)."),
    ],
)
def test_how_the_sessions_of_a_team_were(lab: Lab, means: list[float], words: str) -> None:
    lab.has_therapist("T-1")
    for number, mean in enumerate(means):
        lab.rates(f"S-{number}", "T-1", None, {("humility", "adherence"): mean})
    assert said(lab, "Trend") == [f"Stance, adherence: {words}"]


@pytest.mark.parametrize(
    ("correlations", "restricted", "words"),
    [
        ([0.4], 0, "the reliability of one rating of the one element told is 0.40; two raters of a session are within a point in "
         "80%."),
        ([0.3, 0.4, 0.5], 1,
         "the reliability of one rating of one element is 0.40 in the middle of 3 elements (span 0.30 to 0.50); "
         "two raters of a session are within a point in 80%; in 1 element ratings hardly differ, which makes it low although "
         "raters agree."),
        ([None], 0, "too few sessions were rated by two to say whether raters agree."),
        ([0.3, 0.5], 2,
         "the reliability of one rating of one element is 0.40 in the middle of 2 elements (span 0.30 to 0.50); "
         "two raters of a session are within a point in 80%; in 2 elements ratings hardly differ, which makes it low although "
         "raters agree."),
    ],
)  # fmt: skip
def test_how_far_raters_agree(lab: Lab, correlations: list[float | None], restricted: int, words: str) -> None:
    for number, single in enumerate(correlations):
        add(
            lab, "quality.rater_agreement", instrument_id="mbt-session", role="observer", level="element",
            element=f"e{number}", scale="adherence", icc_type="agreement", icc_single=single, within_one=0.8,
            restricted_range=number < restricted,
        )  # fmt: skip
    assert said(lab, "Reliability") == [f"Adherence: {words}"]


@pytest.mark.parametrize(
    ("reliabilities", "words"),
    [
        ({(1, 1): 0.7, (1, 2): 0.8}, "1 session by one rater each"),
        (
            {(1, 1): 0.6, (1, 2): 0.7, (2, 1): 0.75, (2, 2): 0.8},
            "2 sessions by one rater each or 1 session by two raters each",
        ),
        ({(1, 1): 0.5, (1, 2): 0.6, (2, 1): 0.6, (2, 2): 0.7}, "2 sessions by two raters each"),
        ({(1, 1): 0.2, (1, 2): 0.3}, "more than 1 session"),
        ({(2, 1): 0.2, (2, 2): 0.3}, "more than 2 sessions"),
    ],
)
def test_how_much_is_enough(lab: Lab, reliabilities: dict[tuple[int, int], float], words: str) -> None:
    for (n_sessions, raters), reliability in reliabilities.items():
        add(
            lab, "quality.d_study", instrument_id="mbt-session", role="observer", domain="stance", element="humility",
            scale="adherence", n_sessions=n_sessions, n_patients=1, raters_per_session=raters, n_raters=raters,
            reliability=reliability, dependability=reliability,
        )  # fmt: skip
    assert said(lab, "Planner") == [f"Stance, adherence: a dependable mean of a therapist (0.70) takes {words}."]
