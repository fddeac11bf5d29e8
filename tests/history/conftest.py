"""The labs that tests of history talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.history.past_nights import PastNights
from tests.keeping.homes import without_models


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PastNights]:
    """A lab of two supervisors that publishes its nights; without models, which `test_as_of` has."""
    without_models(monkeypatch)
    lab = PastNights(tmp_path / "home", monkeypatch)
    yield lab
    lab.leaves()
