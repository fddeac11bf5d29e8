"""The raters of one element or item on one scale: one fit, and what it says of their agreement and their severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flows.measure.agreement import Codes, Numbers, codes_of, compared
from flows.measure.complete import (
    agreement_interval,
    consistency_interval,
    is_complete,
    mean_squares,
    one_way_interval,
    stepped_up,
)
from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, SESSION, THERAPIST, Design, crossed, tell_apart
from flows.measure.likelihood import Nested
from flows.measure.model import SMALL
from flows.measure.reliability import (
    NOTHING,
    Correlation,
    Draws,
    Sources,
    Table,
    correlation,
    draw_sources,
    interval,
    one_way,
    sources_of,
    usual_raters,
)
from flows.measure.restricted import restricted_mode
from flows.measure.severity import Spread, spread_of
from flows.measure.variance import conditional_means, fit
from flows.measure.within import Within, compare_within
from schemas.figure_codes import IccType, RaterNote

FEWEST_SESSIONS = 5  # with two raters or more, below which nothing is fitted
MOST_RATERS = 1000  # above which intervals are left out: they need the whole matrix of raters against raters
_AGREES = 1e-12  # variance left within sessions, relative to all variance, that is rounding alone


@dataclass(frozen=True, slots=True)
class RaterModel:
    """What one fit says of the raters; None where the note tells why not. `severity` has a value for each rater, in points."""

    note: RaterNote | None
    sources: Sources | None
    severity: Numbers | None
    within: Within | None
    draws: Draws | None
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit of these very ratings: the variance of each facet, and the predicted severity of each rater, in their order."""

    components: Mapping[str, float]
    severity: Numbers


def model_raters(table: Table, seed: int, kept: Fitted | None = None) -> RaterModel:
    """What the ratings of one element or item on one scale say of the raters, levels of every facet from 0 on.

    `kept` is the fit of the same ratings where there is one already; else they are fitted here.
    """
    note = _why_not(table)
    if note is not None:
        return RaterModel(note, None, None, None, None, None)
    n_raters = int(table.rater.max()) + 1
    within = compare_within(table.session, table.rater, table.value, n_raters) if n_raters <= MOST_RATERS else None
    if within is not None and _leaves_nothing(table, within):
        return RaterModel(RaterNote.NO_ERROR, without_error(table, within), within.effect, None, None, None)
    found = _sources(kept or _fitted(table))
    if found is None:
        return RaterModel(RaterNote.NOT_SEPARABLE, None, None, None, None, None)
    sources, severity = found
    if within is None:
        return RaterModel(RaterNote.MANY_RATERS, sources, severity, None, None, None)
    shrunk, prediction_error = _shrunken(table, within, sources)
    draws = draw_sources(table, within, shrunk, prediction_error, seed)
    spread = spread_of(within, draws, seed) if draws is not None else None
    return RaterModel(None, sources, severity, within, draws, spread)


def correlations(table: Table, model: RaterModel) -> dict[IccType, Correlation]:
    """The three intraclass correlations, each of one rating and of the usual number k of them, with 95 % intervals."""
    k = usual_raters(table.session)
    if model.sources is None or k is None:
        return dict.fromkeys(IccType, NOTHING)
    alone, found = one_way(table), model.sources
    parts = {
        IccType.ONE_WAY: (alone.true, alone.error) if alone else None,
        IccType.AGREEMENT: (found.true, found.rater + found.error),
        IccType.CONSISTENCY: (found.true, found.error),
    }
    return {kind: _with_interval(table, kind, told, k, model.draws) for kind, told in parts.items()}


def _why_not(table: Table) -> RaterNote | None:
    if not len(table.value) or not compared(table.session).any():
        return RaterNote.NOBODY_TO_COMPARE
    if float(np.ptp(table.value)) <= _AGREES:
        return RaterNote.NOTHING_VARIES
    return RaterNote.TOO_FEW_SESSIONS if int((np.bincount(table.session) > 1).sum()) < FEWEST_SESSIONS else None


def _leaves_nothing(table: Table, within: Within) -> bool:
    """Whether raters never differ, or by their severity alone; without degrees of freedom the second cannot be told."""
    n_of = np.bincount(table.session)
    apart = table.value - (np.bincount(table.session, weights=table.value) / n_of)[table.session]
    left = within.residual_ss if within.residual_df > 0 else float(apart @ apart)
    return left <= _AGREES * float(((table.value - table.value.mean()) ** 2).sum())


def _sources(fitted: Fitted | None) -> tuple[Sources, Numbers] | None:
    sources = sources_of(fitted.components) if fitted else None
    return None if fitted is None or sources is None else (sources, fitted.severity)


def _fitted(table: Table) -> Fitted | None:
    """Variances and predicted severities by the one model of variance; None where the design holds no raters apart."""
    facets = {
        THERAPIST: table.therapist, PATIENT: table.patient, SESSION: table.session, RATER: table.rater,
        RATER_THERAPIST: crossed(table.rater, table.therapist),
    }  # fmt: skip
    design = tell_apart(facets)
    if RATER not in design.facets:
        return None
    return _few(table, design) if len(table.value) < SMALL else _many(table, design)


def _few(table: Table, design: Design) -> Fitted:
    """REML without `mixedlm`, whose imports take seconds: the same numbers (`flows.measure.restricted`)."""
    nested = Nested(table.value, design.facets)
    theta = restricted_mode(nested)
    solved = nested.solve(theta[None])
    variances = np.append(theta**2, 1.0) * float(solved.rss[0]) / (nested.n - nested.n_fixed)
    names = (*design.facets, design.residual)
    return Fitted({name: float(v) for name, v in zip(names, variances, strict=True)}, solved.rater[0])


def _many(table: Table, design: Design) -> Fitted:
    fitted = fit(table.value, design.facets, design.residual)
    return Fitted(fitted.components, conditional_means(fitted, RATER).mean)


def without_error(table: Table, within: Within) -> Sources:
    """Variances when raters differ by their severity alone, so that nothing is left to fit."""
    adjusted = np.bincount(table.session, weights=table.value - within.effect[table.rater]) / np.bincount(table.session)
    return Sources(float(np.var(adjusted, ddof=1)), float(np.var(within.effect, ddof=1)), 0.0)


def _shrunken(table: Table, within: Within, sources: Sources) -> tuple[Numbers, float]:
    """Severities predicted from comparisons within sessions, and the variance that errors in them add to a session's mean."""
    values, vectors = within.eigen
    shrink = sources.rater / np.maximum(sources.rater + sources.error / values, 1e-300)
    left = vectors * (shrink * sources.error / values) @ vectors.T
    n_of = np.bincount(table.session)
    weights = np.zeros((len(n_of), len(within.totals))) if n_of.size * left.shape[0] <= 1_000_000 else None
    if weights is None:
        added = float(np.bincount(table.session, weights=np.diag(left)[table.rater] / n_of[table.session] ** 2).mean())
    else:
        np.add.at(weights, (table.session, table.rater), 1 / n_of[table.session])
        weights -= weights.mean(axis=0)
        added = float(((weights @ left) * weights).sum() / len(n_of))
    return np.asarray(vectors @ (shrink * within.projected)), added


def _with_interval(
    table: Table, kind: IccType, told: tuple[float, float] | None, k: float, draws: Draws | None
) -> Correlation:
    """A correlation with its interval: the textbook's for a complete table, else from the draws; it holds the estimate."""
    point = correlation(*told, k) if told else None
    if point is None:
        return NOTHING
    ends = _ends(table, kind, k, draws)
    if ends is None:
        return Correlation(point[0], None, None, point[1], None, None)
    (low, high), (low_average, high_average) = ends
    return Correlation(
        point[0], min(low, point[0]), max(high, point[0]),
        point[1], min(low_average, point[1]), max(high_average, point[1]),
    )  # fmt: skip


def _ends(
    table: Table, kind: IccType, k: float, draws: Draws | None
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if is_complete(table):
        textbook = {
            IccType.ONE_WAY: one_way_interval,
            IccType.AGREEMENT: agreement_interval,
            IccType.CONSISTENCY: consistency_interval,
        }[kind]
        ends = textbook(mean_squares(table))
        return None if ends is None else (ends, (stepped_up(ends[0], k), stepped_up(ends[1], k)))
    if draws is None:
        return None
    noise = {
        IccType.ONE_WAY: draws.pooled,
        IccType.AGREEMENT: draws.rater + draws.error,
        IccType.CONSISTENCY: draws.error,
    }[kind]
    return interval(draws.true_one_way if kind == IccType.ONE_WAY else draws.true, noise, k)


def table_of(session: Codes, rater: Codes, value: Numbers, therapist: Codes, patient: Codes) -> Table:
    """A table with the levels of every facet numbered from 0 on, in their order."""
    numbered = [codes_of(codes.tolist()) for codes in (session, rater, therapist, patient)]
    return Table(numbered[0], numbered[1], value, numbered[2], numbered[3])
