"""Tonight's models: those whose ratings or settings changed are fitted, the others are kept as they are.

A model is kept under a hash of everything that it rests on: its ratings with their session, patient, therapist, rater and date,
the settings it uses, and `REVISION`. So a kept model and a fitted one say the same, and a night without news fits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import polars as pl
from duckdb import DuckDBPyConnection

from flows.load.models import SQL
from flows.measure.estimates import Asked, Estimate
from flows.measure.model import Answer, answer
from flows.measure.rows import Subject, read_rows

TABLES = SQL / "40_measure" / "tables.sql"
REVISION = "3"  # raise it when the same ratings come to other numbers

# Sums do not hang on the order of rows; two hashes of 64 bits and the count make one of what the ratings say.
SUBJECTS = """
with
night as (select strength_points, trend_sessions, trend_days from reference.night),
rows as (
    select
        instrument_id, role, 'element' as kind, element as name, scale, element, session_id, patient_id, therapist_ids,
        rater_id, session_on, value
    from measure.observation
    union all
    select
        instrument_id, role, 'domain', domain, scale, element, session_id, patient_id, therapist_ids, rater_id, session_on,
        value
    from measure.observation
    where not is_crosswalked
),
hashed as (
    select
        instrument_id, role, kind, name, scale,
        md5_number(concat_ws(
            chr(31), element, session_id, coalesce(patient_id, chr(30)), array_to_string(therapist_ids, chr(30)), rater_id,
            coalesce(session_on::varchar, chr(30)), value
        )) as number
    from rows
),
thresholds as (
    select instrument_id, scale, max(threshold) as threshold from measure.element group by instrument_id, scale
),
subjects as (
    select
        instrument_id, role, kind, name, scale, count(*) as n_ratings,
        concat_ws(
            ' ', count(*), sum((number >> 64)::uint64), sum((number & 18446744073709551615::uhugeint)::uint64)
        ) as ratings
    from hashed
    group by instrument_id, role, kind, name, scale
)
select
    instrument_id, role, kind, name, scale, threshold,
    md5(concat_ws(
        chr(31), $revision, instrument_id, role, kind, name, scale, ratings, coalesce(threshold, -1), strength_points,
        trend_sessions, trend_days
    )) as fit_id,
    n_ratings
from subjects
inner join thresholds using (instrument_id, scale)
cross join night
order by instrument_id, role, kind, name, scale
"""
KEPT = ("fit", "fit_component", "fit_therapist", "fit_rater")


def renew_fits(con: DuckDBPyConnection) -> int:
    """Fit what changed, drop what no longer stands, and give back how many models were fitted tonight."""
    con.execute(TABLES.read_text(encoding="utf-8"))
    subjects = [Subject(*row) for row in con.execute(SUBJECTS, {"revision": REVISION}).fetchall()]
    wanted = [subject.fit_id for subject in subjects]
    for table in KEPT:
        con.execute(f"delete from measure.{table} where fit_id not in (select unnest($1::varchar[]))", [wanted])  # noqa: S608 - ours
    known = {fit_id for (fit_id,) in con.execute("select fit_id from measure.fit").fetchall()}
    fresh = [subject for subject in subjects if subject.fit_id not in known]
    for table in KEPT:
        gone = [subject.fit_id for subject in fresh]
        con.execute(f"delete from measure.{table} where fit_id in (select unnest($1::varchar[]))", [gone])  # noqa: S608 - ours
    told: dict[tuple[Asked, str], Answer] = {}
    kept: dict[str, list[tuple[object, ...]]] = {table: [] for table in KEPT}
    asks = _asks(con)
    for subject, rows in read_rows(con, fresh):
        asked = asks(subject.threshold)
        key = asked, rows.fingerprint  # a domain of one element has that element's rows
        told[key] = told.get(key) or answer(rows, asked)
        for table, added in _rows_of(subject, told[key]).items():
            kept[table] += added
    for table, added in kept.items():
        _insert(con, table, added)
    return len(fresh)


def _asks(con: DuckDBPyConnection) -> Callable[[float | None], Asked]:
    """What the settings ask of a model with this threshold."""
    row = con.execute("select strength_points, trend_sessions, trend_days from reference.night").fetchone()
    assert row is not None  # noqa: S101 - the night has its row
    points, sessions, days = row
    return lambda threshold: Asked(threshold, None if threshold is None else threshold + points, sessions, days)


def _rows_of(subject: Subject, told: Answer) -> Mapping[str, list[tuple[object, ...]]]:
    """What is kept of one model, by table."""
    notes, n = "; ".join(told.notes) or None, told.components[-1].n_levels
    key = (subject.fit_id, subject.instrument_id, subject.role, subject.kind, subject.name, subject.scale)
    return {
        "fit": [(*key, n, told.mean, told.mean_se, told.log_likelihood, notes)],
        "fit_component": [(subject.fit_id, *row) for row in _component_rows(told)],
        "fit_therapist": [(subject.fit_id, *_estimate_row(estimate)) for estimate in told.estimates],
        "fit_rater": [
            (subject.fit_id, s.rater_id, s.comparison_group, s.severity, s.low, s.high) for s in told.severities
        ],
    }


def _component_rows(told: Answer) -> Iterator[tuple[object, ...]]:
    for position, component in enumerate(told.components, 1):
        parts = set(component.facet.split("+"))
        own = [note for note in told.notes if set(note.partition(": ")[2].split("+")) == parts]
        yield position, component.facet, component.variance, component.share, component.n_levels, "; ".join(own) or None


def _estimate_row(told: Estimate) -> tuple[object, ...]:
    trend = (told.trend.slope, told.trend.low, told.trend.high) if told.trend else (None, None, None)
    return (
        told.therapist_id, told.comparison_group, told.note.value if told.note else None, told.estimate, told.low, told.high,
        told.p_adequate, told.p_strength, told.reliability, *trend, *told.sessions_to,
    )  # fmt: skip


def _insert(con: DuckDBPyConnection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Add rows to a kept table, by one insert from one frame."""
    found = con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = 'measure' and table_name = $1 "
        "order by column_index",
        [table],
    ).fetchall()
    types = {"VARCHAR": pl.String(), "INTEGER": pl.Int32(), "DOUBLE": pl.Float64()}
    frame = pl.DataFrame(list(rows), schema={name: types[kind] for name, kind in found}, orient="row")
    if len(frame):
        con.register("fit_rows", frame)
        con.execute(f"insert into measure.{table} select * from fit_rows")  # noqa: S608 - ours
        con.unregister("fit_rows")
