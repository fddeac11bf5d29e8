"""A home on the evening of the night that dies, that night undisturbed, and a process that has nights on demand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.death import home as lab_home
from tests.death.home import FIRST, SECOND, State, copy_home, make_lab, send_second, state_of, write_into
from tests.death.nights import Asked, Ended

ROOT = Path(__file__).resolve().parents[2]


class Nights:
    """Nights in processes of their own, had by `tests.death.nights`."""

    def __init__(self, serving: subprocess.Popen[str]) -> None:
        self._serving = serving

    def have(self, home: Path, night_on: str, **how: object) -> Ended:
        """Have a night and tell how it ended; whatever the end, no process of it may be left."""
        assert self._serving.stdin is not None
        assert self._serving.stdout is not None
        asked = Asked(str(home), night_on, **how)  # type: ignore[arg-type]
        self._serving.stdin.write(json.dumps(asdict(asked)) + "\n")
        self._serving.stdin.flush()
        ended = Ended(**json.loads(self._serving.stdout.readline()))
        assert ended.n_left == 0
        return ended


@pytest.fixture(scope="session")
def nights() -> Iterator[Nights]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FIDELITY_", "PREFECT_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.death.nights"],
        # a night that may not write leaves no half compiled module behind
        cwd=ROOT, env=environment | {"PYTHONDONTWRITEBYTECODE": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as serving:  # fmt: skip
        yield Nights(serving)


@pytest.fixture(scope="session")
def evening(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home before the night that dies: one night published, a therapist's answer in her sheet, the next sheets sent."""
    home = tmp_path_factory.mktemp("evening") / "home"
    lab = make_lab(home)
    assert nights.have(home, FIRST).exit_code == 0
    write_into(lab.settings.published / "supervision" / "SV-1" / "T-1.xlsx")
    send_second(lab)
    return home


@pytest.fixture(scope="session")
def before(evening: Path) -> State:
    """What people see on that evening."""
    return state_of(evening)


@pytest.fixture(scope="session")
def undisturbed(nights: Nights, evening: Path, tmp_path_factory: pytest.TempPathFactory) -> State:
    """What they see, and what is kept, after the night when nothing ends it."""
    home = copy_home(evening, tmp_path_factory.mktemp("undisturbed") / "home")
    assert nights.have(home, SECOND, with_children=True).exit_code == 0
    assert lab_home.lies_about(home) == []
    return state_of(home)
