"""Which rating counts, for sheets drawn at random and sent in any order over any nights, against a second implementation.

Sessions do not touch each other, so each example plays some dozens of them in one home, and says which one went wrong.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.lab import Lab
from tests.support.slow_rules import Row, SlowSession

N_EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "2"))
HEAD = "session | rater | therapist | patient | date | revision | rated on | adherence | competence | remark\n"
ROWS = st.builds(
    Row,
    rater=st.sampled_from("RRQP"),
    therapist=st.sampled_from(["T-1", "T-1", "T-1", "T-2"]),
    patient=st.sampled_from(["P-1", "P-1", "P-2", ""]),
    date=st.sampled_from(["2026-06-01", "2026-06-01", "2026-06-01", "2026-06-02", ""]),
    revision=st.sampled_from(["", "", "1", "2"]),
    rated_on=st.sampled_from(["", "", "2026-06-09", "2026-06-10"]),
    adherence=st.sampled_from([3, 4, 4, 5, 9]),
)
SESSIONS = st.lists(st.lists(st.lists(ROWS, max_size=3), min_size=1, max_size=4), min_size=60, max_size=60)
# One rater, everything else agreed: what revision and date order is never a matter of when it came.
VERSIONS = st.lists(
    st.tuples(st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "2026-06-09", "2026-06-10"]), st.integers(1, 7)),
    min_size=2, max_size=5, unique_by=lambda version: version[:2],
)  # fmt: skip
SPLITS = st.tuples(VERSIONS, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
PLAYED = settings(
    max_examples=N_EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck], derandomize=N_EXAMPLES < 10, database=None,
)  # fmt: skip


def play(lab: Lab, sessions: Sequence[Sequence[Sequence[Row]]]) -> None:
    """Send the k-th rows of all sessions of a night in one workbook, night after night."""
    remark = count()
    for night in range(max(map(len, sessions))):
        tonight = {n: nights[night] for n, nights in enumerate(sessions) if night < len(nights)}
        for k in range(max(map(len, tonight.values()), default=0)):
            rows = [(n, rows[k]) for n, rows in tonight.items() if k < len(rows)]
            lines = [" | ".join([f"S-{n}", *(str(v) or "." for v in row), "4", f"r{next(remark)}"]) for n, row in rows]
            lab.sends(f"night{night}-{k}.csv", HEAD + "\n".join(lines))
        lab.night()


@pytest.fixture
def homes(tmp_path: Path):
    """Fresh homes, one after the other."""
    numbers = count()

    def fresh() -> Lab:
        shutil.rmtree(tmp_path / f"home{next(numbers) - 1}", ignore_errors=True)
        return Lab(tmp_path / f"home{next(numbers)}").draws()

    return fresh


def told(lab: Lab) -> dict[str, tuple[dict[str, float], Counter[tuple[str, str]]]]:
    """Session -> what counts by rater, and how often each first judgement with its code was made."""
    found: dict[str, tuple[dict[str, float], Counter[tuple[str, str]]]] = {}
    for session, verdict, code in lab.rows("select session_id, verdict, coalesce(first_code, '') from history.rating"):
        found.setdefault(str(session), ({}, Counter()))[1][str(verdict), str(code)] += 1
    for key, value in lab.adherence().items():
        session, rater = key.split()
        found[session][0][rater] = float(value)
    return found


@PLAYED
@given(sessions=SESSIONS)
def test_what_counts_and_what_waits_is_what_the_rules_say(homes, sessions: list[list[list[Row]]]) -> None:
    lab = homes()
    play(lab, sessions)
    said = told(lab)
    lab.leaves()
    for n, nights in enumerate(sessions):
        slow = SlowSession()
        for rows in nights:
            slow.night(rows)
        verdicts = Counter((one.verdict, one.code if one.verdict == "held" else "") for one in slow.ratings)
        counts, judged = said.get(f"S-{n}", ({}, Counter()))
        assert (counts, judged) == (slow.counting(), verdicts), nights


@PLAYED
@given(sessions=SESSIONS)
def test_the_ratings_that_count_never_disagree_about_their_session(homes, sessions: list[list[list[Row]]]) -> None:
    lab = homes()
    play(lab, sessions)
    for fact in ("therapist_ids::varchar", "patient_id", "session_on"):
        several = f"select session_id from current.rating group by 1 having count(distinct {fact}) > 1"
        assert [sessions[int(str(s).removeprefix("S-"))] for (s,) in lab.rows(several)] == [], fact
    lab.leaves()


@PLAYED
@given(splits=st.lists(SPLITS, min_size=40, max_size=40))
def test_what_revision_and_date_order_does_not_depend_on_when_it_came(homes, splits: list) -> None:
    sessions = []
    for versions, first, second in splits:
        for draw in (first, second):
            nights: list[list[Row]] = [[], [], []]
            for revision, rated_on, value in draw.sample(versions, len(versions)):
                nights[draw.randrange(3)].append(Row("R", "T-1", "P-1", "2026-06-01", revision, rated_on, value))
            sessions.append(nights)
    lab = homes()
    play(lab, sessions)
    counting = lab.adherence()
    lab.leaves()
    for n, (versions, _, _) in enumerate(splits):
        latest = max(versions)[2]  # "" comes before anything given
        assert (counting[f"S-{2 * n} R"], counting[f"S-{2 * n + 1} R"]) == (latest, latest), sessions[2 * n : 2 * n + 2]


def test_where_nothing_else_orders_two_versions_the_night_of_arrival_does(homes) -> None:
    three, four = (Row("R", "T-1", "P-1", "2026-06-01", "", "", value) for value in (3, 4))
    lab = homes()
    play(lab, [[[three], [four]], [[four], [three]], [[three, four], []]])
    assert lab.adherence() == {"S-0 R": 4, "S-1 R": 3}
    lab.leaves()
