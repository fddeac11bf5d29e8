"""History as it was when a past night ended: what came later left out, what was rewritten later as it stood then.

Every row that a night adds carries its number. A row of history.rating or history.workbook that a later night rewrote or
removed stands in history.rating_before or workbook_before as it was, with the number of that night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from duckdb import DuckDBPyConnection

from flows.errors import UsageError

BEFORE = "_before"
# What tells one row of a table from another, for the tables whose rows may be rewritten.
REWRITTEN = {"rating": ("rating_id",), "workbook": ("workbook", "sha256")}

COLUMNS = """
select table_name, column_name, data_type
from duckdb_columns()
where database_name = coalesce(?, current_database()) and schema_name = 'history'
order by table_name, column_index
"""

NIGHTS = """
select night.night_id, night.night_on, night.version, circumstance.night_id is not null as is_kept
from history.night as night
left join history.circumstance as circumstance on circumstance.night_id = night.night_id
order by night.night_on, night.night_id
"""


@dataclass(frozen=True, slots=True)
class PastNight:
    """A night that can be told again: its number, the date it stood for, and the software it ran under."""

    night_id: int
    night_on: date
    version: str


def night_as_of(con: DuckDBPyConnection, day: date, today: date) -> PastNight:
    """The last night that stood for `day` or a date before it.

    Raises:
        UsageError: there is none, or `day` is still to come, or that night ran before what nights rest on was kept.
    """
    nights = con.execute(NIGHTS).fetchall()
    if not nights:
        raise UsageError("No night has run in this home yet, so nothing was known. Run `fidelity nightly`.")
    first_on, last_on = nights[0][1], nights[-1][1]
    if day > max(today, last_on):
        raise UsageError(
            f"{day} is still to come. The last night was that of {last_on}; ask for that date or an earlier."
        )
    if day < first_on:
        raise UsageError(f"Nothing was known by the end of {day}: the first night was that of {first_on}.")
    night_id, night_on, version, is_kept = [night for night in nights if night[1] <= day][-1]
    if not is_kept:
        raise UsageError(f"The night of {night_on} ran before nights could be told again. {_first_kept(nights)}")
    return PastNight(night_id, night_on, version)


def _first_kept(nights: Sequence[tuple[int, date, str, bool]]) -> str:
    kept = [night_on for _, night_on, _, is_kept in nights if is_kept]
    return f"The first that can is that of {kept[0]}." if kept else "None can be yet: run `fidelity nightly` first."


def copy_past(con: DuckDBPyConnection, source: str, night_id: int) -> None:
    """Fill the empty history tables of a scratch file from those of the attached database `source`, as of one night.

    A table without a night of its own is cut to the ratings that could be read by then, and copied whole if it has none.
    """
    columns = _columns(con, source)
    there = _columns(con)
    for table in sorted(columns, key=lambda name: name not in REWRITTEN):  # others ask which ratings there were
        if table.removesuffix(BEFORE) in REWRITTEN and table.endswith(BEFORE):
            continue
        if table not in there:
            con.execute(f"create table history.{table} as from {source}.history.{table} limit 0")
        con.execute(
            f"insert into history.{table} by name {_as_of(f'{source}.history.{table}', table, columns, night_id)}"
        )


def align_before(con: DuckDBPyConnection) -> None:
    """Give each table of rows as they were the columns that its own table has gained since it was made."""
    columns = _columns(con)
    for table in REWRITTEN:
        for name, kind in columns[table].items():
            if name not in columns[table + BEFORE]:
                con.execute(f"alter table history.{table}{BEFORE} add column {name} {kind}")


def _as_of(place: str, table: str, columns: Mapping[str, Mapping[str, str]], night_id: int) -> str:
    """The query whose rows a table held when a night ended."""
    if table in REWRITTEN:
        return _rewritten(place, ", ".join(REWRITTEN[table]), night_id)
    if "closed_night_id" in columns[table]:
        later = f"coalesce(closed_night_id, 0) > {night_id}"
        undone = ", ".join(f"if({later}, null, {c}) as {c}" for c in ("closed_at", "closed_by", "closed_night_id"))
        return f"select * replace ({undone}) from {place} where coalesce(night_id, 0) <= {night_id}"
    if "night_id" in columns[table]:
        return f"select * from {place} where night_id <= {night_id}"
    if "rating_id" in columns[table]:
        return f"select * from {place} where rating_id in (select rating_id from history.rating where is_valid)"
    return f"select * from {place}"


def _rewritten(place: str, key: str, night_id: int) -> str:
    return f"""
        with before as (
            select * exclude (until_night_id) from {place}{BEFORE}
            where night_id <= {night_id} and until_night_id > {night_id}
            qualify row_number() over (partition by {key} order by until_night_id) = 1
        )
        select * from before
        union all by name
        select * from {place} anti join before using ({key}) where night_id <= {night_id}
    """


def _columns(con: DuckDBPyConnection, database: str | None = None) -> dict[str, dict[str, str]]:
    """Column and type by table of the schema history, of an attached database or of the one that is open."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(COLUMNS, [database]).fetchall():
        found.setdefault(table, {})[column] = kind
    return found
