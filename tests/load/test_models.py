"""The SQL model runner: what a model file must say, in which order models run, and what becomes of their sentences."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.load.models import CheckResult, ModelWrong, read_examples, read_model, run_checks, run_models

MODEL = """
-- measure.count: how many sessions there are.
-- grain: one row
-- reads: current.session
-- why:   somebody must
--        count them.
with
counted as (select count(*) as n, 'it''s -- no comment, x.y' as word, 1 as extra from current.session)
select
    n::bigint      as n,    -- sessions
    concat_ws(
        ', ',
        word
    )::varchar     as word  -- the therapist's word
from counted
"""


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A folder of models beside one table that they read."""
    (tmp_path / "40_measure" / "checks").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """A working file in memory with three sessions."""
    con = duckdb.connect()
    con.execute("create schema current; create table current.session as from range(3) as t(session_id)")
    return con


def write(sql: Path, text: str, name: str = "count", folder: str = "40_measure") -> Path:
    (sql / folder).mkdir(exist_ok=True)
    path = sql / folder / f"{name}.sql"
    path.write_text(text.strip() + "\n", encoding="utf-8")
    return path


def simple(name: str, reads: str, query: str) -> str:
    return (
        f"-- {name}: a table.\n-- grain: one row\n-- reads: {reads}\n-- why: a test.\n"
        f"select\n    n::bigint as n  -- a number\nfrom {query}\n"
    )


def test_a_model_becomes_a_table_and_its_sentences_are_read(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    path = write(sql, MODEL)
    assert run_models(con, ["40_measure"], sql) == ["measure.count"]
    assert con.execute("select n from measure.count").fetchall() == [(3,)]
    model = read_model(path)
    assert model.comment == "How many sessions there are. One row."
    assert [(c.name, c.comment) for c in model.columns] == [("n", "sessions"), ("word", "the therapist's word")]


def test_a_file_that_was_changed_is_read_anew(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    write(sql, MODEL)
    run_models(con, ["40_measure"], sql)
    path = write(sql, MODEL.replace("-- sessions", "-- how many").replace("count(*) as n", "count(*) + 1 as n"))
    assert read_model(path).columns[0].comment == "how many"
    run_models(con, ["40_measure"], sql)
    assert con.execute("select n from measure.count").fetchall() == [(4,)]


def test_a_model_is_made_after_those_it_reads_whatever_the_files_are_called(
    sql: Path, con: duckdb.DuckDBPyConnection
) -> None:
    write(sql, simple("measure.a", "measure.b", "measure.b"), "a")
    write(sql, simple("measure.b", "measure.c", "measure.c"), "b")
    write(sql, simple("measure.c", "current.session", "(select count(*) as n from current.session)"), "c")
    assert run_models(con, ["40_measure"], sql) == ["measure.c", "measure.b", "measure.a"]
    assert con.execute("select n from measure.a").fetchall() == [(3,)]


def test_a_model_with_a_view_line_is_worked_out_when_it_is_read(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    write(sql, MODEL)
    run_models(con, ["40_measure"], sql)
    write(sql, MODEL.replace("--        count them.", "--        count them.\n-- view:  it is long."))
    run_models(con, ["40_measure"], sql)
    con.execute("insert into current.session values (9)")
    assert con.execute("select n from measure.count").fetchall() == [(4,)]
    write(sql, MODEL)
    run_models(con, ["40_measure"], sql)
    assert con.execute("select count(*) from duckdb_tables() where table_name = 'count'").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("-- measure.count: how many sessions there are.\n", "", "does not begin with"),
        ("-- grain: one row\n", "", "has no line `-- grain:`"),
        ("-- reads: current.session\n", "", "has no line `-- reads:`"),
        ("-- why:   somebody must\n--        count them.\n", "", "has no line `-- why:`"),
        (",    -- sessions", ",", "lacks a cast or a comment"),
        ("n::bigint      as n", "n as n", "lacks a cast or a comment"),
        ("  -- the therapist's word", "", "lacks a cast or a comment"),
        ("-- reads: current.session", "-- reads: current.session, history.night", "different tables: history.night"),
        ("-- reads: current.session", "-- reads: history.night", "different tables: current.session, history.night"),
        ("\nselect\n    n", "\nselect n", "has no final `select`"),
    ],
)
def test_a_model_that_breaks_a_rule_is_refused(sql: Path, was: str, becomes: str, says: str) -> None:
    assert was in MODEL
    path = write(sql, MODEL.replace(was, becomes))
    with pytest.raises(ModelWrong, match=r"^sql/40_measure/count\.sql") as wrong:
        read_model(path)
    assert says in str(wrong.value)
    assert wrong.value.exit_code == 10


def test_a_column_that_comes_in_by_a_star_is_refused(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    write(
        sql,
        MODEL.replace(
            "as word  -- the therapist's word\n", "as word,  -- the therapist's word\n    * exclude (n, word)\n"
        ),
    )
    con.execute("alter table current.session add column extra integer")
    with pytest.raises(ModelWrong, match=r"measure\.count has columns that its final select does not write"):
        run_models(con, ["40_measure"], sql)


def test_models_that_read_each_other_are_refused(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    write(sql, simple("measure.a", "measure.b", "measure.b"), "a")
    write(sql, simple("measure.b", "measure.a", "measure.a"), "b")
    with pytest.raises(ModelWrong, match=r"read each other: measure\.a, measure\.b"):
        run_models(con, ["40_measure"], sql)


def test_a_model_must_not_read_what_a_later_folder_makes(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    write(sql, simple("measure.a", "quality.b", "quality.b"), "a")
    write(sql, simple("quality.b", "current.session", "(select count(*) as n from current.session)"), "b", "60_quality")
    with pytest.raises(ModelWrong, match=r"measure\.a reads quality\.b, which is made after it"):
        run_models(con, ["40_measure", "60_quality"], sql)


def test_a_check_gives_back_how_many_rows_offend_and_the_first_of_them(
    sql: Path, con: duckdb.DuckDBPyConnection
) -> None:
    check = sql / "40_measure" / "checks" / "no_sessions.sql"
    check.write_text(
        "-- warn: There are no sessions.\nselect session_id from current.session order by all\n", encoding="utf-8"
    )
    assert run_checks(con, root=sql) == [
        CheckResult("40_measure/no_sessions", "warn", "There are no sessions.", 3, ((0,), (1,), (2,)))
    ]
    assert run_checks(con, ["60_quality"], sql) == []


def test_a_check_that_does_not_say_what_it_weighs_is_refused(sql: Path, con: duckdb.DuckDBPyConnection) -> None:
    (sql / "40_measure" / "checks" / "vague.sql").write_text("select 1\n", encoding="utf-8")
    with pytest.raises(ModelWrong, match="does not begin with `-- fail"):
        run_checks(con, root=sql)


def test_the_examples_are_numbered_one_by_one() -> None:
    names = [example.name for example in read_examples()]
    assert [name[:3] for name in names] == [f"{n:02}_" for n in range(1, len(names) + 1)]


def test_an_example_begins_with_its_question(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    path = tmp_path / "examples" / "01_how_many.sql"
    path.write_text("-- question: How many?\nselect 1;\n", encoding="utf-8")
    (example,) = read_examples(tmp_path)
    assert (example.name, example.question, example.query) == ("01_how_many", "How many?", "select 1;")
    path.write_text("select 1;\n", encoding="utf-8")
    with pytest.raises(ModelWrong, match="does not begin with `-- question"):
        read_examples(tmp_path)
