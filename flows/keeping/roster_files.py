"""The roster is the lab's own; an erased person's lines go from it all the same, or the next night would bring them back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, ZipError

from flows.errors import RosterWrong
from flows.intake.erased import RATER, THERAPIST, Erased
from flows.intake.grid import Grid, decode, find_delimiter
from flows.intake.inbox import write_whole
from flows.intake.parts import mentions_in_bytes
from flows.intake.redacted_copy import Changes, redacted_text, redacted_workbook
from flows.intake.roster import COLUMNS
from flows.intake.text import Value, comparable, text_of
from flows.settings import MIB, Settings
from schemas.roster import spellings

_KIND = {
    "therapist_id": (THERAPIST,),
    "rater_id": (RATER,),
    "supervisor_id": (THERAPIST, RATER),
    "also_written": (RATER,),
}
_CELL_ONLY = ("supervisor_id",)  # the line is about someone else


def sweep_roster(settings: Settings, erased: Erased) -> int:
    """Blank an erased person's lines in every roster file; how many lines. Only values outlive it: formulas and remarks do not.

    Raises:
        RosterWrong: raw/roster.xlsx cannot be opened.
    """
    n_lines = 0
    workbook = settings.raw / "roster.xlsx"
    if workbook.exists():
        n_lines += _sweep_workbook(workbook, erased, settings.max_unpacked_mib * MIB)
    for name in COLUMNS:
        path = settings.raw / f"{name}.csv"
        if path.exists():
            n_lines += _sweep_text(path, name, erased)
    return n_lines


def _sweep_workbook(path: Path, erased: Erased, unpacked_bytes: int) -> int:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            grids = [
                _grid(
                    sheet.name,
                    sheet.visible != SheetVisibleEnum.Visible,
                    book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False),
                )
                for sheet in book.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet
            ]
    except (CalamineError, ZipError, OSError):
        raise RosterWrong(
            "raw/roster.xlsx cannot be opened. Save it again as an Excel workbook without a password."
        ) from None
    found = {grid.name: _changes(grid.rows, comparable(grid.name), erased) for grid in grids}
    n_lines = sum(n for _change, n in found.values())
    if n_lines or mentions_in_bytes(path, erased, unpacked_bytes):
        changes = {name: change for name, (change, _n) in found.items()}
        write_whole(path, redacted_workbook(grids, changes, erased.mark("roster")))
    return n_lines


def _sweep_text(path: Path, table: str, erased: Erased) -> int:
    text = decode(path.read_bytes(), None)
    delimiter = find_delimiter(text)
    rows: list[list[Value]] = [[*row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    changes, n_lines = _changes(rows, table, erased)
    if n_lines:
        write_whole(path, redacted_text(_grid("", False, rows), changes, delimiter))
    return n_lines


def _grid(name: str, is_hidden: bool, rows: list[list[Value]]) -> Grid:
    return Grid(name, is_hidden=is_hidden, _read=lambda: (rows, ()))


def _changes(rows: Sequence[Sequence[Value]], table: str, erased: Erased) -> tuple[Changes, int]:
    """What changes in one table of the roster, and in how many lines."""
    header = [comparable(text_of(cell)).replace(" ", "_") for cell in rows[0]] if rows else []
    changes, n_lines = Changes(), 0
    for r, row in enumerate(rows):
        texts = [text_of(cell) for cell in row]
        hits = [c for c, text in enumerate(texts) if text and _is_hit(header, c, text, erased)]
        if not hits:
            continue
        n_lines += 1
        is_other = all(c < len(header) and header[c] in _CELL_ONLY for c in hits) and table in COLUMNS
        changes.blank |= {(r, c) for c in (hits if is_other else range(len(row)))}
    return changes, n_lines


def _is_hit(header: Sequence[str], column: int, text: str, erased: Erased) -> bool:
    kinds = _KIND.get(header[column], ()) if column < len(header) else ()
    return erased.mentions(text) or any(erased.names(kind, part) for kind in kinds for part in (text, *spellings(text)))
