"""The lab that tests of intake talk to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A lab in a home of its own that sends drawn tables."""
    return Lab(tmp_path / "home").draws()
