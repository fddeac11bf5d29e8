"""Running the SQL models in sql/: each file is one table, and says what it is, what it reads and what each column means.

A model is written to the file as a table, unless its header has a line `-- view:` with the reason why it is not.

What the files say is held to be true: a model that reads what it does not declare, or a column without a sentence, stops
the night. The sentences of what is published become the dictionary that people read, and the comments of the published tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

from duckdb import DuckDBPyConnection

from flows.errors import NightFailed
from flows.settings import ROOT

SQL = ROOT / "sql"
SCHEMAS = ("history", "reference", "judgement", "current", "measure", "supervision", "quality", "audit", "about")
MARTS = ("50_supervision", "60_quality", "65_audit", "70_about")
PUBLISHED_SCHEMAS = ("supervision", "quality", "audit", "about")
KEYS_KEPT = 20  # of a check's offending rows; the count is always whole

_HEADER = ("grain", "reads", "why")
_NAME_LINE = re.compile(rf"-- (?P<name>(?:{'|'.join(SCHEMAS)})\.[a-z][a-z0-9_]*): (?P<what>\S.*)")
_KEY_LINE = re.compile(r"-- (?P<key>[a-z]+):\s+(?P<text>\S.*)")
_NO_CODE = re.compile(r"'(?:[^']|'')*'|--[^\n]*")  # string literals and comments
_TABLE = re.compile(rf"\b(?:{'|'.join(SCHEMAS)})\.[a-z][a-z0-9_]*\b")
_COLUMN = re.compile(
    r".*::(?P<type>[a-z]+(?:\[\]|\([a-z0-9_, ]+\))?)\s+as\s+(?P<name>[a-z][a-z0-9_]*)\s*,?\s*--\s*(?P<comment>\S.*)"
)
_UNTOLD = re.compile(r"\bas\s+[a-z][a-z0-9_]*\s*,?$|,$")  # a line that ends a column, and should have matched _COLUMN
_CHECK_LINE = re.compile(r"-- (?P<severity>fail|warn): (?P<sentence>\S.*)")
_QUESTION_LINE = re.compile(r"-- question: (?P<question>\S.*)")


class ModelWrong(NightFailed):
    """A file below sql/ breaks a rule of its own kind; the message names the file and the rule."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a model, as its final select writes it."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Model:
    """One table to be made: what its header says, its columns, and its query."""

    name: str
    what: str
    grain: str
    why: str
    reads: frozenset[str]
    columns: tuple[Column, ...]
    folder: str
    sql: str
    is_view: bool

    @property
    def kind(self) -> str:
        """What DuckDB calls it."""
        return "view" if self.is_view else "table"

    @property
    def comment(self) -> str:
        """The sentence that people see at the table."""
        return f"{self.what[0].upper()}{self.what[1:]} {self.grain[0].upper()}{self.grain[1:]}."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: how many rows offend, and the keys of the first of them."""

    name: str
    severity: Literal["fail", "warn"]
    sentence: str
    n: int
    keys: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """A question people ask, and the query that answers it on a published file."""

    name: str
    question: str
    query: str


def run_models(
    con: DuckDBPyConnection, folders: Sequence[str], root: Path = SQL, only: frozenset[str] | None = None
) -> list[str]:
    """Make the tables of each folder, in the order given and within a folder in the order of what they read.

    The caller's transaction spans it all. `only` names the tables to make, when not all of them are wanted. Gives back the
    names of the tables, in the order they were made.

    Raises:
        ModelWrong: a model breaks the rules of its header, its columns, or its order.
    """
    models = in_order([m for folder in folders for m in read_models(root, folder)], folders)
    models = [m for m in models if only is None or m.name in only]
    for schema in sorted({m.name.split(".")[0] for m in models}):
        con.execute(f"create schema if not exists {schema}")
    _drop_other_kinds(con, models)
    for model in models:
        con.execute(f"create or replace {model.kind} {model.name} as {model.sql}")
    _hold_to_columns(con, models)
    return [m.name for m in models]


def make_marts(con: DuckDBPyConnection) -> list[str]:
    """Make the tables that are published; gives back their names."""
    return run_models(con, MARTS)


def run_checks(con: DuckDBPyConnection, folders: Iterable[str] | None = None, root: Path = SQL) -> list[CheckResult]:
    """Run the checks of the folders (of all when None); a check's rows are ids, never values.

    Raises:
        ModelWrong: a check does not say whether it fails or warns.
    """
    wanted = None if folders is None else set(folders)
    paths = sorted(root.glob("*/checks/*.sql"))
    return [_run_check(con, p) for p in paths if wanted is None or p.parent.parent.name in wanted]


def read_models(root: Path = SQL, folder: str = "*") -> list[Model]:
    """Every model below `root`, or in one folder of it, sorted by folder and file name.

    Raises:
        ModelWrong: one of them breaks a rule.
    """
    paths = sorted(p for p in root.glob(f"{folder}/*.sql") if p.parent.name != "examples" and p.name != "tables.sql")
    return [read_model(p) for p in paths]


def read_model(path: Path) -> Model:
    """Read one model file and hold it to its rules.

    Raises:
        ModelWrong: its header, a column's type or comment, or its list of what it reads is missing or not true.
    """
    return _model_of(path, path.read_text(encoding="utf-8").strip())


@cache
def _model_of(path: Path, sql: str) -> Model:
    """The model that a file's text makes; a process that has several nights reads each text once."""
    name, what, header = _read_header(path, sql)
    reads = frozenset(r.strip() for r in header["reads"].split(",") if r.strip() != "nothing")
    found = frozenset(_TABLE.findall(_NO_CODE.sub(" ", sql)))
    if reads != found:
        raise ModelWrong(
            f"{_place(path)} declares and reads different tables: {', '.join(sorted(reads ^ found))}. Correct `-- reads:`."
        )
    columns = _read_columns(path, sql)
    return Model(name, what, header["grain"], header["why"], reads, columns, path.parent.name, sql, "view" in header)


def read_examples(root: Path = SQL) -> list[ExampleQuery]:
    """The example queries, sorted by file name.

    Raises:
        ModelWrong: one does not begin with its question.
    """
    return [_read_example(p) for p in sorted((root / "examples").glob("*.sql"))]


def in_order(models: Sequence[Model], folders: Sequence[str]) -> list[Model]:
    """Models by folder, and within a folder each after those it reads.

    Raises:
        ModelWrong: models read each other in a circle, or one reads a table that a later folder makes; in a file that lives
            on, that would be yesterday's table.
    """
    folder_of = {m.name: folders.index(m.folder) for m in models}
    by_name = {m.name: m for m in models}
    for model in models:
        for later in sorted(r for r in model.reads if folder_of.get(r, -1) > folder_of[model.name]):
            raise ModelWrong(f"{model.name} reads {later}, which is made after it. Move one of them.")
    graph = {m.name: sorted(m.reads & by_name.keys()) for m in models}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        raise ModelWrong(
            f"These models read each other: {', '.join(sorted(set(circle.args[1])))}. Break the circle."
        ) from None
    return [by_name[name] for name in sorted(order, key=lambda n: folder_of[n])]


def _read_header(path: Path, sql: str) -> tuple[str, str, dict[str, str]]:
    lines = sql.splitlines()
    first = _NAME_LINE.fullmatch(lines[0]) if lines else None
    if first is None:
        raise ModelWrong(f"{_place(path)} does not begin with `-- schema.name: what it is`. Add the line.")
    header: dict[str, str] = {}
    for line in lines[1:]:
        if not line.startswith("--"):
            break
        key = _KEY_LINE.fullmatch(line)
        if key:
            header[key["key"]] = key["text"]
        elif header:
            header[list(header)[-1]] += " " + line.removeprefix("--").strip()
    for wanted in _HEADER:
        if wanted not in header:
            raise ModelWrong(f"{_place(path)} has no line `-- {wanted}:`. Add it.")
    return first["name"], first["what"], header


def _read_columns(path: Path, sql: str) -> tuple[Column, ...]:
    """The columns of the final select: the last unindented `select`, down to the unindented `from`."""
    lines = sql.splitlines()
    starts = [n for n, line in enumerate(lines) if re.fullmatch(r"select( distinct)?", line)]
    if not starts:
        raise ModelWrong(
            f"{_place(path)} has no final `select` on a line of its own. Write one column a line below it."
        )
    columns, depth = [], 0
    for line in lines[starts[-1] + 1 :]:
        if line.startswith("from"):
            break
        code = _NO_CODE.sub("''", line)  # a comma within brackets ends no column
        depth += sum(code.count(c) for c in "([") - sum(code.count(c) for c in ")]")
        column = _COLUMN.fullmatch(line)
        if column and depth == 0:
            columns.append(Column(column["name"], column["type"], column["comment"].strip()))
        elif depth == 0 and _UNTOLD.search(code.removesuffix("''").rstrip()):
            raise ModelWrong(
                f"{_place(path)}: `{line.strip()}` lacks a cast or a comment. Write `x::type as name,  -- sentence`."
            )
    return tuple(columns)


def _drop_other_kinds(con: DuckDBPyConnection, models: Iterable[Model]) -> None:
    """Drop tables that are views now and views that are tables now: DuckDB replaces only like with like."""
    for name, kind in con.execute(
        "select schema_name || '.' || table_name, 'table' from duckdb_tables() where database_name = current_database() "
        "union all "
        "select schema_name || '.' || view_name, 'view' from duckdb_views() where database_name = current_database()"
    ).fetchall():
        if any(m.name == name and m.kind != kind for m in models):
            con.execute(f"drop {kind} {name}")


def _hold_to_columns(con: DuckDBPyConnection, models: Iterable[Model]) -> None:
    """Raise when a table has other columns than were read from its text, lest one go without its sentence."""
    found = con.execute(
        "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = current_database() group by all"
    ).fetchall()
    columns = dict(found)
    for model in models:
        if columns[model.name] != [c.name for c in model.columns]:
            raise ModelWrong(
                f"{model.name} has columns that its final select does not write one a line. Rewrite that select."
            )


def _run_check(con: DuckDBPyConnection, path: Path) -> CheckResult:
    sql = path.read_text(encoding="utf-8").strip()
    first = _CHECK_LINE.fullmatch(sql.splitlines()[0]) if sql else None
    if first is None:
        raise ModelWrong(
            f"{_place(path)} does not begin with `-- fail: sentence` or `-- warn: sentence`. Add the line."
        )
    rows = con.execute(sql).fetchall()
    name = f"{path.parent.parent.name}/{path.stem}"
    severity: Literal["fail", "warn"] = "fail" if first["severity"] == "fail" else "warn"
    return CheckResult(name, severity, first["sentence"], len(rows), tuple(rows[:KEYS_KEPT]))


def _read_example(path: Path) -> ExampleQuery:
    first, _, query = path.read_text(encoding="utf-8").strip().partition("\n")
    question = _QUESTION_LINE.fullmatch(first)
    if question is None:
        raise ModelWrong(f"{_place(path)} does not begin with `-- question: …`. Add the line.")
    return ExampleQuery(path.stem, question["question"], query.strip())


def _place(path: Path) -> str:
    return f"sql/{path.parent.name}/{path.name}"
