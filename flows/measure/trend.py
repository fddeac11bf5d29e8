"""A therapist's trend: how many points her sessions rise within 90 days, raters' severity taken off.

Her ratings are told by a level and a slope of her own, both free, beside the patients, sessions, raters and rater-by-therapist
effects of the lab's model: generalised least squares, given the variances (Searle, Casella & McCulloch 1992, section 7.4). What
her raters' severity is, the other therapists' ratings say as well. The slope's spread given the variances is averaged over the
variances that the ratings leave open, as everything else (see `flows.measure.uncertainty`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import Codes
from flows.measure.likelihood import Nested
from flows.measure.mixture import ENDS, quantiles
from flows.measure.rows import Rows
from flows.measure.uncertainty import Posterior

Numbers = NDArray[np.float64]
PER_DAYS = 90.0
POINTS = 64  # of the posterior's, the weightiest; the slope hardly moves between them


@dataclass(frozen=True, slots=True)
class Trend:
    """Points of the scale per 90 days, with the ends of the 95 % interval."""

    slope: float
    low: float
    high: float


def trends(
    rows: Rows, design: Nested, posterior: Posterior, min_sessions: int, min_days: int, level: Codes
) -> Mapping[int, Trend]:
    """The trend of every therapist with enough dated sessions over enough days; `level` is her place in the design.

    A session that several led counts whole for the trend of each: it tells of her sessions, not of what is hers in them.
    """
    chosen = np.argsort(-posterior.weight, kind="stable")[:POINTS]
    weight = posterior.weight[chosen] / posterior.weight[chosen].sum()
    cases = _cases(rows, min_sessions, min_days)
    found = {}
    slopes = design.slopes(posterior.theta[chosen], {int(level[k]): case for k, case in cases.items()})
    for therapist in cases:
        mean, unit = slopes[int(level[therapist])]
        scale = np.sqrt(unit * posterior.variance[chosen])[:, None]
        low, high = quantiles(ENDS, mean[:, None], scale, weight, posterior.free)[:, 0].tolist()
        found[therapist] = Trend(float(weight @ mean), low, high)
    return found


def _cases(rows: Rows, min_sessions: int, min_days: int) -> Mapping[int, tuple[Codes, Numbers]]:
    """The dated rows of each therapist who has enough, with their times in units of the slope."""
    cases = {}
    row, of_row = rows.parts
    for therapist in np.unique(of_row).tolist():
        own = row[(of_row == therapist) & ~np.isnan(rows.days[row])]
        days = rows.days[own]
        if len(np.unique(rows.session[own])) >= max(min_sessions, 2) and np.ptp(days) >= max(min_days, 1):
            cases[therapist] = own, (days - days.mean()) / PER_DAYS
    return cases
