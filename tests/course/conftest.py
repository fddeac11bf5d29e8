"""The moving lab, made once: no test changes it."""

from __future__ import annotations

import pytest

from tests.course.moving import moving_lab
from tests.support.drawn_ratings import Ratings


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Ratings:
    """The lab of `moving`, with every table made."""
    return moving_lab(tmp_path_factory.mktemp("home"))
