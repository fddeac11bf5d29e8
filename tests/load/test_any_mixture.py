"""The ledger adds up for any mixture of sheets, in any order, over any nights; and a night without news changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.load.connection import one_transaction
from flows.load.models import make_marts
from flows.load.night import working_file
from flows.measure import measure
from tests.support.intake_sheets import csv_bytes, drawn
from tests.support.lab import Lab

HEAD = "session | rater | therapist | revision | adherence | competence | remark\n"
RATINGS = st.lists(
    st.tuples(
        st.sampled_from(["S-1", "S-2", "S-3", ""]), st.sampled_from(["R-1", "R-2", "R-9", ""]),
        st.sampled_from(["T-1", "T-1", "T-2"]), st.sampled_from(["", "1", "2", "x"]), st.sampled_from(["3", "4", "9", "4?", ""]),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
WHOLE = st.tuples(st.just("sheet"), RATINGS)
BROKEN = st.tuples(st.just("bytes"), st.sampled_from([b"", b"PK\x03\x04 half", b"%PDF-1.7 letter", b"Name,Age\nA,4\n"]))
AGAIN = st.tuples(st.just("again"), st.integers(0, 20))
NAMES = st.sampled_from(["a.csv", "b.csv", "team/a.csv", "~$a.csv", "Copy of a (2).csv", "b.xlsx"])
NIGHTS = st.lists(st.dictionaries(NAMES, st.one_of(WHOLE, WHOLE, BROKEN, AGAIN), max_size=5), min_size=1, max_size=4)

# What must never be found, whatever was sent: each query gives the offenders.
NEVER = {
    "a workbook whose ratings do not add up": (
        "select workbook from history.workbook where n_ratings <> n_accepted + n_held + n_duplicate"
    ),
    "a workbook with two outcomes": "select workbook, sha256 from history.workbook group by all having count(*) > 1",
    "a rating that was judged twice": "select rating_id from history.rating group by all having count(*) > 1",
    "a rating without a judgement": "select rating_id from history.rating where verdict not in ('accepted', 'held', 'duplicate')",
    "an event about no rating": "from history.event anti join history.rating using (rating_id)",
    "a finding about no rating": "from history.finding anti join history.rating using (rating_id) where rating_id is not null",
    "scores of a rating that is not there": "from history.score anti join history.rating using (rating_id)",
    "two ratings of one key that count": "select session_id, rater_id from current.rating group by all having count(*) > 1",
    "a rating that counts and waits": "select rating_id from current.rating semi join current.waiting using (rating_id)",
    "a rating that counts and was held for good": (
        "select rating_id from current.rating join history.rating h using (rating_id)"
        " where h.verdict = 'duplicate' or (h.verdict = 'held' and rating_id not in (select rating_id from history.event))"
    ),
    "a sum that is not that of the ratings": (
        "select 1 from (select sum(n_ratings) n, sum(n_accepted) a, sum(n_held) h, sum(n_duplicate) d from history.workbook)"
        " where n <> (select count(*) from history.rating)"
        " or a <> (select count(*) from history.rating where verdict = 'accepted')"
        " or h <> (select count(*) from history.rating where verdict = 'held')"
        " or d <> (select count(*) from history.rating where verdict = 'duplicate')"
    ),
    "a published score that is not a current one": (
        "select session_id, rater_id, item, scale, state, value from supervision.session_item"
        " except all select session_id, rater_id, item, scale, state, value"
        " from current.score join current.rating using (rating_id)"
    ),
    "a current score that is not published": (
        "select session_id, rater_id, item, scale, state, value from current.score join current.rating using (rating_id)"
        " except all select session_id, rater_id, item, scale, state, value from supervision.session_item"
    ),
}  # fmt: skip

ELSEWHERE = (
    "create or replace view supervision.session_item as"
    " select 'S-9' as session_id, 'R' as rater_id, 'i' as item, 's' as scale, 'rated' as state, 1.0::double as value"
)


def send(lab: Lab, sent: list[bytes], files: dict[str, tuple[str, object]]) -> int:
    """Drop the files of one evening; how many there are."""
    for name, (kind, what) in files.items():
        if kind == "again" and sent:
            content = sent[what % len(sent)]  # type: ignore[operator]
        elif kind == "bytes":
            content = what  # type: ignore[assignment]
        else:
            ratings = what if kind == "sheet" else [("S-1", "R-1", "T-1", "", "4")]
            rows = [" | ".join(cell or "." for cell in (*row, "4", f"r{n}")) for n, row in enumerate(ratings)]  # type: ignore[arg-type]
            content = csv_bytes(drawn((HEAD + "\n".join(rows)).strip("\n")))
        sent.append(content)
        lab.sends(name, content=content)
    return len(files)


@settings(
    max_examples=4, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)  # fmt: skip
@given(nights=NIGHTS)
def test_the_ledger_adds_up_whatever_was_sent(
    tmp_path_factory: pytest.TempPathFactory, nights: list[dict[str, tuple[str, object]]]
) -> None:
    lab = Lab(tmp_path_factory.mktemp("mixture")).draws()
    lab.settings.raw.mkdir(parents=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    sent: list[bytes] = []
    names: set[str] = set()
    for files in nights:
        send(lab, sent, files)
        names |= set(files)
        lab.night()
    assert {workbook for (workbook,) in lab.rows("select distinct workbook from history.workbook")} == names
    offenders = {what: found for what, found in asked(lab).items() if found}
    assert offenders == {}
    before = lab.everything(but=("history.night", "history.circumstance"))
    lab.night()
    assert lab.everything(but=("history.night", "history.circumstance")) == before
    lab.leaves()


def asked(lab: Lab) -> dict[str, list[tuple[object, ...]]]:
    """The offenders of every rule, in the marts as they would be published."""
    lab.leaves()
    with working_file(lab.settings) as con:
        with one_transaction(con):
            measure(con)
            make_marts(con)
        return {what: con.execute(query).fetchall() for what, query in NEVER.items()}


def test_each_rule_of_the_ledger_can_be_broken(tmp_path: Path) -> None:
    lab = Lab(tmp_path).draws()
    lab.sends("a.csv", HEAD + "S-1 | R-1 | T-1 | . | 4 | 4 | r\nS-2 | R-1 | T-1 | . | 9 | 4 | r")
    lab.night()
    asked(lab)
    breaks = [
        "update history.workbook set n_held = 7",
        "insert into history.workbook from history.workbook",
        "insert into history.rating from history.rating",
        "update history.rating set verdict = 'none'",
        "insert into history.event values ('no', 'released', '2026-01-01', 'no', 1)",
        "update history.finding set rating_id = 'no'",
        "update history.score set rating_id = 'no'",
        "insert into current.rating from current.rating",
        "update current.waiting set rating_id = (select rating_id from current.rating)",
        "update history.rating set verdict = 'duplicate'",
        "delete from history.rating",
        ELSEWHERE,
        ELSEWHERE,
    ]
    with working_file(lab.settings) as con:
        for (what, query), broken in zip(NEVER.items(), breaks, strict=True):
            con.execute("begin")
            con.execute(broken)
            assert con.execute(query).fetchall() != [], what
            con.execute("rollback")
