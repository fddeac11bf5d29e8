"""Every text column that lives on from night to night is known to erasure, by what it may hold."""

from __future__ import annotations

from collections.abc import Callable

from flows.intake.erased import Erased, tombstone
from flows.keeping.history import Going, Moves, rewrite_history
from flows.keeping.registry import holds, kept_columns
from flows.load.night import working_file
from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT, RATER

SENT = (
    f"{HEAD}\nS-1 | R-1 | T-1 | P-1 | 2026-06-01 | 4 | 5 | calm\nS-2 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | ."
)


def test_every_text_column_that_is_kept_is_classified(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.lab.sends("monday.csv", SENT)
    home.night()
    with working_file(home.settings) as con:
        kept = kept_columns(con)
    assert {"history.rating", "history.comment", "history.finding", "history.event", "history.workbook"} <= set(kept)
    # Add a line to COLUMNS in flows/keeping/registry.py for each that is named here.
    assert [f"{t}.{c}" for t, columns in kept.items() for c in columns if holds(t, c) is None] == []


def test_a_table_that_nobody_classified_is_swept_row_by_row(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.lab.sends("monday.csv", SENT)
    home.night()
    with working_file(home.settings) as con:
        con.execute("create schema extra")
        con.execute("create table extra.diary (rating_id varchar, said varchar, many varchar[])")
        con.execute("insert into extra.diary select rating_id, 'x', [] from history.rating")
        con.execute(
            f"insert into extra.diary values ('-', 'seen {PATIENT}', []), ('-', 'fine', []), ('-', 'y', ['{PATIENT}'])"
        )
    home.erases(patients=[PATIENT])
    with working_file(home.settings) as con:
        left = con.execute(
            "select said, rating_id in (select rating_id from history.rating) from extra.diary order by all"
        )
        assert left.fetchall() == [("fine", False), ("x", True)]


def test_figures_that_name_a_person_go_whole_and_are_made_anew(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.lab.sends("monday.csv", SENT)
    home.night()
    tables = ("measure.fit", "measure.fit_rater", "measure.rater_done", "measure.rater_severity")
    with working_file(home.settings) as con:
        con.execute("insert into measure.fit (fit_id) values ('told'), ('other')")
        con.execute(f"insert into measure.fit_rater (fit_id, rater_id) values ('told', 'R-1'), ('told', '{RATER}')")
        con.execute("insert into measure.fit_rater (fit_id, rater_id) values ('other', 'R-1')")
        con.execute("insert into measure.rater_done values ('seen')")
        con.execute(
            f"insert into measure.rater_severity (fingerprint, rater_id) values ('seen', 'R-1'), ('seen', '{RATER}')"
        )
        erased = Erased({"": b""}, frozenset({tombstone("rater", RATER, b"")}))
        rewrite_history(con, erased, Going(), Moves())
        left = {
            t: con.execute(f"select {'fit_id' if 'fit' in t else 'fingerprint'} from {t}").fetchall() for t in tables
        }
    assert left["measure.fit"] == left["measure.fit_rater"] == [("other",)]
    assert ("seen",) not in [*left["measure.rater_severity"], *left["measure.rater_done"]]
