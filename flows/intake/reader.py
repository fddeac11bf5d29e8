"""One workbook, read: opened by its bytes, recognised by its words, its ratings found. Runs in a guarded child."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from flows.forms.form_layout import form_layout, marked_instrument
from flows.intake.cells import CellParser
from flows.intake.event_log import fit_log, logs_of
from flows.intake.extract import FoundRating, extract_ratings
from flows.intake.fields import FieldReader
from flows.intake.findings import Finding, Refused
from flows.intake.frames import FoundWorkbook, Job, Readers
from flows.intake.grid import Grid, Kind, Limits, Workbook, open_workbook
from flows.intake.recognise import Fit, Lookup, Sheet, fit_layout
from flows.intake.redacted_copy import is_erasure_note
from flows.intake.returned import is_mend_list
from flows.intake.roster import KnownPeople
from flows.intake.text import comparable, place, text_of
from flows.intake.timeline import TimelineReader
from flows.intake.timeline_sheet import Attached, attach_timelines, is_named
from schemas.catalog import Catalog
from schemas.codes import Code, Modality
from schemas.instrument import Element, Instrument
from schemas.layout import Layout
from schemas.roster import Roster
from schemas.timeline_codes import log_of


@dataclass(frozen=True, slots=True)
class Described:
    """A layout with all that is needed to read its sheets."""

    layout: Layout
    instrument: Instrument
    lookup: Lookup
    readers: Readers


class Reader:
    """Reads workbooks by the active layouts, which include the forms of every active instrument."""

    def __init__(self, catalog: Catalog, roster: Roster, night_on: dt.date, limits: Limits) -> None:
        people = KnownPeople(roster)
        own = [(layout, catalog.instrument_of(layout)) for layout in catalog.layouts.values()]
        forms = [(form_layout(instrument), instrument) for instrument in catalog.instruments.values()]
        self._limits = limits
        self.described = [
            describe(layout, instrument, people, night_on, catalog.steps_of(instrument))
            for layout, instrument in (*own, *forms)
        ]
        self.readers = {d.layout.name: d.readers for d in self.described}

    def read(self, job: Job) -> FoundWorkbook:
        """Everything the workbook says; a workbook that cannot be read comes back with its refusal."""
        try:
            return self._read(job)
        except Refused as refused:
            return FoundWorkbook(job, refusal=Finding(refused.code, words={"suggestion": refused.suggestion}))
        except MemoryError:
            return FoundWorkbook(job, refusal=Finding(Code.READER_STOPPED))
        except Exception:  # noqa: BLE001 - the edge where one file's trouble ends: what nobody foresaw refuses that file alone
            return FoundWorkbook(job, refusal=Finding(Code.READER_STOPPED))
        except BaseException as broken:
            # a panic in the reader's Rust code is a BaseException of a class that cannot be imported
            if type(broken).__name__ != "PanicException":
                raise
            is_short_of_memory = any(words in str(broken) for words in ("pointer is null", "memory", "capacity"))
            return FoundWorkbook(job, refusal=Finding(Code.READER_STOPPED if is_short_of_memory else Code.DAMAGED))

    def _read(self, job: Job) -> FoundWorkbook:
        workbook = open_workbook(job.path, PurePosixPath(job.workbook).suffix, self._limits)
        sheets = Sheets(workbook)
        fits: list[tuple[Described, Fit]] = []
        unread: list[tuple[Grid, list[Fit]]] = []
        known: set[str] = set()
        is_noted = False
        for index, grid in enumerate(sheets.plain):
            if is_erasure_note(grid):
                is_noted = True
                continue
            if comparable(grid.name) in known or is_mend_list(grid):
                continue  # a layout that fits says that it holds no ratings, or it is ours
            attempts = [(d, lay_over(d, sheets, index)) for d in self.described]
            fitting = [(d, fit) for d, fit in attempts if not fit.problems]
            if len(fitting) > 1:
                raise Refused(Code.LAYOUT_AMBIGUOUS, " and ".join(sorted(d.layout.name for d, _ in fitting)))
            fits += fitting
            known |= {comparable(name) for d, _ in fitting for name in _known_sheets(d.layout)}
            if not fitting:
                unread.append((grid, [fit for _, fit in attempts]))
        fits = _without_attached(fits)
        if is_noted and not fits and not unread:
            return FoundWorkbook(job, findings=[Finding(Code.ERASED)])
        if not fits:
            raise _nobody_describes(workbook, unread)
        return self._found(job, fits, sheets, unread, known)

    def _found(
        self,
        job: Job,
        fits: list[tuple[Described, Fit]],
        sheets: Sheets,
        unread: list[tuple[Grid, list[Fit]]],
        known: set[str],
    ) -> FoundWorkbook:
        book = FoundWorkbook(job, layout=" + ".join(dict.fromkeys(d.layout.name for d, _ in fits)))
        book.ratings, attached = ratings_of(fits, sheets, job)
        known = known | attached.sheets
        book.findings = [_unread(grid, tried) for grid, tried in unread if _holds_something(grid, known)]
        book.findings += attached.findings
        book.unclaimed = attached.unclaimed
        if not book.ratings:
            book.findings.append(Finding(Code.NOTHING_FILLED_IN))
        return book


class Sheets:
    """The sheets of a workbook, indexed once; delimited text once per way of decoding that a layout asks for."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self.plain = workbook.grids(None, None)
        self._indexed: dict[tuple[str | None, str | None], list[Sheet]] = {(None, None): [Sheet(g) for g in self.plain]}

    def by_name(self) -> dict[str, Sheet]:
        """All sheets by comparable name, hidden ones too."""
        return {comparable(sheet.grid.name): sheet for sheet in self._indexed[None, None]}

    def sheet(self, layout: Layout, index: int) -> Sheet:
        """The sheet of that index, decoded as the layout says."""
        way = (layout.encoding, layout.delimiter) if self._workbook.kind is Kind.TEXT else (None, None)
        if way not in self._indexed:
            self._indexed[way] = [Sheet(grid) for grid in self._workbook.grids(*way)]
        return self._indexed[way][index]


def lay_over(described: Described, sheets: Sheets, index: int) -> Fit:
    """Lay one layout over the sheet of that index."""
    layout = described.layout
    if layout.is_log:
        return fit_log(sheets.sheet(layout, index), layout)
    others = sheets.by_name() if any(source.sheet for source in layout.fields.values()) else {}
    return fit_layout(sheets.sheet(layout, index), layout, described.instrument, described.lookup, others)


def ratings_of(fits: Sequence[tuple[Described, Fit]], sheets: Sheets, job: Job) -> tuple[list[FoundRating], Attached]:
    """The ratings of the fitted sheets with their timelines, and the reason why cells that ought to hold a rating are blank.

    What is blank throughout is a rating that was never made.
    """
    found = [(described, fit, _extracted(described, fit, job)) for described, fit in fits]
    attached = Attached()
    for layout in {d.layout.name: d.layout for d, _ in fits if d.layout.timeline and not d.layout.is_log}.values():
        of_sheets = {fit.grid.name: ratings for d, fit, ratings in found if d.layout is layout}
        more = attach_timelines(layout, of_sheets, sheets.by_name())
        attached.sheets |= more.sheets
        attached.findings += more.findings
        attached.unclaimed += more.unclaimed
    return [r for d, _, ratings in found for r in ratings if not _is_blank(d, r)], attached


def _extracted(described: Described, fit: Fit, job: Job) -> list[FoundRating]:
    """All ratings of one sheet, with those that are blank throughout; or its logs of events."""
    found = (
        logs_of(fit, job.workbook) if described.layout.is_log else extract_ratings(fit, described.lookup, job.workbook)
    )
    _explain_blanks(found, fit.grid)
    for rating in found:
        rating.layout = described.layout.name
    return found


def _is_blank(described: Described, rating: FoundRating) -> bool:
    if rating.findings or any(event.says_something for event in rating.events):
        return False
    return all(described.readers.cells.is_blank(cell.text) for cell in rating.cells)


def _without_attached(fits: list[tuple[Described, Fit]]) -> list[tuple[Described, Fit]]:
    """The fits without logs on sheets that go with ratings of their own workbook: those are read with the ratings."""
    attached = [d.layout.timeline for d, _ in fits if d.layout.timeline and not d.layout.is_log]
    return [
        (d, fit)
        for d, fit in fits
        if not (d.layout.is_log and any(is_named(comparable(fit.grid.name), timeline) for timeline in attached))
    ]


def _nobody_describes(workbook: Workbook, unread: list[tuple[Grid, list[Fit]]]) -> Refused:
    """The refusal of a workbook that no layout describes, naming the layout that comes nearest and what it misses."""
    if not any(_holds_something(grid, set()) for grid, _ in unread):
        return Refused(Code.MACRO_SHEET if workbook.holds_macros else Code.EMPTY_WORKBOOK)
    if any(marked_instrument(str(cell)) for grid, _ in unread for row in grid.rows[:5] for cell in row):
        return Refused(Code.VERSION_UNKNOWN)
    return Refused(Code.LAYOUT_UNKNOWN, _nearest([fit for _, fits in unread for fit in fits]))


def _nearest(fits: list[Fit]) -> str:
    best = max(fits, key=lambda fit: fit.n_found, default=None)
    if best is None or not best.n_found:
        return ""
    more = f" and {len(best.problems) - 3} more" if len(best.problems) > 3 else ""
    return f" It comes nearest to {best.layout.name}, but {'; '.join(best.problems[:3])}{more}."


def _known_sheets(layout: Layout) -> list[str]:
    """Sheets beside the ratings that need no mention: those the layout names, and those it takes labels from."""
    return [*layout.sheet.known, *(source.sheet for source in layout.fields.values() if source.sheet)]


def _holds_something(grid: Grid, known: set[str]) -> bool:
    return comparable(grid.name) not in known and any(text_of(value) for row in grid.rows for value in row)


def _unread(grid: Grid, tried: list[Fit]) -> Finding:
    if grid.is_hidden:
        return Finding(Code.HIDDEN_SHEET, sheet=grid.name)
    return Finding(Code.SHEET_NOT_READ, sheet=grid.name, words={"suggestion": _nearest(tried)})


def describe(
    layout: Layout, instrument: Instrument, people: KnownPeople, night_on: dt.date, steps: Sequence[Element] = ()
) -> Described:
    """A layout made ready to read sheets: its words looked up, its parsers built; `steps` are those a timeline may note."""
    layout = _led_by_several(layout, instrument)
    readers = Readers(
        layout.name,
        log_of(instrument.id) if layout.is_log else instrument.id,
        instrument.version,
        FieldReader(layout, people, night_on),
        CellParser(layout, instrument),
        TimelineReader(layout.timeline, instrument, steps) if layout.timeline else None,
        layout.is_log,
    )
    return Described(layout, instrument, Lookup(layout, instrument), readers)


def _led_by_several(layout: Layout, instrument: Instrument) -> Layout:
    """The layout; of group sessions, which several may lead, with the usual ways of writing several where it names none."""
    source = layout.fields.get("therapist_id")
    if instrument.modality is not Modality.GROUP or source is None or source.several is not None:
        return layout
    fields = layout.fields | {"therapist_id": source.model_copy(update={"several": True})}
    return layout.model_copy(update={"fields": fields})


def _explain_blanks(ratings: Sequence[FoundRating], grid: Grid) -> None:
    """Give cells that read as blank and are not the reason: an error, or a formula that was never calculated."""
    if not grid.odd:
        return
    for rating in ratings:
        rating.cells = [c if c.text else c._replace(text=grid.odd.get(place(c.cell), "")) for c in rating.cells]
