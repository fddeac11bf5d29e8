"""A supervisor's file holds her own therapists and nobody else's: every table and column is searched for the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.load.connection import open_published
from flows.publish.snapshot import publish_snapshots
from schemas.roster import Plan
from tests.support.drawn_ratings import SEEN_AT, Ratings, roster_of

ROSTER = """
    therapist | team  | supervisor
    MINE-1    | north | SV-1
    MINE-2    | north | SV-1
    CANARY-1  | north | SV-2
    CANARY-2  | south | .
"""


# What so few ratings do not bring about: a chart, a focus, a change.
KEY = "'tiny', 'observer'"
NUMBERS = f"""
insert into supervision.therapist_chart values
    ($therapist, {KEY}, 'stance', 'humility', 'adherence', 1, $session, '2026-03-01', 4, 4, 3, 5, 3.5, 4.5, null, 8);
insert into quality.team_chart values
    ($team, {KEY}, 'stance', 'humility', 'adherence', 1, $session, '2026-03-01', 4, 4, 3, 5, 3.5, 4.5, null, 8);
insert into supervision.focus values
    ($therapist, {KEY}, 'work_on', 1, 'stance', 'humility', 'adherence', 'rated', 0.05, $session, null, 'w', 's', 'C1');
update supervision.therapist_element set status = 'below', p_adequate = 0.05, reliability = 0.6
    where (therapist_id, role, element, scale) = ($therapist, 'observer', 'humility', 'adherence');
insert into supervision.course_change values
    ($therapist, 'observer', 'individual', 'session', $session, '2026-03-01', true, 'instrument', 'other 1.0', 'tiny', '1.0',
    'stance', 'humility', null, null);
insert into quality.change values
    ($team, {KEY}, 'stance', 'humility', 'adherence', '2025-H2', '2026-H1', 1, 1, 1, 1, 4, 4, 0, 0, 0, 0, null);
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A lab in which therapists share sessions, workbooks and mistakes, published."""
    ratings = Ratings(roster_of(ROSTER, Plan(None, "2026-H1", 2, 2)))
    ratings.counts("""
        session  | therapist        | patient | on         | rater    | role     | item     | adherence | competence | workbook
        S-MINE   | MINE-1           | P-1     | 2026-03-01 | R-1      | observer | humility | 4         | 4          | wide.xlsx
        S-OTHER  | CANARY-1         | P-2     | 2026-03-02 | R-2      | observer | humility | 4         | 4          | wide.xlsx
        S-OTHER2 | CANARY-2         | P-2     | 2026-03-02 | R-1      | observer | humility | 4         | 4          | their.xlsx
        G-OURS   | CANARY-1+MINE-2  | .       | 2026-03-03 | R-1      | observer | humility | 4         | 4          | group.xlsx
        G-OURS   | CANARY-1+MINE-2  | .       | 2026-03-03 | MINE-2   | self     | humility | 6         | 6          | own.xlsx
        G-OURS   | CANARY-1+MINE-2  | .       | 2026-03-03 | CANARY-1 | self     | humility | 1         | 1          | theirs.xlsx
        S-SELF   | MINE-1           | P-1     | 2026-03-04 | MINE-1   | self     | humility | 5         | 5          | mine.xlsx
    """)
    ratings.notes("""
        session | rater    | role     | step    | mode    | intervention
        S-MINE  | R-1      | observer | arousal | pretend | supportive
        S-OTHER | R-2      | observer | arousal | pretend | supportive
        G-OURS  | R-1      | observer | arousal | .       | .
        G-OURS  | MINE-2   | self     | arousal | .       | relational
        G-OURS  | CANARY-1 | self     | arousal | .       | relational
    """)
    ratings.waits("""
        session | therapist         | rater | code              | workbook     | says
        H-MINE  | MINE-1            | R-1   | cell_blank        | wide.xlsx    | .
        H-OTHER | CANARY-1          | R-1   | cell_blank        | heldcan.xlsx | .
        H-GROUP | CANARY-1+MINE-2   | R-1   | cell_blank        | heldgrp.xlsx | .
        H-WHO   | MINE-1+CANARI-1   | R-1   | therapist_unknown | heldwho.xlsx | Is it CANARY-1?
    """)
    ratings.rebuild()
    workbook_findings = (
        ("f-hidden", "wide.xlsx", "sha wide.xlsx", None, None, "A sheet of ours."),
        ("f-theirs", "their.xlsx", "sha their.xlsx", None, None, "A sheet of CANARY-2."),
        ("f-session", "wide.xlsx", "sha wide.xlsx", None, "S-OTHER", "About CANARY-1."),
    )
    for finding_id, workbook, sha, rating, session, message in workbook_findings:
        ratings.con.execute(
            "insert into history.finding"
            " values (?, ?, ?, ?, 'hidden_sheet', 'warning', 'S', '', ?, null, ?, ?, null, null, 1, null)",
            [finding_id, workbook, sha, rating, session, message, SEEN_AT],
        )
    ratings.rebuild_after_findings()
    for therapist_id, team, session in (("CANARY-1", "south", "S-OTHER"), ("MINE-1", "north", "S-MINE")):
        numbers = NUMBERS
        for name, value in (("$therapist", therapist_id), ("$team", team), ("$session", session)):
            numbers = numbers.replace(name, f"'{value}'")
        ratings.con.execute(numbers)
    folder = tmp_path_factory.mktemp("published")
    published = publish_snapshots(ratings.con, folder)
    assert len(published.files) == 3
    return {"lab": published.files[0], "SV-1": published.files[1], "SV-2": published.files[2]}


def asks(path: Path, query: str) -> list[tuple[object, ...]]:
    """What a query answers on a published file."""
    with open_published(path) as con:
        return con.execute(query).fetchall()


def search(path: Path, pattern: str) -> set[tuple[str, str]]:
    """Tables and columns in which some cell matches."""
    every = "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
    with open_published(path) as con:  # once: there are hundreds of columns
        return {
            (str(table), str(column))
            for table, column in con.execute(every).fetchall()
            if any(
                re.search(pattern, str(cell)) for (cell,) in con.execute(f'select "{column}" from {table}').fetchall()
            )
        }


def test_no_cell_of_a_supervisors_file_names_another_supervisors_therapist(files: dict[str, Path]) -> None:
    assert search(files["SV-1"], "CANARY|CANARI") == set()
    assert search(files["SV-2"], "MINE") == set()
    assert b"CANARY" not in files["SV-1"].read_bytes()
    assert b"MINE" not in files["SV-2"].read_bytes()


def test_the_search_would_find_them(files: dict[str, Path]) -> None:
    found = search(files["lab"], "CANARY")
    assert {table for table, _ in found} == {
        "supervision.therapist_element", "supervision.session_item", "supervision.session_therapist", "quality.held_rating",
        "quality.finding", "quality.coverage", "supervision.trajectory_session", "supervision.trajectory_step",
        "supervision.trajectory_therapist", "supervision.trajectory_done",
        "supervision.therapist_domain", "supervision.therapist_chart", "supervision.focus",
        "quality.next_rating", "supervision.therapist_course", "supervision.course_change",
    }  # fmt: skip


def test_no_session_workbook_or_held_rating_of_others_is_there(files: dict[str, Path]) -> None:
    theirs = r"S-OTHER|theirs?\.xlsx|heldcan|H-OTHER|heldwho|H-WHO|P-2|R-2|south|SV-2"
    assert search(files["SV-1"], theirs) == set()


def test_everything_of_her_own_is_there(files: dict[str, Path]) -> None:
    hers = files["SV-1"]
    assert asks(hers, "select distinct therapist_id from supervision.therapist_element order by all") == [
        ("MINE-1",),
        ("MINE-2",),
    ]
    assert asks(hers, "select session_id, therapist_id from supervision.session_therapist order by all") == [
        ("G-OURS", "MINE-2"), ("S-MINE", "MINE-1"), ("S-SELF", "MINE-1"),
    ]  # fmt: skip
    assert asks(hers, "select distinct session_id, role, rater_id from supervision.session_item order by all") == [
        ("G-OURS", "observer", "R-1"), ("G-OURS", "self", "MINE-2"), ("S-MINE", "observer", "R-1"), ("S-SELF", "self", "MINE-1"),
    ]  # fmt: skip
    assert asks(hers, "select session_id, therapist_ids from quality.held_rating order by all") == [
        ("H-GROUP", "MINE-2"), ("H-MINE", "MINE-1"),
    ]  # fmt: skip
    assert asks(hers, "select finding_id from quality.finding order by all") == [
        ("f-hidden",), ("finding held H-GROUP/R-1",), ("finding held H-MINE/R-1",),
    ]  # fmt: skip
    assert asks(hers, "select workbook from quality.workbook order by all") == [
        ("group.xlsx",), ("heldgrp.xlsx",), ("mine.xlsx",), ("own.xlsx",), ("wide.xlsx",),
    ]  # fmt: skip
    assert asks(hers, "select session_id, rater_id, element from supervision.trajectory_step order by all") == [
        ("G-OURS", "MINE-2", "arousal"), ("G-OURS", "R-1", "arousal"), ("S-MINE", "R-1", "arousal"),
    ]  # fmt: skip
    assert asks(hers, "select distinct therapist_id from supervision.trajectory_therapist order by all") == [
        ("MINE-1",),
        ("MINE-2",),
    ]
    assert asks(hers, "select therapist_id, done from supervision.trajectory_done where role = 'self' order by all") == [
        ("MINE-2", "arousal"), ("MINE-2", "relational"),
    ]  # fmt: skip
    assert asks(hers, "from quality.trajectory") == []
    assert asks(
        files["lab"], "select count(*) from quality.trajectory where role = 'observer' and basis = 'timeline'"
    ) == [(2,)]
    assert asks(hers, "select therapist_id, planned, rated from quality.coverage order by all") == [
        ("MINE-1", 2, 1),
        ("MINE-2", 2, 1),
    ]


def test_charts_focus_and_plan_of_her_own_are_there_and_nothing_of_teams_or_raters(files: dict[str, Path]) -> None:
    hers = files["SV-1"]
    for table in ("supervision.therapist_chart", "supervision.focus"):
        assert asks(hers, f"select distinct therapist_id from {table}") == [("MINE-1",)], table
        assert asks(files["lab"], f"select count(distinct therapist_id) from {table}") == [(2,)], table
    # MINE-2 led with a colleague of another supervisor, who has a plan in the lab's file alone
    assert asks(hers, "select distinct therapist_id from quality.next_rating order by all") == [
        ("MINE-1",),
        ("MINE-2",),
    ]
    assert asks(files["lab"], "select count(distinct therapist_id) > 2 from quality.next_rating") == [(True,)]
    for table in ("team_chart", "change", "rater_severity", "rater_drift"):
        assert asks(hers, f"select count(*) from quality.{table}") == [(0,)], table
    assert asks(files["lab"], "select count(*) from quality.team_chart") == [(2,)]


def test_a_colleagues_view_of_herself_in_a_session_led_together_is_not_told(files: dict[str, Path]) -> None:
    ask = """
        select raw_mean from supervision.therapist_element
        where role = 'self' and element = 'humility' and scale = 'adherence'
    """
    assert asks(files["SV-1"], ask) == [(5.0,), (6.0,)]
    assert asks(files["SV-2"], ask) == [(1.0,)]
    assert asks(files["SV-1"], "select session_id from supervision.session_element where role = 'self' and n_rated > 0") == [
        ("S-SELF",), ("S-SELF",),
    ]  # fmt: skip


def test_counts_of_the_whole_lab_are_empty_in_a_supervisors_file(files: dict[str, Path]) -> None:
    ask = (
        "select night_on, n_workbooks, n_ratings, n_accepted, n_held, n_duplicate, n_released, n_waiting from about.run"
    )
    assert [row[1:] for row in asks(files["SV-1"], ask)] == [(None,) * 7]
    assert asks(files["lab"], "select n_waiting from about.run") == [(4,)]


def test_nothing_of_how_raters_rate_is_in_a_supervisors_file(files: dict[str, Path]) -> None:
    tables = ("rater_agreement", "rater_severity", "rater_drift", "shared_drift")
    counts = [asks(files["SV-1"], f"select count(*) from quality.{table}")[0][0] for table in tables]
    assert counts == [0, 0, 0, 0]
    assert all(asks(files["lab"], f"select count(*) > 0 from quality.{table}") == [(True,)] for table in tables[:2])
