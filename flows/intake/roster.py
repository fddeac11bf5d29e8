"""Reading the roster, and recognising the people it names however a sheet spells them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, ZipError

from flows.errors import RosterWrong
from flows.intake.grid import decode, find_delimiter
from flows.intake.suggest import nearest
from flows.intake.text import comparable, text_of
from schemas.codes import Role
from schemas.roster import Plan, Rater, Roster, Therapist, period_dates, spellings

COLUMNS = {
    "therapists": ("therapist_id", "team", "supervisor_id"),
    "raters": ("rater_id", "team", "also_written"),
    "plan": ("therapist_id", "period", "sessions", "raters"),
}
NEEDED = ("therapists", "raters")
Rows = list[dict[str, str]]


def read_roster(raw: Path) -> Roster:
    """The roster of a home: `roster.xlsx`, else `therapists.csv` and `raters.csv` (and `plan.csv`); empty when absent.

    Raises:
        RosterWrong: a file cannot be read, lacks a column, or contradicts itself.
    """
    tables = _tables(raw)
    if not tables:
        return Roster()
    therapists = tuple(
        Therapist(r["therapist_id"], r["team"] or None, r["supervisor_id"] or None)
        for r in tables.get("therapists", [])
    )
    raters = tuple(
        Rater(r["rater_id"], r["team"] or None, spellings(r["also_written"])) for r in tables.get("raters", [])
    )
    _check_unique("therapist", (t.therapist_id for t in therapists))
    _check_unique("rater", (r.rater_id for r in raters))
    plan = tuple(_planned(row, {t.therapist_id for t in therapists}) for row in tables.get("plan", []))
    return Roster(therapists, raters, plan, is_present=True)


def _tables(raw: Path) -> Mapping[str, Rows]:
    workbook = raw / "roster.xlsx"
    if workbook.exists():
        return _workbook_tables(workbook)
    tables = {}
    for name in COLUMNS:
        path = raw / f"{name}.csv"
        if path.exists():
            text = decode(path.read_bytes(), None)
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(text)))
            tables[name] = _rows(f"{name}.csv", name, rows)
    if tables:
        _check_whole("raw/ has no", ".csv", tables)
    return tables


def _check_whole(place: str, kind: str, tables: Iterable[str]) -> None:
    """A roster that names one sort of people alone would hold everything that the others rated or led."""
    absent = [name for name in NEEDED if name not in tables]
    if absent:
        raise RosterWrong(f"{place} {absent[0]}{kind}. Add it with the columns {', '.join(COLUMNS[absent[0]])}.")


def _workbook_tables(path: Path) -> Mapping[str, Rows]:
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            sheets = {comparable(n): workbook.get_sheet_by_name(n).to_python() for n in workbook.sheet_names}
    except (CalamineError, ZipError, OSError):
        raise RosterWrong(
            "raw/roster.xlsx cannot be opened. Save it again as an Excel workbook without a password."
        ) from None
    _check_whole("raw/roster.xlsx has no sheet called", "", sheets)
    return {name: _rows("roster.xlsx", name, rows) for name, rows in sheets.items() if name in COLUMNS}


def _rows(file: str, table: str, rows: Iterable[Iterable[object]]) -> Rows:
    texts = [[text_of(cell) for cell in row] for row in rows]  # type: ignore[arg-type]
    header = [comparable(cell).replace(" ", "_") for cell in texts[0]] if texts else []
    if COLUMNS[table][0] not in header:
        raise RosterWrong(f"In {file}, the first row of {table} must hold the headers {', '.join(COLUMNS[table])}.")
    found = [dict(zip(header, row, strict=False)) for row in texts[1:] if any(row)]
    return [{column: row.get(column, "") for column in COLUMNS[table]} for row in found]


def _planned(row: Mapping[str, str], therapists: set[str]) -> Plan:
    who, period = row["therapist_id"], row["period"]
    if who and therapists and who not in therapists:
        raise RosterWrong("The plan names a therapist who is not among the therapists. Correct the id in the plan.")
    period_dates(period)
    counts = [row["sessions"], row["raters"] or "1"]
    if not all(count.isdigit() for count in counts):
        raise RosterWrong("The plan needs whole numbers under sessions and raters.")
    return Plan(who or None, period, int(counts[0]), int(counts[1]))


def _check_unique(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for person in ids:
        if not person:
            raise RosterWrong(f"The roster has a row without a {what} id. Fill it in or delete the row.")
        if person in seen:
            raise RosterWrong(f"The roster names one {what} id twice. Keep one of the rows.")
        seen.add(person)


class Spellings(NamedTuple):
    """Ids as the roster writes them, and comparable texts that mean one of them."""

    exact: frozenset[str]
    alike: Mapping[str, str]


NOBODY = Spellings(frozenset(), {})


class KnownPeople:
    """Ids as the roster writes them, for ids as sheets write them. With no roster every id is known."""

    def __init__(self, roster: Roster) -> None:
        self._therapists = _by_spelling((t.therapist_id, ()) for t in roster.therapists)
        self._raters = _by_spelling((r.rater_id, r.also_written) for r in roster.raters)
        supervisors = {t.supervisor_id for t in roster.therapists if t.supervisor_id}
        self._by_role = {
            Role.SELF: self._therapists,
            Role.SUPERVISOR: _by_spelling((s, ()) for s in sorted(supervisors)),
        }
        self._is_present = roster.is_present
        self.nearest_therapist = lru_cache(lambda text: nearest(text, {t.therapist_id for t in roster.therapists}))
        self.nearest_rater = lru_cache(lambda text: nearest(text, {r.rater_id for r in roster.raters}))

    def therapist(self, text: str) -> str | None:
        """The therapist's id, or None when the roster does not know it."""
        return _known(self._therapists, text) if self._is_present else text

    def lists_therapist(self, text: str) -> bool:
        """Whether there is a roster and it names this therapist."""
        return self._is_present and self.therapist(text) is not None

    def supervisor(self, text: str) -> str | None:
        """The supervisor's id, or None when the roster names no such supervisor."""
        return _known(self._by_role[Role.SUPERVISOR], text) if self._is_present else text

    def rater(self, text: str, role: Role = Role.OBSERVER) -> str | None:
        """The rater's id, or None when the roster does not know that spelling.

        Who rates as the therapist herself or as a supervisor is known by being one; the roster's raters may do so too.
        """
        if not self._is_present:
            return text
        return _known(self._raters, text) or _known(self._by_role.get(role, NOBODY), text)


def _known(spellings: Spellings, text: str) -> str | None:
    return text if text in spellings.exact else spellings.alike.get(comparable(text))


def _by_spelling(people: Iterable[tuple[str, tuple[str, ...]]]) -> Spellings:
    """Exact ids, and what differs from one only in case, width or spaces, unless two people share it."""
    people = list(people)
    alike: dict[str, str] = {}
    shared: set[str] = set()
    for person, others in people:
        for text in {comparable(person), *(comparable(other) for other in others)}:
            if alike.setdefault(text, person) != person:
                shared.add(text)
    if any(comparable(other) in shared for _, others in people for other in others):
        raise RosterWrong("The roster gives one spelling (also_written) to two raters. Remove it from one of them.")
    known = {text: person for text, person in alike.items() if text not in shared}
    return Spellings(frozenset(person for person, _ in people), known)
