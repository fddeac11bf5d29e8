"""Homes whose nights run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.keeping.homes import Home, reads_here


@pytest.fixture
def home_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Home]:
    """Makes a home under a name."""
    reads_here(monkeypatch)

    def make(name: str = "home", **settings: Any) -> Home:
        (tmp_path / name / "raw").mkdir(parents=True)
        return Home(tmp_path / name, **settings)

    return make
