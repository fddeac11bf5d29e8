"""The lab that hostile files are sent to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab in a home of its own that sends drawn tables."""
    lab = Lab(tmp_path / "home", validates=True).draws()
    yield lab
    lab.leaves()
