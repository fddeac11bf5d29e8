"""`python -m tests.measure.coverage`: how often the 95 % interval of a therapist's estimate holds the truth, over simulated labs.

A cell is a kind of lab; in each lab therapists, patients, sessions, raters and rater-by-therapist effects are drawn anew. The
truth is the mean plus the therapist's effect. The table in docs/decisions/numbers.md is this program's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from flows.measure.estimates import Asked
from flows.measure.facets import levels
from flows.measure.model import Answer, answer
from flows.measure.rows import Rows
from tests.support.co_led import CoLed, draw_co_led

Numbers = NDArray[np.float64]
ASKED = Asked(4.0, 5.0, 10_000, 10_000)  # no trends


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lab: sizes, standard deviations in points, and how its ratings come."""

    name: str
    therapists: int
    sessions: int
    raters: int = 6
    raters_a_session: int = 2
    therapist: float = 0.6
    patient: float = 0.3
    session: float = 0.4
    rater: float = 0.4
    rater_therapist: float = 0.0
    residual: float = 0.7
    is_whole_points: bool = False
    is_uneven: bool = False


@dataclass(slots=True)
class Count:
    """What came of the labs of one kind."""

    held: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    @property
    def coverage(self) -> float:
        """The share of intervals that hold the truth."""
        return float(np.mean(self.held))


def kinds() -> Iterator[Kind | CoLed]:
    """Eighteen cells: 6, 12, 40 therapists by 2, 5, 15 sessions, without and with rater-by-therapist effects; and hard ones.

    After them labs whose therapists lead in pairs: sessions are those of each therapist, so that there are half as many in all.
    """
    for therapists in (6, 12, 40):
        for sessions in (2, 5, 15):
            base = Kind(f"{therapists} therapists, {sessions} sessions", therapists, sessions)
            yield base
            yield replace(base, name=f"{base.name}, rater by therapist .4", rater_therapist=0.4)
    small = Kind("6 therapists, 5 sessions", 6, 5, rater_therapist=0.3)
    yield replace(small, name=f"{small.name}, no differences between therapists", therapist=0.0)
    yield replace(small, name=f"{small.name}, hardly any (.2)", therapist=0.2)
    yield replace(small, name=f"{small.name}, large ones (1.0)", therapist=1.0)
    yield replace(small, name=f"{small.name}, three raters", raters=3)
    yield replace(small, name=f"{small.name}, four raters, one a session", raters=4, raters_a_session=1)
    yield replace(small, name=f"{small.name}, whole points 1 to 7", is_whole_points=True)
    yield replace(small, name=f"{small.name}, uneven", is_uneven=True)
    for sessions in (5, 10):
        name = f"12 therapists in pairs that rotate, {sessions} sessions"
        pairs = CoLed(12, 6 * sessions, raters=6, is_even=True, rater_therapist=0.0, name=name)
        yield pairs
        yield replace(pairs, name=f"{name}, rater by therapist .4", rater_therapist=0.4)
        yield replace(pairs, name=f"{name}, a third led alone", is_even=False, share_co_led=2 / 3)
    yield CoLed(12, 60, raters=6, is_fixed=True, rater_therapist=0.0, name="12 therapists in fixed pairs, 10 sessions")


def draw(kind: Kind, rng: np.random.Generator) -> tuple[Rows, Numbers]:
    """One lab's ratings and its therapists' true points. A patient has two sessions."""
    therapist = rng.normal(4.2, kind.therapist, kind.therapists)
    rater = rng.normal(0, kind.rater, kind.raters)
    both = rng.normal(0, kind.rater_therapist, (kind.therapists, kind.raters))
    rows, session, patient = [], 0, 0
    for t in range(kind.therapists):
        n = max(1, int(rng.poisson(kind.sessions))) if kind.is_uneven else kind.sessions
        of_patient = 0.0
        for s in range(n):
            if s % 2 == 0:
                patient, of_patient = patient + 1, rng.normal(0, kind.patient)
            session, of_session = session + 1, rng.normal(0, kind.session)
            k = int(rng.integers(1, 3)) if kind.is_uneven else kind.raters_a_session
            for r in sorted(rng.choice(kind.raters, k, replace=False).tolist()):
                value = therapist[t] + of_patient + of_session + rater[r] + both[t, r] + rng.normal(0, kind.residual)
                rows.append((t, patient, session, r, min(7, max(1, round(value))) if kind.is_whole_points else value))
    told = np.array(rows)
    t, p, s, r = (levels(told[:, k].astype(np.int64)) for k in range(4))
    blank, named = np.zeros(len(rows), dtype=np.int64), tuple(f"T-{k}" for k in range(kind.therapists))
    raters = tuple(f"R-{k}" for k in np.unique(told[:, 3]).astype(int))
    return Rows(told[:, 4].astype(float), t, p, s, r, blank, np.full(len(rows), np.nan), named, raters), therapist


def count(kind: Kind | CoLed, labs: int, seed: int = 2026) -> Count:
    """Simulate labs of one kind and hold their intervals against the truth."""
    rng, found = np.random.default_rng(seed), Count()
    for _ in range(labs):
        rows, truth = draw_co_led(kind, rng) if isinstance(kind, CoLed) else draw(kind, rng)
        _add(found, answer(rows, ASKED), truth)
    return found


def _add(found: Count, told: Answer, truth: Numbers) -> None:
    ends = np.array([(e.low, e.high, e.estimate) for e in told.estimates], dtype=float)
    found.held.append(float(np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))))
    found.widths.append(float(np.mean(ends[:, 1] - ends[:, 0])))
    found.errors.append(float(np.mean(ends[:, 2] - truth)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.coverage", description=__doc__)
    parser.add_argument(
        "--labs", type=int, default=200, help="simulated labs a cell; a quarter of them with 40 therapists [200]"
    )
    parser.add_argument("--only", default="", help="cells whose name holds these words")
    asked = parser.parse_args()
    labs, every = asked.labs, []
    print("| lab | coverage, % | ± | width | bias |\n|---|---:|---:|---:|---:|")
    for kind in (kind for kind in kinds() if asked.only in kind.name):
        found = count(kind, max(2, labs // (4 if kind.therapists == 40 else 1)))
        error = 100 * np.std(found.held) / np.sqrt(len(found.held))
        print(
            f"| {kind.name} | {100 * found.coverage:.1f} | {error:.1f} | {np.mean(found.widths):.2f} "
            f"| {np.mean(found.errors):+.2f} |",
            flush=True,
        )
        every.append(found.coverage)
    print(f"| all cells | {100 * np.mean(every):.1f} | | | |")


if __name__ == "__main__":
    main()
