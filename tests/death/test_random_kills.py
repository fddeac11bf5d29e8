"""A night killed at any moment, wherever it happens to be, working children and all, loses nothing.

`DEATH_KILLS=200` tries two hundred moments instead of one, and `DEATH_SEED=7` draws others;
`test_prove.py` tries the first of seed 1.
"""

from __future__ import annotations

import dataclasses
import os

from flows.prove.kills import draw_kills, try_kills
from flows.prove.trial import Bench, Figures

N_KILLS = int(os.environ.get("DEATH_KILLS", "1"))
SEED = int(os.environ.get("DEATH_SEED", "2"))


def test_nights_killed_at_any_moment_lose_nothing(bench: Bench) -> None:
    figures = try_kills(dataclasses.replace(bench, n_kills=N_KILLS, seed=SEED, say=print))
    assert dataclasses.replace(figures, note="") == Figures(N_KILLS, N_KILLS, 0)


def test_many_kills_are_of_every_kind_and_reach_every_part_of_the_night() -> None:
    kills = draw_kills(100, 1)
    assert [int(kill.moments[0] * 100) for kill in kills] == list(range(100))
    assert {kill.with_children for kill in kills} == {True, False}
    assert {kill.kill_child for kill in kills} == {True, False}
    assert {len(kill.moments) for kill in kills} == {1, 2}
    assert {kill.next_on for kill in kills} == {"2026-07-08", "2026-07-09"}
