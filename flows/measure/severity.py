"""How far above or below the other raters each rater rates, overall and quarter by quarter, with its uncertainty.

A severity is in points of the scale: +0.4 is rating 0.4 higher than raters such as these would on the same sessions, -0.4 is
rating lower, that is more severely. Nobody is ranked: a severity is told to the quality lead and to the rater herself, and
it is taken out of therapists' numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.measure.agreement import Codes, Numbers
from flows.measure.reliability import Draws
from flows.measure.within import Within

N_PATHS = 2000  # draws of the severities; of the variances there are more


@dataclass(frozen=True, slots=True)
class Spread:
    """Draws of every rater's severity summed up: 95 % intervals, and the covariance of what is not known of them."""

    low: Numbers
    high: Numbers
    covariance: Numbers


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater's severity in one period against the co-raters of the same sessions, with its 95 % interval."""

    severity: float
    low: float
    high: float
    n_sessions: int


def spread_of(within: Within, draws: Draws, seed: int) -> Spread:
    """What is known of the severities, the uncertainty of the variances included.

    Given the variances, severities are normal about their shrunken least-squares values (Henderson 1975, Biometrics 31, 423-447);
    the variances are drawn (`flows.measure.reliability.draw_sources`), which plug-in intervals leave out: with three raters those
    are far too narrow (Kackar & Harville 1984, JASA 79, 853-862).
    """
    random = np.random.default_rng(seed)
    rater, error = draws.rater[:N_PATHS, None], draws.error[:N_PATHS, None]
    values, seen = within.eigen
    shrink = rater / np.maximum(rater + error / values, 1e-300)
    along = shrink * within.projected + np.sqrt(shrink * error / values) * random.standard_normal(
        (N_PATHS, len(values))
    )
    # What no comparison shows (the raters' common level, and groups that never meet) is as uncertain as raters vary.
    free = np.sqrt(rater) * random.standard_normal((N_PATHS, len(within.totals)))
    paths = along @ seen.T + free - (free @ seen) @ seen.T
    low, high = np.quantile(paths, [0.025, 0.975], axis=0)
    return Spread(low, high, np.cov(paths, rowvar=False).reshape(len(low), len(low)))


def standings(
    session: Codes, rater: Codes, value: Numbers, severity: Numbers, known: Spread, within: Within
) -> dict[int, Standing]:
    """Each rater's severity on these ratings (those of one quarter), leave-one-out: she is held against her co-raters' values
    in the same sessions, less their own severities over the whole window.

    Not shrunken, so that a short quarter is wide rather than small. The variance is that of her own and her co-raters' errors in
    these sessions, and of what is not known of the co-raters' severities.
    """
    n_of = np.bincount(session)
    others = n_of[session] - 1
    kept = others > 0
    error = within.residual_variance
    if error is None or not kept.any():
        return {}
    adjusted = value - severity[rater]
    co_mean = (np.bincount(session, weights=adjusted)[session] - adjusted)[kept] / others[kept]
    apart = value[kept] - co_mean
    reach = t_reach(within.residual_df)
    found = {}
    for one in np.unique(rater[kept]).tolist():
        hers = np.flatnonzero(rater[kept] == one)
        n = len(hers)
        weights = _co_weights(session, rater, session[kept][hers], one, len(severity))
        noise = error * float((1 + 1 / others[kept][hers]).sum()) / n**2 + float(weights @ known.covariance @ weights)
        middle, half = float(apart[hers].mean()), reach * float(np.sqrt(noise))
        found[one] = Standing(middle, middle - half, middle + half, n)
    return found


def _co_weights(session: Codes, rater: Codes, sessions: Codes, one: int, n_raters: int) -> Numbers:
    """The weight of each co-rater's severity in a rater's mean difference over her sessions."""
    share = np.zeros(int(session.max()) + 1)
    share[sessions] = 1 / ((np.bincount(session)[sessions] - 1) * len(sessions))
    is_other = rater != one
    return np.asarray(np.bincount(rater[is_other], weights=share[session[is_other]], minlength=n_raters))


def t_reach(df: int) -> float:
    """The 97.5 % point of Student's t with `df` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(max(df, 1), 0.975))
