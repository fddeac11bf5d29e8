"""The restricted likelihood where therapists lead sessions together: blocks are circles of therapists, not therapists.

As in `flows.measure.likelihood`, ratings lie in sessions and sessions in patients; these lie in teams
(`flows.measure.membership`), and only raters run across circles. Within a circle of several, therapists' effects and
rater-by-therapist effects are columns Z with the weights of membership, and are taken out densely after the nested facets: with C
the columns' products under the inverse of what came before, and D the standard deviations, C - C Z D (I + D Z'C Z D)^-1 D Z'C
(Woodbury). Who leads alone is a block as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from flows.measure.blocks import Block, without_nested
from flows.measure.facets import THERAPIST, Codes
from flows.measure.likelihood import Nested, OfTherapist
from flows.measure.membership import Membership

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Circle(Block):
    """The ratings of therapists who lead together: after the fixed columns stand the therapists', then rater-by-therapist's.

    `at` is where the other columns stand in the whole system, `kept` which of all these are.
    """

    members: Codes
    n_crossed: int
    kept: Codes


class Together(Nested):
    """A design in which some sessions are led by several therapists; `facets` holds the team of each row as its therapist.

    The therapist facet must be one of its own (not merged with another).
    """

    def __init__(
        self, value: Numbers, facets: Mapping[str, Codes], membership: Membership, columns: Numbers | None = None
    ) -> None:
        self._membership, self._team = membership, facets[THERAPIST]
        circles = range(int(membership.circle.max()) + 1)
        self._members = [np.flatnonzero(membership.weights[membership.circle == c].any(axis=0)) for c in circles]
        super().__init__(value, facets, columns)
        self.n_therapists = membership.n_therapists

    @property
    def n_columns(self) -> int:
        """The unknowns of the largest system that is solved densely."""
        return max(super().n_columns, *(int(block.cross.shape[1]) for block in self._blocks))

    def _tops(self, facets: Mapping[str, Codes]) -> Codes:
        return self._membership.circle[facets[THERAPIST]]

    def _first_block(self, rows: Codes) -> Block:
        members = self._members[int(self._membership.circle[self._team[rows[0]]])]
        if len(members) < 2:
            return super()._first_block(rows)
        return self._circle(rows, members, np.zeros((len(rows), 0)), np.zeros(0, dtype=np.int64))

    def _circle(self, rows: Codes, members: Codes, more: Numbers, more_at: Codes) -> _Circle:
        """The circle of some rows; `members` have random effects; `more` are further fixed columns, with their places."""
        team, rater = self._team[rows], self._given[2]
        of_members = self._membership.columns(team)[:, members]
        of_crossed = np.zeros((len(rows), 0))
        if self.rater_therapist is not None and rater is not None:
            of_crossed = self._membership.columns(team, rater[rows])
        fixed = np.column_stack([self._fixed[rows], of_members, of_crossed, more])
        n_random = of_members.shape[1] + of_crossed.shape[1]
        places = np.concatenate([np.arange(self.n_fixed), np.full(n_random, -1), more_at])
        block = self._block(rows, fixed, places, [k for k in self._nested if k != self.therapist])
        kept = np.delete(np.arange(len(block.at)), np.arange(self.n_fixed, self.n_fixed + n_random))
        given = {field.name: getattr(block, field.name) for field in fields(Block)} | {"at": block.at[kept]}
        return _Circle(**given, members=members, n_crossed=of_crossed.shape[1], kept=kept)

    def _cleared(self, block: Block, theta: Numbers) -> tuple[Numbers, Numbers]:
        if not isinstance(block, _Circle):
            return super()._cleared(block, theta)
        cross, log_det = self._of_circle(block, theta)
        n = len(block.members)
        return cross[:, n:, n:], log_det

    def _level(self, number: int) -> int:
        return int(self._members[number][0])

    def _taken_in(self, number: int, block: Block, theta: Numbers) -> tuple[Numbers, Numbers, OfTherapist]:
        if not isinstance(block, _Circle):
            return super()._taken_in(number, block, theta)
        cross, log_det = self._of_circle(block, theta)
        n = len(block.members)
        own = np.diagonal(cross[:, :n, :n], axis1=1, axis2=2).T
        told = OfTherapist(block.members, block.at[:-1, None], cross[:, :n, n:].transpose(2, 1, 0), own)
        return cross[:, n:, n:], log_det, told

    def _of_circle(self, block: _Circle, theta: Numbers) -> tuple[Numbers, Numbers]:
        """Products of the therapists' columns, then of those kept, under V^-1 of all but the raters' severity; and log|V|."""
        cross, log_det = without_nested(block, theta)
        facets = [self.therapist] * len(block.members) + [self.rater_therapist] * block.n_crossed
        size = theta[:, np.array(facets, dtype=np.int64)]
        random = slice(self.n_fixed, self.n_fixed + size.shape[1])
        told = np.concatenate([np.arange(random.start, random.start + len(block.members)), block.kept])
        scaled = cross[:, random, :] * size[:, :, None]
        lower = np.linalg.cholesky(np.eye(size.shape[1]) + scaled[:, :, random] * size[:, None, :])
        half = np.linalg.solve(lower, scaled[:, :, told])
        log_det = log_det + 2 * np.sum(np.log(np.diagonal(lower, axis1=1, axis2=2)), axis=1)
        return np.asarray(cross[:, told[:, None], told] - np.matmul(half.transpose(0, 2, 1), half)), log_det

    def _timed(self, j: int, rows: Codes, time: Numbers) -> tuple[Block, Block]:
        """Her effect is a level of its own, with her weights; a session's time counts whole for each who led it."""
        number = int(np.flatnonzero([j in members for members in self._members])[0])
        first = self._blocks[number]
        if not isinstance(first, _Circle):
            return super()._timed(number, rows, time)
        weight, when = self._membership.weights[self._team, j], np.zeros(self.n)
        when[rows] = time
        is_dated = np.isin(np.arange(self.n), rows)
        of_circle = self._membership.circle[self._team] == number
        own = np.flatnonzero(of_circle & (is_dated | (weight == 0)))
        among = weight[own] if self._tells_alone else weight[~of_circle | is_dated | (weight == 0)]
        # who led every session has no level beside the mean
        chosen = [0, 1] if np.ptp(among) > 0 else [1]
        more = np.column_stack([weight[own], when[own]])[:, chosen]
        others = first.members[first.members != j]
        return first, self._circle(own, others, more, self._n_unknown + np.array(chosen))
