"""The figures of one group of ratings, as rows: the raters' agreement, and the severity of each.

Numbers are rounded when they are published, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple

import numpy as np

from flows.measure.agreement import agreement, compared, is_restricted, state_agreement
from flows.measure.rater_model import FEWEST_SESSIONS, Fitted, RaterModel, correlations, model_raters, table_of
from flows.measure.rater_rows import Group, Rows, seed_of
from flows.measure.reliability import Table, usual_raters
from flows.measure.severity import Standing, standings
from schemas.figure_codes import RaterNote

Row = tuple[object, ...]
ALL = "all"  # the period of a severity that rests on the whole window
# `name:type`; a name alone is text. The tables hold what was worked out for ratings with this fingerprint.
AGREEMENT_COLUMNS = (
    "fingerprint icc_type icc_single:double icc_average:double k:double low:double high:double average_low:double "
    "average_high:double alpha:double alpha_low:double alpha_high:double exact:double within_one:double n_units:integer "
    "n_raters:integer n_rated:integer n_no_opportunity:integer no_opportunity_agreement:double no_opportunity_ac1:double "
    "restricted_range:boolean note"
)
SEVERITY_COLUMNS = (
    "fingerprint rater_id period severity:double low:double high:double n_rated:integer n_corated:integer note"
)


def figures_of(
    group: Group, rows: Rows, kept: Fitted | None, rater_ids: Mapping[int, str], periods: Sequence[str]
) -> tuple[list[Row], list[Row]]:
    """Agreement rows, one for each kind of correlation, and severity rows, one for each rater and period.

    `kept` is the fit of these ratings, where there is one.
    """
    rated, seed = rows.rated, seed_of(group.fingerprint)
    table = table_of(rated.session, rated.rater, rated.value, rated.therapist, rated.patient)
    model = model_raters(table, seed, kept)
    told = list(_agreement_rows(group, rows, table, model, seed))
    ids = [rater_ids[number] for number in np.unique(rated.rater).tolist()]
    return told, [(group.fingerprint, *row) for row in _severity_rows(table, rated, model, ids, periods)]


def _agreement_rows(group: Group, rows: Rows, table: Table, model: RaterModel, seed: int) -> Iterator[Row]:
    said = agreement(table.session, table.rater, table.value, group.step, seed)
    marked = state_agreement(rows.session, rows.is_no_opportunity)
    restricted = said.n_units >= FEWEST_SESSIONS and is_restricted(table.value, group.step)
    k = usual_raters(table.session) if len(table.value) else None
    coefficients = (said.alpha, said.alpha_low, said.alpha_high, said.exact, said.within_one)
    counts = (said.n_units, said.n_raters, len(table.value), marked.n_marked, marked.specific, marked.ac1)
    note = _note(model, restricted=restricted)
    for kind, found in correlations(table, model).items():
        correlation = (found.single, found.average, k, found.single_low, found.single_high)
        averages = (found.average_low, found.average_high)
        yield (group.fingerprint, kind, *correlation, *averages, *coefficients, *counts, restricted, note)


def _note(model: RaterModel, *, restricted: bool) -> str | None:
    """The sentences that explain a missing figure, or one that could be misread."""
    notes = [model.note] if model.note else []
    if restricted:
        notes.append(RaterNote.RESTRICTED_RANGE)
    if model.sources is not None and model.sources.true <= 0:
        notes.append(RaterNote.NO_TRUE_VARIANCE)
    return in_words(*notes)


def in_words(*notes: RaterNote) -> str | None:
    """Notes as sentences; None when there are none."""
    return " ".join(f"{note.meaning[0].upper()}{note.meaning[1:]}." for note in notes) or None


def _severity_rows(
    table: Table, rated: Rows, model: RaterModel, ids: Sequence[str], periods: Sequence[str]
) -> Iterator[Row]:
    n_rated = np.bincount(table.rater, minlength=len(ids))
    n_corated = np.bincount(table.rater[compared(table.session)], minlength=len(ids))
    for n, rater_id in enumerate(ids):
        figures = _overall(model, n) if n_corated[n] else (None, None, None)
        yield (rater_id, ALL, *figures, int(n_rated[n]), int(n_corated[n]), _why_no_severity(model, int(n_corated[n])))
    for place in np.unique(rated.period[rated.period >= 0]).tolist():
        yield from _quarter_rows(table, rated.period == place, model, ids, periods[place])


def _overall(model: RaterModel, n: int) -> tuple[float | None, float | None, float | None]:
    """A rater's severity over the window; its interval always holds it."""
    if model.severity is None:
        return None, None, None
    severity = float(model.severity[n])
    if model.spread is None:
        return severity, None, None
    return severity, min(float(model.spread.low[n]), severity), max(float(model.spread.high[n]), severity)


def _quarter_rows(
    table: Table,
    is_in: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    model: RaterModel,
    ids: Sequence[str],
    period: str,
) -> Iterator[Row]:
    session, rater, value = table.session[is_in], table.rater[is_in], table.value[is_in]
    found: dict[int, Standing] = {}
    if model.severity is not None and model.spread is not None and model.within is not None:
        found = standings(session, rater, value, model.severity, model.spread, model.within)
    n_rated = np.bincount(rater, minlength=len(ids))
    n_corated = np.bincount(rater[compared(session)], minlength=len(ids))
    for n in np.flatnonzero(n_rated).tolist():
        figures = astuple(found[n])[:3] if n in found else (None, None, None)
        note = _why_no_severity(model, int(n_corated[n]))
        yield (ids[n], period, *figures, int(n_rated[n]), int(n_corated[n]), note)


def _why_no_severity(model: RaterModel, n_corated: int) -> str | None:
    if model.note is not None:
        return in_words(model.note)
    return None if n_corated else in_words(RaterNote.NOT_CO_RATED)
