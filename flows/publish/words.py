"""What the numbers say, in the words used for people: counts of sessions, never a grade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import sqrt

from schemas.codes import State, Status

Z_95 = 1.959963984540054  # 97.5 % point of the normal distribution
MEANING: dict[str, str] = {status: status.meaning for status in Status}
MARKED = {
    State.NO_OPPORTUNITY: "no opportunity",
    State.UNJUDGEABLE: "not judgeable",
    State.NOT_DELIVERED: "not delivered",
    State.MISSING: "missing",
}


@dataclass(frozen=True, slots=True)
class Enough:
    """The fewest sessions, patients and raters from which anything is said about a therapist."""

    sessions: int
    patients: int
    raters: int
    groups: frozenset[str] = frozenset()  # instruments of group sessions, where no number of patients is asked for

    def of(self, instrument_id: str) -> Enough:
        """What is enough where an instrument is rated."""
        return replace(self, patients=0) if instrument_id in self.groups else self


def counted(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 session`, `3 sessions`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def n_below(n_sessions: int, share_adequate: float) -> int:
    """How many of the sessions lay below the threshold."""
    return n_sessions - round(n_sessions * share_adequate)


def rated_below(n_sessions: int, share_adequate: float | None) -> str:
    """`rated below good enough in 3 of 4 sessions seen`; empty where the scale has no threshold or nothing was rated."""
    if not n_sessions or share_adequate is None:
        return ""
    seen = "session seen" if n_sessions == 1 else "sessions seen"
    return f"rated below good enough in {n_below(n_sessions, share_adequate)} of {n_sessions} {seen}"


def too_few(n_sessions: int, n_patients: int, n_raters: int, enough: Enough) -> str:
    """`too few sessions to say`, or patients, or raters: the first that is too few; empty when none is."""
    seen = (
        (n_sessions, enough.sessions, "sessions"),
        (n_patients, enough.patients, "patients"),
        (n_raters, enough.raters, "raters"),
    )
    few = [name for n, fewest, name in seen if n < fewest]
    return f"too few {few[0]} to say" if few else ""


def status_in_words(status: str | None, counts: tuple[int, int, int], enough: Enough) -> str:
    """The status as a sentence; for `insufficient`, which counts (sessions, patients, raters) are too few."""
    if status is None:
        return ""
    if status == Status.INSUFFICIENT:
        return too_few(*counts, enough) or Status.INSUFFICIENT.meaning
    return "not covered by this instrument" if status == Status.NOT_COVERED else MEANING[status]


def marks_in_words(marks: Iterable[tuple[State, int]]) -> str:
    """Ratings counted apart: `no opportunity: 2, missing: 1`; empty when there are none."""
    return ", ".join(f"{MARKED[state]}: {n}" for state, n in marks if n)


def wilson(k: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a share of `k` in `n` (Wilson 1927, equation 6); nothing where `n` is 0."""
    if n == 0:
        return None, None
    p, z2 = k / n, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
