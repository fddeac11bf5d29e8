"""Telling a past night again, and taking a rating back, may be killed at any moment like a night."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from flows.failpoints import OTHER_FAILPOINTS
from flows.prove.state import (
    FIRST,
    SECOND,
    THIRD,
    State,
    copy_home,
    lies_about,
    published_files,
    shown,
    state_of,
    undated,
)
from tests.death.conftest import CleanNights, assert_same

KILLED = -signal.SIGKILL
PAST = f"as-of/{FIRST}/"
PAST_POINTS = [*(name for name in OTHER_FAILPOINTS if "past" in name), "between swaps"]
WITHDRAWAL_POINTS = [*(name for name in OTHER_FAILPOINTS if "withdrawal" in name), "between swaps"]


def bytes_of(home: Path) -> dict[str, bytes]:
    """Every published file as it is, past publications aside."""
    return {name: path.read_bytes() for name, path in published_files(home).items() if not name.startswith("as-of")}


def past_of(home: Path) -> dict[str, object]:
    """What the publication of the first night shows, told again."""
    files = {n.removeprefix(PAST): path for n, path in published_files(home).items() if n.startswith(PAST)}
    return {name: undated(shown(path)) for name, path in files.items()}


def test_a_past_night_that_is_killed_touches_no_publication_and_is_told_by_the_next(
    nights: CleanNights, evening: Path, before: State, tmp_path: Path
) -> None:
    home = copy_home(evening, tmp_path / "home")
    there = bytes_of(home)
    assert nights.have(home, FIRST, instead="as-of").exit_code == 0
    for name in PAST_POINTS:
        assert nights.have(home, FIRST, instead="as-of", failpoint=f"{name}: kill").exit_code == KILLED, name
        assert bytes_of(home) == there
    assert nights.have(home, FIRST, instead="as-of").exit_code == 0
    wanted = {name: undated(content) for name, content in before.published.items()}
    assert {name: content for name, content in past_of(home).items() if name != "supervision/SV-1/T-1.xlsx"} == {
        name: content
        for name, content in wanted.items()
        if name != "supervision/SV-1/T-1.xlsx"  # has her answer in it
    }
    assert bytes_of(home) == there
    assert lies_about(home) == []


def test_a_past_night_that_is_killed_leaves_nothing_behind_after_the_next_night(
    nights: CleanNights, evening: Path, undisturbed: State, tmp_path: Path
) -> None:
    home = copy_home(evening, tmp_path / "home")
    assert nights.have(home, FIRST, instead="as-of", failpoint="past copied: kill").exit_code == KILLED
    assert nights.have(home, SECOND).exit_code == 0
    assert_same(state_of(home), undisturbed, dated=True)
    assert lies_about(home) == []


@pytest.fixture(scope="module")
def withdrawn(nights: CleanNights, evening: Path, tmp_path_factory: pytest.TempPathFactory) -> State:
    """What people see the night after a withdrawal that nothing ended."""
    home = copy_home(evening, tmp_path_factory.mktemp("withdrawn") / "home")
    assert nights.have(home, SECOND, instead="withdraw").exit_code == 0
    after = shown(published_files(home)["fidelity.duckdb"])
    assert [row[0] for row in after["supervision.session_item"] if row[5] == "R-1"] == []
    assert {row[-4] for row in after["audit.change"]} == {"the wrong recording"}
    assert nights.have(home, THIRD).exit_code == 0
    return state_of(home)


@pytest.mark.parametrize("name", WITHDRAWAL_POINTS)
def test_a_withdrawal_that_is_killed_is_whole_or_was_never_made(
    nights: CleanNights, evening: Path, withdrawn: State, tmp_path: Path, name: str
) -> None:
    home = copy_home(evening, tmp_path / "home")
    there = bytes_of(home)
    assert nights.have(home, SECOND, instead="withdraw", failpoint=f"{name}: kill").exit_code == KILLED
    if name in OTHER_FAILPOINTS:
        assert bytes_of(home) == there
    if name == "withdrawal written":
        assert nights.have(home, SECOND, instead="withdraw").exit_code == 0
    else:
        told = nights.have(home, SECOND, instead="withdraw")
        assert told.exit_code == 2
        assert "withdrawn already, on 2026-07-08" in told.said
    assert nights.have(home, THIRD).exit_code == 0
    assert_same(state_of(home), withdrawn, dated=False)  # a sheet with her answer in it is set aside a night later
    assert lies_about(home) == []
