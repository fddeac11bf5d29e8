"""Ratings as they stand in a sheet, still as text: who, whom, when, and one cell per item and scale.

Every rating cell takes its fields from the labels of its sheet, the columns of its row and the headers of its
column. Cells with the same fields are one rating; where a row is a rating (wide tables), the row counts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flows.intake.cells import cell_text
from flows.intake.findings import Finding
from flows.intake.grid import Grid
from flows.intake.recognise import Fit, Lookup, ScoreColumn
from flows.intake.returned import own_stem
from flows.intake.suggest import nearest
from flows.intake.text import Value, address, comparable, text_of, typed
from flows.intake.written import NUMBERED, prepare, read_date, whole_number
from schemas.codes import Code
from schemas.layout import (
    CONSENSUS_FIELDS,
    DATE_FIELDS,
    FACT_FIELDS,
    NOTED,
    REMARK_COLUMN,
    FieldName,
    FieldSource,
    Layout,
)

IDENTITY: tuple[FieldName, ...] = ("session_id", "assessment_point", "rater_id", "role", "revision", "rated_on")
AGREEING: tuple[FieldName, ...] = (
    "therapist_id",
    "co_therapist_id",
    "patient_id",
    "session_on",
    "selection",
    *FACT_FIELDS,
    *CONSENSUS_FIELDS,
)
ABOUT_CELL = frozenset({"item", "scale", "value", "comment"})


class Found(NamedTuple):
    """A field's value as found, and the cell it stands in ("" when no cell says it), on another sheet if that is named."""

    value: Value
    cell: str = ""
    sheet: str = ""


class FoundCell(NamedTuple):
    """One rating cell as found."""

    item: str
    scale: str
    cell: str
    text: str


class FoundEvent(NamedTuple):
    """One line of a timeline as found: its sheet, its 0-based row and what stands in its columns."""

    sheet: str
    row: int
    fields: Mapping[str, Found]

    @property
    def says_something(self) -> bool:
        """Whether anything but a minute, an episode or whose it is stands there."""
        return any(text_of(self.fields[name].value) for name in (*NOTED, "note") if name in self.fields)

    @property
    def cell(self) -> str:
        """The cell that stands for the line: its step's, else the first that says something."""
        said = (self.fields[n] for n in (*NOTED, "note", "minute", "episode") if n in self.fields)
        return next((found.cell for found in said if found.cell and text_of(found.value)), f"A{self.row + 1}")


@dataclass(slots=True)
class FoundRating:
    """One rating as found: its fields, cells and remarks, and what was already seen to be wrong."""

    sheet: str
    fields: dict[str, Found]
    cells: list[FoundCell] = field(default_factory=list)
    comments: list[tuple[str | None, str, str]] = field(default_factory=list)  # item, cell, remark
    findings: list[Finding] = field(default_factory=list)
    events: list[FoundEvent] = field(default_factory=list)  # lines of its timeline, in their order
    layout: str = ""  # name of the layout it was read with

    @property
    def first_cell(self) -> str:
        """The rating's first cell, which stands for it in lists; a log has events alone."""
        if self.cells:
            return self.cells[0].cell
        return self.events[0].cell if self.events else ""


def extract_ratings(fit: Fit, lookup: Lookup, file_name: str) -> list[FoundRating]:
    """All ratings of a fitted sheet, in the order of their first cells, with those that are blank throughout."""
    groups: dict[tuple[object, ...], FoundRating] = {}
    about_sheet = _sheet_fields(fit, file_name)
    scores = fit.scores or (ScoreColumn(fit.columns["value"], {}),)
    cells_of_row = _ticked_cells if any("value" in score.says for score in scores) else _cells
    touched: dict[tuple[tuple[str, str], ...], FoundRating] = {}
    for row, in_row in _table_rows(fit):
        row_fields = about_sheet | in_row
        if "item" not in row_fields or not ABOUT_CELL.issuperset(in_row):
            touched = {}  # this row may be about another rating than the one above it
        for score, text in cells_of_row(fit, scores, row):
            if score.names not in touched:
                touched[score.names] = _group(groups, fit, row, row_fields, score)
            found = FoundCell(score.says.get("item", ""), score.says.get("scale", ""), address(row, score.column), text)
            if found.scale != REMARK_COLUMN:
                _take_cell(touched[score.names], fit.layout, lookup, row_fields, found)
            elif text:
                touched[score.names].comments.append((found.item or None, found.cell, text))
        _take_remark(touched.values(), fit.layout, in_row, lookup)
    ratings = [rating for group in groups.values() for rating in _occurrences(group)]
    _take_overall_remark(ratings, about_sheet.get("overall_comment"))
    return ratings


def _take_overall_remark(ratings: Iterable[FoundRating], remark: Found | None) -> None:
    if remark is None or not text_of(remark.value):
        return
    for rating in ratings:
        rating.comments.append((None, remark.cell, text_of(remark.value)))


def _cells(fit: Fit, scores: Sequence[ScoreColumn], row: int) -> Iterator[tuple[ScoreColumn, str]]:
    """The rating cells of a row with their texts."""
    for score in scores:
        yield score, cell_text(_value_at(fit.grid, row, score.column))


def _ticked_cells(fit: Fit, scores: Sequence[ScoreColumn], row: int) -> Iterator[tuple[ScoreColumn, str]]:
    """Where every point of a scale has its column: the ticked one, with the point that heads it as its text."""
    alike: dict[tuple[object, ...], list[tuple[ScoreColumn, str]]] = {}
    for score, text in _cells(fit, scores, row):
        alike.setdefault((score.names, score.says.get("item"), score.says.get("scale")), []).append((score, text))
    for columns in alike.values():
        ticked = [score for score, text in columns if text]
        yield (ticked or [columns[0][0]])[0], " ".join(score.says["value"] for score in ticked)


def _sheet_fields(fit: Fit, file_name: str) -> dict[str, Found]:
    """Fields that are the same for the whole sheet."""
    fields: dict[str, Found] = {}
    for name, source in fit.layout.fields.items():
        if name in fit.labels:
            fields[name] = _labelled(fit, name, source)
        elif source.value is not None:
            fields[name] = Found(source.value)
        elif source.sheet_name:
            fields[name] = Found(fit.grid.name)
        elif source.file_name:
            fields[name] = Found(own_stem(file_name))
    return fields


def _labelled(fit: Fit, name: FieldName, source: FieldSource) -> Found:
    row, column = fit.labels[name]
    grid = fit.elsewhere.get(name, fit.grid)
    value = _value_at(grid, row, column)
    if source.where == "inside":
        value = next((rest for label in source.label if (rest := _after_label(text_of(value), label)) is not None), "")
    return Found(value, address(row, column), grid.name if name in fit.elsewhere else "")


def _after_label(text: str, label: str) -> str | None:
    """What follows a label in its own cell, as `T-01` in `Therapist: T-01`."""
    words = r"\s+".join(re.escape(word) for word in label.rstrip(": ").split())
    match = re.match(rf"{words}\s*[:=]?\s*(.*)", text, re.IGNORECASE | re.DOTALL)
    return match.group(1) if match else None


def _table_rows(fit: Fit) -> Iterator[tuple[int, dict[str, Found]]]:
    """Rows of the table that hold something, each with its column fields."""
    skip = {comparable(text) for text in fit.layout.table.skip_rows}
    until = {comparable(text) for text in fit.layout.table.until}
    above: dict[str, Found] = {}
    for row in range(fit.first_row, len(fit.grid.rows)):
        first = next((text_of(v) for v in fit.grid.rows[row] if v != "" and text_of(v)), "")
        if not first or (skip and comparable(first) in skip):
            continue
        if until and comparable(first) in until:
            return
        fields: dict[str, Found] = {}
        for name, column in fit.columns.items():
            found = Found(_value_at(fit.grid, row, column), address(row, column))
            if fit.layout.fields[name].fill_down and found.value == "" and name in above:
                found = above[name]
            fields[name] = found
        above = fields
        yield row, fields


def _value_at(grid: Grid, row: int, column: int) -> Value:
    rows = grid.rows
    value = rows[row][column] if row < len(rows) and column < len(rows[row]) else ""
    return value.strip() if isinstance(value, str) else value


def _group(
    groups: dict[tuple[object, ...], FoundRating],
    fit: Fit,
    row: int,
    row_fields: Mapping[str, Found],
    score: ScoreColumn,
) -> FoundRating:
    fields = dict(row_fields)
    for name, said in score.names:
        fields[name] = Found(said, address(score.rows.get(name, fit.first_row - 1), score.column))
    for name, source in fit.layout.fields.items():
        if source.same_as is not None and source.same_as in fields:
            fields[name] = fields[source.same_as]
    is_row = not ("item" in row_fields or "scale" in row_fields)
    key = (
        row if is_row else None,
        *(meant(fit.layout, n, fields[n].value) if n in fields else "" for n in IDENTITY),
    )
    if key not in groups:
        about = {n: f for n, f in fields.items() if n not in ABOUT_CELL and n != "overall_comment"}
        groups[key] = FoundRating(fit.grid.name, about)
    elif not is_row:
        _check_rows_agree(fit.layout, groups[key], fields)
    return groups[key]


def meant(layout: Layout, name: FieldName, value: Value) -> str:
    """A field's value so that two ways of writing it are the same: 7 and 007 where ids are padded, 3.2.26 and a date cell."""
    if name in DATE_FIELDS:
        date = read_date(value, layout.date_order, layout.months)
        return typed(value) if date is None else date.isoformat()
    source, text = layout.fields.get(name), typed(value)
    text = whole_number(text) if name in NUMBERED else text
    return comparable(text if source is None else prepare(text, source))


def _check_rows_agree(layout: Layout, rating: FoundRating, fields: Mapping[str, Found]) -> None:
    for name in AGREEING:
        if name not in fields:
            continue
        here, first = fields[name], rating.fields[name]
        if here.cell == first.cell or here.value == first.value:
            continue
        if meant(layout, name, here.value) != meant(layout, name, first.value):
            rating.findings.append(Finding(Code.ROWS_DISAGREE, rating.sheet, here.cell, {"field": FIELD_WORDS[name]}))


def _take_cell(
    rating: FoundRating, layout: Layout, lookup: Lookup, row_fields: Mapping[str, Found], cell: FoundCell
) -> None:
    """Add a cell to its rating; where its column does not name item or scale, its row does."""
    item: str | None = cell.item or None
    scale = cell.scale or lookup.only_scale
    has_score = bool(cell.text)
    if item is None:
        said, text = row_fields["item"], meant(layout, "item", row_fields["item"].value)
        item = None if text in lookup.ignored else lookup.items.get(text)
        if item is None and has_score and text not in lookup.ignored:
            _find_unknown(rating, Code.ITEM_UNKNOWN, said, nearest(text, lookup.items))
    if scale is None and "scale" in row_fields:
        said, text = row_fields["scale"], meant(layout, "scale", row_fields["scale"].value)
        scale = lookup.scales.get(text)
        if scale is None and has_score:
            _find_unknown(rating, Code.SCALE_UNKNOWN, said, nearest(text, lookup.scales))
    if item is not None and scale is not None:
        rating.cells.append(FoundCell(item, scale, cell.cell, cell.text))


def _find_unknown(rating: FoundRating, code: Code, said: Found, suggestion: str) -> None:
    """Words without a rating beside them are notes or headings; a rating without a known item or scale is a slip."""
    if not any(f.code is code and f.cell == said.cell for f in rating.findings):
        rating.findings.append(Finding(code, rating.sheet, said.cell, {"suggestion": suggestion}))


def _take_remark(touched: Iterable[FoundRating], layout: Layout, in_row: Mapping[str, Found], lookup: Lookup) -> None:
    remark = in_row.get("comment")
    if remark is None or not text_of(remark.value):
        return
    item = lookup.items.get(meant(layout, "item", in_row["item"].value)) if "item" in in_row else None
    for rating in touched:
        rating.comments.append((item, remark.cell, text_of(remark.value)))


def _occurrences(rating: FoundRating) -> list[FoundRating]:
    """A rating, or two when a table holds the whole of it twice; a single item twice is a finding."""
    seen: dict[tuple[str, str], list[FoundCell]] = {}
    for cell in rating.cells:
        seen.setdefault((cell.item, cell.scale), []).append(cell)
    counts = {len(cells) for cells in seen.values()}
    if counts <= {1}:
        return [rating]
    if len(counts) == 1:
        return [_nth(rating, seen, n) for n in range(counts.pop())]
    for (item, _scale), cells in seen.items():
        for cell in cells[1:]:
            rating.findings.append(Finding(Code.ITEM_TWICE, rating.sheet, cell.cell, {"item": item}))
    rating.cells = [cells[0] for cells in seen.values()]
    return [rating]


def _nth(rating: FoundRating, seen: Mapping[tuple[str, str], list[FoundCell]], n: int) -> FoundRating:
    cells = [cells[n] for cells in seen.values()]
    rows = {re.sub(r"\D", "", cell.cell) for cell in cells}
    comments = [c for c in rating.comments if re.sub(r"\D", "", c[1]) in rows]
    return FoundRating(rating.sheet, rating.fields, cells, comments, list(rating.findings))


FIELD_WORDS: dict[str, str] = {
    "session_id": "the session",
    "therapist_id": "the therapist",
    "co_therapist_id": "the second therapist",
    "patient_id": "the patient",
    "rater_id": "the rater",
    "session_on": "the session's date",
    "rated_on": "the date of rating",
    "selection": "how the session was selected",
    "mode": "the mode",
    "arousal": "arousal",
    "intervention": "the intervention",
    "followed": "what followed",
    "assessment_point": "the month of treatment",
    "phase": "the phase of treatment",
    "diagnosis": "the diagnosis group",
    "setting": "the setting",
    "settles": "whose ratings it settles",
    "signed_by": "who signed it off",
    "signed_on": "the date of the signature",
}
