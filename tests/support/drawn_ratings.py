"""Ratings that count, drawn as a table: the stages after intake can be tried on them without any sheet.

    ratings.counts('''
        session | therapist | patient | on         | rater | role     | instrument | item     | adherence | competence
        S-1     | T-1       | P-1     | 2026-03-01 | R-1   | observer | tiny 1.0   | humility | 4         | NO
    ''')
    ratings.rebuild()
    assert ratings.asks("select …") == [(…)]

A `.` is null. A mark is a state: NO no_opportunity, UJ unjudgeable, ND not_delivered, M missing, X not_rated_by_design.
Several therapists of a session are separated by `+`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import duckdb

from flows.load.models import SQL, make_marts, run_models
from flows.load.reference import Night, write_reference
from flows.measure import measure
from flows.settings import Settings
from schemas.catalog import Catalog
from schemas.instrument import Instrument
from schemas.roster import Plan, Roster, Therapist
from tests.support.intake_sheets import drawn

NIGHT_ON = dt.date(2026, 7, 1)
SEEN_AT = dt.datetime(2026, 6, 30, 2, 15)
MARKS = {
    "NO": "no_opportunity",
    "UJ": "unjudgeable",
    "ND": "not_delivered",
    "M": "missing",
    "X": "not_rated_by_design",
}
NOTED = ("episode", "minute", "step", "mode", "arousal", "intervention", "followed")
SCALES = ("adherence", "competence", "amount")
SCORES = [
    "history.rating",
    "current.rating",
    "current.score",
    "current.session",
    "current.session_therapist",
    "current.waiting",
    "current.step",
]


CURRENT = """
create schema if not exists current;
create table current.rating(rating_id varchar, session_id varchar, therapist_ids varchar[], patient_id varchar, rater_id varchar,
    session_on date, rated_on date, revision integer, role varchar, selection varchar, instrument_id varchar,
    instrument_version varchar, received_at timestamp, workbook varchar, sheet varchar, cell varchar);
create table current.score(rating_id varchar, item varchar, scale varchar, state varchar, value double, cell varchar);
create table current.session(session_id varchar, patient_id varchar, session_on date, selection varchar, phase varchar,
    diagnosis varchar, setting varchar);
create table current.session_therapist(session_id varchar, therapist_id varchar);
create table current.step(rating_id varchar, line integer, episode integer, minute double, step varchar, mode varchar,
    arousal varchar, intervention varchar, followed varchar, note varchar, workbook varchar, sheet varchar, cell varchar,
    is_shared boolean);
create table current.comment(rating_id varchar, item varchar, workbook varchar, sheet varchar, cell varchar, comment varchar);
create table current.settled(session_id varchar, instrument_id varchar, written_by varchar, values_hash varchar,
    rater_id varchar, settled_at timestamp, agreed_on date, is_named boolean);
create table current.consensus(rating_id varchar, session_id varchar, instrument_id varchar, written_by varchar,
    names_raters boolean, settles varchar[], absent varchar[], agreed_on date, since timestamp, signed_by varchar,
    signed_on date, signed_workbook varchar, standing varchar);
create table current.waiting(rating_id varchar, workbook varchar, sheet varchar, cell varchar, session_id varchar,
    therapist_ids varchar[], patient_id varchar, rater_id varchar, role varchar, instrument_id varchar, first_code varchar,
    since timestamp);
"""
FROM_RATINGS = """
insert into current.session
    select session_id, max(patient_id), max(session_on), 'random', null, null, null from current.rating group by session_id;
insert into current.session_therapist
    select distinct session_id, unnest(therapist_ids) from current.rating;
insert into history.rating
    select rating_id, 'sha ' || workbook, workbook, sheet, cell, session_id, therapist_ids, patient_id, rater_id, session_on,
        rated_on, revision, role, selection, instrument_id, instrument_version, received_at, true, 'accepted', null, 'h', 1,
        null, null, null, [], null, null
    from current.rating;
create or replace table current.latest as from current.rating;
insert into history.workbook
    select workbook, sha256, min(received_at),
        case when count(*) filter (verdict = 'held') > 0 then 'partly_held' else 'accepted' end, null, null,
        'drawn 1', count(*), count(*) filter (verdict = 'accepted'), count(*) filter (verdict = 'held'), 0, 'f', 1
    from history.rating group by workbook, sha256;
"""


def _scale(scale_id: str, lowest: float = 1, highest: float = 7, threshold: float | None = 4) -> dict[str, Any]:
    return {
        "id": scale_id, "title": scale_id.capitalize(), "short": scale_id[:3], "question": "How much?", "lowest": lowest,
        "highest": highest, "threshold": threshold, "anchors": {f"{lowest:g}": "none", f"{highest:g}": "most"},
    }  # fmt: skip


def _instrument(instrument_id: str, version: str, **parts: Any) -> Instrument:
    told = {"title": instrument_id, "about": "For tests.", "source": "None.", "modality": "individual", **parts}
    return Instrument.model_validate({"id": instrument_id, "version": version, **told})


def _element(element_id: str, domain: str) -> dict[str, str]:
    return {"id": element_id, "domain": domain, "title": f"{element_id} title", "guidance": "Listen."}


def _item(item_id: str, number: int, scales: Sequence[str], **speaks_to: float) -> dict[str, Any]:
    speaks = [{"element": e, "weight": w} for e, w in speaks_to.items()]
    return {"id": item_id, "number": number, "title": f"{item_id} title", "scales": list(scales), "speaks_to": speaks}


BOTH = ("adherence", "competence")
TINY = _instrument(
    "tiny", "1.0",
    scales=[_scale("adherence"), _scale("competence")],
    domains=[{"id": "stance", "title": "Stance"}, {"id": "trajectory", "title": "Trajectory", "ordered": True}],
    elements=[_element("humility", "stance"), _element("not_knowing", "stance"), _element("arousal", "trajectory")],
    items=[
        _item("humility", 1, BOTH, humility=1), _item("not_knowing", 2, BOTH, not_knowing=1),
        _item("arousal", 3, BOTH, arousal=1),
    ],
)  # fmt: skip
# Speaks to tiny's elements: two items to not_knowing, one (competence only) to arousal, none to humility.
OTHER = _instrument(
    "other", "1.0",
    scales=[_scale("adherence"), _scale("competence")],
    domains=[{"id": "spectrum", "title": "Spectrum"}],
    elements=[_element("challenge", "spectrum")],
    crosswalk={"instrument": "tiny", "version": "1.0"},
    items=[
        _item("o1", 1, BOTH, not_knowing=2), _item("o2", 2, BOTH, not_knowing=1), _item("o3", 3, ["competence"], arousal=1),
        _item("o4", 4, BOTH, challenge=1),
    ],
)  # fmt: skip
# Its scale has no threshold.
PLAIN = _instrument(
    "plain", "1.0",
    scales=[_scale("amount", 0, 10, None)],
    domains=[{"id": "spectrum", "title": "Spectrum"}],
    elements=[_element("supportive", "spectrum")],
    items=[_item("supportive", 1, ["amount"], supportive=1)],
)  # fmt: skip
CATALOG = Catalog({(i.id, i.version): i for i in (TINY, OTHER, PLAIN)}, {}, {})


class Ratings:
    """A working file in memory: history, reference and current are drawn; everything after them is made by the models."""

    def __init__(self, roster: Roster | None = None, catalog: Catalog = CATALOG, **settings: Any) -> None:
        self.con = duckdb.connect(config={"threads": "1"})  # tables so small gain nothing by more
        self.con.execute((SQL / "10_history" / "tables.sql").read_text(encoding="utf-8"))
        self.con.execute(CURRENT)
        self._insert("history.night", [(1, NIGHT_ON, SEEN_AT, "0.1.0", 0, 0, 0, 0, 0, 0)])
        settings.setdefault("home", Path("nowhere"))
        write_reference(self.con, catalog, roster or Roster(), Settings(**settings), Night(1, NIGHT_ON, "0.1.0"))
        self._rows: list[dict[str, str]] = []
        self._held: list[dict[str, str]] = []
        self._noted: list[dict[str, str]] = []

    def copied(self, file: Path) -> Ratings:
        """The same lab over a file that holds its tables."""
        other = copy(self)
        other.con = duckdb.connect(str(file), config={"threads": "1"})
        other._rows, other._held, other._noted = [*self._rows], [*self._held], [*self._noted]
        return other

    def counts(self, text: str) -> None:
        """Ratings that count, an item a row."""
        self._rows += _rows(text)

    def notes(self, text: str) -> None:
        """Lines of timelines: session and rater (and role, instrument) of a rating that counts, then what the line notes.

        Where a column `shared` says anything, the line is of a log that names no rater.
        """
        self._noted += _rows(text)

    def waits(self, text: str) -> None:
        """Ratings that wait: session, therapist, rater, code; the message names a therapist when the column `says` does."""
        self._held += _rows(text)

    def rebuild(self) -> None:
        """Lay the drawn rows down, and make every later table from them."""
        for table in (*SCORES, "history.workbook", "history.finding"):
            self.con.execute(f"delete from {table}")
        self._lay()
        self._note()
        self._hold()
        self.con.execute(FROM_RATINGS)
        measure(self.con)
        make_marts(self.con)

    def rebuild_after_findings(self) -> None:
        """Make the quality tables anew, after a test has added to history by hand."""
        run_models(self.con, ["60_quality", "65_audit", "70_about"])

    def takes_back(self, session: str, rater: str) -> None:
        """Let a rating with one score of 4 have counted from night 1 on, and have been withdrawn in night 2."""
        self._insert("history.rating", [(
            "taken back", "sha taken-back.xlsx", "taken-back.xlsx", "Rating", "B12", session, ["T-1"], None, rater, None, None,
            None, "observer", "random", "tiny", "1.0", SEEN_AT, True, "accepted", None, "h", 1,
        )])  # fmt: skip
        self._insert("history.score", [("taken back", "humility", "adherence", "rated", 4, "C12")])
        self._insert("history.event", [("taken back", "withdrawn", SEEN_AT, "rated the wrong recording", 2)])
        run_models(self.con, ["65_audit"])

    def asks(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        return self.con.execute(query).fetchall()

    def _lay(self) -> None:
        ratings, scores = {}, []
        for row in self._rows:
            instrument, _, version = row.get("instrument", "tiny 1.0").partition(" ")
            role = row.get("role", "observer")
            rating_id = f"{row['session']}/{row['rater']}/{role}/{instrument}"
            workbook = row.get("workbook", f"{row['session']} {row['rater']}.xlsx")
            ratings[rating_id] = (
                rating_id, row["session"], _therapists(row), row.get("patient") or None, row["rater"], row.get("on") or None,
                None, None, role, "random", instrument, version, SEEN_AT, workbook, "Rating", "B12",
            )  # fmt: skip
            scores += [
                (rating_id, row["item"], scale, *_state(row[scale]), "C12") for scale in SCALES if row.get(scale)
            ]
        self._insert("current.rating", list(ratings.values()))
        self._insert("current.score", scores)

    def _note(self) -> None:
        n_lines: Counter[str] = Counter()
        noted = []
        for row in self._noted:
            said = {name: row.get(name) or None for name in NOTED}
            rating_id = f"{row['session']}/{row['rater']}/{row.get('role', 'observer')}/{row.get('instrument', 'tiny')}"
            n_lines[rating_id] += 1
            workbook = f"{row['session']} {row['rater']}.xlsx"
            place = (workbook, "Timeline", f"C{n_lines[rating_id] + 4}")
            said["episode"] = said["episode"] or "1"
            noted.append((rating_id, n_lines[rating_id], *said.values(), None, *place, bool(row.get("shared"))))
        self._insert("current.step", noted)

    def _hold(self) -> None:
        for row in self._held:
            rating_id, workbook = (
                f"held {row['session']}/{row['rater']}",
                row.get("workbook", f"held {row['session']}.xlsx"),
            )
            session, rater, therapists, sha, code = (
                row["session"],
                row["rater"],
                _therapists(row),
                f"sha {workbook}",
                row["code"],
            )
            place = (workbook, "Rating", "B12", session)
            self._insert("history.rating", [(
                rating_id, sha, *place, therapists, None, rater, None, None, None, "observer", "random", "tiny", "1.0", SEEN_AT,
                False, "held", code, None, 1,
            )])  # fmt: skip
            self._insert(
                "current.waiting", [(rating_id, *place, therapists, None, rater, "observer", "tiny", code, SEEN_AT)]
            )
            message = f"Mend it. {row.get('says', '')}".strip()
            self._insert("history.finding", [(
                f"finding {rating_id}", workbook, sha, rating_id, code, "error", "Rating", "C12", session, rater, message,
                SEEN_AT, None, None, 1, None,
            )])  # fmt: skip

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of a table; columns that they do not reach are left null."""
        if rows:
            named = ", ".join(self.con.table(table).columns[: len(rows[0])])
            marks = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
            self.con.execute(f"insert into {table} ({named}) values {marks}", [cell for row in rows for cell in row])


def roster_of(text: str, *plan: Plan) -> Roster:
    """A roster drawn as therapist, team, supervisor."""
    rows = _rows(text)
    return Roster(
        tuple(Therapist(r["therapist"], r["team"] or None, r["supervisor"] or None) for r in rows),
        (),
        plan,
        is_present=True,
    )


def _rows(text: str) -> list[dict[str, str]]:
    header, *rows = drawn(text)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _therapists(row: dict[str, str]) -> list[str]:
    return sorted(row["therapist"].split("+"))


def _state(text: str) -> tuple[str, float | None]:
    return (MARKS[text], None) if text in MARKS else ("rated", float(text))
