"""A lab whose publications are kept as they were, to be compared with what is told of their nights later."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pandera.config import config_context

from flows.as_of import publish_as_of
from flows.console import Silence
from flows.errors import UsageError
from flows.load.connection import open_published
from flows.load.withdraw import Meant
from flows.nightly import run_night
from flows.prove.nights import in_process
from flows.prove.state import Content, shown
from flows.settings import Settings, load_settings
from flows.steps import do_plainly
from flows.withdraw import withdraw
from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

Published = Mapping[str, Content]  # file below the published folder -> what it shows
DATES = re.compile(r"\d{4}-\d\d-\d\d")


class PastNights(Lab):
    """A lab of two supervisors that publishes every night and keeps a copy of what it published."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(home)
        monkeypatch.setattr("flows.nightly.reading_pool", in_process)
        # starting the children that write copies takes longer than such a night does
        monkeypatch.setattr("flows.nightly.send_back", lambda *_: {})
        monkeypatch.setattr("flows.withdraw.send_back", lambda *_: {})
        self.draws()
        self.chosen: dict[str, object] = {}
        self.settings.raw.mkdir(parents=True)
        self.names(therapists={"T-1": "SV-1", "T-2": "SV-2"}, raters=("R-1", "R-2"))
        self.kept: dict[dt.date, Published] = {}
        self.said_of_past = ""
        self.made: set[str] = set()  # dates that covers may name: of nights, of windows, of meetings

    def names(self, *, therapists: Mapping[str, str], raters: tuple[str, ...]) -> None:
        """Give the lab a roster: therapists with their supervisors, raters, and one session a quarter for each."""
        rows = [["therapist_id", "team", "supervisor_id"], *([t, "team", s] for t, s in therapists.items())]
        (self.settings.raw / "therapists.csv").write_bytes(csv_bytes(rows))
        (self.settings.raw / "raters.csv").write_bytes(csv_bytes([["rater_id"], *([r] for r in raters)]))
        plan = [["therapist_id", "period", "sessions", "raters"], ["", "2026-Q2", "1", "1"], ["", "2026-Q3", "1", "1"]]
        (self.settings.raw / "plan.csv").write_bytes(csv_bytes(plan))

    def now_settings(self) -> Settings:
        """The settings of tonight."""
        return load_settings(self.settings.home, settle_seconds=0, processes=1, min_free_mib=0, **self.chosen)

    def publishes(self, on: dt.date) -> None:
        """A whole night, and a copy of what people see after it."""
        self.leaves()
        with config_context(validation_enabled=False):  # half of so small a night, and other tests' matter
            run_night(self.now_settings(), _at(on), on, do_plainly, Silence())
        self._keeps_copy(on)

    def takes_back(self, session: str, rater: str, on: dt.date, **which: str) -> list[str]:
        """A withdrawal, and a copy of what people see after it; nothing when nothing fits."""
        self.leaves()
        with config_context(validation_enabled=False):
            said = withdraw(self.now_settings(), _at(on), on, Meant(session, rater, "the wrong recording", **which))
        self._keeps_copy(on)
        return said

    def tries_to_take_back(self, session: str, rater: str, on: dt.date) -> None:
        """A withdrawal of whatever may be there."""
        try:
            self.takes_back(session, rater, on)
        except UsageError as wrong:
            assert "No rating of that session" in str(wrong) or "withdrawn already" in str(wrong)

    def tells(self, day: dt.date, today: dt.date | None = None) -> Published:
        """What `fidelity as-of` publishes of a day, in the place that it names."""
        self.leaves()
        with config_context(validation_enabled=False):
            self.said_of_past = publish_as_of(self.now_settings(), _at(today or day), day)[0]
        return undated(seen(self.settings.published / "as-of" / day.isoformat()), self.made)

    def was(self, day: dt.date) -> Published:
        """What people saw after the last night of that day; of the summaries only that of the day's own quarter."""
        quarter = f"fidelity-summary-{day.year}-Q{(day.month + 2) // 3}.xlsx"
        kept = self.kept[day]
        return undated({n: c for n, c in kept.items() if "summary" not in n or n == quarter}, self.made)

    def _keeps_copy(self, on: dt.date) -> None:
        self.kept[on] = seen(self.settings.published)
        newest = self.asks("select night_on, window_start, since from about.run where is_newest")
        self.made |= {str(day) for day in newest[0]}

    def asks(self, query: str) -> list[tuple[Any, ...]]:
        """What the lab's published file answers."""
        with open_published(self.settings.published / "fidelity.duckdb") as con:
            return con.execute(query).fetchall()


def seen(folder: Path) -> Published:
    """Every file that people open below a folder, past publications aside."""
    files = [p for p in sorted(folder.rglob("*")) if p.suffix in (".duckdb", ".xlsx") and not p.name.startswith(".")]
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: shown(path) for name, path in named.items() if not name.startswith("as-of/")}


def undated(published: Published, made: set[str]) -> Published:
    """The same with the dates of making taken out of workbooks: an idle night leaves those of the last change."""
    return {
        name: content if name.endswith(".duckdb") else _undated(content, made) for name, content in published.items()
    }


def _undated(told: Any, made: set[str]) -> Any:
    match told:
        case Mapping():
            return {name: _undated(one, made) for name, one in told.items()}
        case list():
            return [_undated(one, made) for one in told]
        case dt.date():
            return _undated(told.isoformat()[:10], made)
        case str():
            return DATES.sub(lambda found: "made" if found[0] in made else found[0], told)
    return told


def _at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(4, 15), dt.UTC)
