"""What is published of consensuses: feedback, what waits, what was set aside. Every expected row is written by hand."""

from __future__ import annotations

import datetime as dt

from duckdb import DuckDBPyConnection

from flows.load.models import SQL, read_model, run_checks
from tests.consensus.agreeing import Agreeing

DAY, FIRST, SECOND = dt.date(2026, 6, 1), dt.datetime(2026, 7, 1, 4, 15), dt.datetime(2026, 7, 8, 4, 15)
FEEDBACK = (
    "select session_id, role, scale, n_raters, mean, lowest, highest, consensus, signed_by from supervision.session_feedback "
    "where element = 'not_knowing' order by all"
)
MEANS = (
    "select role, n_sessions, n_raters, raw_mean from supervision.therapist_element "
    "where element = 'not_knowing' and scale = 'adherence' and n_sessions > 0 order by all"
)


def broken(con: DuckDBPyConnection) -> list[str]:
    """The checks that find something."""
    return [result.name for result in run_checks(con) if result.n]


def test_feedback_shows_the_consensus_once_it_is_signed_and_means_never_do(lab: Agreeing) -> None:
    lab.observes(
        "pairs.csv",
        "S-1 | R-1 | 2026-06-02 | 4 | 5", "S-1 | R-2 | 2026-06-02 | 1 | 3",
        "S-2 | R-1 | 2026-06-02 | 5 | 5", "S-2 | R-2 | 2026-06-02 | 3 | 4",
        "S-3 | R-1 | 2026-06-02 | 6 | 6",
    )  # fmt: skip
    lab.agrees("agreed.csv", "S-1 | R-1 | 2026-06-04 | R-1, R-2 | . | . | 3 | 4")
    lab.night()
    with lab.made() as con:
        assert con.execute(FEEDBACK).fetchall() == [
            ("S-1", "observer", "adherence", 2, 2.5, 1.0, 4.0, "waits_for_signature", None),
            ("S-1", "observer", "competence", 2, 4.0, 3.0, 5.0, "waits_for_signature", None),
            ("S-2", "observer", "adherence", 2, 4.0, 3.0, 5.0, None, None),
            ("S-2", "observer", "competence", 2, 4.5, 4.0, 5.0, None, None),
            ("S-3", "observer", "adherence", 1, 6.0, 6.0, 6.0, None, None),
            ("S-3", "observer", "competence", 1, 6.0, 6.0, 6.0, None, None),
        ]
        assert con.execute("from quality.waiting_session").fetchall() == [
            ("S-1", DAY, "T-1", "pair", "signature", "R-1; R-2", FIRST),
            ("S-2", DAY, "T-1", "pair", "consensus", "R-1; R-2", FIRST),
        ]
        assert con.execute(
            "select period, rated, double_rated, waits_for_consensus, waits_for_signature from quality.coverage"
        ).fetchall() == [("2026-Q2", 3, 2, 1, 1)]
        assert broken(con) == []
    lab.agrees("signed.csv", "S-1 | R-1 | 2026-06-04 | R-1, R-2 | SV-1 | 2026-06-05 | 3 | 4")
    lab.observes("again.csv", "S-1 | R-2 | 2026-06-10 | 7 | 7")
    lab.night()
    with lab.made() as con:
        assert con.execute(FEEDBACK).fetchall()[:3] == [
            ("S-1", "consensus", "adherence", 1, 3.0, 3.0, 3.0, "signed", "SV-1"),
            ("S-1", "consensus", "competence", 1, 4.0, 4.0, 4.0, "signed", "SV-1"),
            ("S-2", "observer", "adherence", 2, 4.0, 3.0, 5.0, None, None),
        ]
        # observers: (2.5 + 4 + 6) / 3, with R-2's 1 from before the consensus and not her 7 from after it
        assert con.execute(MEANS).fetchall() == [("consensus", 1, 1, 3.0), ("observer", 3, 2, 4.166666667)]
        assert con.execute(
            "select session_id, rater_id, value from measure.observation "
            "where element = 'not_knowing' and scale = 'adherence' order by all"
        ).fetchall() == [
            ("S-1", "R-1", 4.0),
            ("S-1", "R-2", 1.0),
            ("S-2", "R-1", 5.0),
            ("S-2", "R-2", 3.0),
            ("S-3", "R-1", 6.0),
        ]
        assert con.execute("from quality.set_aside").fetchall() == [
            ("S-1", DAY, "R-2", "observer", "pair", FIRST, dt.date(2026, 6, 4), SECOND, dt.date(2026, 6, 10),
             "again.csv", "", "D2", "pairs.csv", "", "D3"),
        ]  # fmt: skip
        assert con.execute(
            "select settles, names_raters, absent_raters, agreed_on, consensus, since, signed_by, signed_on, signed_workbook, "
            "workbook from supervision.consensus"
        ).fetchall() == [
            (
                "R-1; R-2",
                True,
                None,
                dt.date(2026, 6, 4),
                "signed",
                FIRST,
                "SV-1",
                dt.date(2026, 6, 5),
                "signed.csv",
                "agreed.csv",
            )
        ]
        assert con.execute(
            "select period, rated, waits_for_consensus, waits_for_signature from quality.coverage"
        ).fetchall() == [("2026-Q2", 3, 1, 0)]
        assert con.execute(
            "select value from supervision.session_item where session_id = 'S-1' and rater_id = 'R-2' and scale = 'adherence' "
            "and item = 'not_knowing'"
        ).fetchall() == [(1.0,)]
        assert broken(con) == []


def test_a_lab_that_agrees_no_consensus_waits_for_none_unless_it_asks(lab: Agreeing) -> None:
    lab.observes("pair.csv", "S-1 | R-1 | . | 4 | 5", "S-1 | R-2 | . | 1 | 3", "S-2 | R-1 | . | 4 | 4")
    lab.night()
    with lab.made() as con:
        assert waiting(con, "when_used") == []
        assert waiting(con, "always") == [("S-1", "consensus", "R-1; R-2")]
        assert waiting(con, "never") == []
    lab.agrees("agreed.csv", "S-2 | R-1 | . | . | . | . | 3 | 4")
    lab.night()
    with lab.made() as con:  # a consensus that is there waits in any case: this one for a second rating to settle
        assert waiting(con, "when_used") == [("S-1", "consensus", "R-1; R-2"), ("S-2", "ratings", "R-1")]
        assert waiting(con, "never") == [("S-2", "ratings", "R-1")]


def waiting(con: DuckDBPyConnection, asked: str) -> list[tuple[object, ...]]:
    """Session, what it waits for and whose, in a lab that asks for consensus so."""
    con.execute(f"update reference.night set consensus = '{asked}'")
    model = read_model(SQL / "60_quality" / "waiting_session.sql")
    return con.execute(f"select session_id, waits_for, raters from ({model.sql}) order by all").fetchall()


def test_the_checks_notice_feedback_that_nobody_signed(lab: Agreeing) -> None:
    lab.observes("pair.csv", "S-1 | R-1 | . | 4 | 5", "S-1 | R-2 | . | 1 | 3")
    lab.agrees("agreed.csv", "S-1 | R-1 | . | . | . | . | 3 | 4")
    lab.night()
    with lab.made() as con:
        con.execute("update supervision.session_feedback set role = 'consensus'")
        con.execute("update quality.coverage set waits_for_signature = 0")
        assert broken(con) == ["50_supervision/feedback_is_signed", "60_quality/what_waits_is_counted"]


def test_a_change_of_whom_a_consensus_settles_is_told(lab: Agreeing) -> None:
    lab.observes("three.csv", "S | R-1 | . | 4 | 5", "S | R-2 | . | 2 | 3", "S | R-3 | . | 2 | 3")
    lab.agrees("agreed.csv", "S | R-1 | 2026-06-04 | R-1, R-2 | . | . | 3 | 4")
    lab.night()
    lab.agrees("named.csv", "S | R-1 | 2026-06-06 | R-1, R-3 | . | . | 3 | 4")
    lab.night()
    with lab.made() as con:
        assert con.execute("select role, field, old_said, new_said, cause from audit.change").fetchall() == [
            ("consensus", "settles", "R-1; R-2", "R-1; R-3", "corrected")
        ]
        assert broken(con) == []
