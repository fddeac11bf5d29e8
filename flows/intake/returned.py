"""How a copy that was sent back is known again when the rater has mended it and drops it in the inbox.

Its first sheet, "What to mend", is ours and holds no rating; its name says which workbook it answers.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from flows.intake.grid import Grid

MEND_MARKER = "session-fidelity what to mend"  # in a hidden first row, so that it outlives other names and languages
MARKER_ROWS = 3
# sql/30_current/waiting.sql looks for the same mark
_ANSWERS = re.compile(r"~mend-[0-9a-f]{12}")


def is_mend_list(grid: Grid) -> bool:
    """Whether a sheet is the list that we put before a rater's own sheets."""
    return any(row[:1] == [MEND_MARKER] for row in grid.rows[:MARKER_ROWS])


def returned_name(stem: str, sha256: str) -> str:
    """The name of the copy that answers the workbook with these bytes."""
    return f"{stem}~mend-{sha256[:12]}.xlsx"


def own_stem(workbook: str) -> str:
    """A workbook's name without folders and ending, and without what a copy's name has more than the rater's own."""
    return _ANSWERS.sub("", PurePosixPath(workbook).stem)
