"""pandera checks frames without pandas, and refuses what it should as ever."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = """
import sys
import flows.intake.pool
from schemas.frames import Comment, FrameBroken, validated
try:
    validated(Comment, [("r", "item", "A1 or so", "text")])
except FrameBroken as broken:
    print(broken)
print("pandas" in sys.modules)
import pandas
print(pandas.Series([1]).sum())
"""


def test_a_reading_child_checks_its_frames_without_importing_pandas_and_may_import_it_later() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True).stdout
    broken, has_pandas, total = told.splitlines()
    assert broken.startswith("The frame Comment breaks its schema: cell ")
    assert "A1 or so" not in broken
    assert (has_pandas, total) == ("False", "1")
