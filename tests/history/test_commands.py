"""`fidelity as-of` and `fidelity withdraw` as people type them: what they say, what they leave alone, older homes."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import pytest
from pandera.config import config_context

from flows import cli
from flows.errors import NightRunning, UsageError
from flows.intake.inbox import receive
from flows.load.connection import open_published
from flows.load.lock import night_lock
from flows.load.night import working_file
from tests.history.past_nights import PastNights, seen
from tests.keeping.homes import without_workbooks

ROOT = Path(__file__).resolve().parents[2]
HEAD = "session | rater | therapist | patient | date | revision | adherence | competence\n"
JULY_1, JULY_8, JULY_9 = (dt.date(2026, 7, day) for day in (1, 8, 9))


def test_a_day_that_cannot_be_told_is_answered_with_one_that_can_and_another_version_is_named(
    lab: PastNights, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_workbooks(monkeypatch)
    with pytest.raises(UsageError, match="No night has run in this home yet"):
        lab.tells(JULY_1)
    lab.publishes(JULY_1)
    with pytest.raises(UsageError, match="by the end of 2026-06-30: the first night was that of 2026-07-01"):
        lab.tells(dt.date(2026, 6, 30))
    with pytest.raises(UsageError, match=r"2026-07-09 is still to come\. The last night was that of 2026-07-01"):
        lab.tells(JULY_9, today=JULY_8)
    # nothing was ever sent, and a day without a night shows the night before it
    monkeypatch.setattr("flows.as_of.version", lambda _: "9.9")
    assert lab.tells(JULY_8) == lab.was(JULY_1)
    assert lab.said_of_past.endswith("the night of 2026-07-01, computed by version 9.9 (it ran under 0.1.0).")


def test_a_past_day_is_told_by_the_command_of_the_readme_and_nothing_else_changes(
    lab: PastNights, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.sends("a.csv", HEAD + "S-1|R-1|T-1|P-1|2026-05-01|.|4|4")
    lab.publishes(JULY_8)
    (lab.settings.published / "supervision" / "SV-1").chmod(0o710)
    there = {p: p.read_bytes() for p in lab.settings.warehouse.rglob("*") if p.is_file() and p.name != "working.duckdb"}
    line = re.search(r"^fidelity as-of .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert line is not None
    with open_published(lab.settings.published / "fidelity.duckdb") as reader, config_context(validation_enabled=False):
        assert cli.main([*shlex.split(line[0])[1:], "--home", str(lab.settings.home)]) == 0
        assert reader.execute("select count(*) from supervision.session_item").fetchone() == (4,)
    told = capsys.readouterr().out
    assert "What was known by the end of 2026-07-08, the night of 2026-07-08, computed by version" in told
    assert "(the version it ran under)" in told
    past = lab.settings.published / "as-of"
    assert {p: b for p, b in there.items() if p.read_bytes() != b} == {}
    assert {p for p in lab.settings.warehouse.rglob("*") if p.is_file() and past not in p.parents} - {
        lab.settings.warehouse / "working.duckdb"
    } == set(there)
    assert (past / "2026-07-08" / "supervision" / "SV-1").stat().st_mode & 0o777 == 0o710
    lab.publishes(JULY_9)
    assert (past / "2026-07-08" / "fidelity.duckdb").exists()


def test_neither_command_runs_beside_a_night(lab: PastNights) -> None:
    with night_lock(lab.settings, dt.datetime(2026, 7, 1, tzinfo=dt.UTC)):
        with pytest.raises(NightRunning):
            lab.tells(JULY_1)
        with pytest.raises(NightRunning):
            lab.takes_back("S-1", "R-1", JULY_1)


def test_a_file_that_was_arriving_is_told_as_arriving(lab: PastNights, monkeypatch: pytest.MonkeyPatch) -> None:
    without_workbooks(monkeypatch)
    slow = lab.sends("slow.csv", HEAD + "S-1|R-1|T-1|P-1|2026-05-01|.|4|4")

    def grows(_: float) -> None:
        slow.write_text(slow.read_text(encoding="utf-8") + "S-2,R-1,T-1,P-1,2026-05-02,,5,5\n", encoding="utf-8")

    with monkeypatch.context() as tonight:
        tonight.setattr(
            "flows.nightly.receive", lambda settings, stamp, screen: receive(settings, stamp, grows, screen=screen)
        )
        lab.publishes(JULY_1)
    lab.publishes(JULY_8)
    assert lab.asks("select outcome from quality.workbook") == [("accepted",)]
    assert [row[3] for row in lab.was(JULY_1)["fidelity.duckdb"]["quality.workbook"]] == ["arriving"]
    for day in lab.kept:
        assert lab.tells(day) == lab.was(day)


def test_a_home_of_the_release_before_goes_on_and_says_from_which_night_it_can_tell(
    lab: PastNights, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_workbooks(monkeypatch)
    lab.sends("a.csv", HEAD + "S-1|R-1|T-1|P-1|2026-05-01|.|4|4\nS-2|R-9|T-1|P-1|2026-05-02|.|4|4")
    lab.publishes(JULY_1)
    _set_back(lab)
    with pytest.raises(
        UsageError, match=r"The night of 2026-07-01 ran before nights could be told again\. None can be yet"
    ):
        lab.tells(JULY_1)
    lab.sends("b.csv", HEAD + "S-1|R-1|T-1|P-1|2026-05-01|1|6|4")
    lab.publishes(JULY_8)
    lab.names(therapists={"T-1": "SV-1", "T-2": "SV-2"}, raters=("R-1", "R-2", "R-9"))
    lab.publishes(JULY_9)
    assert lab.asks("select session_id, old_value, new_value from audit.change") == [("S-1", 4.0, 6.0)]
    assert lab.asks("select count(*) from quality.finding where closed_at is null") == [(0,)]
    for day in (JULY_8, JULY_9):
        assert lab.tells(day) == lab.was(day)
    with pytest.raises(UsageError, match="The first that can is that of 2026-07-08"):
        lab.tells(JULY_1)


def _set_back(lab: PastNights) -> None:
    """Leave the working file as the release before made it."""
    lab.leaves()
    with working_file(lab.settings) as con:
        for table in ("circumstance", "text", "roster_therapist", "roster_rater", "roster_plan"):
            con.execute(f"drop table history.{table}")
        for table in ("rating_before", "workbook_before"):
            con.execute(f"drop table history.{table}")
        con.execute("alter table history.finding drop column night_id")
        con.execute("alter table history.finding drop column closed_night_id")


def test_a_withdrawal_is_published_at_once_and_its_words_stand_in_one_place(
    lab: PastNights, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    lab.sends("a.csv", HEAD + "S-1|R-1|T-1|P-1|2026-05-01|.|4|4\nS-2|R-1|T-1|P-1|2026-05-02|.|4|4")
    lab.publishes(JULY_1)
    record = (lab.settings.warehouse / "last-night.json").read_bytes()
    words = [
        "withdraw",
        "S-1",
        "R-1",
        "--why",
        "=CANARY of mine",
        "--date",
        "2026-07-08",
        "--home",
        str(lab.settings.home),
    ]
    with config_context(validation_enabled=False):
        assert cli.main(words) == 0
    told = capsys.readouterr()
    assert told.out == f"The rating is withdrawn. Published in {lab.settings.published}\n"
    assert lab.asks("select distinct session_id from supervision.session_item") == [("S-2",)]
    assert lab.asks("select distinct session_id, cause, why, new_value from audit.change") == [
        ("S-1", "withdrawn", "=CANARY of mine", None)
    ]
    assert (lab.settings.warehouse / "last-night.json").read_bytes() == record
    assert "CANARY" not in told.err + caplog.text
    workbooks = {name: repr(shown) for name, shown in seen(lab.settings.published).items() if name.endswith(".xlsx")}
    assert [name for name, shown in workbooks.items() if "CANARY" in shown or "S-1'" in shown] == []
    assert cli.main(words) == 2
    assert capsys.readouterr().err == (
        "That rating was withdrawn already, on 2026-07-08, and nothing of it counts or waits. If a publication still "
        "shows it, run `fidelity nightly`.\n"
    )
