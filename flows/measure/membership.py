"""Who leads sessions together: a session's therapist effect is the mean of its therapists' effects (multiple membership).

A session led by k therapists has the effect (u_1 + … + u_k) / k, each u a therapist's own, of one variance: Hill & Goldstein
1998 (Journal of Educational and Behavioral Statistics 23, 117-128); Browne, Goldstein & Rasbash 2001 (Statistical Modelling 1,
103-124, equation 7). Whoever leads a session together is a *team* here, also one who leads alone; the rows of a model carry the
team's level. Teams that share a therapist, also by way of others, form a *circle*: what one of them is rated says something of
all in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import RATER_THERAPIST, THERAPIST, Codes, comparison_groups

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Membership:
    """The therapists (levels from 0 on) of every team (levels from 0 on, as in `Rows.therapist`)."""

    members: tuple[tuple[int, ...], ...]

    @cached_property
    def n_therapists(self) -> int:
        """How many therapists there are in all teams."""
        return 1 + max(level for team in self.members for level in team)

    @cached_property
    def weights(self) -> Numbers:
        """The weight of each therapist in each team's effect (teams, therapists): 1/k for its k therapists, else 0."""
        found = np.zeros((len(self.members), self.n_therapists))
        for team, levels in enumerate(self.members):
            found[team, list(levels)] = 1 / len(levels)
        return found

    @cached_property
    def is_woven(self) -> bool:
        """Whether somebody leads in two teams, so that teams are no groups of their own."""
        return bool((np.count_nonzero(self.weights, axis=0) > 1).any())

    @cached_property
    def circle(self) -> Codes:
        """The circle of each team, numbered in the order of their first therapists."""
        team, therapist = np.nonzero(self.weights)
        return comparison_groups(team, therapist)

    @cached_property
    def is_inseparable(self) -> NDArray[np.bool_]:
        """For each therapist whether another one led exactly the same sessions, so that nothing can tell the two apart."""
        same = np.unique(self.weights, axis=1, return_inverse=True, return_counts=True)
        return np.asarray(same[2][same[1].reshape(-1)] > 1)

    def places(self, team: Codes) -> tuple[Codes, Codes]:
        """Row and therapist of each time a therapist takes part in a row, given the rows' teams."""
        size = np.array([len(levels) for levels in self.members])
        begins, row = np.cumsum(size) - size, np.repeat(np.arange(len(team)), size[team])
        within = np.arange(len(row)) - np.repeat(np.cumsum(size[team]) - size[team], size[team])
        return row, np.concatenate([np.array(levels) for levels in self.members])[begins[team[row]] + within]

    def company(self, team: Codes) -> Numbers:
        """How many therapists on average led the sessions of each therapist's ratings, herself included."""
        row, therapist = self.places(team)
        leaders = np.array([len(levels) for levels in self.members])[team[row]]
        return np.bincount(therapist, leaders) / np.bincount(therapist)

    def columns(self, team: Codes, rater: Codes | None = None) -> Numbers:
        """The columns Z of the therapists' effects (rows, therapists); with raters, those of each rater and therapist."""
        row, column, weight, n_columns = self._entries(team, rater)
        found = np.zeros((len(team), n_columns))
        found[row, column] = weight
        return found

    def n_pairs(self, team: Codes, rater: Codes) -> int:
        """How many pairs of a rater and a therapist there are."""
        return self._entries(team, rater)[3]

    def structures(self, facets: Mapping[str, Codes], rater: Codes) -> Mapping[str, Any]:
        """The sparse columns Z of the facets that go by membership, of those that are asked about."""
        from scipy import sparse

        found = {}
        for name, of_rater in ((THERAPIST, None), (RATER_THERAPIST, rater)):
            if name in facets:
                row, column, weight, n_columns = self._entries(facets[THERAPIST], of_rater)
                found[name] = sparse.csc_matrix((weight, (row, column)), shape=(len(rater), n_columns))
        return found

    def _entries(self, team: Codes, rater: Codes | None) -> tuple[Codes, Codes, Numbers, int]:
        """Row, column and weight of what is not zero in Z, and how many columns Z has."""
        row, therapist = self.places(team)
        weight = self.weights[team[row], therapist]
        if rater is None:
            return row, therapist, weight, self.n_therapists
        pair, column = np.unique(rater[row] * self.n_therapists + therapist, return_inverse=True)
        return row, column.reshape(-1), weight, len(pair)

    def widest(self, team: Codes, rater: Codes) -> int:
        """How many pairs of a rater and a therapist the largest circle of several therapists has."""
        row, therapist = self.places(team)
        _, first = np.unique(rater[row] * self.n_therapists + therapist, return_index=True)
        circle = self.circle[team[row[first]]]
        n_pairs = np.bincount(circle)
        n_therapists = np.bincount(np.unique(np.stack([circle, therapist[first]]), axis=1)[0], minlength=len(n_pairs))
        return int(n_pairs[n_therapists > 1].max(initial=0))

    @cached_property
    def team_of(self) -> Codes:
        """The team of each therapist, where nobody leads in two."""
        return np.asarray(np.argmax(self.weights > 0, axis=0), dtype=np.int64)


def membership_of(teams: Sequence[Sequence[int]]) -> Membership | None:
    """Who leads together; None where everybody leads alone, and a team is a therapist."""
    return Membership(tuple(tuple(team) for team in teams)) if any(len(team) > 1 for team in teams) else None
