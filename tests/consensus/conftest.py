"""The lab that agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consensus.agreeing import Agreeing
from tests.keeping.homes import without_models


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agreeing]:
    """A lab in a home of its own; no model is fitted, as nobody asks for estimates here."""
    without_models(monkeypatch)
    lab = Agreeing(tmp_path / "home")
    yield lab
    lab.leaves()
