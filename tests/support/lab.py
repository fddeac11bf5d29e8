"""A small lab in a scratch home: it sends drawn sheets, has nights, and is asked what came of them.

    lab.sends("monday.xlsx", '''
        session | rater | item        | adherence | competence
        S-001   | R-1   | not_knowing | 4         | 5
    ''')
    lab.night()
    assert lab.values() == {("S-001", "R-1", "not_knowing", "adherence"): 4, …}

Nights run without the engine and read in this process, so that one takes a fraction of a second; frames are held to their
schemas only in a lab that `validates` (those of intake and of hostile sheets), which is a quarter of such a night. What a
drawn table does not name (therapist, patient, date) is the same everywhere: T-1, P-1, 2026-06-01.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection
from pandera.config import config_context

from flows.intake.frames import BatchFrames, Job, build_frames, write_frames
from flows.intake.grid import limits_of
from flows.intake.inbox import clear_inbox, receive
from flows.intake.reader import Reader
from flows.intake.roster import read_roster
from flows.load.connection import one_transaction, open_working
from flows.load.ground import check_ground, spool_folder
from flows.load.ledger import choose, fingerprint
from flows.load.lock import night_lock
from flows.load.night import begin_night, load, settle, working_file
from flows.settings import load_settings
from schemas.catalog import load_catalog
from tests.support.intake_sheets import csv_bytes, drawn, ods_bytes, xlsx_bytes

Score = float | str  # the value when rated, else the state
FIRST_NIGHT = dt.date(2026, 7, 1)
UNSAID = {"therapist": "T-1", "patient": "P-1", "date": "2026-06-01"}

PAIR = """
id = "pair"
version = "1.0"
title = "Two items"
about = "For tests."
source = "None."
modality = "individual"
domains = [{ id = "stance", title = "Stance" }]
elements = [
    { id = "not_knowing", domain = "stance", title = "Not-knowing", guidance = "Listen." },
    { id = "differences", domain = "stance", title = "Differences", guidance = "Listen." },
]

[[scales]]
id = "adherence"
title = "Adherence"
short = "Adh."
question = "How much of it was done?"
lowest = 1
highest = 7
threshold = 4

[[scales]]
id = "competence"
title = "Competence"
short = "Comp."
question = "How well was it done?"
lowest = 1
highest = 7
threshold = 4

[[items]]
id = "not_knowing"
number = 1
title = "Not-knowing"
scales = ["adherence", "competence"]
states = ["unjudgeable", "not_delivered"]
speaks_to = [{ element = "not_knowing" }]

[[items]]
id = "differences"
number = 2
title = "Differences"
required = false
scales = ["adherence", "competence"]
states = ["no_opportunity", "unjudgeable", "not_delivered"]
speaks_to = [{ element = "differences" }]
"""

DRAWN = """
id = "{id}"
version = "1"
title = "Drawn tables"
instrument = "pair"
shape = "{shape}"
{says}
[marks]
NO = "no_opportunity"
ND = "not_delivered"
"?" = "unjudgeable"

[fields]
session_id = {{ column = "session" }}
rater_id = {{ column = "rater" }}
therapist_id = {{ column = "therapist", several = "+" }}
patient_id = {{ column = "patient", required = false }}
session_on = {{ column = "date", required = false }}
rated_on = {{ column = "rated on", required = false }}
revision = {{ column = "revision", required = false }}
role = {{ column = "role", required = false }}
selection = {{ column = "selection", required = false }}
settles = {{ column = "settles", required = false }}
signed_by = {{ column = "signed by", required = false }}
signed_on = {{ column = "signed on", required = false }}
comment = {{ column = "remark", required = false }}
{more}
"""
LONG = DRAWN.format(
    id="drawn-long", shape="long", says="", more='item = { column = "item" }\n[table]\nlevels = ["scale"]'
)
# a row per rating, with the two scales of not_knowing as its columns
WIDE = DRAWN.format(
    id="drawn-wide",
    shape="wide",
    says='says_not = ["item"]',
    more="""[[table.scores]]
header = "adherence"
item = "not_knowing"
scale = "adherence"
[[table.scores]]
header = "competence"
item = "not_knowing"
scale = "competence"
""",
)


class Lab:
    """One home, its sheets and its nights."""

    def __init__(self, home: Path, *, validates: bool = False) -> None:
        self.validates = validates
        self.settings = load_settings(home, settle_seconds=0, processes=1)  # tables so small gain nothing by threads
        self.next_on = FIRST_NIGHT
        self.n_sent = 0
        self.said: Mapping[str, int] = {}
        self._con: DuckDBPyConnection | None = None

    # what it has

    def draws(self) -> Lab:
        """Let the lab send drawn tables: with an `item` column long, without one wide."""
        self.uses(PAIR)
        self.describes(LONG)
        self.describes(WIDE)
        return self

    def uses(self, toml: str) -> None:
        """Give the lab an instrument of its own."""
        self._keep("instruments", toml)

    def describes(self, toml: str) -> None:
        """Give the lab a layout, or replace the one with the same id."""
        self._keep("layouts", toml)

    def has_roster(self, *, therapists: str, raters: str) -> None:
        """Give the lab a roster; ids stand apart by spaces, and a rater's other spellings follow a `=`, with `;` between."""
        rows = [["therapist_id", "team", "supervisor_id"], *([t, "team", "SV-1"] for t in therapists.split())]
        (self.settings.raw / "therapists.csv").write_bytes(csv_bytes(rows))
        named = [r.partition("=") for r in raters.split()]
        rows = [["rater_id", "team", "also_written"], *([n, "team", o.replace("_", " ")] for n, _, o in named)]
        (self.settings.raw / "raters.csv").write_bytes(csv_bytes(rows))

    # what it sends

    def sends(
        self,
        name: str,
        drawing: str = "",
        *,
        sheets: Mapping[str, str] | None = None,
        content: bytes | None = None,
        merged: Sequence[str] = (),
        hidden_sheets: Sequence[str] = (),
        hidden_rows: Sequence[int] = (),
        encoding: str = "utf-8",
        delimiter: str = ",",
    ) -> Path:
        """Drop a file in the inbox: a drawing as the kind that its name says, several sheets, or bytes as they are.

        A drawing that begins with a `session` column is completed with what it does not say (`UNSAID`).
        """
        drawings = sheets or {"Sheet1": drawing}
        tables = {sheet: _completed(drawn(text)) for sheet, text in drawings.items()}
        if content is None:
            kind = name.rpartition(".")[2]
            if kind == "xlsx":
                content = xlsx_bytes(tables, merged=merged, hidden_sheets=hidden_sheets, hidden_rows=hidden_rows)
            elif kind == "ods":
                content = ods_bytes(tables)
            else:
                content = csv_bytes(next(iter(tables.values())), encoding=encoding, delimiter=delimiter)
        path = self.settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.n_sent += 1  # in the order of sending, whatever the clock's steps
        os.utime(path, (1_780_000_000 + self.n_sent, 1_780_000_000 + self.n_sent))
        return path

    # what a night does

    def night(self, on: dt.date | None = None) -> Mapping[str, int]:
        """Have a night (a week after the last one) and give back its counts."""
        self.leaves()
        night_on = on or self.next_on
        self.next_on = night_on + dt.timedelta(days=7)
        settings, now = self.settings, dt.datetime.combine(night_on, dt.time(4, 15), dt.UTC)
        with night_lock(settings, now), config_context(validation_enabled=self.validates):
            check_ground(settings)
            catalog, roster = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
            under = fingerprint(catalog, roster)
            with working_file(settings) as con:
                tonight = begin_night(con, now, night_on, under)
                received = receive(settings, tonight.stamp)
                jobs, spool = choose(con, settings, received, under), spool_folder(settings)
                if jobs:
                    write_frames(self._read(jobs, Reader(catalog, roster, night_on, limits_of(settings))), spool, "1")
                with one_transaction(con):
                    self.said = load(con, spool, received, tonight, catalog, roster, settings)
                    settle(con, tonight)
            clear_inbox(settings, received)
        return self.said

    def _read(self, jobs: Sequence[Job], reader: Reader) -> BatchFrames:
        return build_frames([reader.read(job) for job in jobs], reader.readers)

    def reads(self, name: str, drawing: str = "", **how: object) -> BatchFrames:
        """Read one sheet at once, without a night: the frames that intake hands to load."""
        path = self.sends(name, drawing, **how)  # type: ignore[arg-type]
        settings = self.settings
        catalog, roster = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
        reader = Reader(catalog, roster, self.next_on, limits_of(settings))
        frames = self._read([Job(name, hashlib.sha256(path.read_bytes()).hexdigest(), path)], reader)
        path.unlink()
        return frames

    # what came of it

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query on the working file."""
        if self._con is None:  # kept open until the next night: opening costs more than asking
            self._con = open_working(self.settings)
        return self._con.execute(query).fetchall()

    def leaves(self) -> None:
        """Let go of the working file."""
        if self._con is not None:
            self._con.close()
            self._con = None

    def values(self) -> dict[tuple[str, str, str, str], Score]:
        """(session, rater, item, scale) -> value or state, for every rating that counts; missing optional ones left out."""
        found = self.rows(
            "select session_id, rater_id, item, scale, value, state from current.rating join current.score using (rating_id)"
            " where state <> 'missing'"
        )
        return {(s, r, i, c): (state if value is None else value) for s, r, i, c, value, state in found}  # type: ignore[misc]

    def adherence(self) -> dict[str, Score]:
        """`session rater` (and role, unless observer) -> adherence to not_knowing in the rating that counts."""
        found = self.rows(
            "select session_id || ' ' || rater_id || if(role = 'observer', '', ' ' || role), value, state"
            " from current.rating join current.score using (rating_id) where item = 'not_knowing' and scale = 'adherence'"
        )
        return {str(key): (str(state) if value is None else float(str(value))) for key, value, state in found}

    def waiting(self) -> list[tuple[str, str | None, str | None, str]]:
        """(workbook, session, rater, first code) of every held rating that waits."""
        return self.rows(  # type: ignore[return-value]
            "select workbook, session_id, rater_id, first_code from current.waiting order by all"
        )

    def outcomes(self) -> dict[str, str]:
        """Workbook -> outcome."""
        return dict(self.rows("select workbook, outcome from history.workbook order by night_id"))  # type: ignore[arg-type]

    def reason(self, workbook: str) -> tuple[str | None, str | None]:
        """Reason code and sentence of a workbook."""
        found = self.rows(f"select reason_code, reason from history.workbook where workbook = '{workbook}'")
        return found[0]  # type: ignore[return-value]

    def findings(self) -> list[tuple[str, str, str]]:
        """(workbook, cell, code) of the open findings about cells and sheets; the roster's absence is not counted."""
        return self.rows(  # type: ignore[return-value]
            "select workbook, cell, code from history.finding where closed_at is null and code <> 'roster_absent' order by all"
        )

    def messages(self) -> list[str]:
        """The sentences of all findings."""
        return [str(m) for (m,) in self.rows("select message from history.finding order by cell, message")]

    def ledger(self) -> list[tuple[int, int, int, int]]:
        """Found, accepted, held and duplicate ratings of each workbook."""
        return self.rows(  # type: ignore[return-value]
            "select n_ratings, n_accepted, n_held, n_duplicate from history.workbook order by received_at, workbook"
        )

    def everything(self, *, but: Sequence[str] = ()) -> dict[str, list[tuple[object, ...]]]:
        """All rows of history and current, by table."""
        tables = self.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('history', 'current') order by 1"
        )
        return {str(t): self.rows(f"select * from {t} order by all") for (t,) in tables if t not in but}

    def _keep(self, kind: str, toml: str) -> None:
        name = next(line.partition("=")[2].strip(' "') for line in toml.splitlines() if line.startswith("id"))
        path = self.settings.own_schemas / kind / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(toml, encoding="utf-8")


def cells_of(frames: BatchFrames) -> Iterator[tuple[str, str, str, str, Score]]:
    """Session, rater, item, scale and value (or state) of every valid cell of a batch; blank optional ones left out."""
    joined = frames.score.join(frames.rating.select("rating_id", "session_id", "rater_id"), on="rating_id")
    for row in joined.sort("session_id", "rater_id", "item", "scale").iter_rows(named=True):
        if row["state"] != "missing":
            score = row["state"] if row["value"] is None else row["value"]
            yield row["session_id"], row["rater_id"], row["item"], row["scale"], score


def _completed(rows: list[list[str]]) -> list[list[str]]:
    if not rows or rows[0][0] != "session":
        return rows
    absent = [name for name in UNSAID if name not in rows[0]]
    return [[*row, *(name if n == 0 else UNSAID[name] for name in absent)] for n, row in enumerate(rows)]
