"""Sheets of ours that a person wrote into: what she wrote stays, the rows that mention an erased person do not."""

from __future__ import annotations

from pathlib import Path

from flows.intake.door import Ground
from flows.intake.findings import Refused
from flows.intake.grid import limits_of, open_workbook
from flows.intake.redacted_copy import Changes, redacted_workbook
from flows.intake.text import text_of


def without_mentions(path: Path, ground: Ground) -> bytes | None:
    """The sheets' values without the rows that mention an erased person; None when the file cannot be read."""
    try:
        grids = open_workbook(path, path.suffix, limits_of(ground.settings)).grids(None, None)
        changes = {}
        for grid in grids:
            rows = {
                r for r, row in enumerate(grid.rows) if any(ground.erased.mentions(text_of(v)) for v in row if v != "")
            }
            changes[grid.name] = Changes(blank={(r, c) for r in rows for c in range(len(grid.rows[r]))})
        return redacted_workbook(grids, changes, ground.erased.mark(path.name))
    except Refused:
        return None
