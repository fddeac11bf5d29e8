"""Which cells of a workbook go when some of its ratings go, so that no other rating loses anything.

Cells are blanked, never taken out: every other cell keeps its address. A sheet on which no rating stays goes whole. Elsewhere
go the rating's own cells, the rows and columns that are its alone, and every cell that mentions an erased person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flows.intake.cells import ERROR_CELL, UNCALCULATED_CELL
from flows.intake.erased import RATER, THERAPIST, Erased
from flows.intake.extract import FoundEvent, FoundRating
from flows.intake.fields import CO_THERAPIST
from flows.intake.grid import Grid
from flows.intake.redact_timeline import blank_timelines, identity_places
from flows.intake.redacted_copy import Cell, Changes
from flows.intake.text import place, text_of
from flows.intake.written import prepare, split_people
from schemas.layout import FieldSource, Layout

ID_FIELDS = ("session_id", "therapist_id", CO_THERAPIST, "patient_id", "rater_id")
HARMLESS_TITLE = "Erased "


@dataclass(slots=True)
class SheetRatings:
    """The ratings of one sheet: those that go, those that stay, and of these the ones that lose a therapist."""

    gone: list[FoundRating] = field(default_factory=list)
    kept: list[FoundRating] = field(default_factory=list)
    trimmed: list[FoundRating] = field(default_factory=list)


def plan_changes(
    grids: Sequence[Grid],
    ratings: Mapping[str, SheetRatings],
    unclaimed: Sequence[FoundEvent],
    layouts: Mapping[str, Layout],
    erased: Erased,
) -> dict[str, Changes]:
    """What changes in each sheet, by its name; `unclaimed` are lines of timelines that go with no rating."""
    changes = {grid.name: Changes() for grid in grids}
    kept = [rating for found in ratings.values() for rating in found.kept]
    gone = [rating for found in ratings.values() for rating in found.gone]
    needed = {place for rating in kept for place in _field_places(rating)} | identity_places(kept)
    needed -= _blank_signatures(kept, layouts, changes, erased)
    emptied = blank_timelines(grids, gone, kept, unclaimed, changes, erased)
    for grid in grids:
        found = ratings.get(grid.name, SheetRatings())
        _blank_ratings(grid, found, changes, needed)
        _blank_mentions(grid, changes[grid.name], needed, erased)
        is_empty = grid.name in emptied or (found.gone and not found.kept)
        if grid.name and (is_empty or erased.mentions(grid.name)):
            changes[grid.name].title = HARMLESS_TITLE + erased.mark(grid.name)[:6]
    for rating in kept:
        if rating.sheet in changes:
            changes[rating.sheet].errors |= _error_cells(rating)
    for found in ratings.values():
        for rating in found.trimmed:
            _trim(rating, layouts[rating.layout], changes, erased)
    return changes


def changes_anything(changes: Mapping[str, Changes], grids: Iterable[Grid]) -> bool:
    """Whether any cell or title would differ."""
    blanked = any(_value(grid, cell) != "" for grid in grids for cell in changes[grid.name].blank)
    return blanked or any(change.texts or change.title for change in changes.values())


def _value(grid: Grid, cell: Cell) -> object:
    row, column = cell
    return grid.rows[row][column] if row < len(grid.rows) and column < len(grid.rows[row]) else ""


def _places(rating: FoundRating) -> set[Cell]:
    """Where a rating's scores and remarks stand."""
    cells = [cell.cell for cell in rating.cells] + [cell for _item, cell, _remark in rating.comments]
    return {place(cell) for cell in cells if cell}


def _field_places(rating: FoundRating) -> set[tuple[str, Cell]]:
    """Where a rating's fields stand, with the sheet."""
    return {(found.sheet or rating.sheet, place(found.cell)) for found in rating.fields.values() if found.cell}


def names_signer(text: str, erased: Erased) -> bool:
    """Whether a signature is of someone who was erased, as a rater or a therapist."""
    return any(erased.names(kind, text) for kind in (RATER, THERAPIST)) or erased.mentions(text)


def _blank_signatures(
    kept: Iterable[FoundRating], layouts: Mapping[str, Layout], changes: Mapping[str, Changes], erased: Erased
) -> set[tuple[str, Cell]]:
    """Blank where erased supervisors signed consensuses that stay, and when: these then wait for another signature."""
    places: set[tuple[str, Cell]] = set()
    for rating in kept:
        source, signed = layouts[rating.layout].fields.get("signed_by"), rating.fields.get("signed_by")
        if signed is None or source is None or not names_signer(prepare(text_of(signed.value), source), erased):
            continue
        found = [rating.fields[name] for name in ("signed_by", "signed_on") if name in rating.fields]
        places |= {(f.sheet or rating.sheet, place(f.cell)) for f in found if f.cell}
    for sheet, cell in places:
        if sheet in changes:
            changes[sheet].blank.add(cell)
    return places


def _blank_ratings(
    grid: Grid, found: SheetRatings, changes: Mapping[str, Changes], needed: set[tuple[str, Cell]]
) -> None:
    if not found.gone:
        return
    for rating in found.gone:
        for sheet, cell in _field_places(rating) - needed:
            if sheet in changes:
                changes[sheet].blank.add(cell)
    whole = {(r, c) for r, row in enumerate(grid.rows) for c in range(len(row))}
    goes = _alone(grid, found) if found.kept else whole
    changes[grid.name].blank |= {cell for cell in goes if (grid.name, cell) not in needed}


def _alone(grid: Grid, found: SheetRatings) -> set[Cell]:
    """The cells of the ratings that go, and all of the rows and columns in which no rating that stays has a cell."""
    gone = {cell for rating in found.gone for cell in _places(rating)}
    kept = {cell for rating in found.kept for cell in _places(rating)}
    heads = {cell for rating in found.gone for _sheet, cell in _field_places(rating)}
    rows = {row for row, _ in gone} - {row for row, _ in kept}
    tops: dict[int, int] = {}
    for row, column in gone | heads:
        tops[column] = min(row, tops.get(column, row))
    for column in {column for _, column in kept} | ({c for _, c in heads} - {c for _, c in gone}):
        tops.pop(column, None)
    return (gone - kept) | {
        (r, c) for r, row in enumerate(grid.rows) for c in range(len(row)) if r in rows or (c in tops and r >= tops[c])
    }


def _blank_mentions(grid: Grid, changes: Changes, needed: set[tuple[str, Cell]], erased: Erased) -> None:
    """Cells that mention a person go; what names a rating that stays is its own, or would have gone with it."""
    changes.blank |= {
        (r, c)
        for r, row in enumerate(grid.rows)
        for c, value in enumerate(row)
        if value != "" and (grid.name, (r, c)) not in needed and erased.mentions(text_of(value))
    }


def _error_cells(rating: FoundRating) -> set[Cell]:
    return {place(cell.cell) for cell in rating.cells if cell.text in (ERROR_CELL, UNCALCULATED_CELL)}


def _trim(rating: FoundRating, layout: Layout, changes: Mapping[str, Changes], erased: Erased) -> None:
    """Leave a rating of several therapists to those who were not erased: theirs move up into the first cell."""
    left: list[str] = []
    first, second = rating.fields.get("therapist_id"), rating.fields.get(CO_THERAPIST)
    source = layout.fields.get("therapist_id")
    for name, found in (("therapist_id", first), (CO_THERAPIST, second)):
        if found is not None:
            left += _not_erased(text_of(found.value), layout.fields.get(name), erased)  # type: ignore[call-overload]
    mark = source.several if isinstance(source, FieldSource) else None
    between = ", " if mark is True else f" {mark} "
    texts = [between.join(left), ""] if mark else [*left, "", ""]
    for found, text in zip((first, second), texts, strict=False):
        if found is not None and found.cell:
            sheet = changes[found.sheet or rating.sheet]
            sheet.texts[place(found.cell)] = text
            sheet.blank.discard(place(found.cell))


def _not_erased(text: str, source: FieldSource | None, erased: Erased) -> list[str]:
    return [
        part
        for part in split_people(text, source)
        if part and not erased.names(THERAPIST, part if source is None else prepare(part, source))
    ]
