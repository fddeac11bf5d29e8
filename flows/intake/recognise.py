"""Which layout describes a sheet, and where in the sheet everything stands. The sheet's own words decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flows.intake.grid import Grid
from flows.intake.text import Value, column_number, comparable, place, text_of
from schemas.instrument import Instrument
from schemas.layout import FieldName, Layout

LOOKED_AT = 200  # rows in which labels and headers are looked for


class Lookup:
    """The texts that mean an item or a scale: the layout's own, then ids, numbers and titles where unambiguous."""

    def __init__(self, layout: Layout, instrument: Instrument) -> None:
        scales = [(s.id, (s.id, s.title)) for s in instrument.scales]
        items = [(i.id, (i.id, i.title, str(i.number))) for i in instrument.items]
        self.items = _lookup(layout.items, items)
        self.scales = _lookup(layout.scales, scales)
        self.only_scale = instrument.scales[0].id if len(instrument.scales) == 1 else None
        self.ignored = {comparable(text) for text in layout.table.ignore_items}


def _lookup(own: Mapping[str, str], known: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for meant, texts in known:
        for text in texts:
            found.setdefault(comparable(text), meant)
    return found | {comparable(text): meant for text, meant in own.items()}


@dataclass(frozen=True)
class ScoreColumn:
    """A column of rating cells, and what its headers say about every cell below them."""

    column: int
    says: Mapping[str, str]  # field -> text; `item` and `scale` hold ids

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What the headers say of who, whom and when."""
        return tuple((name, text) for name, text in self.says.items() if name not in ("item", "scale"))


@dataclass(frozen=True, slots=True)
class Fit:
    """A layout laid over a sheet: the 0-based places of its labels, columns and first row. `problems` empty: it fits."""

    layout: Layout
    grid: Grid
    labels: Mapping[FieldName, tuple[int, int]] = field(default_factory=dict)
    columns: Mapping[FieldName, int] = field(default_factory=dict)
    scores: tuple[ScoreColumn, ...] = ()
    first_row: int = 0
    problems: tuple[str, ...] = ()
    n_found: int = 0  # how much of the layout was found: tells the nearest layout when none fits


class Sheet:
    """A grid with its texts indexed, made once and held against every layout."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    @cached_property
    def places(self) -> dict[str, list[tuple[int, int]]]:
        """Comparable text -> where it stands, top to bottom, in the rows looked at."""
        places: dict[str, list[tuple[int, int]]] = {}
        for r, row in enumerate(self.grid.rows[:LOOKED_AT]):
            for c, value in enumerate(row):
                if value != "" and isinstance(value, str):
                    places.setdefault(comparable(value), []).append((r, c))
        return places

    def has(self, text: str) -> bool:
        """Whether some cell holds the text, alone or among other words."""
        wanted = comparable(text)
        return wanted in self.places or any(wanted in said for said in self.places)

    def where(self, texts: Iterable[str]) -> list[tuple[int, int]]:
        """Where any of the texts is the whole of a cell, top to bottom."""
        return sorted(p for text in texts for p in self.places.get(comparable(text), ()))


def fit_layout(sheet: Sheet, layout: Layout, instrument: Instrument, lookup: Lookup) -> Fit:
    """Lay a layout over a sheet and say what does not fit, in words for the person who describes sheets."""
    problems = _choice_problems(sheet, layout)
    if problems:
        return Fit(layout, sheet.grid, problems=tuple(problems))
    labels, missing_labels = _find_labels(sheet, layout)
    header, missing_columns = _find_header(sheet, layout)
    problems = missing_labels + missing_columns
    if header is None:
        n_labels = sum(1 for s in layout.fields.values() if s.label) - len(missing_labels)
        return Fit(layout, sheet.grid, labels, problems=tuple(problems), n_found=n_labels)
    columns = _find_columns(sheet, layout, header)
    scores, more = _find_scores(sheet, layout, header, set(columns.values()), lookup)
    if "value" not in columns:
        problems += more or _absent_scores(layout, scores, instrument)
    return Fit(
        layout,
        sheet.grid,
        labels,
        columns,
        scores,
        header + 1,
        tuple(problems),
        len(labels) + len(columns) + len(scores),
    )


def _choice_problems(sheet: Sheet, layout: Layout) -> list[str]:
    name, choice = comparable(sheet.grid.name), layout.sheet
    if sheet.grid.is_hidden and not choice.hidden:
        return ["the sheet is hidden"]
    if choice.name and sheet.grid.name and name not in {comparable(n) for n in choice.name}:
        return [f"the sheet is not called {' or '.join(choice.name)}"]
    if choice.pattern and sheet.grid.name and not re.search(choice.pattern, sheet.grid.name):
        return [f"the sheet's name does not match {choice.pattern}"]
    absent = [f"the sheet does not say “{text}”" for text in layout.says if not sheet.has(text)]
    return absent + [f"the sheet says “{text}”" for text in layout.says_not if sheet.has(text)]


def _find_labels(sheet: Sheet, layout: Layout) -> tuple[dict[FieldName, tuple[int, int]], list[str]]:
    found: dict[FieldName, tuple[int, int]] = {}
    problems: list[str] = []
    for name, source in layout.fields.items():
        if source.cell:
            found[name] = place(source.cell)
        elif source.label:
            places = sheet.where(source.label)
            if places:
                row, column = places[0]
                found[name] = (row, column + 1) if source.where == "right" else (row + 1, column)
            elif source.required is not False:
                problems.append(f"there is no cell “{' / '.join(source.label)}” ({name})")
    return found, problems


def _find_header(sheet: Sheet, layout: Layout) -> tuple[int | None, list[str]]:
    """The 0-based last header row: the highest that has every needed column, or what is missing from the best one."""
    needed = {n: s.column for n, s in layout.fields.items() if s.column and s.required is not False}
    needed |= {f"{s.item}, {s.scale}": s.header for s in layout.table.scores}  # type: ignore[misc]
    if layout.table.header_row is not None:
        candidates = [layout.table.header_row - 1]
    elif needed:
        candidates = sorted({r for texts in needed.values() for r, _ in sheet.where(texts)})
    else:
        candidates = sorted({r for text in layout.scales for r, _ in sheet.where([text])}) or [
            layout.table.header_rows - 1
        ]
    best: tuple[int | None, list[str]] = (
        None,
        [f"there is no column “{' / '.join(t)}” ({n})" for n, t in needed.items()],
    )
    for row in candidates:
        top = row - layout.table.header_rows + 1
        absent = [
            f"there is no column “{' / '.join(texts)}” ({name})"
            for name, texts in needed.items()
            if not any(top <= r <= row for r, _ in sheet.where(texts))
        ]
        if top >= 0 and not absent:
            return row, []
        if len(absent) < len(best[1]):
            best = (None, absent)
    return best


def _find_columns(sheet: Sheet, layout: Layout, header: int) -> dict[FieldName, int]:
    columns: dict[FieldName, int] = {}
    top = header - layout.table.header_rows + 1
    for name, source in layout.fields.items():
        if source.letter:
            columns[name] = column_number(source.letter)
        elif source.column:
            here = [p for p in sheet.where(source.column) if top <= p[0] <= header]
            if here:
                # the lowest header row speaks for the column; section names above it may use the same word
                columns[name] = max(here, key=lambda p: (p[0], -p[1]))[1]
    return columns


def _find_scores(
    sheet: Sheet, layout: Layout, header: int, taken: set[int], lookup: Lookup
) -> tuple[tuple[ScoreColumn, ...], list[str]]:
    table, top = layout.table, header - layout.table.header_rows + 1
    if table.scores:
        named = [(sheet.where(score.header), score) for score in table.scores]
        return tuple(
            ScoreColumn(next(c for r, c in places if top <= r <= header), {"item": score.item, "scale": score.scale})
            for places, score in named
        ), []
    headers = _header_texts(sheet.grid, top, header, taken)
    ignored = {comparable(text) for text in table.ignore_columns}
    scores = []
    for column, texts in headers.items():
        if column in taken or comparable(texts[-1]) in ignored:
            continue
        said = _say(layout, texts)
        resolved = None if said is None else _resolve(said, lookup)
        if resolved is not None:
            scores.append(ScoreColumn(column, resolved))
    return tuple(scores), [] if scores else ["no column of ratings was found under the headers"]


def _header_texts(grid: Grid, top: int, header: int, taken: set[int]) -> dict[int, list[str]]:
    """Column -> its header texts, top to bottom; names above the last row reach right until the next name."""
    rows = grid.rows[top : header + 1]
    width = max(map(len, rows), default=0)
    merged = {
        (r, c): (first[0], first[1])
        for first, last in grid.merged
        for r in range(max(first[0], top), min(last[0], header) + 1)
        for c in range(first[1], last[1] + 1)
    }
    texts: dict[int, list[str]] = {c: [] for c in range(width)}
    for r in range(top, header + 1):
        carried = ""
        for c in range(width):
            own = text_of(_at(grid, *merged.get((r, c), (r, c))))
            carried = "" if c in taken else own or carried
            texts[c].append(own if r == header or c in taken else carried)
    return texts


def _at(grid: Grid, row: int, column: int) -> Value:
    return grid.rows[row][column] if row < len(grid.rows) and column < len(grid.rows[row]) else ""


def _say(layout: Layout, texts: list[str]) -> dict[str, str] | None:
    """What a column's headers say, field by field; None when a named level is blank."""
    if layout.table.pattern is not None:
        match = re.search(layout.table.pattern, layout.table.joined_by.join(t for t in texts if t), re.IGNORECASE)
        return None if match is None else {k: v.strip() for k, v in match.groupdict().items() if v}
    said: dict[str, str] = {level: text for level, text in zip(layout.table.levels, texts, strict=False) if level}
    return said if said and all(said.values()) else None


def _resolve(said: dict[str, str], lookup: Lookup) -> dict[str, str] | None:
    """`said` with item and scale as ids; None when the column is about neither."""
    resolved = dict(said)
    if "item" in said:
        item = lookup.items.get(comparable(said["item"]))
        if item is None or comparable(said["item"]) in lookup.ignored:
            return None
        resolved["item"] = item
    if "scale" in said:
        scale = lookup.scales.get(comparable(said["scale"]))
        if scale is None:
            return None
        resolved["scale"] = scale
    return resolved


def _absent_scores(layout: Layout, scores: tuple[ScoreColumn, ...], instrument: Instrument) -> list[str]:
    """Columns that the instrument needs and the headers do not have; only where headers name items or scales."""
    there = {(s.says.get("item"), s.says.get("scale")) for s in scores}
    if not any(item for item, _ in there):
        absent = {s.id for s in instrument.scales} - {scale for _, scale in there if scale}
        return [f"there is no column for the scale {s}" for s in sorted(absent)] if any(s for _, s in there) else []
    in_rows = "scale" in layout.fields
    return [
        f"there is no column for {item.id}, {scale}"
        for item in instrument.items
        if item.required
        for scale in item.scales
        if (item.id, scale) not in there and (item.id, None) not in there and not in_rows
    ]
