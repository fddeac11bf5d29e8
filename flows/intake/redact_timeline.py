"""Which cells of a workbook's timelines go when some of its ratings go, and whether a copy's timelines say what they said.

A line goes with its rating. Lines that no rating claims go as soon as anything of their workbook goes, or when they name an
erased rater: nobody can say whose they are. A sheet on which no line of a rating that stays is left goes whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from flows.intake.erased import RATER, THERAPIST, Erased
from flows.intake.extract import FoundEvent, FoundRating
from flows.intake.frames import Readers
from flows.intake.grid import Grid
from flows.intake.redacted_copy import Cell, Changes
from flows.intake.text import place, text_of
from flows.intake.timeline import Event

IDENTITY = ("session_id", "rater_id", "role")


def identity_places(ratings: Iterable[FoundRating]) -> set[tuple[str, Cell]]:
    """Where the lines of ratings that stay say whose they are."""
    return {
        (line.sheet, place(line.fields[name].cell))
        for rating in ratings
        for line in rating.events
        for name in IDENTITY
        if name in line.fields and line.fields[name].cell
    }


def blank_timelines(
    grids: Sequence[Grid],
    gone: Sequence[FoundRating],
    kept: Sequence[FoundRating],
    unclaimed: Sequence[FoundEvent],
    changes: Mapping[str, Changes],
    erased: Erased,
) -> list[str]:
    """Blank the lines that go; gives back the sheets of which nothing is left."""
    theirs = [line for rating in gone for line in rating.events]
    theirs += [line for line in unclaimed if gone or _names_rater(line, erased)]
    staying = {(line.sheet, line.row) for rating in kept for line in rating.events}
    needed = identity_places(kept)
    emptied = []
    for grid in grids:
        rows = {line.row for line in theirs if line.sheet == grid.name}
        if rows and not any(sheet == grid.name for sheet, _row in staying):
            rows = set(range(len(grid.rows)))
            emptied.append(grid.name)
        if rows:
            changes[grid.name].blank |= {
                (r, c) for r in rows for c in range(len(grid.rows[r])) if (grid.name, (r, c)) not in needed
            }
    return emptied


def _names_rater(line: FoundEvent, erased: Erased) -> bool:
    said = line.fields.get("rater_id")
    return said is not None and any(erased.names(kind, text_of(said.value)) for kind in (RATER, THERAPIST))


def timelines_agree(hers: FoundRating, copied: FoundRating, readers: Readers, changes: Mapping[str, Changes]) -> bool:
    """Whether a copied rating's timeline says what it said, but for words that went and the names of sheets."""
    before, slips = readers.read_timeline(hers)
    after, slips_after = readers.read_timeline(copied)
    notes = {(e.sheet, e.cell) for e in before if _note_went(hers, e, changes)}
    left = [replace(e, note=None) if (e.sheet, e.cell) in notes else e for e in before]
    return [_said(e, changes) for e in left if e.told or e.note] == [_said(e, {}) for e in after] and [
        slip.code for slip in slips
    ] == [slip.code for slip in slips_after]


def _said(event: Event, changes: Mapping[str, Changes]) -> tuple[object, ...]:
    title = changes[event.sheet].title if event.sheet in changes else ""
    return (event.told, event.note, title or event.sheet, event.cell)


def _note_went(rating: FoundRating, event: Event, changes: Mapping[str, Changes]) -> bool:
    blank = changes[event.sheet].blank if event.sheet in changes else set()
    lines = [line for line in rating.events if (line.sheet, line.cell) == (event.sheet, event.cell)]
    notes = [line.fields["note"] for line in lines if "note" in line.fields]
    return any(note.cell and place(note.cell) in blank for note in notes)
