"""Every text column that lives on from night to night is known to erasure, by what it may hold."""

from __future__ import annotations

from collections.abc import Callable

from flows.keeping.registry import holds, kept_columns
from flows.load.night import working_file
from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT

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
