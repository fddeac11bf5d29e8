"""From the ratings of one subject to what is told of it: components, each therapist's estimate, each rater's severity.

    rating = mean (+ element) + therapist + patient in therapist + session in patient + rater + rater-by-therapist + residual

Where several therapists led a session, `therapist` is the mean of their effects (`flows.measure.membership`).

A therapist's estimate is mean + therapist, partly pooled towards the mean (the best linear unbiased prediction at the REML
variances, Morris 1983, JASA 78, 47-55), raters' severity taken off. Its interval and probabilities are averaged over the
variances that the ratings leave open (`flows.measure.uncertainty`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
from flows.measure.likelihood import Nested, Solved
from flows.measure.mixture import quantile, share_below
from flows.measure.restricted import restricted_mode
from flows.measure.rows import Rows
from flows.measure.together import Together
from flows.measure.trend import Trend, trends
from flows.measure.uncertainty import Posterior, average_over_variances
from flows.measure.variance import ALL_EQUAL, SINGULAR, fit
from schemas.figure_codes import EstimateNote, ModelNote

Numbers = NDArray[np.float64]
# Below this many ratings the variances are found without mixedlm, whose imports take longer than such a night; the answers
# are the same. Domains have many rows to a rating and their fits are compared with nobody's, so they never take it.
SMALL = 100
# A therapist who cannot be told apart from her one patient: of their variance together a share w is the patient's, anywhere from
# none to half of it (published studies: a third), and w (1 - w) of it, on average this much, stays open whatever the ratings say.
MERGED_OPEN = 1 / 6
# Pairs of a rater and a therapist, in one circle of therapists who lead together, beyond which a model takes many seconds.
WIDEST = 150


@dataclass(frozen=True, slots=True)
class Asked:
    """What the lab's settings ask of a model; points are points of the scale.

    `threshold` is the point that is good enough (None: no scale of the instrument has one) and `strong` the one from which it
    is a strength; a trend needs so many sessions over so many days.
    """

    threshold: float | None
    strong: float | None
    trend_sessions: int
    trend_days: int


@dataclass(frozen=True, slots=True)
class Component:
    """One facet's variance (squared points), its share of the variance of one rating, and how many levels it has."""

    facet: str
    variance: float
    share: float | None
    n_levels: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is told of one therapist. Numbers that cannot be told are None, and `note` says why."""

    therapist_id: str
    comparison_group: int
    note: EstimateNote | None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p_adequate: float | None = None
    p_strength: float | None = None
    reliability: float | None = None
    trend: Trend | None = None
    sessions_to: tuple[int | None, int | None, int | None] = (None, None, None)


@dataclass(frozen=True, slots=True)
class Severity:
    """How many points a rater rates above the mean of raters, with the ends of its 95 % interval; above 0 is mild."""

    rater_id: str
    comparison_group: int
    severity: float
    low: float
    high: float


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


MOST_SESSIONS = 9_999  # that would be worth telling
DEPENDABLE = (0.5, 0.7, 0.8)


@dataclass(frozen=True, slots=True)
class _Told:
    """A design with its fitted variances, and what the ratings leave open."""

    rows: Rows
    design: Design
    nested: Nested
    theta: Numbers  # standard deviations relative to the residual's, a facet each
    solved: Solved  # at these
    error: Numbers  # prediction error variance of each therapist, over the residual's
    posterior: Posterior

    def place(self, facet: str) -> int | None:
        """Where a facet, alone or merged, stands among the fitted ones."""
        name = self.design.holding(facet)
        return None if name is None else list(self.design.facets).index(name)

    @property
    def level(self) -> Codes:
        """Each therapist's level in the fitted design: that of her team where the design cannot tell it from another facet."""
        membership = self.rows.membership
        if membership is None or isinstance(self.nested, Together):
            return np.arange(len(self.rows.therapist_ids))
        return membership.team_of

    def by_therapist(self, by_level: Numbers) -> Numbers:
        """Numbers with a column for each level of the design, with one for each therapist instead."""
        if self.rows.membership is None:  # as they are: a copy laid out otherwise adds up to other last digits
            return by_level
        return np.ascontiguousarray(by_level[..., self.level])

    @property
    def leaders(self) -> Numbers:
        """How many led each therapist's sessions, on average."""
        membership = self.rows.membership
        return np.ones(len(self.level)) if membership is None else membership.company(self.rows.therapist)

    @property
    def is_inseparable(self) -> NDArray[np.bool_]:
        """Whether another therapist led exactly the same sessions as each."""
        membership = self.rows.membership
        return np.zeros(len(self.level), dtype=bool) if membership is None else membership.is_inseparable


def answer(rows: Rows, asked: Asked) -> Answer:
    """Fit one subject's ratings (at least one) and tell what they say."""
    design = design_of(rows)
    notes = [*design.notes]
    spread = float(np.ptp(_within_elements(rows)))
    if len(rows.value) - rows.n_elements < 1 or spread <= ALL_EQUAL * max(1.0, float(np.abs(rows.value).max())):
        return _without_variance(rows, design, notes)
    nested = _likelihood(rows, design)
    theta, more = _relative_deviations(rows, design, nested)
    solved, error = nested.solve_one(theta)
    residual = float(solved.rss[0]) / (nested.n - nested.n_fixed)
    posterior = average_over_variances(nested, theta, solved, _variance(rows))
    told = _Told(rows, design, nested, theta, solved, error, posterior)
    return Answer(
        mean=float(solved.fixed[0, 0]),
        mean_se=float(np.sqrt(residual * solved.fixed_unit[0])),
        log_likelihood=float(solved.log_likelihood[0]),
        components=_components(rows, design, np.append(theta**2, 1.0) * residual),
        estimates=_estimates(told, asked),
        severities=_severities(told),
        notes=(*notes, *more),
    )


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


def _without_variance(rows: Rows, design: Design, notes: list[str]) -> Answer:
    """All ratings are equal, or there is one: everyone is given it, and nothing can be said of how sure that is."""
    word = ModelNote.ALL_EQUAL if len(rows.value) > 1 else ModelNote.ONE_RATING
    mean = float(rows.value.mean())
    row, therapist = rows.parts
    groups = comparison_groups(therapist, rows.rater[row])
    estimates = tuple(
        Estimate(name, int(groups[k]) + 1, EstimateNote.NO_VARIANCE, mean) for k, name in enumerate(rows.therapist_ids)
    )
    variances = np.zeros(len(design.facets) + 1)
    components = _components(rows, design, variances)
    return Answer(mean, 0.0, None, components, estimates, (), (*notes, f"{word}: {design.residual}"))


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
    singular = [name for name, ratio in zip(design.facets, theta, strict=True) if ratio < SINGULAR]
    return theta, (*more, *(f"{ModelNote.SINGULAR}: {name}" for name in singular))


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


def _estimates(told: _Told, asked: Asked) -> tuple[Estimate, ...]:
    """Every therapist's row; where therapists cannot be told apart, each is given the mean."""
    row, therapist = told.rows.parts
    groups = comparison_groups(therapist, told.rows.rater[row])
    steps = trends(told.rows, told.nested, told.posterior, asked.trend_sessions, asked.trend_days, told.level)
    point, spread, note = _points(told)
    columns = spread and _spread_columns(told, spread, asked)
    reliability = _reliability(told)
    found = []
    for k, name in enumerate(told.rows.therapist_ids):
        own = {column: _at(numbers, k) for column, numbers in (columns or {}).items()}
        sure = _at(reliability, k) if reliability is not None else None
        why = _why(note, bool(told.is_inseparable[k])) or (None if k in steps else EstimateNote.SHORT_SERIES)
        found.append(
            Estimate(
                name, int(groups[k]) + 1, why, _at(point, k), **own, reliability=sure, trend=steps.get(k),
                sessions_to=_sessions_to(told, sure, float(told.leaders[k])),
            )
        )  # fmt: skip
    return tuple(found)


def _why(note: EstimateNote | None, is_inseparable: bool) -> EstimateNote | None:
    """The note of one therapist: where nothing tells her from a colleague, that, unless nobody is told from anybody."""
    is_said = note in (EstimateNote.VARIANCE_ZERO, EstimateNote.NOT_TOLD_APART)
    return EstimateNote.LED_TOGETHER if is_inseparable and not is_said else note


def _points(told: _Told) -> tuple[Numbers, tuple[Numbers, Numbers] | None, EstimateNote | None]:
    """The estimates, the means and scales (B, therapists) that they are uncertain by (None: cannot be told), and a reason."""
    solved, posterior = told.solved, told.posterior
    place = told.place(THERAPIST)
    if place is None:
        scale = np.sqrt(posterior.variance * posterior.solved.fixed_unit)[:, None]
        is_one = len(told.rows.therapist_ids) == 1
        why = EstimateNote.ONE_THERAPIST if not told.rows.therapist.any() else EstimateNote.NOT_TOLD_APART
        spread = (posterior.solved.fixed[:, :1], scale) if is_one else None
        return np.full(len(told.rows.therapist_ids), solved.fixed[0, 0]), spread, why
    note = None if told.design.holding(THERAPIST) == THERAPIST else EstimateNote.MERGED
    # Where k lead as one, the one's effect differs from the mean of the k by k - 1 times the variance of that mean.
    left_open = 0.0 if note is None else (MERGED_OPEN + (told.leaders - 1)) * posterior.theta[:, place, None] ** 2
    scale = np.sqrt(posterior.variance[:, None] * (told.by_therapist(posterior.solved.therapist_unit) + left_open))
    if told.theta[place] < SINGULAR:
        note = EstimateNote.VARIANCE_ZERO
    return told.by_therapist(solved.therapist)[0], (told.by_therapist(posterior.solved.therapist), scale), note


def _spread_columns(told: _Told, spread: tuple[Numbers, Numbers], asked: Asked) -> Mapping[str, Numbers]:
    """Interval ends and probabilities, a therapist each."""
    shape = (*spread, told.posterior.weight, told.posterior.free)
    columns = {"low": quantile(0.025, *shape), "high": quantile(0.975, *shape)}
    if asked.threshold is not None:
        columns["p_adequate"] = 1 - share_below(asked.threshold, *shape)
    if asked.strong is not None:
        columns["p_strength"] = 1 - share_below(asked.strong, *shape)
    return columns


def _reliability(told: _Told) -> Numbers | None:
    """1 - prediction error variance / therapist variance (Henderson 1975, Biometrics 31, 423-447), a therapist each."""
    place = told.place(THERAPIST)
    if place is None or told.theta[place] < SINGULAR:
        return None
    of_one = 1 - told.by_therapist(told.error) / told.theta[place] ** 2
    return np.asarray(of_one if told.design.holding(THERAPIST) == THERAPIST else of_one / told.leaders)


def _sessions_to(told: _Told, reliability: float | None, leaders: float) -> tuple[int | None, int | None, int | None]:
    """How many more sessions, each with a new patient and as many raters as usual, until .50, .70 and .80.

    With reliability = t / (t + e / n) (Brennan 2001, Generalizability Theory, section 4.1), n sessions bring information in the
    amount of reliability / (1 - reliability) = n t / e, where t is the therapist variance and e that of one session's mean.
    Who usually leads among k is thought to lead with new colleagues each time: a session's mean is then (u + k - 1 others) / k
    + error, and k times it tells u with the error (k - 1) t + k^2 e.
    """
    if reliability is None or reliability >= 1:
        return (None, None, None) if reliability is None else (0, 0, 0)
    place = told.place(THERAPIST)
    assert place is not None  # noqa: S101 - a reliability was told
    ratio, usual = told.theta**2, len(told.rows.value) / len(np.unique(told.rows.session))
    if told.rows.n_elements > 1:
        usual /= told.rows.n_elements
    session = sum(v * _weight(name, usual, leaders) for name, v in zip(told.design.facets, ratio, strict=True))
    error = session + _weight(told.design.residual, usual, leaders) / told.rows.n_elements
    therapist = ratio[place] if told.design.holding(THERAPIST) == THERAPIST else ratio[place] * leaders
    error = (leaders - 1) * therapist + leaders**2 * error
    more = [sessions_more(at, reliability, float(error / therapist)) for at in DEPENDABLE]
    return more[0], more[1], more[2]


def sessions_more(wanted: float, now: float, error: float) -> int | None:
    """How many more sessions lead from one reliability to another; `error` is a session's variance over the therapists'.

    None when there are more than anybody could rate: where therapists hardly differ, no number of sessions tells them apart.
    """
    needed = (wanted / (1 - wanted) - now / (1 - now)) * error
    return max(0, int(np.ceil(needed - 1e-9))) if needed <= MOST_SESSIONS else None


def _weight(name: str, usual: float, leaders: float) -> float:
    """How much of a facet's variance stays in the mean of one new session by so many raters."""
    parts = set(name.split("+"))
    if parts & {THERAPIST} or name == RATER:
        return 0.0
    if name == RATER_THERAPIST:
        return 1.0 / usual / leaders
    return 1.0 if parts & {PATIENT, "session"} else 1.0 / usual


def _severities(told: _Told) -> tuple[Severity, ...]:
    """Every rater's severity, where raters are a facet of their own."""
    place = told.place(RATER)
    if place is None or told.nested.rater is None:
        return ()
    row, therapist = told.rows.parts
    groups = comparison_groups(told.rows.rater[row], therapist)
    point = told.solved.rater[0]
    posterior = told.posterior
    scale = np.sqrt(posterior.variance[:, None] * posterior.solved.rater_unit)
    low, high = (quantile(at, posterior.solved.rater, scale, posterior.weight, posterior.free) for at in (0.025, 0.975))
    return tuple(
        Severity(name, int(groups[k]) + 1, float(point[k]), float(low[k]), float(high[k]))
        for k, name in enumerate(told.rows.rater_ids)
    )


def _at(numbers: Numbers, k: int) -> float:
    """A therapist's number; one that all share when there is only one."""
    return float(numbers[min(k, len(numbers) - 1)])
