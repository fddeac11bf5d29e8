"""From the ratings of one subject to what is told of it: components, each therapist's estimate, each rater's severity.

    rating = mean (+ element) + therapist + patient in therapist + session in patient + rater + rater-by-therapist + residual

Where several therapists led a session, `therapist` is the mean of their effects (`flows.measure.membership`). What is told of
therapists and raters, given the fit, is `flows.measure.estimates`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.estimates import Asked, Estimate, Severity, Told, estimates_of, severities_of
from flows.measure.exact import Exact, exact_of
from flows.measure.facets import (
    PATIENT,
    RATER,
    RATER_THERAPIST,
    THERAPIST,
    Codes,
    Design,
    comparison_groups,
    tell_apart,
)
from flows.measure.likelihood import Nested
from flows.measure.restricted import restricted_mode
from flows.measure.rows import Rows
from flows.measure.together import Together
from flows.measure.uncertainty import average_over_variances
from flows.measure.variance import ALL_EQUAL, SINGULAR, fit
from schemas.figure_codes import EstimateNote, ModelNote

Numbers = NDArray[np.float64]
# Below this many ratings the variances are found without mixedlm, whose imports take longer than such a night; the answers
# are the same. Domains have many rows to a rating and their fits are compared with nobody's, so they never take it.
SMALL = 100
# Pairs of a rater and a therapist, in one circle of therapists who lead together, beyond which a model takes many seconds.
WIDEST = 150
# Standard deviation, relative to the residual's, of therapists whose own values are all that the ratings leave open.
KNOWN = 1e4
Z_95 = 1.959963984540054  # 97.5 % point of the normal distribution


@dataclass(frozen=True, slots=True)
class Component:
    """One facet's variance (squared points), its share of the variance of one rating, and how many levels it has."""

    facet: str
    variance: float
    share: float | None
    n_levels: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says: see its parts. `notes` are `word: facets` (`schemas.codes.ModelNote`)."""

    mean: float
    mean_se: float
    log_likelihood: float | None
    components: tuple[Component, ...]
    estimates: tuple[Estimate, ...]
    severities: tuple[Severity, ...]
    notes: tuple[str, ...]


def answer(rows: Rows, asked: Asked) -> Answer:
    """Fit one subject's ratings (at least one) and tell what they say."""
    design = design_of(rows)
    spread = float(np.ptp(_within_elements(rows)))
    if len(rows.value) - rows.n_elements < 1 or spread <= ALL_EQUAL * max(1.0, float(np.abs(rows.value).max())):
        return _without_variance(rows, design)
    exact = exact_of(rows, design)
    if exact is not None:
        return _without_residual(rows, design, exact, asked)
    told, residual, more = _fitted(rows, design, _groups(rows))
    return Answer(
        mean=float(told.solved.fixed[0, 0]),
        mean_se=float(np.sqrt(residual * told.solved.fixed_unit[0])),
        log_likelihood=float(told.solved.log_likelihood[0]),
        components=_components(rows, design, _variances(told, residual)),
        estimates=estimates_of(told, asked),
        severities=severities_of(told),
        notes=(*design.notes, *more, *_singular(design, told.theta < SINGULAR)),
    )


def _fitted(rows: Rows, design: Design, groups: Codes, open_mean: float = 0.0) -> tuple[Told, float, tuple[str, ...]]:
    """The fit of some rows, its residual variance, and what is to be known about how it was found."""
    nested = _likelihood(rows, design)
    theta, more = _relative_deviations(rows, design, nested)
    solved, error = nested.solve_one(theta)
    posterior = average_over_variances(nested, theta, solved, _variance(rows))
    told = Told(rows, design, nested, theta, solved, error, posterior, groups, open_mean)
    return told, float(solved.rss[0]) / (nested.n - nested.n_fixed), more


def _without_residual(rows: Rows, design: Design, exact: Exact, asked: Asked) -> Answer:
    """What ratings say that leave nothing over: the fit of one value a session, and the raters' severity as it is."""
    # how far the mean of these raters may be from that of all
    open_mean = exact.rater_variance / len(exact.severity)
    more: tuple[str, ...] = ()
    if exact.is_known:
        told, of_unit = _known(exact, _groups(rows), open_mean), float(np.var(exact.units.value, ddof=1))
        found, mean_variance = {exact.design.residual: of_unit}, of_unit / len(exact.units.value)
    else:
        told, of_unit, more = _fitted(exact.units, exact.design, _groups(rows), open_mean)
        names = (*exact.design.facets, exact.design.residual)
        found = dict(zip(names, _variances(told, of_unit).tolist(), strict=True))
        mean_variance = of_unit * float(told.solved.fixed_unit[0])
    found[RATER] = exact.rater_variance
    variances = np.array([*(found.get(name, 0.0) for name in design.facets), 0.0])
    notes = (f"{ModelNote.AGREED}: {design.residual}", *more, *_singular(design, variances[:-1] == 0))
    return Answer(
        mean=float(told.solved.fixed[0, 0]), mean_se=float(np.sqrt(mean_variance + open_mean)), log_likelihood=None,
        components=_components(rows, design, variances), estimates=estimates_of(told, asked),
        severities=_known_severities(rows, design, exact, open_mean), notes=(*design.notes, *notes),
    )  # fmt: skip


def _known(exact: Exact, groups: Codes, open_mean: float) -> Told:
    """Therapists' values are known as rated; how sure they are is averaged over the variances of all nested facets."""
    nested = _likelihood(exact.rows, exact.plain)
    theta = np.array([KNOWN * (THERAPIST in name.split("+")) for name in exact.plain.facets])
    solved, error = nested.solve_one(theta)
    posterior = average_over_variances(nested, np.ones(len(theta)), solved, _variance(exact.rows))
    return Told(exact.rows, exact.plain, nested, theta, solved, error, posterior, groups, open_mean)


def _known_severities(rows: Rows, design: Design, exact: Exact, open_mean: float) -> tuple[Severity, ...]:
    """Raters' severities as they are; open is only how far the mean of these raters is from that of all."""
    if RATER not in design.facets:
        return ()
    groups, half = comparison_groups(rows.rater[rows.parts[0]], rows.parts[1]), Z_95 * float(np.sqrt(open_mean))
    own = exact.severity.tolist()
    return tuple(
        Severity(name, int(groups[k]) + 1, own[k], own[k] - half, own[k] + half)
        for k, name in enumerate(rows.rater_ids)
    )


def _groups(rows: Rows) -> Codes:
    """The part of the network of therapists and raters in which each therapist is."""
    row, therapist = rows.parts
    return comparison_groups(therapist, rows.rater[row])


def design_of(rows: Rows) -> Design:
    """What can be fitted of these rows, and every note about it."""
    facets, membership, notes = dict(rows.facets), rows.membership, []
    if PATIENT not in facets:
        notes.append(f"{ModelNote.NOT_TOLD}: {PATIENT}")
    if membership is None:
        design = tell_apart(facets)
        return Design(design.facets, design.residual, (*design.notes, *notes))
    notes.append(f"{ModelNote.LED_TOGETHER}: {THERAPIST}")
    if membership.widest(rows.therapist, rows.rater) > WIDEST:
        del facets[RATER_THERAPIST]
        notes.append(f"{ModelNote.TOO_MANY}: {RATER_THERAPIST}")
    design = tell_apart(facets, membership.structures(facets, rows.rater) if membership.is_woven else None)
    return Design(design.facets, design.residual, (*design.notes, *notes))


def _likelihood(rows: Rows, design: Design) -> Nested:
    """The likelihood of a design; a team that is merged with another facet is one level, as a therapist is."""
    if rows.membership is None or design.holding(THERAPIST) != THERAPIST:
        return Nested(rows.value, design.facets, rows.columns)
    return Together(rows.value, design.facets, rows.membership, rows.columns)


def _variance(rows: Rows) -> float:
    """The variance of all ratings, about the means of their elements."""
    return float(np.mean(_within_elements(rows) ** 2))


def _within_elements(rows: Rows) -> Numbers:
    """Ratings less the means of their elements."""
    sums, counts = np.bincount(rows.element, rows.value), np.bincount(rows.element)
    return np.asarray(rows.value - (sums / np.maximum(counts, 1))[rows.element])


def _without_variance(rows: Rows, design: Design) -> Answer:
    """All ratings are equal, or there is one: everyone is given it, and nothing can be said of how sure that is."""
    word = ModelNote.ALL_EQUAL if len(rows.value) > 1 else ModelNote.ONE_RATING
    mean, groups = float(rows.value.mean()), _groups(rows)
    estimates = tuple(
        Estimate(name, int(groups[k]) + 1, EstimateNote.NO_VARIANCE, mean) for k, name in enumerate(rows.therapist_ids)
    )
    components = _components(rows, design, np.zeros(len(design.facets) + 1))
    return Answer(mean, 0.0, None, components, estimates, (), (*design.notes, f"{word}: {design.residual}"))


def _relative_deviations(rows: Rows, design: Design, nested: Nested) -> tuple[Numbers, tuple[str, ...]]:
    """The REML standard deviations of the facets, relative to the residual's, and what is to be known about them."""
    more: tuple[str, ...] = ()
    if rows.n_elements > 1 or len(rows.value) < SMALL or isinstance(nested, Together):
        theta = restricted_mode(nested)
    else:
        fitted = fit(rows.value, design.facets, design.residual)
        variances = np.array([fitted.components[name] for name in design.facets])
        theta = np.sqrt(variances / fitted.components[fitted.residual])
        more = tuple(note for note in fitted.notes if note.startswith(ModelNote.NOT_CONVERGED))
    return theta, more


def _singular(design: Design, is_nought: NDArray[np.bool_]) -> tuple[str, ...]:
    """A note for each facet whose variance was fitted at zero."""
    return tuple(
        f"{ModelNote.SINGULAR}: {name}" for name, nought in zip(design.facets, is_nought, strict=True) if nought
    )


def _variances(told: Told, residual: float) -> Numbers:
    """The variances of the facets and the residual; exactly 0 where one was fitted at zero."""
    return np.append(np.where(told.theta < SINGULAR, 0.0, told.theta**2), 1.0) * residual


def _components(rows: Rows, design: Design, variances: Numbers) -> tuple[Component, ...]:
    total = float(variances.sum())
    n_levels = [*(_n_levels(rows, name, codes) for name, codes in design.facets.items()), len(rows.value)]
    return tuple(
        Component(facet, float(variance), float(variance) / total if total > 0 else None, count)
        for facet, variance, count in zip((*design.facets, design.residual), variances, n_levels, strict=True)
    )


def _n_levels(rows: Rows, name: str, codes: Codes) -> int:
    """How many levels a facet has: of therapists, who lead together or not, and of their raters, each counts."""
    if rows.membership is None or name not in (THERAPIST, RATER_THERAPIST):
        return int(codes.max()) + 1
    if name == THERAPIST:
        return rows.membership.n_therapists
    return rows.membership.n_pairs(rows.therapist, rows.rater)
