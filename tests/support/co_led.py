"""Labs in which therapists lead sessions together, drawn at random with a known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import levels
from flows.measure.membership import membership_of
from flows.measure.rows import Rows

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoLed:
    """A lab: how many therapists, sessions in all, raters; how many lead at most; and standard deviations in points.

    `share_co_led` of the sessions are led by two or more; in fixed pairs T-0 leads with T-1 alone, T-2 with T-3, and so on.
    """

    therapists: int
    sessions: int
    raters: int = 4
    raters_a_session: int = 2
    most_leaders: int = 2
    share_co_led: float = 0.8
    is_fixed: bool = False
    is_even: bool = False
    has_patients: bool = False
    therapist: float = 0.6
    patient: float = 0.3
    session: float = 0.4
    rater: float = 0.4
    rater_therapist: float = 0.3
    residual: float = 0.7
    name: str = ""


def draw_co_led(kind: CoLed, rng: np.random.Generator, n_elements: int = 1) -> tuple[Rows, Numbers]:
    """One lab's ratings and its therapists' true points; with several elements, each is rated in most ratings."""
    therapist, rater = rng.normal(4.2, kind.therapist, kind.therapists), rng.normal(0, kind.rater, kind.raters)
    both = rng.normal(0, kind.rater_therapist, (kind.therapists, kind.raters))
    led = [tuple(sorted(team)) for team in _led(kind, rng)]
    teams = sorted(set(led))
    of_patient = rng.normal(0, kind.patient if kind.has_patients else 0.0, 2 * len(teams))
    rows, value = [], []
    for session, team in enumerate(led):
        patient = 2 * teams.index(team) + session % 2  # two patients a team
        level = therapist[list(team)].mean() + rng.normal(0, kind.session) + of_patient[patient]
        for r in sorted(rng.choice(kind.raters, kind.raters_a_session, replace=False).tolist()):
            seen = level + rater[r] + both[list(team), r].mean() + rng.normal(0, kind.residual)
            for element in range(n_elements):
                if n_elements == 1 or rng.random() < 0.8:
                    rows.append((teams.index(team), patient, session, r, element))
                    value.append(seen if n_elements == 1 else seen + element + rng.normal(0, 0.5))
    t, p, s, r, e = (levels(column) for column in np.array(rows).T)
    names = tuple(f"T-{k}" for k in sorted({k for team in teams for k in team}))
    raters = tuple(f"R-{k}" for k in range(kind.raters))
    days = np.full(len(value), np.nan)
    found = Rows(
        np.array(value), t, p if kind.has_patients else None, s, r, e, days, names, raters, membership_of(teams)
    )
    return found, therapist


def weights_by_hand(rows: Rows) -> Numbers:
    """The weight of each therapist in each row, written out one by one."""
    found = np.zeros((len(rows.value), len(rows.therapist_ids)))
    for row, team in enumerate(rows.therapist.tolist()):
        members = rows.membership.members[team] if rows.membership else (team,)
        for therapist in members:
            found[row, therapist] = 1 / len(members)
    return found


def _led(kind: CoLed, rng: np.random.Generator) -> list[list[int]]:
    """Who leads each session. Even: every therapist leads as often as every other, in pairs drawn anew each round."""
    if kind.is_fixed:
        return [[2 * pair, 2 * pair + 1] for pair in np.arange(kind.sessions) % (kind.therapists // 2)]
    led: list[list[int]] = []
    while len(led) < kind.sessions:
        order = rng.permutation(kind.therapists).tolist()
        while order and len(led) < kind.sessions:
            n = 2
            if not kind.is_even:
                n = int(rng.integers(2, kind.most_leaders + 1)) if rng.random() < kind.share_co_led else 1
            led.append(order[:n])
            order = order[n:]
    return led
