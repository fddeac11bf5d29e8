"""What more rating would buy: reliability for designs that are thought of, and for a therapist's own ratings plus one.

A decision study (Brennan 2001, Generalizability Theory, chapters 1 and 4; Cronbach, Gleser, Nanda & Rajaratnam 1972): the fitted
variances are taken as known, and every facet's is divided by the number of its levels that the mean rests on. The relative
coefficient E rho^2 leaves out what is the same for every therapist (raters' severity, which the estimates remove); the absolute
one, Phi, does not. Raters per session and distinct raters are different facets: a second rater halves what is particular to one
viewing of a session; another rater, on whatever session, halves what is particular to one rater's view of this therapist.

Pure arithmetic on numpy arrays; nothing here knows a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, RESIDUAL, SESSION, THERAPIST

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]
# Where a merged facet's variance counts in her own ratings: at the finest of its parts, which groups them as the others do.
_FINEST_FIRST = (RESIDUAL, RATING, SESSION, PATIENT, RATER_THERAPIST, RATER)
_LEAST = 1e-12  # of the whole variance: what a residual fitted at zero counts as, so that the sums stay finite


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Reliability of a mean for comparing therapists (`relative`, E rho^2) and as it stands (`absolute`, Phi), each 0 to 1.

    The error variances are in squared points of the scale. All are null where the fit cannot tell.
    """

    relative: float | None
    absolute: float | None
    relative_error: float | None
    absolute_error: float | None


CANNOT_TELL = Coefficients(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Rated:
    """One therapist's ratings: the level of patient, session and rater of each. Levels are numbered from 0, per therapist.

    `share` is her weight in each rating's therapist effect, 1/k where k led the session, and `colleagues` that of each colleague
    (ratings, colleagues); both are None where she always led alone.
    """

    patient: Codes
    session: Codes
    rater: Codes
    share: Numbers | None = None
    colleagues: Numbers | None = None

    @property
    def n(self) -> int:
        """How many ratings."""
        return len(self.session)


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating that could be made: its patient, session and rater; None is one that her ratings do not have yet."""

    patient: int | None
    session: int | None
    rater: int | None


def coefficients(
    components: Mapping[str, float], of: str, counts: Mapping[str, float], shared: frozenset[str] = frozenset()
) -> Coefficients:
    """E rho^2 and Phi of a mean over `counts[facet]` levels of each facet (Brennan 2001, chapter 4).

    `of` is the facet that is measured; `shared` are facets whose effect is the same for all that is measured, so that they
    are no error where one is compared with another. A merged facet (`session+residual`) can be told only where its parts
    have the same count. Facets that have no count are taken to be no error at all.

    Raises:
        KeyError: what is measured is not among the components.
    """
    relative = absolute = 0.0
    for name, variance in components.items():
        parts = [part for part in name.split("+") if part in counts]
        if name == of or not parts:
            continue
        if len({counts[part] for part in parts}) > 1:
            return CANNOT_TELL
        share = variance / counts[parts[0]]
        absolute += share
        relative += 0.0 if set(name.split("+")) <= shared else share
    return _of_errors(components[of], relative, absolute)


def planned(
    components: Mapping[str, float], n_patients: int, n_sessions: int, raters_per_session: int, n_raters: int
) -> Coefficients:
    """What a therapist's mean is worth over so many sessions, evenly spread over patients and raters.

    Nothing is told where therapists are not a facet of their own. Phi is null where the ratings never showed more than one rater.
    """
    counts = {
        PATIENT: n_patients,
        SESSION: n_sessions,
        RATER: n_raters,
        RATER_THERAPIST: n_raters,
        RATING: n_sessions * raters_per_session,
        RESIDUAL: n_sessions * raters_per_session,
    }
    if THERAPIST not in components:
        return CANNOT_TELL
    return _without_unseen_raters(components, coefficients(components, THERAPIST, counts, frozenset({RATER})))


def present(components: Mapping[str, float], rated: Rated) -> Coefficients:
    """What a therapist's own ratings are worth: the coefficients of the best linear estimate of her level from them.

    With V the covariance of her ratings around her level, the error variance is 1 / 1'V^-1 1 (generalised least squares),
    and reliability is the therapist variance over itself plus that. Severities are known for the relative coefficient and
    unknown for the absolute one. Where sessions were led with colleagues, it is 1 / z'V^-1 z with her shares z, and V
    holds the colleagues' effects: of them her ratings alone are heard, not what they did without her.
    """
    if THERAPIST not in components or rated.n == 0:
        return CANNOT_TELL
    variances = _at_finest(components)
    absolute = _error(variances, rated)
    relative = _error(replace(variances, rater=0.0), rated)
    return _without_unseen_raters(components, _of_errors(components[THERAPIST], relative, absolute))


def with_one_more(components: Mapping[str, float], rated: Rated, more: Rating) -> Coefficients:
    """What her ratings would be worth with one more; nothing where the fit has merged what it shares with what it does not."""
    if any(_is_split(name, rated, more) for name in components):
        return CANNOT_TELL
    return present(components, added(rated, more))


def added(rated: Rated, more: Rating) -> Rated:
    """Her ratings and one more; a new session is led with whom she led the patient's, or with a new one her newest, session."""
    grown = Rated(
        _appended(rated.patient, more.patient),
        _appended(rated.session, more.session),
        _appended(rated.rater, more.rater),
    )
    if rated.share is None or rated.colleagues is None:
        return grown
    like = rated.session == (rated.session.max(initial=0) if more.session is None else more.session)
    if more.session is None and more.patient is not None:
        like = rated.patient == more.patient
    row = int(np.flatnonzero(like)[-1])
    share, colleagues = np.append(rated.share, rated.share[row]), np.vstack([rated.colleagues, rated.colleagues[row]])
    return replace(grown, share=share, colleagues=colleagues)


def next_ratings(rated: Rated, has_patients: bool, n_raters: int) -> Mapping[str, tuple[Rating, bool]]:
    """The ratings that the next hour could go to, by option (`RatingOption`), each with whether a rater new to her makes it.

    The rater is one who has not rated her yet when the lab (`n_raters` of this instrument) has one, else the one who has
    rated her least. The second rater goes to the session with fewest raters, the newest of them (sessions are numbered by
    date); the same patient is the one with fewest sessions. Without known patients, as in groups, a session more is a new
    session, and nothing is said of patients.
    """
    is_new = n_raters > len(np.unique(rated.rater))
    session = _fewest(rated.session, newest=True)
    there = set(rated.rater[rated.session == session].tolist())
    rater = None if is_new else _least_used(rated.rater, set())
    second = None if is_new else _least_used(rated.rater, there)
    patient_of_session = int(rated.patient[rated.session == session][0])
    options = {
        "new_patient" if has_patients else "new_session": (Rating(None, None, rater), is_new),
        "second_rater": (Rating(patient_of_session, session, second), second is None),
    }
    if has_patients:
        sessions = np.unique(np.stack([rated.patient, rated.session], axis=1), axis=0)
        options["same_patient"] = (Rating(_fewest(sessions[:, 0]), None, rater), is_new)
    return options


def buys_most(errors: Mapping[str, float | None]) -> frozenset[str]:
    """The options with the least error variance, several where they tie; none where nothing can be told."""
    told = {option: error for option, error in errors.items() if error is not None}
    least = min(told.values(), default=0.0)
    return frozenset(option for option, error in told.items() if error <= least * (1 + 1e-9))


@dataclass(frozen=True, slots=True)
class _Variances:
    therapist: float
    patient: float
    session: float
    rater: float
    rater_therapist: float
    residual: float


def _of_errors(measured: float, relative: float, absolute: float) -> Coefficients:
    def share(error: float) -> float | None:
        return measured / (measured + error) if measured + error > 0 else None

    return Coefficients(share(relative), share(absolute), relative, absolute)


def _without_unseen_raters(components: Mapping[str, float], told: Coefficients) -> Coefficients:
    is_seen = any(RATER in name.split("+") for name in components)
    return told if is_seen else replace(told, absolute=None, absolute_error=None)


def _at_finest(components: Mapping[str, float]) -> _Variances:
    found = dict.fromkeys(_FINEST_FIRST, 0.0)
    for name, variance in components.items():
        if name != THERAPIST:
            parts = name.split("+")
            found[next(facet for facet in _FINEST_FIRST if facet in parts)] += variance
    residual = max(found[RESIDUAL] + found[RATING], _LEAST * sum(components.values()))
    return _Variances(
        components[THERAPIST], found[PATIENT], found[SESSION], found[RATER], found[RATER_THERAPIST], residual
    )


def _error(variances: _Variances, rated: Rated) -> float:
    """1 / 1'V^-1 1 by the equations of the levels (Woodbury); sessions go first: they are many, and their block is diagonal."""
    error = variances.residual
    if error <= 0:
        return 0.0
    if rated.share is not None and rated.colleagues is not None:
        return _error_together(variances, rated, rated.share, rated.colleagues)
    few = [
        (rated.patient, variances.patient),
        (rated.rater, variances.rater + variances.rater_therapist),
    ]
    n_session = np.bincount(rated.session).astype(float)
    # With no session variance, sessions are no levels: their share of the information is left where it is.
    kept = variances.session / (variances.session * n_session + error)
    told = rated.n - float(kept @ n_session**2)
    live = [(codes, error / variance) for codes, variance in few if variance > 0]
    if live:
        by_session, own = _counts(rated.session, live)
        weighted = kept[:, None] * by_session
        right = by_session.sum(axis=0) - n_session @ weighted
        left = _together(live) + np.diag(own) - by_session.T @ weighted
        told -= float(right @ np.linalg.solve(left, right))
    return error / told


def _counts(session: Codes, live: Sequence[tuple[Codes, float]]) -> tuple[Numbers, Numbers]:
    """How many ratings each session has of each level of some facets, facet after facet; and each level's own weight."""
    sizes = [int(codes.max()) + 1 for codes, _ in live]
    n_sessions = int(session.max()) + 1
    counts = [
        np.bincount(session * size + codes, minlength=n_sessions * size).reshape(n_sessions, size)
        for (codes, _), size in zip(live, sizes, strict=True)
    ]
    own = np.repeat([weight for _, weight in live], sizes)
    return np.hstack(counts).astype(float), own


def _together(live: Sequence[tuple[Codes, float]]) -> Numbers:
    """How many ratings each two levels of some facets have in common."""
    columns = [np.arange(int(codes.max()) + 1) == codes[:, None] for codes, _ in live]
    marks = np.hstack(columns).astype(float)
    return np.asarray(marks.T @ marks)


def _error_together(variances: _Variances, rated: Rated, share: Numbers, colleagues: Numbers) -> float:
    """1 / z'V^-1 z, densely; a rater's view of her, and of each colleague, has the weight that they have."""
    same_rater = _same(rated.rater)
    others = colleagues @ colleagues.T
    v = variances.residual * np.eye(rated.n) + variances.therapist * others
    v += variances.patient * _same(rated.patient) + variances.session * _same(rated.session)
    v += same_rater * (variances.rater + variances.rater_therapist * (np.outer(share, share) + others))
    return float(1 / (share @ np.linalg.solve(v, share)))


def _same(codes: Codes) -> Numbers:
    return np.asarray(codes[:, None] == codes, dtype=np.float64)


def _is_split(name: str, rated: Rated, more: Rating) -> bool:
    """Whether one more rating has a part of a merged facet in common with her ratings, and another part not."""
    parts = set(name.split("+")) - {THERAPIST}
    if rated.n == 0 or len(parts) < 2:
        return False
    is_there = {
        PATIENT: more.patient is not None,
        SESSION: more.session is not None,
        RATER: more.rater is not None,
        RATER_THERAPIST: more.rater is not None,
    }
    return len({is_there.get(part, False) for part in parts}) > 1


def _appended(codes: Codes, level: int | None) -> Codes:
    return np.append(codes, int(codes.max(initial=-1)) + 1 if level is None else level)


def _fewest(codes: Codes, *, newest: bool = False) -> int:
    counts = np.bincount(codes)
    places = np.flatnonzero(counts == counts.min())
    return int(places[-1] if newest else places[0])


def _least_used(codes: Codes, but: Sequence[int] | set[int]) -> int | None:
    counts = np.bincount(codes)
    free = [level for level in range(len(counts)) if level not in but]
    return min(free, key=lambda level: (counts[level], level)) if free else None
