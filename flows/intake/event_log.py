"""Logs of events in files of their own: which sheet is one, and whose its lines are.

A log is read as if it were a rating without scores: one for each session, rater and role that it names. So it is taken in,
held, corrected, withdrawn and erased by the rules of ratings, under its instrument's id and `/timeline`. Which rating its
events go with is told by sql/30_current/step.sql, on whichever night both are there.
"""

from __future__ import annotations

from collections.abc import Iterable

from flows.intake.extract import Found, FoundEvent, FoundRating, meant
from flows.intake.recognise import Fit, Sheet, choice_problems
from flows.intake.returned import own_stem
from flows.intake.text import comparable
from flows.intake.timeline_sheet import columns_of, is_named, lines_of
from schemas.layout import WHOSE, Layout, Timeline


def fit_log(sheet: Sheet, layout: Layout) -> Fit:
    """Lay a log's layout over a sheet and say what does not fit, in words for the person who describes sheets."""
    timeline, grid = _timeline(layout), sheet.grid
    problems = choice_problems(sheet, layout)
    if timeline.sheet and grid.name and not is_named(comparable(grid.name), timeline):
        problems.append(f"the sheet is not called {' or '.join(timeline.sheet)}")
    if problems:
        return Fit(layout, grid, problems=tuple(problems))
    columns, header, _ = columns_of(sheet, timeline)
    needed = {
        name: source.column
        for name, source in timeline.fields.items()
        if source.column and source.required is not False
    }
    absent = [
        f"there is no column “{' / '.join(texts)}” ({name})" for name, texts in needed.items() if name not in columns
    ]
    return Fit(layout, grid, first_row=header + 1, problems=tuple(absent), n_found=len(columns))


def logs_of(fit: Fit, file_name: str) -> list[FoundRating]:
    """The logs of a fitted sheet, one for each session, rater and role, in the order of their first lines."""
    timeline = _timeline(fit.layout)
    lines, _ = lines_of(Sheet(fit.grid), timeline)
    return _grouped(fit, (line for line in lines if line.says_something), file_name)


def _grouped(fit: Fit, lines: Iterable[FoundEvent], file_name: str) -> list[FoundRating]:
    found: dict[tuple[str, ...], FoundRating] = {}
    about = _about_all(fit, file_name)
    for line in lines:
        fields = about | {str(name): line.fields[name] for name in WHOSE if name in line.fields}
        key = tuple(meant(fit.layout, name, fields[name].value) if name in fields else "" for name in WHOSE)
        found.setdefault(key, FoundRating(fit.grid.name, fields)).events.append(line)
    return list(found.values())


def _about_all(fit: Fit, file_name: str) -> dict[str, Found]:
    """What the names of file and sheet say of every line."""
    fields: dict[str, Found] = {}
    for name, source in fit.layout.fields.items():
        if source.file_name or source.sheet_name:
            fields[name] = Found(own_stem(file_name) if source.file_name else fit.grid.name)
    return fields


def _timeline(layout: Layout) -> Timeline:
    assert layout.timeline is not None  # noqa: S101 - a layout of shape log has one
    return layout.timeline
