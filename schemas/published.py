"""What every published table must be, held against it just before it is swapped in.

A column's name means the same in every table, so its rule is written once, in `VOCABULARY`; a table is the list of its
columns in order, with a `?` after those that may be null in it. Closed lists take their words from `schemas.codes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import polars as pl

from flows.errors import PublishingStopped
from schemas.advice_codes import ChartRule, FocusKind, PlanNote, RatingOption
from schemas.audit_codes import Cause, ChangedField
from schemas.codes import (
    FINDING_KINDS,
    Modality,
    Outcome,
    Role,
    Selection,
    Severity,
    State,
    Status,
)
from schemas.consensus_codes import Consensus, WaitsFor
from schemas.course_codes import Coverage, Gap, InstrumentChange, Stands
from schemas.figure_codes import ComparedWith, EstimateNote, IccType
from schemas.pandera_polars import SchemaError, SchemaErrors, pa
from schemas.session_codes import Diagnosis, Phase, Setting
from schemas.timeline_codes import Arousal, Basis, Break, Followed, Intervention, Mode

Rule = tuple[Any, tuple[pa.Check, ...]]


def _text() -> Rule:
    return pl.String, ()


def _id() -> Rule:
    """An id: something is written, on one line."""
    return pl.String, (pa.Check.str_matches(r"^[^\r\n]+$", name="one line of text"),)


def _one_of(members: type[StrEnum] | Mapping[Any, Any]) -> Rule:
    return pl.String, (pa.Check.isin([str(m) for m in members], name="a word of its closed list"),)


def _several_of(members: type[StrEnum]) -> Rule:
    """Words of a closed list, separated by `; `."""
    word = "|".join(members)
    return pl.String, (pa.Check.str_matches(f"^({word})(; ({word}))*$", name="words of its closed list"),)


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
        "therapist_id patient_id rater_id session_id instrument_id instrument_version item element scale domain facet "
        "supervisor_id period list table_name column_name name topic finding_id rating_id version case_id rule",
    ),
    (
        _text(),
        "workbook sheet cell sha256 message reason layout note team therapist_ids title domain_title guidance unit "
        "crosswalk_to threshold_word anchors fact said sentence table_sentence data_type question query meaning item_title "
        "lab code marks",
    ),
    (
        _count(),
        "n_sessions n_patients n_raters n_rated n_no_opportunity n_unjudgeable n_not_delivered n_missing n_ratings "
        "n_accepted n_held n_duplicate n_workbooks n_released n_waiting planned rated double_rated overdue position "
        "min_sessions min_patients min_raters n_levels comparison_group assessment_point",
    ),
    (_number(), "lower upper near_lower near_upper gain difference by_therapists by_severity by_who_was_rated"),
    (_number(), "mean_before mean_after error_variance error_variance_then"),
    (_share(), "reliability_then dependability"),
    (_count(), "raters_per_session sessions_before sessions_after n_therapists therapists_in_both"),
    (_flag(), "by_new_rater buys_most"),
    (_id(), "period_before period_after"),
    (
        _number(),
        "raw_mean threshold mean lowest highest value weight step estimate low high "
        "trend_per_90_days trend_low trend_high mean_se",
    ),
    (_share(), "share_adequate share_low share_high p_adequate reliability share"),
    (_flag(), "crosswalked in_window is_partly is_reversed is_ordered is_latest is_clinical is_newest is_used"),
    (_date(), "session_on last_session_on night_on window_start rated_on"),
    (_time(), "received_at opened_at closed_at started_at since"),
    # figures about raters
    (
        _number(),
        "low high movement drift_points alpha alpha_low alpha_high no_opportunity_ac1",
    ),
    ((pl.Float64, (pa.Check.ge(2, name="two raters or more"),)), "k"),
    (_share(), "icc_single icc_average average_low average_high exact within_one no_opportunity_agreement"),
    (_count(), "n_units n_corated n_before n_since n_references"),
    (_flag(), "restricted_range is_drifting"),
    (_text(), "causes"),
    (_one_of(IccType), "icc_type"),
    (_one_of(ComparedWith), "compared_with"),
    (_one_of({"element": None, "item": None, "all": None}), "level"),
    (_id(), "breaks_at last_in_order furthest done"),
    (_text(), "modes done_while_high"),
    (
        _count(),
        "episode line n_expected n_in_order n_inversions n_mentalizing_back n_no_change n_lost_further n_episodes n_unknown "
        "n_lines n_while_high n_not_noted n_pairs",
    ),
    (
        _number(),
        "minute lost_minute minutes_to_validation minutes_to_restoring episodes breaks opportunities reached alpha",
    ),
    (_share(), "share_breaks breaks_low breaks_high share_reached reached_low reached_high exact"),
    (_flag(), "order_held is_high_arousal is_experimental"),
    (_one_of(Mode), "mode"),
    (_one_of(Arousal), "arousal"),
    (_one_of(Intervention), "intervention"),
    (_one_of(Followed), "followed"),
    (_one_of(Basis), "basis"),
    (_one_of(Break), "break_kind"),
    (_one_of({"step": 1, "intervention": 2}), "done_as"),
    ((pl.Int64, ()), "night_id"),
    (_one_of(Role), "role"),
    (_one_of(State), "state"),
    (_one_of(Status), "status"),
    (_one_of(EstimateNote), "estimate_note"),
    ((pl.Float64, (pa.Check.ge(0, name="not negative"),)), "variance"),
    (_one_of(Selection), "selection"),
    (_one_of(Modality), "modality"),
    (_one_of(Phase), "phase"),
    (_one_of(Diagnosis), "diagnosis"),
    (_one_of(Setting), "setting"),
    (_one_of(Outcome), "outcome"),
    (_one_of(Severity), "severity"),
    (_one_of(FINDING_KINDS), "first_code"),
    # consensus
    (_one_of(Consensus), "consensus"),
    (_one_of(WaitsFor), "waits_for"),
    (_id(), "signed_by"),
    (_date(), "signed_on agreed_on"),
    (_time(), "settled_at"),
    (_flag(), "names_raters"),
    (_text(), "settles absent_raters raters signed_workbook counts_workbook counts_sheet counts_cell"),
    (_count(), "waits_for_consensus waits_for_signature"),
    # audit.change
    (_id(), "old_rating_id new_rating_id"),
    (_text(), "old_said new_said old_workbook old_sheet old_cell new_workbook new_sheet new_cell why"),
    (_one_of(State), "old_state new_state"),
    (_number(), "old_value new_value"),
    (_time(), "changed_at"),
    (_one_of(Cause), "cause"),
    (_one_of(ChangedField), "field"),
    (_several_of(ChartRule), "rules"),
    (_one_of(FocusKind), "kind"),
    (_one_of(RatingOption), "option"),
    # a therapist's course across instruments
    (_one_of(InstrumentChange), "instrument_change"),
    (_one_of(Stands), "stands"),
    (_one_of(Gap), "gap"),
    (_one_of(Coverage), "coverage"),
    (_id(), "instruments_before"),
    (_text(), "items domains going_on ending beginning"),
    (_count(), "stretch"),
    (_number(), "scale_lowest scale_highest"),
    ((pl.Struct(dict.fromkeys(("to_50", "to_70", "to_80"), pl.Int32)), ()), "sessions_to_dependable"),
)
VOCABULARY: Mapping[str, Rule] = {name: rule for rule, names in _RULES for name in names.split()}

_STATES = "n_rated n_no_opportunity n_unjudgeable n_not_delivered n_missing"
_CHART = (
    "instrument_id role domain element? scale position session_id session_on value mean lower upper near_lower near_upper "
    "rules? n_sessions"
)
_ESTIMATE = "estimate? low? high? p_adequate? reliability? trend_per_90_days? trend_low? trend_high?"
_BREAKS = (
    "basis breaks_at position n_sessions n_raters n_episodes n_unknown episodes breaks share_breaks? breaks_low? breaks_high? "
    "opportunities? reached? share_reached? reached_low? reached_high? is_experimental"
)
_TABLES: Mapping[str, str] = {
    "supervision.therapist_element": "therapist_id instrument_id role domain element scale n_sessions n_patients n_raters "
    f"raw_mean? share_adequate? share_low? share_high? {_ESTIMATE} sessions_to_dependable? "
    f"comparison_group? estimate_note? {_STATES} status? crosswalked last_session_on? threshold?",
    "supervision.therapist_domain": "therapist_id instrument_id role domain scale n_sessions n_patients n_raters n_rated "
    f"{_ESTIMATE} comparison_group? estimate_note? status? last_session_on? threshold?",
    "supervision.session_element": "session_id session_on? instrument_id role domain element scale n_raters mean? lowest? "
    f"highest? {_STATES}",
    "supervision.session_feedback": "session_id session_on? instrument_id role domain element scale n_raters mean? lowest? "
    "highest? state? consensus? signed_by? signed_on?",
    "supervision.consensus": "session_id session_on? instrument_id role rater_id settles names_raters absent_raters? agreed_on? "
    "consensus since signed_by? signed_on? signed_workbook? workbook sheet cell",
    "supervision.session_item": "session_id session_on? therapist_id? patient_id? rater_id role instrument_id "
    "instrument_version item scale state value? workbook sheet cell",
    "supervision.item_element": "instrument_id instrument_version item item_title element weight is_partly is_reversed "
    "crosswalked",
    "supervision.session_therapist": "session_id therapist_id session_on? patient_id? selection phase? diagnosis? setting? "
    "in_window",
    "supervision.trajectory_session": "session_id session_on? therapist_id rater_id role instrument_id basis episode? n_expected "
    "n_in_order? last_in_order? furthest? breaks_at? break_kind n_inversions? order_held? modes? lost_minute? "
    "minutes_to_validation? minutes_to_restoring? done_while_high? n_mentalizing_back n_no_change n_lost_further",
    "supervision.trajectory_step": "session_id session_on? therapist_id rater_id role instrument_id episode line minute? "
    "element? mode? arousal? is_high_arousal intervention? followed? workbook sheet cell",
    "supervision.trajectory_therapist": f"therapist_id instrument_id role {_BREAKS}",
    "supervision.trajectory_done": "therapist_id instrument_id role done_as done n_sessions n_lines n_while_high "
    "n_mentalizing_back n_no_change n_lost_further n_not_noted",
    "quality.trajectory": f"instrument_id role {_BREAKS}",
    "quality.trajectory_agreement": "instrument_id role basis n_sessions n_pairs exact alpha? is_experimental",
    "supervision.therapist_chart": f"therapist_id {_CHART}",
    "supervision.therapist_course": "therapist_id role modality unit domain element scale position? session_id session_on? "
    "in_window instrument_id instrument_version stretch? instrument_change? instruments_before? scale_lowest? scale_highest? "
    "threshold? mean? stands? gap? coverage items? crosswalked n_raters n_no_opportunity n_unjudgeable n_not_delivered n_missing",
    "supervision.course_change": "therapist_id role modality unit session_id session_on in_window instrument_change "
    "instruments_before instrument_id instrument_version domains going_on? ending? beginning?",
    "supervision.focus": "therapist_id instrument_id role kind position domain element scale reason p_adequate session_id "
    "session_on? workbook sheet cell",
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
    "quality.coverage": "therapist_id team? supervisor_id? period planned? rated double_rated overdue? "
    "waits_for_consensus waits_for_signature note?",
    "quality.waiting_session": "session_id session_on? therapist_id instrument_id waits_for raters? since",
    "quality.set_aside": "session_id session_on? rater_id role instrument_id settled_at agreed_on? received_at rated_on? "
    "workbook sheet cell counts_workbook? counts_sheet? counts_cell?",
    "audit.change": "session_id rater_id? role instrument_id field item? scale? old_state? old_value? old_said? new_state? "
    "new_value? new_said? old_workbook? old_sheet? old_cell? new_workbook? new_sheet? new_cell? changed_at cause why night_id "
    "old_rating_id? new_rating_id?",
    "quality.team_chart": f"team {_CHART}",
    "quality.d_study": "instrument_id role domain element scale n_sessions n_patients raters_per_session n_raters reliability? "
    "dependability? error_variance? note?",
    "quality.next_rating": "therapist_id instrument_id role domain element? scale option by_new_rater session_id? patient_id? "
    "n_sessions n_patients n_raters n_ratings reliability? reliability_then? gain? error_variance? error_variance_then? "
    "buys_most note?",
    "quality.change": "team instrument_id role domain element? scale period_before period_after sessions_before sessions_after "
    "n_therapists therapists_in_both mean_before mean_after difference by_therapists? by_severity? by_who_was_rated? note?",
    "quality.rater_agreement": "instrument_id role level domain? element? item? scale icc_type icc_single? icc_average? k? low? "
    "high? average_low? average_high? alpha? alpha_low? alpha_high? exact? within_one? n_units n_raters n_rated n_no_opportunity "
    "no_opportunity_agreement? no_opportunity_ac1? restricted_range note?",
    "quality.rater_severity": "rater_id instrument_id role domain element scale period severity? low? high? n_rated n_corated "
    "is_drifting? note?",
    "quality.rater_drift": "rater_id instrument_id role level element? scale period compared_with movement low high n_before "
    "n_since drift_points is_drifting causes? note?",
    "quality.shared_drift": "instrument_id role scale period movement? low? high? n_references is_drifting? note?",
    "quality.variance_component": "instrument_id role domain element scale facet variance share? n_levels position mean mean_se "
    "note?",
    "about.purpose": "topic sentence",
    "about.run": "night_id night_on is_newest started_at version lab? window_start? since? min_sessions? min_patients? "
    "min_raters? n_workbooks? n_ratings? n_accepted? n_held? n_duplicate? n_released? n_waiting?",
    "about.dictionary": "table_name table_sentence column_name position data_type sentence",
    "about.example_query": "name question query",
    "about.code": "list code severity? meaning",
    "about.instrument": "instrument_id instrument_version title modality unit is_latest is_clinical crosswalk_to?",
    "about.element": "instrument_id instrument_version domain domain_title is_ordered element position title guidance "
    "crosswalked",
    "about.item": "instrument_id instrument_version item position title scale is_used marks?",
    "about.scale": "instrument_id instrument_version scale title kind lowest highest step threshold? threshold_word? anchors?",
}
# Where a name's rule is narrower, or of another type, in one table.
_NARROWER: Mapping[tuple[str, str], Rule] = {
    ("quality.finding", "code"): _one_of(FINDING_KINDS),
    ("about.scale", "kind"): _one_of(dict.fromkeys(("rating", "choice", "count", "date"))),
    ("supervision.session_fact", "kind"): _one_of(dict.fromkeys(("choice", "count", "date"))),
    ("quality.d_study", "note"): _one_of(PlanNote),
    ("quality.next_rating", "note"): _one_of(PlanNote),
    ("quality.change", "note"): _one_of(PlanNote),
    ("about.run", "since"): _date(),
    ("quality.rater_severity", "severity"): _number(),
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
        if (
            frame.is_empty()
        ):  # of a lazy frame pandera looks at names and types alone, which is all there is to see here
            PUBLISHED[table].validate(frame.lazy(), lazy=True)
        else:
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
