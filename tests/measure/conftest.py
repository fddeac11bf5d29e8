"""The lab whose sheets are modelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab in a home of its own that sends drawn tables."""
    lab = Lab(tmp_path / "home").draws()
    yield lab
    lab.leaves()
