"""Which layout describes a sheet, and where in the sheet everything stands. The sheet's own words decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flows.intake.cells import as_number
from flows.intake.grid import Grid
from flows.intake.text import Value, column_number, comparable, place, text_of
from flows.intake.written import prepare
from schemas.instrument import Instrument
from schemas.layout import FieldName, FieldSource, Layout

LOOKED_AT = 200  # rows in which labels and headers are looked for
REMARKS = ("comment", "overall_comment")
NUMBERS_LOOKED_AT = 20  # rows in which a number may be a header


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
    rows: Mapping[str, int] = field(default_factory=dict)  # field -> 0-based header row that says it

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What the headers say of who, whom and when."""
        return tuple((name, text) for name, text in self.says.items() if name not in ("item", "scale", "value"))


@dataclass(frozen=True, slots=True)
class Fit:
    """A layout laid over a sheet: the 0-based places of its labels, columns and first row. `problems` empty: it fits."""

    layout: Layout
    grid: Grid
    labels: Mapping[FieldName, tuple[int, int]] = field(default_factory=dict)
    columns: Mapping[FieldName, int] = field(default_factory=dict)
    scores: tuple[ScoreColumn, ...] = ()
    first_row: int = 0
    elsewhere: Mapping[FieldName, Grid] = field(default_factory=dict)  # labels that stand on another sheet
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
                if value == "":
                    continue
                if isinstance(value, str):
                    places.setdefault(comparable(value), []).append((r, c))
                elif isinstance(value, (int, float)) and r < NUMBERS_LOOKED_AT:  # items may be headed 1, 2, 3 …
                    places.setdefault(text_of(value), []).append((r, c))
        return places

    @cached_property
    def merged_to(self) -> dict[tuple[int, int], tuple[int, int]]:
        """First cell of each merged range -> its last cell."""
        return dict(self.grid.merged)

    @cached_property
    def _all_texts(self) -> str:
        return "\n".join(self.places)  # comparable texts hold no line break

    def has(self, text: str) -> bool:
        """Whether some cell holds the text, alone or among other words."""
        return comparable(text) in self._all_texts

    def beginning(self, texts: Iterable[str]) -> list[tuple[int, int]]:
        """Where any of the texts begins a cell, top to bottom."""
        starts = tuple(comparable(text) for text in texts)
        return sorted(p for said, places in self.places.items() if said.startswith(starts) for p in places)

    def where(self, texts: Iterable[str]) -> list[tuple[int, int]]:
        """Where any of the texts is the whole of a cell, top to bottom."""
        return sorted(p for text in texts for p in self.places.get(comparable(text), ()))


def fit_layout(
    sheet: Sheet, layout: Layout, instrument: Instrument, lookup: Lookup, others: Mapping[str, Sheet] | None = None
) -> Fit:
    """Lay a layout over a sheet and say what does not fit, in words for the person who describes sheets.

    `others` are all sheets of the workbook by comparable name, for labels that stand on another one.
    """
    problems = choice_problems(sheet, layout)
    if problems:
        return Fit(layout, sheet.grid, problems=tuple(problems))
    labels, elsewhere, missing_labels = _find_labels(sheet, layout, others or {})
    header, missing_columns = _find_header(sheet, layout, lookup)
    problems = missing_labels + missing_columns
    if header is None:
        n_sought = sum(1 for name, s in layout.fields.items() if s.label or (s.column and _is_needed(name, s)))
        n_found = max(0, n_sought + len(layout.table.scores) - len(problems))
        return Fit(layout, sheet.grid, labels, problems=tuple(problems), n_found=n_found)
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
        elsewhere,
        tuple(problems),
        len(labels) + len(columns) + len(scores),
    )


def choice_problems(sheet: Sheet, layout: Layout) -> list[str]:
    """Why a layout is not about this sheet at all, by its name and its words."""
    name, choice = comparable(sheet.grid.name), layout.sheet
    if sheet.grid.is_hidden and not choice.hidden:
        return ["the sheet is hidden"]
    if choice.name and sheet.grid.name and name not in {comparable(n) for n in choice.name}:
        return [f"the sheet is not called {' or '.join(choice.name)}"]
    if choice.pattern and sheet.grid.name and not re.search(choice.pattern, sheet.grid.name):
        return [f"the sheet's name does not match {choice.pattern}"]
    absent = [f"the sheet does not say “{text}”" for text in layout.says if not sheet.has(text)]
    return absent + [f"the sheet says “{text}”" for text in layout.says_not if sheet.has(text)]


def _find_labels(
    sheet: Sheet, layout: Layout, others: Mapping[str, Sheet]
) -> tuple[dict[FieldName, tuple[int, int]], dict[FieldName, Grid], list[str]]:
    """Where the labelled fields stand, which of them on another sheet, and what is missing."""
    found: dict[FieldName, tuple[int, int]] = {}
    elsewhere: dict[FieldName, Grid] = {}
    problems: list[str] = []
    for name, source in layout.fields.items():
        there: Sheet | None = sheet
        if source.sheet is not None:
            there = others.get(comparable(source.sheet))
            if there is not None:
                elsewhere[name] = there.grid
        spot = None if there is None else _labelled(there, source)
        if spot is not None:
            found[name] = spot
        elif there is None and _is_needed(name, source):
            problems.append(f"there is no sheet “{source.sheet}” ({name})")
        elif source.label and _is_needed(name, source):
            problems.append(f"there is no cell “{' / '.join(source.label)}” ({name})")
    return found, elsewhere, problems


def _is_needed(name: FieldName, source: FieldSource) -> bool:
    """Whether a sheet without this label or column is not one of the layout's; remarks may be missing altogether."""
    return source.required is not False and (source.required is True or name not in REMARKS)


def _labelled(sheet: Sheet, source: FieldSource) -> tuple[int, int] | None:
    """The cell that a label or an address points to; a merged label is as wide and high as it looks."""
    if source.cell:
        return place(source.cell)
    places = sheet.beginning(source.label) if source.where == "inside" else sheet.where(source.label)
    if not source.label or not places:
        return None
    row, column = places[0]
    last_row, last_column = sheet.merged_to.get((row, column), (row, column))
    return {"right": (row, last_column + 1), "below": (last_row + 1, column), "inside": (row, column)}[source.where]


def _find_header(sheet: Sheet, layout: Layout, lookup: Lookup) -> tuple[int | None, list[str]]:
    """The 0-based last header row, or what is missing from the best one.

    Of several rows that have every needed column, it is the one with most columns of ratings above it, then the
    highest: names of fields may stand in any of the header rows.
    """
    needed = {n: s.column for n, s in layout.fields.items() if s.column and _is_needed(n, s)}
    needed |= {f"{s.item}, {s.scale}": s.header for s in layout.table.scores}  # type: ignore[misc]
    best = [f"there is no column “{' / '.join(t)}” ({n})" for n, t in needed.items()]
    fitting: list[int] = []
    for row in _header_candidates(sheet, layout, needed):
        top = row - layout.table.header_rows + 1
        absent = [
            f"there is no column “{' / '.join(texts)}” ({name})"
            for name, texts in needed.items()
            if not any(top <= r <= row for r, _ in sheet.where(texts))
        ]
        if top >= 0 and not absent:
            fitting.append(row)
        elif len(absent) < len(best):
            best = absent
    if not fitting:
        return None, best or ["no header row was found"]
    if len(fitting) == 1:
        return fitting[0], []
    return max(fitting, key=lambda row: (_n_scores(sheet, layout, row, lookup), -row)), []


def _header_candidates(sheet: Sheet, layout: Layout, needed: Mapping[FieldName, tuple[str, ...]]) -> list[int]:
    n_rows = layout.table.header_rows
    if layout.table.header_row is not None:
        return [layout.table.header_row - 1]
    texts = list(needed.values()) or [(text,) for text in layout.scales]
    found = {r for alike in texts for r, _ in sheet.where(alike)} or {0}
    return sorted({r + k for r in found for k in range(n_rows)})


def _n_scores(sheet: Sheet, layout: Layout, header: int, lookup: Lookup) -> int:
    columns = _find_columns(sheet, layout, header)
    return len(_find_scores(sheet, layout, header, set(columns.values()), lookup)[0])


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
    rows = {str(level): top + k for k, level in enumerate(table.levels)}
    scores = []
    for column, texts in headers.items():
        if column in taken or comparable(texts[-1]) in ignored:
            continue
        said = _say(layout, texts)
        resolved = None if said is None else _resolve(said, layout, lookup)
        if resolved is None or (not all(resolved.values()) and not _holds_ratings(sheet.grid, header, column, layout)):
            continue
        scores.append(ScoreColumn(column, resolved, rows))
    return tuple(scores), [] if scores else ["no column of ratings was found under the headers"]


def _holds_ratings(grid: Grid, header: int, column: int, layout: Layout) -> bool:
    """Whether something like a rating stands below; then a column whose header names nobody must not be passed over."""
    marks = {comparable(text) for text in (*layout.marks, *layout.codes)}
    values = [row[column] for row in grid.rows[header + 1 :] if column < len(row) and row[column] != ""]
    return any(not isinstance(v, str) or v.strip().isdigit() or comparable(v) in marks for v in values)


def _header_texts(grid: Grid, top: int, header: int, taken: set[int]) -> dict[int, list[str]]:
    """Column -> its header texts, top to bottom.

    Names above the last row reach right until the next name in their row or in one above it: a new session's column
    does not take over the therapist of the session beside it.
    """
    rows = grid.rows[top : header + 1]
    width = max(map(len, rows), default=0)
    merged = {
        (r, c): first
        for first, last in grid.merged
        for r in range(max(first[0], top), min(last[0], header) + 1)
        for c in range(first[1], last[1] + 1)
    }
    texts: dict[int, list[str]] = {}
    carried = [""] * len(rows)
    for c in range(width):
        own = [text_of(_at(grid, *merged.get((r, c), (r, c)))) for r in range(top, header + 1)]
        highest_new = next((k for k, text in enumerate(own) if text and text != carried[k]), len(own))
        carried = [text or ("" if k > highest_new else carried[k]) for k, text in enumerate(own)]
        if c in taken:
            carried = [""] * len(rows)
        texts[c] = own if c in taken else [*carried[:-1], own[-1]]
    return texts


def _at(grid: Grid, row: int, column: int) -> Value:
    return grid.rows[row][column] if row < len(grid.rows) and column < len(grid.rows[row]) else ""


def _say(layout: Layout, texts: list[str]) -> dict[str, str] | None:
    """What a column's headers say, field by field; None when they name no item or scale that they should."""
    if layout.table.pattern is not None:
        match = re.search(layout.table.pattern, layout.table.joined_by.join(t for t in texts if t), re.IGNORECASE)
        return None if match is None else {k: v.strip() for k, v in match.groupdict().items() if v}
    said: dict[str, str] = {level: text for level, text in zip(layout.table.levels, texts, strict=False) if level}
    return said if said and all(said.get(name, "-") for name in ("item", "scale")) else None


def _resolve(said: dict[str, str], layout: Layout, lookup: Lookup) -> dict[str, str] | None:
    """`said` with item and scale as ids; None when the column is about neither, or headed by no point of a scale."""
    resolved = dict(said)
    known: tuple[tuple[FieldName, Mapping[str, str]], ...] = (("item", lookup.items), ("scale", lookup.scales))
    for name, meanings in known:
        if name in said:
            source = layout.fields.get(name)
            text = comparable(said[name] if source is None else prepare(said[name], source))
            if text not in meanings or (name == "item" and text in lookup.ignored):
                return None
            resolved[name] = meanings[text]
    return resolved if "value" not in said or _is_point(said["value"], layout) else None


def _is_point(text: str, layout: Layout) -> bool:
    return as_number(text, layout.decimal) is not None or comparable(text) in {
        comparable(t) for t in (*layout.codes, *layout.marks, *layout.missing)
    }


def _absent_scores(layout: Layout, scores: tuple[ScoreColumn, ...], instrument: Instrument) -> list[str]:
    """Columns that the instrument needs and the headers do not have; only where headers name items or scales."""
    there = {(s.says.get("item"), s.says.get("scale")) for s in scores}
    if not any(item for item, _ in there):
        absent = {s.id for s in instrument.scales} - {scale for _, scale in there if scale}
        return [f"there is no column for the scale {s}" for s in sorted(absent)] if any(s for _, s in there) else []
    in_rows = "scale" in layout.fields
    return [
        f"there is no column for {item.id}, {scale.id}"
        for item, scale in instrument.required_cells
        if (item.id, scale.id) not in there and (item.id, None) not in there and not in_rows
    ]
