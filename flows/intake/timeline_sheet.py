"""Timelines as they stand in a workbook, still as text: the lines of a sheet of events, and the ratings they go with.

A form's timeline goes with the one rating of its form; a copied form (`Rating (2)`) has the timeline copied with it
(`Timeline (2)`). A log names session and rater in every line, and each line goes with their rating.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flows.intake.extract import Found, FoundEvent, FoundRating, meant
from flows.intake.findings import Finding
from flows.intake.grid import Grid
from flows.intake.recognise import Sheet
from flows.intake.text import Value, address, column_number, comparable, text_of
from flows.intake.written import prepare
from schemas.codes import Code
from schemas.layout import EventField, Layout, Timeline

IDENTITY: tuple[EventField, ...] = ("session_id", "rater_id", "role")
NEEDED: tuple[EventField, ...] = ("step", "session_id", "rater_id")  # columns without which a sheet is no timeline
_COPY = re.compile(r"[ _]*\(?\d+\)?$")  # what Excel and LibreOffice add to the name of a copied sheet


@dataclass(slots=True)
class Attached:
    """What became of the timeline sheets of a workbook."""

    sheets: set[str] = field(default_factory=set)  # comparable names of those that were read
    findings: list[Finding] = field(default_factory=list)
    unclaimed: list[FoundEvent] = field(default_factory=list)  # lines that go with none of the workbook's ratings


def attach_timelines(
    layout: Layout, ratings: Mapping[str, Sequence[FoundRating]], by_name: Mapping[str, Sheet]
) -> Attached:
    """Give the ratings of one layout's sheets (sheet name -> ratings) the lines of the workbook's timelines."""
    attached = Attached()
    if layout.timeline is None:
        return attached
    found = [sheet for name, sheet in by_name.items() if is_named(name, layout.timeline)]
    for sheet in found:
        grid = sheet.grid
        attached.sheets.add(comparable(grid.name))
        if grid.is_hidden:
            attached.findings.append(Finding(Code.HIDDEN_SHEET, grid.name))
            continue
        lines, absent = lines_of(sheet, layout.timeline)
        if absent:
            attached.findings.append(Finding(Code.SHEET_NOT_READ, grid.name, words={"suggestion": absent}))
        elif layout.timeline.is_log:
            _share_out(layout, grid, lines, [r for of in ratings.values() for r in of], attached)
        else:
            _give(grid, lines, _its_rating(grid, ratings, len(found)), attached)
    return attached


def is_named(name: str, timeline: Timeline) -> bool:
    """Whether a sheet (by its comparable name) is called as the timeline is, or is a copy of one that was."""
    names = {comparable(n) for n in timeline.sheet}
    return name in names or _COPY.sub("", name) in names


def _its_rating(grid: Grid, ratings: Mapping[str, Sequence[FoundRating]], n_timelines: int) -> FoundRating | None:
    """The one rating that a timeline goes with; None when there is none, or no telling which."""
    alike = list(ratings.values())
    if len(ratings) > 1 or n_timelines > 1:
        alike = [of for name, of in ratings.items() if _copy_mark(name) == _copy_mark(grid.name)]
    return alike[0][0] if len(alike) == 1 and len(alike[0]) == 1 else None


def _copy_mark(name: str) -> str:
    found = _COPY.search(comparable(name))
    return re.sub(r"\D", "", found[0]) if found else ""


def lines_of(sheet: Sheet, timeline: Timeline) -> tuple[list[FoundEvent], str]:
    """The lines below the header row, or the sentence that names the column it lacks."""
    columns, header, absent = columns_of(sheet, timeline)
    if absent:
        return [], f" There is no column “{absent}”."
    ends = tuple(comparable(text) for text in timeline.until)
    lines: list[FoundEvent] = []
    above: dict[str, Found] = {}
    for r, row in enumerate(sheet.grid.rows[header + 1 :], header + 1):
        first = next((text_of(v) for v in row if v != "" and text_of(v)), "")
        if ends and comparable(first).startswith(ends):
            break
        above = _fields(timeline, columns, row, r, above) if first else above
        if first:
            lines.append(FoundEvent(sheet.grid.name, r, above))
    return lines, ""


def columns_of(sheet: Sheet, timeline: Timeline) -> tuple[dict[EventField, int], int, str]:
    """Column of each field, the 0-based header row (the one with most of the headers), and a needed header not found."""
    headed = {name: sheet.where(source.column) for name, source in timeline.fields.items() if source.column}
    rows = [r for places in headed.values() for r in {row for row, _ in places}]
    header = max(sorted(set(rows)), key=rows.count, default=0)
    columns = {name: min(c for r, c in p if r == header) for name, p in headed.items() if header in {r for r, _ in p}}
    lettered = {name: source.letter for name, source in timeline.fields.items() if source.letter}
    columns |= {name: column_number(letter) for name, letter in lettered.items()}
    absent = [name for name in NEEDED if name in headed and name not in columns]
    return columns, header, " / ".join(timeline.fields[absent[0]].column) if absent else ""


def _fields(
    timeline: Timeline, columns: Mapping[EventField, int], row: Sequence[Value], r: int, above: Mapping[str, Found]
) -> dict[str, Found]:
    fields: dict[str, Found] = {}
    for name, source in timeline.fields.items():
        if source.value is not None:
            fields[name] = Found(source.value)
        elif name in columns:
            c = columns[name]
            value = row[c] if c < len(row) else ""
            value = value.strip() if isinstance(value, str) else value
            fields[name] = (
                above[name] if source.fill_down and value == "" and name in above else Found(value, address(r, c))
            )
    return fields


def _give(grid: Grid, lines: list[FoundEvent], rating: FoundRating | None, attached: Attached) -> None:
    if not any(line.says_something for line in lines):
        return
    if rating is None:
        attached.findings.append(Finding(Code.TIMELINE_OF_NOBODY, grid.name))
        attached.unclaimed += lines
    else:
        rating.events += lines


def _share_out(
    layout: Layout, grid: Grid, lines: Iterable[FoundEvent], ratings: Sequence[FoundRating], attached: Attached
) -> None:
    """Give every line of a log to the rating of its session and rater; a finding at the first line of each that has none."""
    assert layout.timeline is not None  # noqa: S101 - narrows the type
    by_name: dict[tuple[str, ...], list[FoundRating]] = {}
    named = tuple(name for name in IDENTITY if name in layout.timeline.fields)
    for rating in ratings:
        by_name.setdefault(tuple(_of_rating(layout, rating, name) for name in named), []).append(rating)
    unclaimed: dict[tuple[str, ...], Finding] = {}
    for line in lines:
        if not line.says_something:
            continue
        key = tuple(_of_line(layout.timeline, line, name) for name in named)
        mine = by_name.get(key, [])
        if len(mine) == 1:
            mine[0].events.append(line)
        else:
            unclaimed.setdefault(key, Finding(Code.TIMELINE_OF_NOBODY, grid.name, line.fields["session_id"].cell))
            attached.unclaimed.append(line)
    attached.findings += unclaimed.values()


def _of_rating(layout: Layout, rating: FoundRating, name: EventField) -> str:
    said = rating.fields.get(name)
    text = "" if said is None else meant(layout, name, said.value)  # type: ignore[arg-type]
    return text or ("observer" if name == "role" else "")


def _of_line(timeline: Timeline, line: FoundEvent, name: EventField) -> str:
    text = comparable(prepare(text_of(line.fields[name].value), timeline.fields[name]))
    return text or ("observer" if name == "role" else "")
