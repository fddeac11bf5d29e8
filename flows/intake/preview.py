"""`fidelity layout try`: what a layout would read from one file, before anything is loaded."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from flows.errors import SheetRefused
from flows.intake.findings import Finding, Refused
from flows.intake.frames import FoundWorkbook, Job, build_frames, rating_id_of
from flows.intake.grid import Workbook, limits_of, open_workbook
from flows.intake.inbox import hash_file
from flows.intake.reader import Described, Sheets, describe, lay_over, ratings_of
from flows.intake.returned import is_mend_list
from flows.intake.roster import KnownPeople, read_roster
from flows.intake.text import comparable
from flows.settings import Settings
from schemas.catalog import check_layout, load_catalog, read_layout

SHOWN_RATINGS = 5
SHOWN_CELLS = 8


def try_layout(path: Path, layout_path: Path, settings: Settings, night_on: dt.date) -> list[str]:
    """Lines for a terminal: sheet by sheet, whether the layout fits, the first ratings as read, and every problem.

    Raises:
        LayoutWrong: the layout breaks a rule, or names what its instrument does not have.
        SheetRefused: the file cannot be opened at all; the message says why.
    """
    layout = read_layout(layout_path)
    catalog = load_catalog((settings.own_schemas, *_beside(layout_path)))
    check_layout(layout, catalog)
    instrument, people = catalog.instrument_of(layout), KnownPeople(read_roster(settings.raw))
    described = describe(layout, instrument, people, night_on, catalog.steps_of(instrument))
    try:
        workbook = open_workbook(path, path.suffix, limits_of(settings))
    except FileNotFoundError:
        raise SheetRefused(f"There is no file {path.name} to read.") from None
    except Refused as refused:
        raise SheetRefused(f"{path.name}: {Finding(refused.code).message}") from None
    return list(_preview(path, workbook, described))


def _beside(layout_path: Path) -> list[Path]:
    """The folder of schemas that a layout lies in, so that an instrument beside it is found."""
    folder = layout_path.resolve().parent
    return [folder.parent] if folder.name == "layouts" else []


def _preview(path: Path, workbook: Workbook, described: Described) -> Iterator[str]:
    layout = described.layout
    sheets = Sheets(workbook)
    book = FoundWorkbook(Job(path.name, hash_file(path), path), layout=layout.name)
    yield f"{path.name}, read with {layout.name} ({layout.title})"
    fits = [lay_over(described, sheets, k) for k, grid in enumerate(sheets.plain) if not is_mend_list(grid)]
    fitting = [(described, fit) for fit in fits if not fit.problems]
    book.ratings, attached = ratings_of(fitting, sheets, book.job)
    book.findings += attached.findings
    for fit in fits:
        name = f"Sheet {fit.grid.name}" if fit.grid.name else "Its text"
        n_ratings = sum(rating.sheet == fit.grid.name for rating in book.ratings)
        if comparable(fit.grid.name) in attached.sheets:
            n_events = sum(event.sheet == fit.grid.name for rating in book.ratings for event in rating.events)
            yield f"{name}: a timeline; {_count(n_events, 'line')} go with the ratings"
        elif fit.problems:
            yield from [f"{name}: does not fit, because", *(f"  - {problem}" for problem in fit.problems)]
        else:
            what = "log of events" if layout.is_log else "rating"
            yield f"{name}: fits; {_count(n_ratings, what)} from row {fit.first_row + 1} on"
    yield from _ratings(book, described)
    yield from _closing(book)


def _ratings(book: FoundWorkbook, described: Described) -> Iterator[str]:
    if not book.ratings:
        return
    frames = build_frames([book], {described.layout.name: described.readers})
    scores = frames.score.partition_by("rating_id", as_dict=True)
    yield ""
    yield f"The first {min(SHOWN_RATINGS, frames.rating.height)} as they would be read:"
    events = Counter(rating_id_of(book.job, r, n) for n, r in enumerate(book.ratings) for _ in r.events)
    for rating in frames.rating.head(SHOWN_RATINGS).iter_rows(named=True):
        noted = list(_noted(frames.step.filter(pl.col("rating_id") == rating["rating_id"])))
        if described.layout.is_log:
            yield _log_line(rating, events[rating["rating_id"]])
            yield from noted
            continue
        who = ", ".join(f"{name} {rating[name] or '?'}" for name in ("session_id", "patient_id", "rater_id"))
        therapists = " and ".join(rating["therapist_ids"]) or "?"
        held = "" if rating["is_valid"] else " — would be held"
        yield f"  {rating['cell']}  {who}, therapist {therapists}, on {rating['session_on'] or '?'}{held}"
        cells = scores.get((rating["rating_id"],))
        if cells is not None:
            said = [
                f"{c['item']}/{c['scale']} {_said(c, described)}" for c in cells.head(SHOWN_CELLS).iter_rows(named=True)
            ]
            yield f"      {'; '.join(said)}{' …' if cells.height > SHOWN_CELLS else ''}"
        yield from noted
    if frames.finding.height:
        yield ""
        yield f"{_count(frames.finding.height, 'problem')}:"
    for finding in frames.finding.iter_rows(named=True):
        yield f"  {finding['sheet']} {finding['cell']} {finding['message']}".replace("  ", " ", 1)


def _log_line(log: Mapping[str, Any], n_events: int) -> str:
    who = f"session_id {log['session_id'] or '?'}, rater_id {log['rater_id'] or 'not named'}"
    return f"  {log['cell']}  {who}: {_count(n_events, 'event')}{'' if log['is_valid'] else ' — would be held'}"


def _noted(steps: pl.DataFrame) -> Iterator[str]:
    """A timeline's first lines as they were read, an episode a line: minutes, and what was noted then."""
    shown = steps.sort("line").head(SHOWN_CELLS)
    for (episode,), lines in shown.partition_by("episode", as_dict=True, maintain_order=True).items():
        said = "; ".join(_event(line) for line in lines.iter_rows(named=True))
        is_cut = lines["line"][-1] == shown["line"][-1] and steps.height > shown.height
        yield f"      episode {episode}: {said}{' …' if is_cut else ''}"


def _event(line: Mapping[str, Any]) -> str:
    noted = [line[name] for name in ("step", "mode", "arousal", "intervention", "followed") if line[name]]
    when = "no minute" if line["minute"] is None else f"minute {line['minute']:g}"
    return f"{when} {', '.join(noted) or 'a note'}"


def _said(cell: Mapping[str, Any], described: Described) -> str:
    """A point, a day as year-month-day, a choice with its word, or the state."""
    if cell["state"] != "rated":
        return str(cell["state"])
    scale, point = described.instrument.scale(cell["scale"]), f"{cell['value']:.10g}"
    if scale.kind == "date":
        return f"{point[:4]}-{point[4:6]}-{point[6:]}"
    return f"{point} ({scale.anchors[point]})" if scale.kind == "choice" and point in scale.anchors else point


def _closing(book: FoundWorkbook) -> list[str]:
    return (
        []
        if book.ratings
        else ["", "Nothing would be read. Mend the layout where the lines above say what is missing."]
    )


def _count(n: int, what: str) -> str:
    many = what.replace("log ", "logs ", 1) if what.startswith("log ") else f"{what}s"
    return f"{n} {what}" if n == 1 else f"{n} {many}"
