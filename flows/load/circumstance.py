"""What each night rested on: its instruments, layouts, roster and settings, kept in history once each.

A text is kept under its SHA-256 and a roster under one made from all that it says, so that a year of nights on the same
ground costs a line a night. People's ids stand in columns of their own (history.roster_therapist, roster_rater,
roster_plan), never inside a text, so that they can be erased like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from duckdb import DuckDBPyConnection

from flows.settings import Settings, settings_of_then, text_of_settings
from schemas.catalog import Catalog, catalog_of
from schemas.roster import Plan, Rater, Roster, Therapist

SETTINGS = "settings"
NO_ROSTER = ""

_COLUMNS: dict[str, dict[str, pl.DataType]] = {
    "text": {"text_id": pl.String(), "name": pl.String(), "text": pl.String()},
    "roster_therapist": {
        "place": pl.Int32(), "therapist_id": pl.String(), "team": pl.String(), "supervisor_id": pl.String(),
    },
    "roster_rater": {
        "place": pl.Int32(), "rater_id": pl.String(), "team": pl.String(), "also_written": pl.List(pl.String()),
    },
    "roster_plan": {
        "place": pl.Int32(), "therapist_id": pl.String(), "period": pl.String(), "sessions": pl.Int32(), "raters": pl.Int32(),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What a night rested on, as it was."""

    catalog: Catalog
    roster: Roster
    settings: Settings


def keep_circumstance(
    con: DuckDBPyConnection, night_id: int, catalog: Catalog, roster: Roster, settings: Settings
) -> None:
    """Keep what a night rests on; texts and rosters that are kept already are not kept twice."""
    chosen = text_of_settings(settings)
    texts = {name: text for name, text in (*sorted(catalog.texts.items()), (SETTINGS, chosen))}
    _keep_texts(con, [(_hash(text), name, text) for name, text in texts.items()])
    roster_id = _keep_roster(con, roster) if roster.is_present else NO_ROSTER
    text_ids = [_hash(text) for name, text in texts.items() if name != SETTINGS]
    con.execute(
        "insert into history.circumstance by name select $night_id as night_id, $settings_id as settings_id,"
        " $text_ids as text_ids, $has_roster as has_roster, $roster_id as roster_id",
        {
            "night_id": night_id,
            "settings_id": _hash(chosen),
            "text_ids": text_ids,
            "has_roster": roster.is_present,
            "roster_id": roster_id,
        },
    )


def circumstance_of(con: DuckDBPyConnection, night_id: int, settings: Settings) -> Circumstance:
    """What a night rested on; `settings` are today's, of which the home and the limits of this machine are taken.

    Raises:
        InstrumentWrong, LayoutWrong, SettingsWrong: what was kept breaks a rule of today's software.
    """
    row = con.execute(
        "select settings_id, text_ids, has_roster, roster_id from history.circumstance where night_id = ?", [night_id]
    ).fetchone()
    assert row is not None  # noqa: S101 - the caller asks for nights that have one
    settings_id, text_ids, has_roster, roster_id = row
    kept = con.execute("select text_id, name, text from history.text").fetchall()
    texts = {name: text for text_id, name, text in kept if text_id in set(text_ids)}
    chosen = next(text for text_id, name, text in kept if text_id == settings_id and name == SETTINGS)
    roster = _roster_of(con, roster_id) if has_roster else Roster()
    return Circumstance(catalog_of(texts), roster, settings_of_then(settings, chosen))


def _keep_texts(con: DuckDBPyConnection, texts: Iterable[tuple[str, str, str]]) -> None:
    known = set(con.execute("select text_id, name from history.text").fetchall())
    _insert(con, "text", [row for row in texts if row[:2] not in known])


def _keep_roster(con: DuckDBPyConnection, roster: Roster) -> str:
    roster_id = _hash(repr(roster))
    if con.execute("select 1 from history.circumstance where roster_id = ? limit 1", [roster_id]).fetchone() is None:
        therapists = [(n, t.therapist_id, t.team, t.supervisor_id) for n, t in enumerate(roster.therapists)]
        raters = [(n, r.rater_id, r.team, list(r.also_written)) for n, r in enumerate(roster.raters)]
        plan = [(n, p.therapist_id, p.period, p.sessions, p.raters) for n, p in enumerate(roster.plan)]
        _insert(con, "roster_therapist", therapists, roster_id)
        _insert(con, "roster_rater", raters, roster_id)
        _insert(con, "roster_plan", plan, roster_id)
    return roster_id


def _roster_of(con: DuckDBPyConnection, roster_id: str) -> Roster:
    therapists, raters, plan = (
        con.execute(f"select * exclude (roster_id, place) from history.{table} where roster_id = ? order by place", [roster_id])
        .fetchall()
        for table in ("roster_therapist", "roster_rater", "roster_plan")
    )  # fmt: skip
    return Roster(
        tuple(Therapist(*row) for row in therapists),
        tuple(Rater(rater_id, team, tuple(also_written)) for rater_id, team, also_written in raters),
        tuple(Plan(*row) for row in plan),
        is_present=True,
    )


def _insert(con: DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]], roster_id: str = "") -> None:
    if not rows:
        return
    con.register("rows_to_keep", pl.DataFrame(rows, schema=_COLUMNS[table], orient="row").to_arrow())
    own = "*, $roster_id as roster_id" if roster_id else "*"
    con.execute(
        f"insert into history.{table} by name select {own} from rows_to_keep",
        {"roster_id": roster_id} if roster_id else None,
    )
    con.unregister("rows_to_keep")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
