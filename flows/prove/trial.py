"""What a trial is, what it stands on, and the figures it comes to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows.prove.nights import Have
from flows.prove.state import SECOND, NotWhole, State, copy_home, differences, lies_about, lost, state_of, whole


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a trial: how often it was tried, how often it was survived, and how much was lost or counted twice."""

    tried: int
    survived: int
    lost: int = 0
    note: str = ""
    wrong: tuple[str, ...] = ()  # the first things that were not as they should be; no cell's content

    @property
    def holds(self) -> bool:
        """Whether something was tried, all of it was survived, and nothing was lost."""
        return self.tried > 0 and self.survived == self.tried and not self.lost


@dataclass(frozen=True, slots=True)
class Evening:
    """A home before the night that is disturbed, what people see then, and what they see after that night undisturbed."""

    home: Path
    before: State
    undisturbed: State


@dataclass(frozen=True, slots=True)
class Bench:
    """What trials stand on."""

    folder: Path  # for their homes
    nights: Have
    evening: Evening
    n_kills: int = 0
    seed: int = 0
    say: Callable[[str], None] = field(default=lambda _line: None)  # progress: counts only

    @contextmanager
    def home(self, name: str) -> Iterator[Path]:
        """The evening's home in another place; it goes with the block unless the block fails."""
        home = copy_home(self.evening.home, self.folder / name)
        yield home
        shutil.rmtree(home)


@dataclass(frozen=True, slots=True)
class Trial:
    """One kind of trouble: its name, what is tried in one line, and the trying of it."""

    name: str
    what: str
    run: Callable[[Bench], Figures]


def figures_of(tries: Iterable[tuple[list[str], int]], note: str = "") -> Figures:
    """Figures of tries, each told as what went wrong in it and how much was lost."""
    told = list(tries)
    wrong = [sentence for sentences, _ in told for sentence in sentences]
    n_survived = sum(not sentences and not n_lost for sentences, n_lost in told)
    return Figures(len(told), n_survived, sum(n for _, n in told), note, tuple(dict.fromkeys(wrong)))


def made_up_for(bench: Bench, home: Path, night_on: str = SECOND) -> tuple[list[str], int]:
    """Whether what people see is whole after a disturbed night, and right after the next one; and how much is lost then."""
    before, undisturbed = bench.evening.before, bench.evening.undisturbed
    try:
        wrong = whole(home, before, undisturbed)
        ended = bench.nights.have(home, night_on)
        if ended.exit_code:
            wrong.append(f"the night after it ended with exit code {ended.exit_code}")
        state = state_of(home)
    except NotWhole as broken:
        return [str(broken)], 0
    wrong += differences(state, undisturbed, dated=night_on == SECOND) + lies_about(home)
    return wrong, lost(state, undisturbed)
