"""Intervals of intraclass correlations for complete tables: every session rated once by each of the same raters.

There the textbook's F intervals hold, and are used instead of Monte Carlo: Shrout & Fleiss 1979 (Psychological Bulletin 86,
420-428) and McGraw & Wong 1996 (Psychological Methods 1, 30-46, table 7). Ends below zero are set to zero, as the estimates are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.measure.reliability import Table

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares between n sessions, between k raters, of the rest, and within sessions."""

    n: int
    k: int
    sessions: float
    raters: float
    error: float
    within: float


def is_complete(table: Table) -> bool:
    """Whether every rater rated every session once, and nothing shows that sessions belong together.

    Sessions of one therapist, or of one each, are as good as sessions alone; where some share a therapist and some do not,
    they are not independent, which the textbook's intervals take them to be.
    """
    n, k = int(table.session.max()) + 1, int(table.rater.max()) + 1
    cells = np.unique(table.session * k + table.rater)
    nests = (len(np.unique(codes)) in (1, n) for codes in (table.therapist, table.patient))
    return min(n, k) > 1 and len(table.value) == n * k == len(cells) and all(nests)


def mean_squares(table: Table) -> MeanSquares:
    """Two-way analysis of variance of a complete table without replicates."""
    n, k = int(table.session.max()) + 1, int(table.rater.max()) + 1
    cells = np.empty((n, k))
    cells[table.session, table.rater] = table.value
    rows, columns, whole = cells.mean(axis=1), cells.mean(axis=0), cells.mean()
    within = float(((cells - rows[:, None]) ** 2).sum())
    raters = float(n * ((columns - whole) ** 2).sum())
    return MeanSquares(
        n, k, float(k * ((rows - whole) ** 2).sum()) / (n - 1), raters / (k - 1), (within - raters) / ((n - 1) * (k - 1)),
        within / (n * (k - 1)),
    )  # fmt: skip


def one_way_interval(ms: MeanSquares) -> Interval | None:
    """95 % interval of the one-way correlation of a single rating (Shrout & Fleiss 1979, p. 424, ICC(1,1))."""
    return _from_f(ms.sessions, ms.within, ms.n - 1, ms.n * (ms.k - 1), ms.k)


def consistency_interval(ms: MeanSquares) -> Interval | None:
    """95 % interval of the consistency of a single rating (Shrout & Fleiss 1979, p. 424, ICC(3,1))."""
    return _from_f(ms.sessions, ms.error, ms.n - 1, (ms.n - 1) * (ms.k - 1), ms.k)


def agreement_interval(ms: MeanSquares) -> Interval | None:
    """95 % interval of absolute agreement of a single rating, Satterthwaite's approximation (ibid., ICC(2,1))."""
    from scipy.special import fdtri

    n, k = ms.n, ms.k
    if ms.error <= 0 or ms.sessions <= 0:
        return None
    rho = max((ms.sessions - ms.error) / (ms.sessions + (k - 1) * ms.error + k * (ms.raters - ms.error) / n), 0.0)
    f = ms.raters / ms.error
    top = (k - 1) * (n - 1) * (k * rho * f + n * (1 + (k - 1) * rho) - k * rho) ** 2
    v = top / ((n - 1) * k**2 * rho**2 * f**2 + (n * (1 + (k - 1) * rho) - k * rho) ** 2)
    above, below = float(fdtri(n - 1, v, 0.975)), float(fdtri(v, n - 1, 0.975))
    rest = k * ms.raters + (k * n - k - n) * ms.error
    low = n * (ms.sessions - above * ms.error) / (above * rest + n * ms.sessions)
    high = n * (below * ms.sessions - ms.error) / (rest + n * below * ms.sessions)
    return max(low, 0.0), max(high, 0.0)


def stepped_up(single: float, k: float) -> float:
    """Correlation of the mean of k ratings from that of one (Spearman 1910 and Brown 1910)."""
    return k * single / (1 + (k - 1) * single)


def _from_f(sessions: float, rest: float, df: int, df_rest: int, k: int) -> Interval | None:
    from scipy.special import fdtri

    if rest <= 0:
        return None
    f = sessions / rest
    low, high = f / float(fdtri(df, df_rest, 0.975)), f * float(fdtri(df_rest, df, 0.975))
    return max((low - 1) / (low + k - 1), 0.0), max((high - 1) / (high + k - 1), 0.0)
