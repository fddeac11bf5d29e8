"""A night killed at any moment, wherever it happens to be, reading children and all, loses nothing.

`DEATH_KILLS=200` tries two hundred moments instead of a few, and `DEATH_SEED=7` draws others.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from tests.death.conftest import Nights
from tests.death.home import SECOND, THIRD, State, assert_same, assert_whole, copy_home, lies_about, state_of

N_KILLS = int(os.environ.get("DEATH_KILLS", "3"))
SEED = int(os.environ.get("DEATH_SEED", "1"))


@pytest.fixture(scope="session")
def night_seconds(nights: Nights, evening: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long such a night takes here and now."""
    home = copy_home(evening, tmp_path_factory.mktemp("timed") / "home")
    return nights.have(home, SECOND, with_children=True).seconds


@pytest.mark.parametrize("k", range(N_KILLS))
def test_a_night_killed_at_any_moment_loses_nothing(
    nights: Nights, evening: Path, before: State, undisturbed: State, night_seconds: float, tmp_path: Path, k: int
) -> None:
    draw = random.Random(f"{SEED} {k}")
    # One in each part of the night, so that few kills are spread over all of it.
    moment = (k % N_KILLS + draw.random()) / N_KILLS * night_seconds
    home, next_on = copy_home(evening, tmp_path / "home"), draw.choice((SECOND, THIRD))
    ended = nights.have(home, SECOND, with_children=True, kill_after_seconds=moment)
    assert ended.exit_code in (0, -signal.SIGKILL)
    assert_whole(home, before, undisturbed)
    assert nights.have(home, next_on).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=next_on == SECOND)
    assert lies_about(home) == []
