"""The ledger: every file has one outcome, every rating one first judgement, and it all adds up whatever the order."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.support.lab
from flows.errors import DiskTooFull, NightRunning
from flows.intake.findings import Finding
from flows.intake.frames import FoundWorkbook, Job
from flows.intake.reader import Reader
from flows.load import ground
from flows.load.connection import one_transaction
from flows.load.ground import check_ground
from flows.load.lock import night_lock
from flows.load.night import working_file
from schemas.codes import Code
from tests.support.lab import Lab, Score

HEAD = "session | rater | revision | adherence | competence\n"
NIGHT_RECORDS = ("history.night", "history.circumstance")
LEDGER = ("history.night", "history.workbook", "history.circumstance")


def sends(lab: Lab, name: str, *rows: str) -> None:
    """Send a sheet with these rows."""
    lab.sends(name, HEAD + "\n".join(rows))


def test_every_file_has_exactly_one_outcome(lab: Lab) -> None:
    sends(lab, "good.xlsx", "S-1|R-1|.|4|5")
    sends(lab, "partly.xlsx", "S-2|R-1|.|4|5", "S-3|R-1|.|9|5")
    sends(lab, "bad.xlsx", "S-4|R-1|.|9|5")
    sends(lab, "same.csv", "S-1|R-1|.|4|5")
    sends(lab, "blank.xlsx", "S-5|R-1|.|.|.")
    lab.sends("empty.csv", content=b"")
    lab.sends("letter.pdf", content=b"%PDF-1.7 a letter")
    lab.sends("half.xlsx", content=b"PK\x03\x04 half")
    lab.sends("other.csv", "Name | Age\n A | 4")
    lab.sends("~$good.xlsx", content=b"lock")
    lab.sends("copy.xlsx", content=(lab.settings.inbox / "good.xlsx").read_bytes())
    lab.night()
    assert lab.outcomes() == {
        "good.xlsx": "accepted",
        "partly.xlsx": "partly_held",
        "bad.xlsx": "held",
        "same.csv": "duplicate",
        "blank.xlsx": "ignored",
        "empty.csv": "refused",
        "letter.pdf": "refused",
        "half.xlsx": "refused",
        "other.csv": "refused",
        "~$good.xlsx": "ignored",
        "copy.xlsx": "duplicate",
    }
    assert lab.rows("select count(*), count(distinct workbook) from history.workbook") == [(11, 11)]
    assert all(found == accepted + held + twice for found, accepted, held, twice in lab.ledger())
    reasons = dict(lab.rows("select workbook, reason_code from history.workbook where reason_code is not null"))
    assert reasons == {
        "blank.xlsx": "nothing_filled_in",
        "empty.csv": "empty_file",
        "letter.pdf": "not_a_spreadsheet",
        "half.xlsx": "damaged",
        "other.csv": "layout_unknown",
    }
    assert lab.reason("copy.xlsx")[1] == "The same bytes as good.xlsx."
    assert lab.reason("same.csv")[1] == "Every rating in it was known already."


def test_the_same_bytes_under_another_name_are_a_duplicate_of_the_first(lab: Lab) -> None:
    sends(lab, "first.xlsx", "S-1|R-1|.|4|5")
    kept = (lab.settings.inbox / "first.xlsx").read_bytes()
    lab.night()
    lab.sends("second.xlsx", content=kept)
    lab.sends("again/first.xlsx", content=kept)
    lab.night()
    assert lab.ledger() == [(1, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)]
    assert lab.outcomes() == {"first.xlsx": "accepted", "second.xlsx": "duplicate", "again/first.xlsx": "duplicate"}


def test_a_night_over_the_same_files_under_other_names_changes_nothing_but_the_ledger(lab: Lab, tmp_path: Path) -> None:
    sends(lab, "a.xlsx", "S-1|R-1|.|4|5", "S-2|R-1|.|9|5")
    sends(lab, "b.csv", "S-1|R-2|1|4|5", "S-1|R-2|2|6|5")
    lab.sends("c.csv", content=b"not one of ours;4\n")
    shutil.copytree(lab.settings.inbox, tmp_path / "kept")
    lab.night()
    before = lab.everything(but=LEDGER)
    for path in (tmp_path / "kept").iterdir():
        lab.sends(f"copy of {path.name}", content=path.read_bytes())
    lab.night()
    assert lab.everything(but=LEDGER) == before
    assert lab.outcomes()["copy of a.xlsx"] == "duplicate"
    assert len(lab.ledger()) == 6


def test_the_same_ratings_saved_anew_change_nothing_that_counts(lab: Lab) -> None:
    sends(lab, "a.xlsx", "S-1|R-1|.|4|5")
    lab.night()
    before = lab.everything()["current.rating"]
    sends(lab, "a.csv", "S-1|R-1|.|4|5")
    lab.night()
    assert lab.everything()["current.rating"] == before
    assert lab.ledger() == [(1, 1, 0, 0), (1, 0, 0, 1)]


def test_a_night_with_nothing_new_changes_nothing(lab: Lab) -> None:
    sends(lab, "a.xlsx", "S-1|R-1|.|4|5", "S-2|R-1|.|9|5", "S-3|R-1|.|4|5", "S-3|R-1|.|5|5")
    lab.sends("~$a.xlsx", content=b"lock")
    lab.night()
    before = lab.everything(but=NIGHT_RECORDS)
    assert lab.night() == {
        "workbooks": 0,
        "ratings": 0,
        "accepted": 0,
        "held": 0,
        "known already": 0,
        "released": 0,
        "workbooks not read": 0,
    }
    assert lab.everything(but=NIGHT_RECORDS) == before


def test_a_sheet_with_the_name_of_an_earlier_one_has_an_entry_of_its_own(lab: Lab) -> None:
    sends(lab, "scores.xlsx", "S-1|R-1|.|4|5")
    lab.night()
    sends(lab, "scores.xlsx", "S-1|R-1|.|4|5", "S-2|R-1|.|6|7")
    lab.night()
    assert lab.rows(
        "select workbook, outcome, n_ratings, n_accepted, n_duplicate from history.workbook order by night_id"
    ) == [
        ("scores.xlsx", "accepted", 1, 1, 0),
        ("scores.xlsx", "accepted", 2, 1, 1),
    ]


def test_what_was_still_arriving_is_read_when_it_has_settled(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.intake import inbox

    sends(lab, "a.csv", "S-1|R-1|.|4|5")
    real, sizes = inbox.look, count(1)
    monkeypatch.setattr(
        inbox, "look", lambda folder: {n: s._replace(size=next(sizes)) for n, s in real(folder).items()}
    )
    lab.night()
    assert lab.outcomes() == {"a.csv": "arriving"}
    assert lab.adherence() == {}
    monkeypatch.setattr(inbox, "look", real)
    lab.night()
    assert lab.outcomes() == {"a.csv": "accepted"}
    assert lab.adherence() == {"S-1 R-1": 4}


def test_a_night_that_breaks_off_leaves_no_trace_and_the_next_one_makes_up_for_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support import lab as support

    sends(lab, "a.csv", "S-1|R-1|.|4|5")

    def breaks_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(support, "settle", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            lab.night(dt.date(2026, 7, 1))
    assert lab.rows("select count(*) from history.workbook") == [(0,)]
    lab.night(dt.date(2026, 7, 2))
    assert lab.adherence() == {"S-1 R-1": 4}
    # it was first seen when the night that broke off received it
    assert lab.rows("select received_at::date::varchar from history.workbook") == [("2026-07-01",)]


def test_two_nights_of_one_date_are_in_order(lab: Lab) -> None:
    sends(lab, "a.csv", "S-1|R-1|.|4|5")
    lab.night(dt.date(2026, 7, 1))
    sends(lab, "b.csv", "S-1|R-1|.|6|5")
    lab.night(dt.date(2026, 7, 1))
    assert lab.adherence() == {"S-1 R-1": 6}
    assert lab.rows("select count(distinct received_at) from history.workbook") == [(2,)]


def test_a_second_night_is_told_who_holds_the_lock_and_since_when(lab: Lab) -> None:
    since = dt.datetime(2026, 7, 1, 4, 15, tzinfo=dt.UTC)
    with night_lock(lab.settings, since), pytest.raises(NightRunning) as running:
        lab.night()
    assert "process " in str(running.value)
    assert "since 2026-07-01 04:15 UTC" in str(running.value)
    lab.night()  # and a lock that was let go stands in nobody's way


def test_a_lock_left_by_a_dead_process_does_not_block(lab: Lab) -> None:
    lab.settings.warehouse.mkdir(parents=True)
    (lab.settings.warehouse / "night.lock").write_text("process 1, since 2020-01-01 00:00 UTC")
    lab.night()


def test_a_full_disk_is_told_before_a_night_begins(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1 << 20))
    with pytest.raises(DiskTooFull, match="Make room and run it again"):
        check_ground(lab.settings)


def test_a_transaction_that_fails_leaves_nothing_behind(lab: Lab) -> None:
    lab.settings.warehouse.mkdir(parents=True)
    with working_file(lab.settings) as con:
        with pytest.raises(ZeroDivisionError), one_transaction(con):
            con.execute("create table t as select 1 as x")
            raise ZeroDivisionError
        assert con.execute("select count(*) from duckdb_tables() where table_name = 't'").fetchone() == (0,)


# Whatever the order in which one night's files arrive, the same ratings count and the ledger says the same.

ROW = st.tuples(
    st.sampled_from(["A", "B", "C"]),  # rater
    st.sampled_from(["T-1", "T-2"]),
    st.sampled_from([".", "P", "Q"]),
    st.sampled_from([".", "1", "2"]),  # revision
    st.sampled_from(["3", "4", "4", "9"]),  # 9 is not on the scale
)
SESSIONS = st.lists(st.lists(ROW, min_size=1, max_size=5), min_size=10, max_size=25)
WIDE = "session | rater | therapist | patient | revision | adherence | competence\n"
Said = tuple[dict[str, Score], list[tuple[object, ...]], tuple[int, ...]]


def one_night(home: Path, sessions: Sequence[Sequence[tuple[str, ...]]], order: Sequence[int]) -> Said:
    """What counts, what waits and the ledger's sums after a night in which the k-th rows of all sessions share a file."""
    lab = Lab(home).draws()
    for k in order:
        rows = [f"{n} | {' | '.join(rows[k])} | 5" for n, rows in enumerate(sessions) if k < len(rows)]
        if rows:
            lab.sends(f"{k}.csv", WIDE + "\n".join(rows))
    lab.night()
    ledger = lab.ledger()
    assert all(found == accepted + held + twice for found, accepted, held, twice in ledger)
    waits = lab.rows("select session_id, rater_id, first_code from current.waiting order by all")
    adherence = lab.adherence()
    lab.leaves()
    return adherence, waits, tuple(map(sum, zip(*ledger, strict=True)))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sessions=SESSIONS, order=st.permutations(range(5)))
def test_the_order_of_arrival_within_a_night_decides_nothing(
    tmp_path_factory: pytest.TempPathFactory, sessions: list[list[tuple[str, ...]]], order: list[int]
) -> None:
    straight = one_night(tmp_path_factory.mktemp("straight"), sessions, range(5))
    shuffled = one_night(tmp_path_factory.mktemp("shuffled"), sessions, order)
    assert shuffled == straight


class BusyReader(Reader):
    """A reader for which every file takes too long."""

    n_read = 0

    def read(self, job: Job) -> FoundWorkbook:
        """Read nothing, and say what a child's night would."""
        type(self).n_read += 1
        return FoundWorkbook(job, refusal=Finding(Code.TOOK_TOO_LONG))


def test_a_sheet_that_took_too_long_on_a_busy_machine_is_read_once_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends(lab, "good.csv", "S-1|R-1|.|4|5")
    with monkeypatch.context() as busy:
        busy.setattr(tests.support.lab, "Reader", BusyReader)
        lab.night()
    assert lab.reason("good.csv")[0] == "took_too_long"
    lab.night()
    assert lab.outcomes() == {"good.csv": "accepted"}
    assert lab.rows("select code, closed_at is not null from history.finding where workbook = 'good.csv'") == [
        ("took_too_long", True)
    ]


def test_a_sheet_that_takes_too_long_every_time_is_read_twice_and_no_more(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends(lab, "endless.csv", "S-1|R-1|.|4|5")
    monkeypatch.setattr(tests.support.lab, "Reader", BusyReader)
    monkeypatch.setattr(BusyReader, "n_read", 0)
    lab.night()
    told = lab.rows("select * exclude (judged_under) from history.workbook"), lab.rows("from history.finding")
    lab.night()
    lab.night()
    assert (lab.rows("select * exclude (judged_under) from history.workbook"), lab.rows("from history.finding")) == told
    assert BusyReader.n_read == 2


def test_a_workbook_that_could_not_be_read_is_counted_by_its_night_alone(lab: Lab) -> None:
    lab.sends("odd.xlsx", content=b"no workbook")
    assert lab.night()["workbooks not read"] == 1
    assert lab.night()["workbooks not read"] == 0
