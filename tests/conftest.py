"""What every test stands on: an environment that says nothing about this machine's own homes and servers."""

from __future__ import annotations

import os

import pytest

import flows.settings  # noqa: F401 - before numpy: it keeps the linear algebra to one thread


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("FIDELITY_", "PREFECT_"))]:
        monkeypatch.delenv(name)
