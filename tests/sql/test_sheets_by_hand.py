"""Case and DBT sheets as a lab writes them from the docs alone, a whole night over them, and answers worked out on paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from flows.load.connection import open_working
from flows.load.models import make_marts, run_checks
from flows.measure import measure
from flows.publish.supervision_facts import read_therapists
from tests.support.lab import FIRST_NIGHT, Lab

# a line for each item of a case, with day.month.year and Norwegian words
CASES = """
id = "our-cases"
version = "1"
title = "Our cases"
instrument = "mbt-programme"
shape = "long"
date_order = "dmy"
missing = ["-"]
[marks]
"?" = "unjudgeable"
[scale_codes.in_place]
ja = 1
nei = 0
[scales]
"In place" = "in_place"
"By session" = "by_session"
"Since" = "since"
[fields]
session_id = { column = "Case" }
assessment_point = { column = "Month" }
session_on = { column = "Assessed" }
therapist_id = { column = "Therapist" }
patient_id = { column = "Patient" }
rater_id = { column = "Rater" }
item = { column = "Item" }
[table]
levels = ["scale"]
"""
CASE_ROWS = """
Case | Month | Assessed   | Therapist | Patient | Rater | Item               | In place | By session | Since
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | Formulation        | nei      | -          | -
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | Risk assessment    | ja       | 1          | 05.01.2026
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | crisis_plan        | 0 – no   | -          | -
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | individual_weekly  | 1        | .          | 05.01.2026
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | 5                  | no       | .          | -
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | Psychiatric care   | yes      | .          | 2026-01-05
C-1  | 1     | 30.01.2026 | T-1       | P-1     | R-1   | team_supervision   | ?        | .          | -
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | Formulation        | 1 – yes  | 5          | 02.02.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | Risk assessment    | ja       | 1          | 05.01.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | crisis_plan        | 1 - yes  | 7          | 16.02.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | individual_weekly  | 1        | .          | 05.01.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | 5                  | ja       | .          | 09.03.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | Psychiatric care   | yes      | .          | 05.01.2026
C-1  | 6     | 29.06.2026 | T-1       | P-1     | R-1   | team_supervision   | nei      | .          | -
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | Formulation        | ja       | 2          | 12.01.2026
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | Risk assessment    | ja       | 1          | 05.01.2026
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | crisis_plan        | ja       | 6          | 09.02.2026
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | individual_weekly  | ja       | .          | -
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | 5                  | ja       | .          | -
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | Psychiatric care   | nei      | .          | -
C-2  | 6     | 26.06.2026 | T-1       | P-2     | R-1   | team_supervision   | ja       | .          | -
"""
# a line for each element of a session, adherence and competence beside each other
DBT = """
id = "our-dbt"
version = "1"
title = "Our DBT sessions"
instrument = "dbt-session"
shape = "long"
[marks]
NO = "no_opportunity"
ND = "not_delivered"
[fields]
session_id = { column = "Recording" }
session_on = { column = "Date" }
therapist_id = { column = "Clinician" }
patient_id = { column = "Client" }
rater_id = { column = "Watched by" }
item = { column = "Element" }
[table]
levels = ["scale"]
"""
DBT_ROWS = """
Recording | Date       | Clinician | Client | Watched by | Element                     | Adherence | Competence
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | self_destructive_behaviour  | 6         | 5
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | therapy_interfering_process | 3         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | Careful analysis            | 5         | 5
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | 4                           | 7         | 6
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | Self-disclosure             | 1         | ND
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | own_errors_accepted         | NO        | NO
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | reciprocal_communication    | 4         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | skills                      | 5         | 3
D-1       | 2026-06-11 | T-2       | P-9    | R-1        | coaching                    | 2         | 2
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | self_destructive_behaviour  | 4         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | therapy_interfering_process | 4         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | Careful analysis            | 4         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | 4                           | 6         | 5
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | Self-disclosure             | 2         | 3
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | own_errors_accepted         | NO        | NO
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | reciprocal_communication    | 5         | 4
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | skills                      | NO        | NO
D-1       | 2026-06-11 | T-2       | P-9    | R-2        | coaching                    | 3         | 2
"""


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    """The working file of a lab that counts a crisis plan as late after the sixth session, after its night."""
    home = tmp_path_factory.mktemp("home")
    (home / "fidelity.toml").write_text("crisis_plan_by_session = 6\n", encoding="utf-8")
    lab = Lab(home)
    lab.describes(CASES)
    lab.describes(DBT)
    lab.settings.raw.mkdir(parents=True, exist_ok=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    lab.sends("cases.csv", CASE_ROWS, delimiter=";")
    lab.sends("dbt.xlsx", DBT_ROWS)
    counts = lab.night()
    assert (counts["workbooks"], counts["ratings"], counts["accepted"], counts["held"]) == (2, 5, 5, 0)
    assert lab.findings() == []
    lab.leaves()
    with open_working(lab.settings) as working:
        measure(working)
        make_marts(working)
        yield working


def test_a_case_says_at_each_month_what_is_in_place_by_when_and_since(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select case_id, assessment_point, session_on::varchar, scale, state, said from supervision.session_fact "
        "where item = 'crisis_plan' order by 1, 2, 4"
    ).fetchall() == [
        ("C-1", 1, "2026-01-30", "by_session", "missing", None),
        ("C-1", 1, "2026-01-30", "in_place", "rated", "no"),
        ("C-1", 1, "2026-01-30", "since", "missing", None),
        ("C-1", 6, "2026-06-29", "by_session", "rated", "7"),
        ("C-1", 6, "2026-06-29", "in_place", "rated", "yes"),
        ("C-1", 6, "2026-06-29", "since", "rated", "2026-02-16"),
        ("C-2", 6, "2026-06-26", "by_session", "rated", "6"),
        ("C-2", 6, "2026-06-26", "in_place", "rated", "yes"),
        ("C-2", 6, "2026-06-26", "since", "rated", "2026-02-09"),
    ]


def test_what_is_in_place_is_counted_over_the_cases_of_a_month(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select assessment_point, item, said, n_sessions from quality.fact "
        "where item in ('group_weekly', 'team_supervision', 'psychiatric_care') order by 2, 1, 3"
    ).fetchall() == [
        (1, "group_weekly", "no", 1),
        (6, "group_weekly", "yes", 2),
        (1, "psychiatric_care", "yes", 1),
        (6, "psychiatric_care", "no", 1),
        (6, "psychiatric_care", "yes", 1),
        (6, "team_supervision", "no", 1),
        (6, "team_supervision", "yes", 1),
    ]


def test_a_plan_is_late_after_the_session_that_the_lab_has_set(con: DuckDBPyConnection) -> None:
    # by session 7 is late and by session 6 is not; the cells are those of the csv
    assert con.execute("select session_id, rule, workbook, cell from supervision.prompt order by all").fetchall() == [
        ("C-1 @ 1", "crisis-plan-absent", "cases.csv", "H4"),
        ("C-1 @ 6", "crisis-plan-late", "cases.csv", "I11"),
    ]


def test_dbt_tells_the_common_ground_apart_from_its_own(con: DuckDBPyConnection) -> None:
    assert con.execute(
        "select domain, element, raw_mean, n_no_opportunity, n_not_delivered from supervision.therapist_element "
        "where instrument_id = 'dbt-session' and scale = 'competence' and status <> 'not_covered' order by 1, 2"
    ).fetchall() == [
        ("common_ground", "careful_analysis", 4.5, 0, 0),
        ("common_ground", "empathic_validation", 5.5, 0, 0),
        ("common_ground", "self_destructive_behaviour", 4.5, 0, 0),
        ("common_ground", "therapy_interfering_process", 4, 0, 0),
        ("dbt", "coaching", 2, 0, 0),
        ("dbt", "own_errors_accepted", None, 2, 0),
        ("dbt", "reciprocal_communication", 4, 0, 0),
        ("dbt", "self_disclosure", 3, 0, 1),
        ("dbt", "skills", 3, 1, 0),
    ]


def test_nothing_of_dbt_is_told_of_an_instrument_of_mbt_nor_the_other_way_round(con: DuckDBPyConnection) -> None:
    for table in ("supervision.session_element", "supervision.therapist_element"):
        rated = f"select distinct instrument_id from {table} where n_rated > 0"
        assert con.execute(rated).fetchall() == [("dbt-session",)]
    assert con.execute("select count(*) from supervision.trajectory_session").fetchone() == (0,)


def test_the_supervision_sheet_names_cases_as_cases_and_tells_their_latest_month(con: DuckDBPyConnection) -> None:
    therapists, _ = read_therapists(con, FIRST_NIGHT.replace(month=6))
    (first,) = [therapist for therapist in therapists if therapist.therapist_id == "T-1"]
    assert [seen.session_id for seen in first.sessions] == [
        "case C-1 at month 6",
        "case C-2 at month 6",
        "case C-1 at month 1",
    ]
    assert [(case.name, case.earlier) for case in first.conversation.cases] == [
        ("case C-1 at month 6", (1,)),
        ("case C-2 at month 6", ()),
    ]
    assert [fact.said for fact in first.conversation.cases[0].facts] == [
        "yes, by session 5, since 2026-02-02",
        "yes, by session 1, since 2026-01-05",
        "yes, by session 7, since 2026-02-16",
        "yes, since 2026-01-05",
        "yes, since 2026-03-09",
        "yes, since 2026-01-05",
        "no",
    ]


def test_every_check_holds_over_sheets_written_by_hand(con: DuckDBPyConnection) -> None:
    assert [(found.name, found.keys) for found in run_checks(con) if found.severity == "fail" and found.n] == []
