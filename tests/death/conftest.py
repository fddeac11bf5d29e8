"""A home on the evening of the night that dies, that night undisturbed, and a process that has nights on demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.prove.nights import Ended, Nights, serving_nights
from flows.prove.state import FIRST, SECOND, State, copy_home, differences, lies_about, state_of, whole
from flows.prove.trial import Bench, Evening
from tests.death.home import make_lab, send_second, write_into
from tests.support.made_once import made_once

ROOT = Path(__file__).resolve().parents[2]


class CleanNights:
    """Nights of which, whatever their end, no process may be left."""

    def __init__(self, nights: Nights) -> None:
        self._nights = nights

    def have(self, home: Path, night_on: str, **how: Any) -> Ended:
        """Have a night and tell how it ended."""
        ended = self._nights.have(home, night_on, **how)
        assert ended.n_left == 0
        return ended


@pytest.fixture(scope="session")
def nights() -> Iterator[CleanNights]:
    with serving_nights() as nights:
        yield CleanNights(nights)


@pytest.fixture(scope="session")
def evening(nights: CleanNights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home before the night that dies: one night published, a therapist's answer in her sheet, the next sheets sent."""

    def make(home: Path) -> None:
        lab = make_lab(home)
        assert nights.have(home, FIRST).exit_code == 0
        write_into(lab.settings.published / "supervision" / "SV-1" / "T-1.xlsx")
        send_second(lab)

    return made_once(tmp_path_factory, "evening", make)


@pytest.fixture(scope="session")
def before(evening: Path) -> State:
    """What people see on that evening."""
    return state_of(evening)


@pytest.fixture(scope="session")
def morning(nights: CleanNights, evening: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home after the night when nothing ends it."""

    def make(home: Path) -> None:
        copy_home(evening, home)
        assert nights.have(home, SECOND, with_children=True).exit_code == 0
        assert lies_about(home) == []

    return made_once(tmp_path_factory, "morning", make)


@pytest.fixture(scope="session")
def undisturbed(morning: Path) -> State:
    """What they see then, and what is kept."""
    return state_of(morning)


@pytest.fixture
def bench(nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path) -> Bench:
    """What trials stand on, with this evening's home."""
    return Bench(tmp_path, nights, Evening(evening, before, undisturbed))


def assert_whole(home: Path, before: State, after: State) -> None:
    """Each published file shows yesterday or today."""
    assert whole(home, before, after) == []


def assert_same(state: State, wanted: State, *, dated: bool) -> None:
    """One home tells the same as another."""
    assert differences(state, wanted, dated=dated) == []
