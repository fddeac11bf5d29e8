"""The lab whose sheets are sent back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.returned.returning import ReturningLab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReturningLab]:
    """A lab in a home of its own that sends drawn tables and gets them back; copies are made in this process."""
    lab = ReturningLab(tmp_path / "home")
    lab.draws()
    lab.makes_copies_here(monkeypatch)
    yield lab
    lab.leaves()
