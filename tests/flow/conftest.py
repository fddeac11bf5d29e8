"""Homes and engines for flow tests. Few tests ask for an engine; everything else calls plain functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.settings import load_settings, prefect_switches
from flows.start import prepare_engine
from tests.flow.server import PATIENCE_SECONDS, ROOT, Server, server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def environment(home: Path) -> dict[str, str]:
    """What an operator exports; nothing of this machine's own Prefect is in it."""
    settings = load_settings(home)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FIDELITY_"))}
    switches = dict(prefect_switches(settings))
    prepare_engine(settings, switches)
    return {**kept, **switches, "FIDELITY_HOME": str(home)}


@pytest.fixture(scope="module")
def prefect_server(environment: dict[str, str], home: Path) -> Iterator[Server]:
    with server(environment, home) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Nights:
    """What a process that ran tiny nights answered, by night, and everything it printed."""

    answers: dict[str, dict[str, Any]]
    printed: str


def run_nights(home: Path, environment: dict[str, str], *names: str) -> Nights:
    """Run tiny nights, one after the other, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.flow.nights", str(home), *names],
        cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = {night["night"]: night for night in map(json.loads, done.stdout.splitlines())}
    return Nights(answers, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def temporary(home: Path, environment: dict[str, str]) -> Nights:
    """Two nights on a temporary server, which the second one loses."""
    return run_nights(home, environment, "whole", "without_server")


@pytest.fixture(scope="module")
def served(home: Path, prefect_server: Server) -> Nights:
    """Nights of all kinds on a running server, which is told as much as Prefect ever tells."""
    told_all = {**prefect_server.environment, "PREFECT_LOGGING_LEVEL": "DEBUG"}
    return run_nights(home, told_all, "unforeseen", "foreseen", "between_steps", "passing", "whole")
