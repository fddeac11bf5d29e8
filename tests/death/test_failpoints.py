"""A night that ends at any of its failpoints loses nothing: the nights after it tell what an undisturbed one tells.

By default each home sees ten nights end, each further on than the last, before one is let through, and every failpoint
has its turn; with `DEATH_THOROUGH=1` every failpoint ends a home's only bad night, in every way and before both kinds of
next night.
"""

from __future__ import annotations

import os
import re
import signal
from itertools import product
from pathlib import Path

import pytest

from flows.errors import NightFailed
from flows.failpoints import EXIT_CODE, FAILPOINTS, KEEPING_FAILPOINTS, OTHER_FAILPOINTS
from flows.prove.state import SECOND, THIRD, State, copy_home, lies_about, state_of
from tests.death.conftest import CleanNights, assert_same, assert_whole

ROOT = Path(__file__).resolve().parents[2]
IDLE = "between renewals"  # on a night that brings nothing new only
WITH_CHILDREN = "while children read"
# A failpoint that is reached several times ends the night the second time.
AGAIN = (
    "between copies",
    "between originals",
    "between swaps",
    "workbooks noted",
    "between workbooks",
    "between files cleared",
)
CODES = {"exit": EXIT_CODE, "kill": -signal.SIGKILL, "raise": NightFailed.exit_code}
POINTS = [name for name in FAILPOINTS if name != IDLE]
N_CHAINS = 4


def chains() -> list[tuple[str, ...]]:
    """Which failpoints end the nights of each home, one after the other."""
    if "DEATH_THOROUGH" in os.environ:
        return [(f"{name}: {mode}",) for name, mode in product(POINTS, CODES)]
    modes = list(CODES)
    return [
        tuple(f"{name}: {modes[(k + n) % 3]}" for k, name in enumerate(POINTS[n::N_CHAINS])) for n in range(N_CHAINS)
    ]


def asked(ending: str) -> str:
    """How a failpoint is asked for."""
    return f"{ending}, 2" if ending.split(":")[0] in AGAIN else ending


@pytest.mark.parametrize("chain", chains(), ids=" - ".join)
def test_nights_that_end_at_failpoints_lose_nothing(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path, chain: tuple[str, ...]
) -> None:
    for k, after in enumerate((SECOND, THIRD) if "DEATH_THOROUGH" in os.environ else (SECOND,)):
        end_nights(nights, copy_home(evening, tmp_path / str(k)), before, undisturbed, chain, after)


@pytest.mark.parametrize("name", ["before receipt", "between originals", "between swaps"])
def test_the_night_of_the_next_date_makes_up_for_one_that_was_killed(
    nights: CleanNights, evening: Path, before: State, undisturbed: State, tmp_path: Path, name: str
) -> None:
    home = copy_home(evening, tmp_path / "home")
    end_nights(nights, home, before, undisturbed, (f"{name}: kill",), THIRD)
    # what a receipt noted counts from the night that was killed, and all else from the night that saw it
    received = {row[2].date().isoformat() for row in state_of(home).history["workbook"] if row[0] == "new.xlsx"}
    assert received == {THIRD if name == "before receipt" else SECOND}


def test_a_night_without_news_that_is_killed_is_made_up_for(
    nights: CleanNights, morning: Path, undisturbed: State, tmp_path: Path
) -> None:
    home = copy_home(morning, tmp_path / "home")
    assert nights.have(home, THIRD, failpoint=f"{IDLE}: kill").exit_code == -signal.SIGKILL
    assert_whole(home, undisturbed, undisturbed)
    assert nights.have(home, THIRD).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=True)
    assert lies_about(home) == []


def end_nights(
    nights: CleanNights, home: Path, before: State, undisturbed: State, chain: tuple[str, ...], after: str
) -> None:
    """Have nights that end as the chain says, then one of the date `after` that is let through."""
    night_on = SECOND
    for ending in chain:
        name, _, mode = ending.partition(": ")
        ended = nights.have(home, night_on, failpoint=asked(ending), with_children=name == WITH_CHILDREN)
        assert ended.exit_code == CODES[mode], (ending, ended.said)
        assert_whole(home, before, undisturbed)
        night_on = after
    assert nights.have(home, after).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=after == SECOND)
    assert list(home.glob("raw/inbox/**/*.*s*")) == list(home.glob("raw/inbox/~$*"))
    assert lies_about(home) == []


def test_every_failpoint_stands_somewhere_in_the_night_and_no_other() -> None:
    texts = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "flows").rglob("*.py") if p.stem != "failpoints")
    named = re.findall(r'(?:reached\(|, )"([^"]+)"\)', texts)
    assert {*FAILPOINTS, *OTHER_FAILPOINTS} <= set(named)
    assert set(re.findall(r'reached\("([^"]+)"\)', texts)) <= {*FAILPOINTS, *OTHER_FAILPOINTS, *KEEPING_FAILPOINTS}
