"""Whether the raters can be trusted: agreement, severity and drift, kept in measure.rater_* for the quality tables.

What was worked out for some ratings is kept under their fingerprint; a night works out only what has other ratings than
before, and gets the same figures as if it had worked out everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import polars as pl
from duckdb import DuckDBPyConnection

from flows.measure.rater_drift import DRIFT_COLUMNS, SHARED_COLUMNS, DriftRules, drift_of
from flows.measure.rater_figures import AGREEMENT_COLUMNS, SEVERITY_COLUMNS, Row, figures_of
from flows.measure.rater_rows import Group, read_fits, read_groups, read_rows

# Each table's columns; the first is the fingerprint of what its rows rest on.
KEPT: Mapping[str, str] = {
    "agreement": AGREEMENT_COLUMNS,
    "severity": SEVERITY_COLUMNS,
    "drift": DRIFT_COLUMNS,
    "shared": SHARED_COLUMNS,
}
GROUP_COLUMNS = "fingerprint family instrument_id role level domain element item scale"
DONE_COLUMNS = "fingerprint"
_TYPES = {"": pl.String(), "double": pl.Float64(), "integer": pl.Int32(), "boolean": pl.Boolean()}
_TABLES: Mapping[str, str] = {**KEPT, "group": GROUP_COLUMNS, "done": DONE_COLUMNS}


def measure_raters(con: DuckDBPyConnection) -> None:
    """Bring the measure.rater_* tables up to date with measure.judged; the caller's transaction spans it all."""
    prepare_raters(con)
    groups, rules = read_groups(con), _rules(con)
    families = _families(groups, rules)
    now = {g.fingerprint for g in groups} | {family for family, _ in families}
    done = {str(f) for (f,) in con.execute("select fingerprint from measure.rater_done").fetchall()}
    _forget(con, done - now)
    periods = [str(p) for (p,) in con.execute(_PERIODS).fetchall()]
    _work_out_groups(con, [g for g in groups if g.fingerprint not in done], periods)
    _work_out_families(con, [f for f in families if f[0] not in done], periods, rules)
    _keep(con, "done", [(fingerprint,) for fingerprint in sorted(now - done)])
    con.execute("delete from measure.rater_group")
    family_of = {(g.level, g.name, g.instrument_id, g.scale): family for family, members in families for g in members}
    _keep(con, "group", [_group_row(g, family_of.get((g.level, g.name, g.instrument_id, g.scale))) for g in groups])


def prepare_raters(con: DuckDBPyConnection) -> None:
    """Have the tables that the quality tables read, empty where nothing was worked out yet."""
    con.execute("create schema if not exists measure")
    for name, columns in _TABLES.items():
        told = ", ".join(f"{column} {kind or 'varchar'}" for column, kind in _typed(columns))
        con.execute(f"create table if not exists measure.rater_{name} ({told})")


_PERIODS = "select distinct period from measure.rater_rating where period is not null order by period"
_RATERS = "select distinct instrument_id, rater, rater_id from measure.rater_rating"


def _rules(con: DuckDBPyConnection) -> DriftRules:
    points, fewest = con.execute("select drift_points, drift_sessions from reference.night").fetchall()[0]
    return DriftRules(float(points), int(fewest))


def _families(groups: Sequence[Group], rules: DriftRules) -> list[tuple[str, list[Group]]]:
    """The elements of one instrument on one scale, in which drift is told together, under a fingerprint of them all."""
    elements = sorted((g for g in groups if g.level == "element"), key=lambda g: (g.instrument_id, g.scale, g.name))
    families = []
    for _, members in groupby(elements, key=lambda g: (g.instrument_id, g.role, g.scale)):
        family = list(members)
        told = repr(
            [(g.instrument_id, g.name, g.scale, g.fingerprint) for g in family] + [(rules.points, rules.fewest)]
        )
        families.append((hashlib.sha256(told.encode()).hexdigest(), family))
    return families


def _work_out_groups(con: DuckDBPyConnection, groups: Sequence[Group], periods: Sequence[str]) -> None:
    """Agreement and severities of each group; an item with an element's very ratings has the element's very figures."""
    elements_first = sorted(groups, key=lambda g: g.level != "element")
    wanted = list({g.fingerprint: g for g in reversed(elements_first)}.values())
    if not wanted:
        return
    fit_of, rater_ids = read_fits(con), _rater_ids(con)
    agreements: list[Row] = []
    severities: list[Row] = []
    for group, rows in read_rows(con, wanted, periods):
        kept = fit_of(group, len(rows.rated.value))
        said, of_raters = figures_of(group, rows, kept, rater_ids[group.instrument_id], periods)
        agreements += said
        severities += of_raters
    _keep(con, "agreement", agreements)
    _keep(con, "severity", severities)


def _work_out_families(
    con: DuckDBPyConnection, families: Sequence[tuple[str, list[Group]]], periods: Sequence[str], rules: DriftRules
) -> None:
    rater_ids = _rater_ids(con)
    for fingerprint, members in families:
        by_element = {g.name: rows for g, rows in read_rows(con, members, periods)}
        ids = rater_ids[members[0].instrument_id]
        movements, shared = drift_of(fingerprint, by_element, ids, periods, rules)
        _keep(con, "drift", movements)
        _keep(con, "shared", shared)


def _rater_ids(con: DuckDBPyConnection) -> Mapping[str, Mapping[int, str]]:
    """The ids of the numbered raters of each instrument."""
    found: dict[str, dict[int, str]] = {}
    for instrument_id, number, rater_id in con.execute(_RATERS).fetchall():
        found.setdefault(instrument_id, {})[int(number)] = str(rater_id)
    return found


def _group_row(group: Group, family: str | None) -> Row:
    return (
        group.fingerprint, family, group.instrument_id, group.role, group.level, group.domain, group.element, group.item,
        group.scale,
    )  # fmt: skip


def _forget(con: DuckDBPyConnection, fingerprints: Iterable[str]) -> None:
    gone = sorted(fingerprints)
    for name in (*KEPT, "done") if gone else ():
        query = f"delete from measure.rater_{name} where list_contains($gone, fingerprint)"  # noqa: S608 - ours
        con.execute(query, {"gone": gone})


def _typed(columns: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, _, kind in (c.partition(":") for c in columns.split())]


def _keep(con: DuckDBPyConnection, name: str, rows: Sequence[Row]) -> None:
    if rows:
        schema = {column: _TYPES[kind] for column, kind in _typed(_TABLES[name])}
        con.register("rater_rows", pl.DataFrame(rows, schema=schema, orient="row"))
        con.execute(f"insert into measure.rater_{name} select * from rater_rows")  # noqa: S608 - ours
        con.unregister("rater_rows")
