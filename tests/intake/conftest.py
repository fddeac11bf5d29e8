"""The lab that tests of intake talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lab import PAIR, Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab in a home of its own that sends drawn tables."""
    lab = Lab(tmp_path / "home", validates=True).draws()
    yield lab
    lab.leaves()


@pytest.fixture
def other(tmp_path: Path) -> Lab:
    """A lab with the small instrument (two items on two scales) and no layout yet."""
    lab = Lab(tmp_path / "home", validates=True)
    lab.uses(PAIR)
    return lab
