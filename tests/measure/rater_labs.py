"""Tables of ratings to try the raters' figures on: Shrout and Fleiss's, and labs whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.measure.rater_model import table_of
from flows.measure.reliability import Table

# Shrout & Fleiss 1979 (Psychological Bulletin 86, 420-428), table 2: six targets (rows), four judges.
SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))


def crossed_table(values: Sequence[Sequence[float]]) -> Table:
    """A table of sessions (rows) by raters (columns), all of one therapist and patient."""
    cells = np.asarray(values, dtype=np.float64)
    sessions, raters = (codes.ravel() for codes in np.indices(cells.shape))
    none = np.zeros(cells.size, dtype=np.int64)
    return table_of(sessions, raters, cells.ravel(), none, none)


@dataclass(frozen=True, slots=True)
class RaterLab:
    """A lab to draw from: its size, how many raters see a session, and the standard deviations of the truth."""

    therapists: int = 6
    sessions: int = 5  # of each therapist
    patients: int = 1  # of each therapist
    raters: int = 4
    raters_each: int = 2
    single: float = 0.0  # share of sessions rated once
    therapist: float = 0.6
    patient: float = 0.3
    session: float = 0.7
    rater: float = 0.5
    interaction: float = 0.0
    error: float = 0.8
    is_rounded: bool = False
    is_balanced: bool = False

    @property
    def true(self) -> float:
        """Variance of what is rated."""
        return self.therapist**2 + self.patient**2 + self.session**2

    @property
    def noise(self) -> float:
        """Variance of one rating that is neither what is rated nor severity; whole points add a twelfth (Sheppard)."""
        return self.interaction**2 + self.error**2 + (1 / 12 if self.is_rounded else 0)

    @property
    def consistency(self) -> float:
        """The true correlation for consistency."""
        return self.true / (self.true + self.noise)

    @property
    def agreement(self) -> float:
        """The true correlation for absolute agreement."""
        return self.true / (self.true + self.noise + self.rater**2)


def drawn_table(lab: RaterLab, seed: int, severity: Sequence[float] | None = None) -> Table:
    """A drawn lab's ratings; `severity` fixes the raters' own."""
    return drawn_lab(lab, seed, severity)[0]


def drawn_lab(lab: RaterLab, seed: int, severity: Sequence[float] | None = None) -> tuple[Table, np.ndarray]:
    """A drawn lab's ratings and its raters' true severities."""
    random = np.random.default_rng(seed)
    severities = random.normal(0, lab.rater, lab.raters) if severity is None else np.asarray(severity, float)
    together = random.normal(0, 1, (lab.therapists, lab.raters)) * lab.interaction
    therapists, patients = (
        random.normal(0, lab.therapist, lab.therapists),
        random.normal(0, lab.patient, (lab.therapists, lab.patients)),
    )
    rows = []
    for session in range(lab.therapists * lab.sessions):
        t, place = divmod(session, lab.sessions)
        p = place * lab.patients // lab.sessions if lab.is_balanced else int(random.integers(lab.patients))
        worth = 4 + therapists[t] + patients[t, p] + random.normal(0, lab.session)
        n = 1 if random.random() < lab.single else lab.raters_each
        for r in random.choice(lab.raters, n, replace=False):
            value = worth + severities[r] + together[t, r] + random.normal(0, lab.error)
            rows.append((session, r, round(value) if lab.is_rounded else value, t, t * lab.patients + p))
    session, rater, value, therapist, patient = (np.array(column) for column in zip(*rows, strict=True))
    return table_of(session, rater, value.astype(float), therapist, patient), severities
