"""What waits for its rater, workbook by workbook: where in it, and what is to be done there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from flows.intake.text import place
from schemas.codes import Code

PLACES = """
select
    rating.workbook,
    rating.sha256,
    rating.rating_id,
    regexp_replace(rating.instrument_id, '/timeline$', '') as instrument_id,
    rating.instrument_version,
    coalesce(book.layout, '') as layout,
    rater.team,
    coalesce(finding.sheet, rating.sheet) as sheet,
    coalesce(finding.cell, rating.cell) as cell,
    coalesce(finding.code, waiting.first_code) as code,
    coalesce(finding.message, '') as message
from current.waiting as waiting
join history.rating as rating on rating.rating_id = waiting.rating_id
left join history.workbook as book on book.workbook = rating.workbook and book.sha256 = rating.sha256
left join reference.rater as rater on rater.rater_id = rating.rater_id
left join history.finding as finding
    on finding.rating_id = rating.rating_id
    and finding.severity = 'error'
    and finding.closed_at is null
order by rating.workbook, rating.sha256
"""


class Place(NamedTuple):
    """One thing to mend: a cell of a sheet (its whole when `cell` is "") and the finding's code and sentence."""

    sheet: str
    cell: str
    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class WaitingWorkbook:
    """A workbook of which ratings wait for a person."""

    workbook: str  # path below the inbox, as it was dropped
    sha256: str
    layouts: tuple[str, ...]  # names and versions of those it was read with
    instruments: tuple[tuple[str, str], ...]  # ids and versions of what the waiting ratings rate with
    teams: tuple[str, ...]  # of the raters whose ratings wait, as the roster has them
    n_waiting: int
    places: tuple[Place, ...]  # by sheet, then from top to bottom


def waiting_workbooks(con: DuckDBPyConnection) -> list[WaitingWorkbook]:
    """Every workbook with ratings that wait, by name; a place that several of its ratings share stands there once."""
    rows = con.execute(PLACES).fetchall()
    return [_workbook(list(group)) for _, group in groupby(rows, key=lambda row: row[:2])]


def _workbook(rows: Sequence[tuple[str, ...]]) -> WaitingWorkbook:
    workbook, sha256, _, _, _, layout, *_ = rows[0]
    return WaitingWorkbook(
        workbook,
        sha256,
        tuple(layout.split(" + ")),
        tuple(sorted({(row[3], row[4]) for row in rows})),
        tuple(sorted({row[6] for row in rows if row[6]})),
        len({row[2] for row in rows}),
        tuple(_in_order(Place(sheet, cell, Code(code), said) for *_, sheet, cell, code, said in rows)),
    )


def _in_order(places: Iterable[Place]) -> list[Place]:
    return sorted(set(places), key=lambda p: (p.sheet, place(p.cell) if p.cell else (-1, -1), p.code, p.message))
