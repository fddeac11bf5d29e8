"""A change of instrument through whole nights: in the files that people open, and as of a past day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.load.connection import open_published
from tests.history.past_nights import PastNights
from tests.keeping.homes import without_models
from tests.support.lab import PAIR
from tests.support.workbooks import open_book, table_of

FIRST, SECOND = dt.date(2026, 7, 1), dt.date(2026, 7, 8)
COURSE = (
    "select session_id, instrument_version, mean, threshold, stands, instrument_change from supervision.therapist_course"
    " where (element, scale) = ('not_knowing', 'adherence') order by therapist_id, position"
)


def test_a_new_version_is_marked_and_published_and_a_past_day_is_told_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_models(monkeypatch)
    lab = PastNights(tmp_path / "home", monkeypatch)
    lab.sends("one.xlsx", "session | rater | date | adherence | competence\nS-1 | R-1 | 2026-06-01 | 4 | 4")
    lab.publishes(FIRST)
    later = lab.settings.own_schemas / "instruments" / "pair-later.toml"
    later.write_text(PAIR.replace('"1.0"', '"1.1"').replace("threshold = 4", "threshold = 5"), encoding="utf-8")
    lab.sends("two.xlsx", "session | rater | date | adherence | competence\nS-2 | R-1 | 2026-06-20 | 4 | 4")
    lab.publishes(SECOND)

    told = [("S-1", "1.0", 4.0, 4.0, "at", None), ("S-2", "1.1", 4.0, 5.0, "below", "version")]
    assert lab.asks(COURSE) == told
    published = lab.settings.published
    for supervisor, hers in (("SV-1", told), ("SV-2", [])):
        with open_published(published / "supervision" / supervisor / "fidelity.duckdb") as con:
            assert con.execute(COURSE).fetchall() == hers
    assert "Across instruments" in open_book(published / "supervision" / "SV-1" / "T-1.xlsx").sheetnames
    (summary,) = published.glob("fidelity-summary-*.xlsx")
    (changed,) = table_of(open_book(summary)["Instruments"])
    assert (changed["Therapist"], changed["Before"], changed["Version"]) == ("T-1", "pair 1.0", "1.1")

    assert lab.tells(FIRST, today=SECOND) == lab.was(FIRST)
    with open_published(published / "as-of" / FIRST.isoformat() / "fidelity.duckdb") as con:
        assert con.execute(COURSE).fetchall() == told[:1]
