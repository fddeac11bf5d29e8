"""Ratings that leave nothing over: raters of the same session agree to the point, or differ by their severity alone.

The restricted likelihood then has no highest value. It grows without bound as the residual variance goes to nought, however the
other variances divide, so that a search ends where it happens to stop. In the limit it falls apart in two: differences between
sessions hold no rater (severity is told exactly by the sessions in common), and differences between raters hold no session. So
therapists, patients and sessions have the REML variances of one value a session, severity taken off, of which the session is
the residual; raters have the sample variance of their severities. Error contrasts are those of Patterson & Thompson 1971
(Biometrika 58, 545-554). When all sessions of each patient are equal too, one value a patient is left, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, SESSION, THERAPIST, Codes, Design, tell_apart
from flows.measure.rows import Rows
from flows.measure.within import compare_within

Numbers = NDArray[np.float64]
EQUAL = 1e-9  # of the largest rating: weighted means are told to nine places
MOST_RATERS = 400  # beyond which nobody looks whether severity alone tells them apart


@dataclass(frozen=True, slots=True)
class Exact:
    """What is left to fit.

    `rows` are the ratings with severity (and elements' distances) taken off, `plain` their design without raters. `units` has
    one row a level of the finest facet that differs, `design` its facets, named as in the whole one; its residual is that facet.
    `severity` is each rater's, in points, adding up to zero.
    """

    rows: Rows
    plain: Design
    units: Rows
    design: Design
    severity: Numbers

    @property
    def is_known(self) -> bool:
        """Whether the therapists' own values are what is left: nothing is left over even within therapists."""
        return THERAPIST in self.design.residual.split("+")

    @property
    def rater_variance(self) -> float:
        """The variance of raters' severity: that of these raters."""
        return float(np.var(self.severity, ddof=1)) if len(self.severity) > 1 and self.severity.any() else 0.0


def exact_of(rows: Rows, whole: Design) -> Exact | None:
    """What is left to fit of ratings that leave nothing over in their design; None where something is left over."""
    severity = np.zeros(len(rows.rater_ids))
    level = rows.value - _distance(rows)
    if not _are_equal(level, rows.session):
        severity = _severity(rows, level, whole)
        level = level - severity[rows.rater]
    unit = _coarsest(rows, level)
    if unit is None:
        return None
    freed = replace(rows, value=level, element=np.zeros(len(level), dtype=np.int64))
    units = _one_a_unit(freed, *unit)
    return Exact(freed, _without_raters(whole), units, _design_of_units(units, unit[0], whole), severity)


def _are_equal(value: Numbers, unit: Codes) -> bool:
    """Whether the values of each unit are all the same."""
    mean = np.bincount(unit, weights=value) / np.bincount(unit)
    return bool(np.abs(value - mean[unit]).max() <= EQUAL * max(1.0, float(np.abs(value).max())))


def _distance(rows: Rows) -> Numbers:
    """Each rating's element's distance from the mean of the elements, told within sessions; nought for one element.

    Where no session has two raters their severity is within the sessions, and elements say nothing of it: then, and where
    the elements have not all been rated beside each other, no distance is taken off.
    """
    n, nothing = rows.n_elements, np.zeros(len(rows.value))
    if n == 1 or len(np.unique(rows.facets[RATING])) == len(np.unique(rows.session)):
        return nothing
    within = compare_within(rows.session, rows.element, rows.value, n)
    return np.asarray(within.effect[rows.element]) if len(within.eigen[0]) == n - 1 else nothing


def _severity(rows: Rows, value: Numbers, whole: Design) -> Numbers:
    """Each rater's severity within sessions where all are joined by sessions in common; nought where they are not."""
    n = len(rows.rater_ids)
    if rows.n_elements > 1 or RATER not in whole.facets or n > MOST_RATERS:
        return np.zeros(n)
    within = compare_within(rows.session, rows.rater, value, n)
    is_told = len(within.eigen[0]) == n - 1 and within.residual_df > 0
    return within.effect if is_told else np.zeros(n)


def _coarsest(rows: Rows, value: Numbers) -> tuple[str, Codes] | None:
    """The coarsest of session, patient and therapist within which all values are equal, if that says anything."""
    n, found = len(value), None
    for name, codes in _nested(rows):
        n_units = int(codes.max()) + 1
        if not _are_equal(value, codes):
            break
        if n_units < n:
            n, found = n_units, (name, codes)
    return found


def _nested(rows: Rows) -> Iterator[tuple[str, Codes]]:
    yield SESSION, rows.session
    if rows.patient is not None:
        yield PATIENT, rows.patient
    if rows.membership is None:  # a team's value is not a therapist's
        yield THERAPIST, rows.therapist


def _one_a_unit(rows: Rows, name: str, unit: Codes) -> Rows:
    """One row a unit, rated by nobody in particular; only sessions have a date."""
    first, none = np.unique(unit, return_index=True)[1], np.zeros(int(unit.max()) + 1, dtype=np.int64)
    return replace(
        rows,
        value=np.bincount(unit, weights=rows.value) / np.bincount(unit),
        therapist=rows.therapist[first],
        patient=None if rows.patient is None else rows.patient[first],
        session=np.arange(len(first)),
        rater=none,
        element=none,
        days=rows.days[first] if name == SESSION else np.full(len(first), np.nan),
    )


def _without_raters(whole: Design) -> Design:
    facets = {name: codes for name, codes in whole.facets.items() if name not in (RATER, RATER_THERAPIST, RATING)}
    return Design(facets, whole.residual, ())


def _design_of_units(units: Rows, name: str, whole: Design) -> Design:
    """The facets above the units, by their names in the whole design; the residual is the facet of the units."""
    facets = {THERAPIST: units.therapist} | ({} if units.patient is None else {PATIENT: units.patient})
    membership = units.membership
    woven = (
        membership.structures({THERAPIST: units.therapist}, units.rater) if membership and membership.is_woven else None
    )
    found = tell_apart(facets, woven)
    named = {_named(whole, facet.partition("+")[0]): codes for facet, codes in found.facets.items()}
    return Design(named, _named(whole, name), ())


def _named(whole: Design, facet: str) -> str:
    return whole.holding(facet) or facet
