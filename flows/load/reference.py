"""The reference tables: what the catalog, the roster, the closed lists and the settings say, as tables for the SQL models.

They are made anew each night, so that a changed roster or setting changes everything that rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from duckdb import DuckDBPyConnection

from flows.load.models import PUBLISHED_SCHEMAS, read_examples, read_models
from flows.settings import Settings
from schemas.advice_codes import ChartRule, FocusKind, PlanNote, RatingOption
from schemas.audit_codes import Cause, ChangedField
from schemas.catalog import Catalog, version_key
from schemas.codes import (
    FINDING_KINDS,
    PURPOSE,
    SCOPE,
    Described,
    Event,
    Modality,
    Outcome,
    Role,
    Selection,
    Severity,
    State,
    Status,
    Verdict,
)
from schemas.consensus_codes import Consensus, WaitsFor
from schemas.course_codes import Coverage, Gap, InstrumentChange, Stands
from schemas.figure_codes import ComparedWith, EstimateNote, IccType, ModelNote, RaterNote
from schemas.guidance import Condition
from schemas.instrument import Instrument, Scale
from schemas.roster import Roster, period_dates
from schemas.session_codes import Diagnosis, Phase, Setting
from schemas.timeline_codes import Arousal, Basis, Break, Followed, Intervention, Mode

Row = tuple[object, ...]
LISTS: Mapping[str, type[Described]] = {
    "state": State,
    "role": Role,
    "selection": Selection,
    "modality": Modality,
    "phase": Phase,
    "diagnosis": Diagnosis,
    "setting": Setting,
    "outcome": Outcome,
    "verdict": Verdict,
    "event": Event,
    "cause": Cause,
    "field": ChangedField,
    "status": Status,
    "consensus": Consensus,
    "waits_for": WaitsFor,
    "model_note": ModelNote,
    "rater_note": RaterNote,
    "icc_type": IccType,
    "compared_with": ComparedWith,
    "estimate_note": EstimateNote,
    "severity": Severity,
    "mode": Mode,
    "arousal": Arousal,
    "intervention": Intervention,
    "followed": Followed,
    "basis": Basis,
    "break_kind": Break,
    "chart_rule": ChartRule,
    "focus": FocusKind,
    "rating_option": RatingOption,
    "plan_note": PlanNote,
    "instrument_change": InstrumentChange,
    "stands": Stands,
    "gap": Gap,
    "coverage": Coverage,
}
SENTENCES = (
    ("purpose", PURPOSE),
    ("scope", SCOPE),
    (
        "roles",
        "Observers', supervisors', therapists' own and consensus ratings stand apart by role and are never pooled.",
    ),
    (
        "raters",
        "A rater's severity is told to the quality lead and to that rater, nobody else. A drift that all raters share cannot be "
        "seen unless reference recordings are rated again.",
    ),
    ("blanks", "A number is left empty where nothing was rated; it is never zero and never guessed."),
)
# Finding sentences have gaps that a night fills in; read as a list, the gaps are named.
GAPS = {
    "{item}": "the item",
    "{scale}": "the scale",
    "{expected}": "a rating",
    "{field}": "a field",
    "{suggestion}": "",
}

_TYPES: Mapping[str, pl.DataType] = {
    "varchar": pl.String(),
    "bigint": pl.Int64(),
    "integer": pl.Int32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "list": pl.List(pl.String()),
}
_SQL_TYPES = {"list": "varchar[]"}  # where DuckDB's word is another
# A name alone is text; `name:type` is of that type.
_TABLES: Mapping[str, str] = {
    "night": "night_id:bigint night_on:date window_start:date min_sessions:integer min_patients:integer min_raters:integer "
    "drift_points:double drift_sessions:integer min_reliability:double sure_above:double sure_below:double "
    "strength_points:double trend_sessions:integer trend_days:integer consensus "
    "since:date has_roster:boolean has_plan:boolean version lab",
    "code": "list code severity meaning position:integer",
    "instrument": "instrument_id version is_latest:boolean title unit modality is_clinical:boolean crosswalk_to "
    "version_order:integer",
    "scale": "instrument_id version scale position:integer title kind lowest:double highest:double step:double threshold:double "
    "threshold_word anchors",
    "point": "instrument_id version scale value:double word",
    "domain": "instrument_id version domain position:integer title is_ordered:boolean is_followed:boolean",
    "element": "instrument_id version domain element position:integer title guidance is_crosswalked:boolean",
    "item": "instrument_id version item number:integer title is_required:boolean",
    "item_scale": "instrument_id version item scale marks",
    "item_element": "instrument_id version item element weight:double is_partly:boolean is_reversed:boolean",
    "rule": "rule sentence why n_conditions:integer",
    "condition": "rule place:integer phase element domain item scales:list at_least:double at_most:double more_than:double said",
    "therapist": "therapist_id team supervisor_id",
    "rater": "rater_id team",
    "plan": "therapist_id period starts_on:date ends_on:date sessions:integer raters:integer",
    "sentence": "position:integer topic sentence",
    "published_column": "table_name table_sentence column_name position:integer data_type sentence",
    "example_query": "position:integer name question query",
}


@dataclass(frozen=True, slots=True)
class Night:
    """The night that the tables are made for: its number, the date it stands for, and the version of this software."""

    night_id: int
    night_on: date
    version: str


def write_reference(
    con: DuckDBPyConnection, catalog: Catalog, roster: Roster, settings: Settings, night: Night
) -> None:
    """Make every reference.* table anew, each by one insert from one frame.

    Raises:
        RosterWrong: a period of the plan is not written as a year, half-year or quarter.
    """
    con.execute("create schema if not exists reference")
    for name, rows in _rows_by_table(catalog, roster, settings, night).items():
        _write_table(con, name, rows)


def window_start(night_on: date, months: int) -> date:
    """The day after which sessions count: `months` calendar months before the night, at the month's end when it is shorter."""
    year, month = divmod(night_on.year * 12 + night_on.month - 1 - months, 12)
    next_year, next_month = divmod(year * 12 + month + 1, 12)
    month_end = date(next_year, next_month + 1, 1) - timedelta(days=1)
    return month_end.replace(day=min(night_on.day, month_end.day))


def _rows_by_table(catalog: Catalog, roster: Roster, settings: Settings, night: Night) -> dict[str, list[Row]]:
    instruments = sorted(catalog.instruments.values(), key=lambda i: (i.id, version_key(i.version)))
    return {
        "night": [_night_row(roster, settings, night)],
        "code": list(_code_rows()),
        "instrument": list(_instrument_rows(catalog, instruments)),
        "scale": [(i.id, i.version, *_scale_row(s, n)) for i in instruments for n, s in enumerate(i.scales, 1)],
        "point": [
            (i.id, i.version, s.id, float(point), word)
            for i in instruments for s in i.scales for point, word in s.anchors.items()
        ],
        "domain": [row for i in instruments for row in _domain_rows(catalog, i)],
        "element": [row for i in instruments for row in _element_rows(catalog, i)],
        "item": [(i.id, i.version, m.id, m.number, m.title, m.required) for i in instruments for m in i.items],
        "item_scale": [
            (i.id, i.version, m.id, scale, "; ".join(i.marks(m, i.scale(scale))) or None)
            for i in instruments for m in i.items for scale in m.scales
        ],
        "item_element": [
            (i.id, i.version, m.id, s.element, s.weight, s.partly, s.reversed)
            for i in instruments for m in i.items for s in m.speaks_to
        ],
        "rule": [(r.id, r.sentence, r.why, len(r.when)) for r in catalog.rules.values()],
        "condition": [(r.id, n, *_condition_row(c, settings)) for r in catalog.rules.values() for n, c in enumerate(r.when)],
        "therapist": [(t.therapist_id, t.team, t.supervisor_id) for t in roster.therapists],
        "rater": [(r.rater_id, r.team) for r in roster.raters],
        "plan": list(_plan_rows(roster)),
        "sentence": [(n, topic, sentence) for n, (topic, sentence) in enumerate(SENTENCES, 1)],
        "published_column": list(_published_column_rows()),
        "example_query": [(n, e.name, e.question, e.query) for n, e in enumerate(read_examples(), 1)],
    }  # fmt: skip


def _write_table(con: DuckDBPyConnection, name: str, rows: list[Row]) -> None:
    columns = [c.partition(":") for c in _TABLES[name].split()]
    schema = {column: _TYPES[kind or "varchar"] for column, _, kind in columns}
    con.register("reference_rows", pl.DataFrame(rows, schema=schema, orient="row"))
    casts = ", ".join(f"{column}::{_SQL_TYPES.get(kind, kind or 'varchar')} as {column}" for column, _, kind in columns)
    con.execute(f"create or replace table reference.{name} as select {casts} from reference_rows")
    con.unregister("reference_rows")


def _night_row(roster: Roster, settings: Settings, night: Night) -> Row:
    since = settings.since or night.night_on - timedelta(days=settings.since_days)
    return (
        night.night_id,
        night.night_on,
        window_start(night.night_on, settings.window_months),
        settings.min_sessions,
        settings.min_patients,
        settings.min_raters,
        settings.drift_points,
        settings.drift_sessions,
        settings.min_reliability,
        settings.sure_above,
        settings.sure_below,
        settings.strength_points,
        settings.trend_sessions,
        settings.trend_days,
        settings.consensus,
        since,
        roster.is_present,
        bool(roster.plan),
        night.version,
        settings.lab,
    )


def _code_rows() -> Iterator[Row]:
    for name, members in LISTS.items():
        for position, member in enumerate(members, 1):
            yield name, member.value, None, member.meaning, position
    for position, (code, kind) in enumerate(FINDING_KINDS.items(), 1):
        yield "finding", code.value, kind.severity.value, _without_gaps(kind.sentence), position


def _without_gaps(sentence: str) -> str:
    for gap, words in GAPS.items():
        sentence = sentence.replace(gap, words)
    sentence = re.sub(r":\s*\.", ".", sentence)
    return sentence[0].upper() + sentence[1:]


def _instrument_rows(catalog: Catalog, instruments: Iterable[Instrument]) -> Iterator[Row]:
    for order, i in enumerate(instruments, 1):
        is_latest = catalog.latest(i.id).version == i.version
        crosswalk_to = i.crosswalk.instrument if i.crosswalk else None
        yield i.id, i.version, is_latest, i.title, i.unit, i.modality.value, i.clinical, crosswalk_to, order


def _scale_row(scale: Scale, position: int) -> Row:
    anchors = "; ".join(f"{point} {words}" for point, words in sorted(scale.anchors.items(), key=lambda a: float(a[0])))
    return (
        scale.id, position, scale.title, scale.kind, scale.lowest, scale.highest, scale.step, scale.threshold,
        scale.threshold_word, anchors or None,
    )  # fmt: skip


def _condition_row(condition: Condition, settings: Settings) -> Row:
    """A condition of a rule; a number that the lab sets is looked up."""
    limit = condition.more_than
    return (
        condition.phase, condition.element, condition.domain, condition.item, list(condition.scales), condition.at_least,
        condition.at_most, float(getattr(settings, limit)) if isinstance(limit, str) else limit, condition.said,
    )  # fmt: skip


def _domain_rows(catalog: Catalog, instrument: Instrument) -> Iterator[Row]:
    """Domains of an instrument, after those of the elements it borrows by its crosswalk."""
    used = {e.domain for e in catalog.elements_of(instrument)}
    borrowed: tuple[Instrument, ...] = ()
    if instrument.crosswalk is not None:
        borrowed = (catalog.instruments[instrument.crosswalk.instrument, instrument.crosswalk.version],)
    domains = {d.id: d for i in (instrument, *borrowed) for d in i.domains if d.id in used}
    order = dict.fromkeys(d.id for i in (*borrowed, instrument) for d in i.domains if d.id in used)
    for position, domain_id in enumerate(order, 1):
        domain = domains[domain_id]
        yield instrument.id, instrument.version, domain.id, position, domain.title, domain.ordered, domain.is_followed


def _element_rows(catalog: Catalog, instrument: Instrument) -> Iterator[Row]:
    own = {e.id for e in instrument.elements}
    for n, e in enumerate(catalog.elements_of(instrument), 1):
        yield instrument.id, instrument.version, e.domain, e.id, n, e.title, e.guidance, e.id not in own


def _plan_rows(roster: Roster) -> Iterator[Row]:
    """The plan for each therapist; a line that names her wins over the one for everyone."""
    by_key = {(p.therapist_id, p.period): p for p in roster.plan}
    for therapist in roster.therapists:
        for period in dict.fromkeys(p.period for p in roster.plan):
            plan = by_key.get((therapist.therapist_id, period)) or by_key.get((None, period))
            if plan is not None:
                yield therapist.therapist_id, period, *period_dates(period), plan.sessions, plan.raters


def _published_column_rows() -> Iterator[Row]:
    for model in read_models():
        if model.name.split(".")[0] in PUBLISHED_SCHEMAS:
            for position, column in enumerate(model.columns, 1):
                yield model.name, model.comment, column.name, position, column.type, column.comment
