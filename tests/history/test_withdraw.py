"""A rating taken back counts no more, whatever is sent again, until a corrected form comes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from flows.errors import UsageError
from flows.failpoints import FailpointReached
from flows.intake.roster import read_roster
from flows.load.connection import one_transaction
from flows.load.ground import spool_folder
from flows.load.ledger import fingerprint
from flows.load.night import begin_night, note_night, settle, working_file
from flows.load.withdraw import Meant, withdraw_rating
from schemas.catalog import load_catalog
from tests.support.lab import Lab

HEAD = "session | rater | revision | rated on | adherence | competence\n"
PEOPLE = "session | rater | therapist | patient | date | revision | adherence | competence\n"


@pytest.fixture
def small(tmp_path: Path) -> Lab:
    """A lab that publishes nothing: what counts is asked of its working file."""
    return Lab(tmp_path / "home").draws()


def sends(lab: Lab, name: str, *rows: str, head: str = HEAD) -> None:
    """Send a csv with these rows."""
    lab.sends(name, head + "\n".join(rows))


def takes_back(lab: Lab, session: str, rater: str, why: str = "wrong recording", **which: str) -> Mapping[str, int]:
    """A withdrawal on the day after the last night, as far as the working file goes."""
    lab.leaves()
    settings, on = lab.settings, lab.next_on - dt.timedelta(days=6)
    catalog, roster = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
    with working_file(settings) as con:
        night = begin_night(con, dt.datetime.combine(on, dt.time(9), dt.UTC), on, fingerprint(catalog, roster))
        with one_transaction(con):
            withdraw_rating(
                con, Meant(session, rater, why, **which), night.stamp, night.night_id, spool_folder(settings)
            )
            counts = note_night(con, night, catalog, roster, settings)
            settle(con, night)
    return counts


def test_no_version_of_a_withdrawn_rating_counts(small: Lab) -> None:
    sends(small, "a.csv", "S|R|1|.|4|4", "S|Q|.|.|5|5")
    small.night()
    sends(small, "b.csv", "S|R|2|.|6|6")
    small.night()
    takes_back(small, "S", "R")
    assert small.adherence() == {"S Q": 5}
    assert small.ledger() == [(2, 2, 0, 0), (1, 1, 0, 0)]
    assert small.rows("select event, why, event_at from history.event order by rating_id") == [
        ("withdrawn", "wrong recording", dt.datetime(2026, 7, 9, 9)),
        ("withdrawn", "wrong recording", dt.datetime(2026, 7, 9, 9)),
    ]


def test_a_withdrawn_rating_that_waited_stops_waiting_and_its_findings_close(small: Lab) -> None:
    sends(small, "a.csv", "S|R|.|.|9|4")
    small.night()
    takes_back(small, "S", "R")
    assert small.waiting() == []
    assert small.rows("select code, closed_at, closed_by from history.finding where rating_id is not null") == [
        ("out_of_range", dt.datetime(2026, 7, 2, 9), None)
    ]


# What comes after a withdrawal of a rating of 4 that replaced one of 3 -> what counts then, and the verdict on what came.
AFTER: dict[str, tuple[list[str], dict[str, float], str]] = {
    "other values count": (["S|R|.|.|5|5"], {"S R": 5}, "accepted"),
    "the withdrawn values, saved anew, do not": (["S|R|.|.|4|4", "Z|R|.|.|1|1"], {"Z R": 1}, "duplicate"),
    "nor do those that they replaced": (["S|R|.|.|3|3", "Z|R|.|.|1|1"], {"Z R": 1}, "duplicate"),
    "the same values with a revision count again": (["S|R|1|.|4|4"], {"S R": 4}, "accepted"),
    "the same values with a rated-on date count again": (["S|R|.|2026-06-09|4|4"], {"S R": 4}, "accepted"),
    "the withdrawn values do not hold a corrected form": (["S|R|.|.|4|4", "S|R|.|.|5|5"], {"S R": 5}, "duplicate"),
}


@pytest.mark.parametrize("case", AFTER)
def test_of_what_is_sent_after_a_withdrawal(small: Lab, case: str) -> None:
    rows, counts, verdict = AFTER[case]
    sends(small, "a.csv", "S|R|.|.|3|3")
    small.night()
    sends(small, "b.csv", "S|R|.|.|4|4")
    small.night()
    takes_back(small, "S", "R")
    sends(small, "c.csv", *rows)
    small.night()
    assert small.adherence() == counts
    assert small.rows("select verdict from history.rating where workbook = 'c.csv' and session_id = 'S' order by cell")[
        0
    ] == (verdict,)
    assert all(found == accepted + held + twice for found, accepted, held, twice in small.ledger())


def test_the_same_bytes_under_another_name_bring_nothing_back(small: Lab) -> None:
    path = small.sends("a.csv", HEAD + "S|R|.|.|4|4")
    content = path.read_bytes()
    small.night()
    takes_back(small, "S", "R")
    small.sends("copy of a.csv", content=content)
    small.night()
    assert small.adherence() == {}
    assert small.outcomes()["copy of a.csv"] == "duplicate"


def test_a_corrected_form_counts_even_after_its_withdrawal_and_return(small: Lab) -> None:
    sends(small, "a.csv", "S|R|.|.|4|4")
    small.night()
    takes_back(small, "S", "R")
    sends(small, "b.csv", "S|R|.|.|5|5")
    small.night()
    takes_back(small, "S", "R")
    sends(small, "c.csv", "S|R|.|.|5|5", "Z|R|.|.|1|1")
    small.night()
    assert small.adherence() == {"Z R": 1}


def test_what_came_before_the_withdrawal_stays_withdrawn_when_the_roster_lets_it_in(small: Lab) -> None:
    small.settings.raw.mkdir(parents=True)
    small.has_roster(therapists="T-1", raters="R-1")
    sends(small, "a.csv", "S|R-1|.|.|4|4", "S|Anna|.|.|5|5", "Z|Anna|.|.|6|6")
    small.night()
    takes_back(small, "S", "R-1")
    small.has_roster(therapists="T-1", raters="R-1=Anna")
    small.night()
    assert small.adherence() == {"Z R-1": 6}
    assert small.waiting() == []
    assert small.findings() == []


def test_a_rating_that_was_held_against_a_withdrawn_one_is_released_at_once(small: Lab) -> None:
    sends(small, "a.csv", "S|A|T-1|P|2026-06-01|.|4|4", head=PEOPLE)
    small.night()
    sends(small, "b.csv", "S|B|T-2|P|2026-06-01|.|5|5", head=PEOPLE)
    small.night()
    assert [code for *_, code in small.waiting()] == ["session_disagrees"]
    assert takes_back(small, "S", "A")["released"] == 1
    assert small.adherence() == {"S B": 5}
    assert small.waiting() == []


def test_which_rating_is_meant_must_be_clear(small: Lab) -> None:
    head = "session | rater | role | adherence | competence\n"
    sends(small, "a.csv", "S|R|observer|4|5", "S|R|self|7|7", head=head)
    small.night()
    with pytest.raises(
        UsageError, match=r"2 ratings fit.*--role observer --instrument pair; --role self --instrument pair"
    ):
        takes_back(small, "S", "R")
    takes_back(small, "S", "R", role="self")
    assert small.adherence() == {"S R": 4}
    with pytest.raises(UsageError, match="was withdrawn already, on 2026-07-02"):
        takes_back(small, "S", "R", role="self")
    with pytest.raises(UsageError, match="No rating of that session by that rater"):
        takes_back(small, "S", "R", role="consensus")
    with pytest.raises(UsageError, match="Say why"):
        takes_back(small, "S", "R", why=" \n ")
    assert small.rows("select count(*) from history.night") == [(2,)]


def test_a_file_that_was_arriving_stays_in_the_ledger_through_a_withdrawal(small: Lab) -> None:
    sends(small, "a.csv", "S|R|.|.|4|4")
    small.night()
    small.leaves()
    with working_file(small.settings) as con:
        con.execute(
            "insert into history.workbook select 'b.csv', '', received_at, 'arriving', null, null, null, 0, 0, 0, 0, '', 1"
            " from history.workbook"
        )
    takes_back(small, "S", "R")
    assert small.outcomes() == {"a.csv": "accepted", "b.csv": "arriving"}


def test_a_withdrawal_that_breaks_off_before_its_commit_changes_nothing(
    small: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(name: str) -> None:
        if name == "withdrawal written":
            raise FailpointReached

    sends(small, "a.csv", "S|R|.|.|4|4")
    small.night()
    before = small.everything()
    monkeypatch.setattr("flows.load.withdraw.reached", breaks)
    with pytest.raises(FailpointReached):
        takes_back(small, "S", "R")
    assert small.everything() == before
