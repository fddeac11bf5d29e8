"""All hostile files."""

from __future__ import annotations

from tests.hostile import olds, packages, texts
from tests.hostile.made import MADE

CORPUS = tuple(MADE)
MAKERS = (olds, packages, texts)
