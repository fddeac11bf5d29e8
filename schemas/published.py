"""What every published table must be, held against it just before it is swapped in.

A column's name means the same in every table, so its rule is written once, in `VOCABULARY`; a table is the list of its
columns in order, with a `?` after those that may be null in it. Closed lists take their words from `schemas.codes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaError, SchemaErrors

from flows.errors import PublishingStopped
from schemas.codes import (
    FINDING_KINDS,
    Cause,
    ChangedField,
    Diagnosis,
    Modality,
    Outcome,
    Phase,
    Role,
    Selection,
    Setting,
    Severity,
    State,
    Status,
)

Rule = tuple[Any, tuple[pa.Check, ...]]


def _text() -> Rule:
    return pl.String, ()


def _id() -> Rule:
    """An id: something is written, on one line."""
    return pl.String, (pa.Check.str_matches(r"^[^\r\n]+$", name="one line of text"),)


def _one_of(members: type[StrEnum] | Mapping[Any, Any]) -> Rule:
    return pl.String, (pa.Check.isin([str(m) for m in members], name="a word of its closed list"),)


def _count() -> Rule:
    return pl.Int32, (pa.Check.ge(0, name="not negative"),)


def _number() -> Rule:
    return pl.Float64, (
        pa.Check(lambda found: found.lazyframe.select(pl.col(found.key).is_finite()), name="a finite number"),
    )


def _share() -> Rule:
    return pl.Float64, (pa.Check.in_range(0, 1, name="within 0 and 1"),)


def _flag() -> Rule:
    return pl.Boolean, ()


def _date() -> Rule:
    return pl.Date, ()


def _time() -> Rule:
    return pl.Datetime("us"), ()


_RULES: tuple[tuple[Rule, str], ...] = (
    (
        _id(),
        "therapist_id patient_id rater_id session_id instrument_id instrument_version item element scale domain "
        "supervisor_id period list table_name column_name name topic finding_id rating_id version case_id rule",
    ),
    (
        _text(),
        "workbook sheet cell sha256 message reason layout note team therapist_ids title domain_title guidance unit "
        "crosswalk_to threshold_word anchors kind fact said sentence table_sentence data_type question query meaning item_title "
        "lab code",
    ),
    (
        _count(),
        "n_sessions n_patients n_raters n_rated n_no_opportunity n_unjudgeable n_not_delivered n_missing n_ratings "
        "n_accepted n_held n_duplicate n_workbooks n_released n_waiting planned rated double_rated overdue position "
        "assessment_point "
        "min_sessions min_patients min_raters",
    ),
    (_number(), "raw_mean threshold mean lowest highest value weight step"),
    (_share(), "share_adequate share_low share_high"),
    (_flag(), "crosswalked in_window is_partly is_ordered is_latest is_clinical is_newest"),
    (_date(), "session_on last_session_on night_on window_start"),
    (_time(), "received_at opened_at closed_at started_at since"),
    ((pl.Int64, ()), "night_id"),
    (_one_of(Role), "role"),
    (_one_of(State), "state"),
    (_one_of(Status), "status"),
    (_one_of(Selection), "selection"),
    (_one_of(Modality), "modality"),
    (_one_of(Phase), "phase"),
    (_one_of(Diagnosis), "diagnosis"),
    (_one_of(Setting), "setting"),
    (_one_of(Outcome), "outcome"),
    (_one_of(Severity), "severity"),
    (_one_of(FINDING_KINDS), "first_code"),
    # audit.change
    (_id(), "old_rating_id new_rating_id"),
    (_text(), "old_said new_said old_workbook old_sheet old_cell new_workbook new_sheet new_cell why"),
    (_one_of(State), "old_state new_state"),
    (_number(), "old_value new_value"),
    (_time(), "changed_at"),
    (_one_of(Cause), "cause"),
    (_one_of(ChangedField), "field"),
)
VOCABULARY: Mapping[str, Rule] = {name: rule for rule, names in _RULES for name in names.split()}

_STATES = "n_rated n_no_opportunity n_unjudgeable n_not_delivered n_missing"
_TABLES: Mapping[str, str] = {
    "supervision.therapist_element": "therapist_id instrument_id role domain element scale n_sessions n_patients n_raters "
    f"raw_mean? share_adequate? share_low? share_high? {_STATES} status? crosswalked last_session_on? threshold?",
    "supervision.session_element": "session_id session_on? instrument_id role domain element scale n_raters mean? lowest? "
    f"highest? {_STATES}",
    "supervision.session_item": "session_id session_on? therapist_id? patient_id? rater_id role instrument_id "
    "instrument_version item scale state value? workbook sheet cell",
    "supervision.item_element": "instrument_id instrument_version item item_title element weight is_partly crosswalked",
    "supervision.session_therapist": "session_id therapist_id session_on? patient_id? selection phase? diagnosis? setting? "
    "in_window",
    "supervision.session_fact": "session_id case_id? assessment_point? session_on? therapist_id? patient_id? rater_id role "
    "instrument_id instrument_version item scale kind state said? workbook sheet cell",
    "supervision.prompt": "session_id session_on? rule sentence why workbook? sheet? cell?",
    "supervision.therapist_fact": "therapist_id instrument_id role item scale said n_ratings n_sessions",
    "quality.fact": "instrument_id role assessment_point? item scale said n_ratings n_sessions",
    "quality.session_mix": "instrument_id role fact said? n_sessions",
    "quality.held_rating": "workbook sheet cell session_id? rater_id? therapist_ids? role instrument_id first_code message "
    "since rating_id",
    "quality.finding": "code severity workbook sheet cell session_id? rater_id? message opened_at closed_at? finding_id",
    "quality.workbook": "workbook sha256 received_at outcome reason? layout? n_ratings n_accepted n_held n_duplicate",
    "quality.coverage": "therapist_id team? supervisor_id? period planned? rated double_rated overdue? note?",
    "audit.change": "session_id rater_id role instrument_id field item? scale? old_state? old_value? old_said? new_state? "
    "new_value? new_said? old_workbook? old_sheet? old_cell? new_workbook? new_sheet? new_cell? changed_at cause why night_id "
    "old_rating_id? new_rating_id?",
    "about.purpose": "topic sentence",
    "about.run": "night_id night_on is_newest started_at version lab? window_start? since? min_sessions? min_patients? "
    "min_raters? n_workbooks? n_ratings? n_accepted? n_held? n_duplicate? n_released? n_waiting?",
    "about.dictionary": "table_name table_sentence column_name position data_type sentence",
    "about.example_query": "name question query",
    "about.code": "list code severity? meaning",
    "about.instrument": "instrument_id instrument_version title modality unit is_latest is_clinical crosswalk_to?",
    "about.element": "instrument_id instrument_version domain domain_title is_ordered element position title guidance "
    "crosswalked",
    "about.scale": "instrument_id instrument_version scale title kind lowest highest step threshold? threshold_word? anchors?",
}
# Where a name's rule is narrower, or of another type, in one table.
_NARROWER: Mapping[tuple[str, str], Rule] = {
    ("quality.finding", "code"): _one_of(FINDING_KINDS),
    ("about.run", "since"): _date(),
}


def _schema(table: str, columns: str) -> pa.DataFrameSchema:
    """The pandera schema of one table: exactly these columns, in this order, of these types."""
    told = {}
    for written in columns.split():
        name = written.removesuffix("?")
        dtype, checks = _NARROWER.get((table, name), VOCABULARY[name])
        told[name] = pa.Column(dtype, list(checks), nullable=written.endswith("?"))
    return pa.DataFrameSchema(told, strict=True, ordered=True, name=table)


PUBLISHED: Mapping[str, pa.DataFrameSchema] = {table: _schema(table, columns) for table, columns in _TABLES.items()}


def check_published(table: str, frame: pl.DataFrame) -> None:
    """Hold one published table, whole, against its schema.

    Raises:
        PublishingStopped: naming table, column and check. pandera's own message holds rows, so it goes no further.
    """
    broken = ""
    try:
        PUBLISHED[table].validate(frame, lazy=True)
    except SchemaErrors as wrong:
        broken = _place(table, wrong.schema_errors[0])
    except SchemaError as wrong:
        broken = _place(table, wrong)
    if broken:
        # Raised outside the except clauses, so that no traceback carries the rows along.
        raise PublishingStopped(
            f"{broken} is not what it must be, so nothing was published and yesterday's publication stays. "
            "Report this line: it is a mistake in the software, and no sheet can mend it."
        )


def _place(table: str, wrong: SchemaError) -> str:
    """Table, column and check of an error, such as `about.purpose, column topic (SERIES_CONTAINS_NULLS)`."""
    name = str(getattr(wrong.schema, "name", ""))
    check = getattr(wrong.check, "name", None) or getattr(wrong.reason_code, "name", wrong.reason_code)
    return f"{table} ({check})" if name == table else f"{table}, column {name} ({check})"
