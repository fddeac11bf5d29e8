"""What a fitted model tells of each therapist and each rater: estimates with their intervals, reliabilities, severities.

A therapist's estimate is mean + therapist, partly pooled towards the mean (the best linear unbiased prediction at the REML
variances, Morris 1983, JASA 78, 47-55), raters' severity taken off. Its interval and probabilities are averaged over the
variances that the ratings leave open (`flows.measure.uncertainty`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, THERAPIST, Codes, Design, comparison_groups
from flows.measure.likelihood import Nested, Solved
from flows.measure.mixture import ENDS, quantiles, share_below
from flows.measure.rows import Rows
from flows.measure.together import Together
from flows.measure.trend import Trend, trends
from flows.measure.uncertainty import Posterior
from flows.measure.variance import SINGULAR
from schemas.figure_codes import EstimateNote

Numbers = NDArray[np.float64]
# A therapist who cannot be told apart from her one patient: of their variance together a share w is the patient's, anywhere from
# none to half of it (published studies: a third), and w (1 - w) of it, on average this much, stays open whatever the ratings say.
MERGED_OPEN = 1 / 6
MOST_SESSIONS = 9_999  # that would be worth telling
DEPENDABLE = (0.5, 0.7, 0.8)


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
class Told:
    """A design with its fitted variances, and what the ratings leave open."""

    rows: Rows
    design: Design
    nested: Nested
    theta: Numbers  # standard deviations relative to the residual's, a facet each
    solved: Solved  # at these
    error: Numbers  # prediction error variance of each therapist, over the residual's
    posterior: Posterior
    groups: Codes  # the comparison group of each therapist, from 0 on
    open_mean: float  # variance that the mean has beside, in squared points

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


def estimates_of(told: Told, asked: Asked) -> tuple[Estimate, ...]:
    """Every therapist's row; where therapists cannot be told apart, each is given the mean."""
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
                name, int(told.groups[k]) + 1, why, _at(point, k), **own, reliability=sure, trend=steps.get(k),
                sessions_to=_sessions_to(told, sure, float(told.leaders[k])),
            )
        )  # fmt: skip
    return tuple(found)


def _why(note: EstimateNote | None, is_inseparable: bool) -> EstimateNote | None:
    """The note of one therapist: where nothing tells her from a colleague, that, unless nobody is told from anybody."""
    is_said = note in (EstimateNote.VARIANCE_ZERO, EstimateNote.NOT_TOLD_APART)
    return EstimateNote.LED_TOGETHER if is_inseparable and not is_said else note


def _points(told: Told) -> tuple[Numbers, tuple[Numbers, Numbers] | None, EstimateNote | None]:
    """The estimates, the means and scales (B, therapists) that they are uncertain by (None: cannot be told), and a reason."""
    solved, posterior = told.solved, told.posterior
    place = told.place(THERAPIST)
    if place is None:
        scale = np.sqrt(posterior.variance * posterior.solved.fixed_unit + told.open_mean)[:, None]
        is_one = len(told.rows.therapist_ids) == 1
        why = EstimateNote.ONE_THERAPIST if not told.rows.therapist.any() else EstimateNote.NOT_TOLD_APART
        spread = (posterior.solved.fixed[:, :1], scale) if is_one else None
        return np.full(len(told.rows.therapist_ids), solved.fixed[0, 0]), spread, why
    note = None if told.design.holding(THERAPIST) == THERAPIST else EstimateNote.MERGED
    # Where k lead as one, the one's effect differs from the mean of the k by k - 1 times the variance of that mean.
    left_open = 0.0 if note is None else (MERGED_OPEN + (told.leaders - 1)) * posterior.theta[:, place, None] ** 2
    unit = told.by_therapist(posterior.solved.therapist_unit) + left_open
    scale = np.sqrt(posterior.variance[:, None] * unit + told.open_mean)
    if told.theta[place] < SINGULAR:
        note = EstimateNote.VARIANCE_ZERO
    return told.by_therapist(solved.therapist)[0], (told.by_therapist(posterior.solved.therapist), scale), note


def _spread_columns(told: Told, spread: tuple[Numbers, Numbers], asked: Asked) -> Mapping[str, Numbers]:
    """Interval ends and probabilities, a therapist each."""
    shape = (*spread, told.posterior.weight, told.posterior.free)
    columns = dict(zip(("low", "high"), quantiles(ENDS, *shape), strict=True))
    if asked.threshold is not None:
        columns["p_adequate"] = 1 - share_below(asked.threshold, *shape)
    if asked.strong is not None:
        columns["p_strength"] = 1 - share_below(asked.strong, *shape)
    return columns


def _reliability(told: Told) -> Numbers | None:
    """1 - prediction error variance / therapist variance (Henderson 1975, Biometrics 31, 423-447), a therapist each."""
    place = told.place(THERAPIST)
    if place is None or told.theta[place] < SINGULAR:
        return None
    of_one = 1 - told.by_therapist(told.error) / told.theta[place] ** 2
    return np.asarray(of_one if told.design.holding(THERAPIST) == THERAPIST else of_one / told.leaders)


def _sessions_to(told: Told, reliability: float | None, leaders: float) -> tuple[int | None, int | None, int | None]:
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


def severities_of(told: Told) -> tuple[Severity, ...]:
    """Every rater's severity, where raters are a facet of their own."""
    place = told.place(RATER)
    if place is None or told.nested.rater is None:
        return ()
    row, therapist = told.rows.parts
    groups = comparison_groups(told.rows.rater[row], therapist)
    point = told.solved.rater[0]
    posterior = told.posterior
    scale = np.sqrt(posterior.variance[:, None] * posterior.solved.rater_unit)
    low, high = quantiles(ENDS, posterior.solved.rater, scale, posterior.weight, posterior.free)
    return tuple(
        Severity(name, int(groups[k]) + 1, float(point[k]), float(low[k]), float(high[k]))
        for k, name in enumerate(told.rows.rater_ids)
    )


def _at(numbers: Numbers, k: int) -> float:
    """A therapist's number; one that all share when there is only one."""
    return float(numbers[min(k, len(numbers) - 1)])
