"""Which rating counts when several say different things: corrections, duplicates, ties and disputes.

A drawn row is a rating. What counts is told as `session rater` -> adherence to not_knowing. All cases of a table are
played in one home, each with sessions of its own, so that a night serves them all.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.support.lab import Lab, Score

Nights = list[list[str]]

HEAD = "session | rater | revision | rated on | adherence | competence\n"
DISPUTE = "session | rater | therapist | patient | date | revision | adherence | competence\n"


def sends(lab: Lab, name: str, *rows: str, head: str = HEAD) -> None:
    """Send a csv with these rows."""
    lab.sends(name, head + "\n".join(rows))


# Each case: the rows of each night, what counts in the end, and the codes of what waits.
CASES: dict[str, tuple[Nights, dict[str, float], list[str]]] = {
    "a new rating counts": ([["S|R|.|.|4|4"]], {"S R": 4}, []),
    "a higher revision counts": ([["S|R|1|.|4|4", "S|R|2|.|5|5"]], {"S R": 5}, []),
    "a higher revision counts though it came first": ([["S|R|2|.|5|5"], ["S|R|1|.|4|4"]], {"S R": 5}, []),
    "a revision counts over none": ([["S|R|1|.|5|5"], ["S|R|.|.|4|4"]], {"S R": 5}, []),
    "a later date of rating counts": ([["S|R|.|2026-06-09|4|4", "S|R|.|2026-06-10|5|5"]], {"S R": 5}, []),
    "a later date of rating counts though it came first": (
        [["S|R|.|2026-06-10|5|5"], ["S|R|.|2026-06-09|4|4"]],
        {"S R": 5},
        [],
    ),
    "a date of rating counts over none": ([["S|R|.|2026-06-10|5|5"], ["S|R|.|.|4|4"]], {"S R": 5}, []),
    "the revision weighs more than the date": (
        [["S|R|2|2026-06-09|5|5", "S|R|1|2026-06-10|4|4"]],
        {"S R": 5},
        [],
    ),
    "with neither the later night counts": ([["S|R|.|.|4|4"], ["S|R|.|.|5|5"]], {"S R": 5}, []),
    "with equal ones the later night counts": ([["S|R|1|2026-06-09|4|4"], ["S|R|1|2026-06-09|5|5"]], {"S R": 5}, []),
    "a tie holds both": ([["S|R|.|.|4|4", "S|R|.|.|5|5"]], {}, ["two_ratings", "two_ratings"]),
    "a tie leaves what counted before": (
        [["S|R|.|.|3|3"], ["S|R|.|.|4|4", "S|R|.|.|5|5"]],
        {"S R": 3},
        ["two_ratings", "two_ratings"],
    ),
    "a tie below the last version holds neither": (
        [["S|R|1|.|4|4", "S|R|1|.|5|5", "S|R|2|.|6|6"]],
        {"S R": 6},
        [],
    ),
    "an earlier version of the same night waits with a tie": (
        [["S|R|1|.|3|3", "S|R|2|.|4|4", "S|R|2|.|5|5"]],
        {},
        ["two_ratings", "two_ratings", "two_ratings"],
    ),
    "a tie is resolved by a higher revision": (
        [["S|R|1|.|4|4", "S|R|1|.|5|5"], ["S|R|2|.|5|5"]],
        {"S R": 5},
        [],
    ),
    "a tie is resolved by a third rating of a later night": (
        [["S|R|.|.|4|4", "S|R|.|.|5|5"], ["S|R|.|.|6|6"]],
        {"S R": 6},
        [],
    ),
    "a tie is decided by sending one of the two again, alone": (
        [["S|R|.|.|4|4", "S|R|.|.|5|5"], ["S|R|.|.|4|4"]],
        {"S R": 4},
        [],
    ),
    "a tie sent again whole decides nothing and is not told twice": (
        [["S|R|.|.|4|4", "S|R|.|.|5|5"], ["S|R|.|.|4|4", "S|R|.|.|5|5"]],
        {},
        ["two_ratings", "two_ratings"],
    ),
    "an old form sent again does not become new": (
        [["S|R|.|.|4|4"], ["S|R|.|.|5|5"], ["S|R|.|.|4|4"]],
        {"S R": 5},
        [],
    ),
    "old values with a newer date count again": (
        [["S|R|.|2026-06-08|4|4"], ["S|R|.|2026-06-09|5|5"], ["S|R|.|2026-06-10|4|4"]],
        {"S R": 4},
        [],
    ),
    "old values with a newer revision count again": (
        [["S|R|1|.|4|4"], ["S|R|2|.|5|5"], ["S|R|3|.|4|4"]],
        {"S R": 4},
        [],
    ),
    "the same twice in one night is one rating": ([["S|R|.|.|4|4", "S|R|.|.|4|4"]], {"S R": 4}, []),
    "raters do not correct each other": ([["S|Q|.|.|4|4", "S|R|.|.|5|5"]], {"S Q": 4, "S R": 5}, []),
    "sessions do not correct each other": ([["S|R|.|.|4|4", "Z|R|.|.|5|5"]], {"S R": 4, "Z R": 5}, []),
    "one bad rating does not hold the others": ([["S|R|.|.|4|4", "Z|R|.|.|9|5"]], {"S R": 4}, ["out_of_range"]),
    "a bad correction does not remove what counts": ([["S|R|.|.|4|4"], ["S|R|.|.|9|4"]], {"S R": 4}, ["out_of_range"]),
    "a mended sheet ends the waiting": ([["S|R|.|.|9|4"], ["S|R|.|.|5|4"]], {"S R": 5}, []),
    "a mended sheet of the same night ends it by its revision": ([["S|R|1|.|9|4", "S|R|2|.|5|4"]], {"S R": 5}, []),
    "a good old form does not end the waiting of a bad new one": (
        [["S|R|1|.|4|4"], ["S|R|2|.|9|4"], ["S|R|1|.|4|4"]],
        {"S R": 4},
        ["out_of_range"],
    ),
}


def play(lab: Lab, head: str, cases: dict[str, Nights], tail: str = "") -> None:
    """Have as many nights as the longest case has; the k-th rows of all cases of a night share a workbook."""
    for night in range(max(map(len, cases.values()))):
        tonight = {n: nights[night] for n, nights in enumerate(cases.values()) if night < len(nights)}
        for k in range(max(map(len, tonight.values()))):
            rows = [f"{n}-{rows[k]}{tail}" for n, rows in tonight.items() if k < len(rows)]
            sends(lab, f"night{night}-{k}.csv", *rows, head=head)
        lab.night()


def of_case(cases: Iterable[str], case: str, key: str | None) -> str | None:
    """The key without the number of its case; None when it belongs to another."""
    number, _, rest = (key or "").partition("-")
    return rest if number == str(list(cases).index(case)) else None


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab in which the cases of corrections were played."""
    lab = Lab(tmp_path_factory.mktemp("corrections")).draws()
    play(lab, HEAD, {name: nights for name, (nights, _, _) in CASES.items()})
    return lab


@pytest.fixture(scope="module")
def corrected_says(corrected: Lab) -> tuple[dict[str, Score], list[tuple[str | None, str]]]:
    """What counts, and session and code of what waits."""
    return corrected.adherence(), [(session, code) for _, session, _, code in corrected.waiting()]


@pytest.mark.parametrize("case", CASES)
def test_of_several_ratings_of_one_session_by_one_rater(
    corrected_says: tuple[dict[str, Score], list[tuple[str | None, str]]], case: str
) -> None:
    _, counts, waits = CASES[case]
    counting, waiting = corrected_says
    assert {rest: v for key, v in counting.items() if (rest := of_case(CASES, case, key)) is not None} == counts
    assert [code for key, code in waiting if of_case(CASES, case, key) is not None] == waits


def test_the_ledger_of_all_corrections_adds_up(corrected: Lab) -> None:
    assert all(found == accepted + held + twice for found, accepted, held, twice in corrected.ledger())
    assert sum(found for found, *_ in corrected.ledger()) == sum(
        len(rows) for case in CASES.values() for rows in case[0]
    )


# Each case: nights of `session rater therapist patient date revision`, who counts, and who waits.
DISPUTES: dict[str, tuple[Nights, list[str], list[str]]] = {
    "two that agree count": ([["S|A|T-1|P|.|.", "S|B|T-1|P|.|."]], ["A", "B"], []),
    "two new ones that disagree both wait": ([["S|A|T-1|P|.|.", "S|B|T-2|P|.|."]], [], ["A", "B"]),
    "the one that stands against two waits": ([["S|A|T-1|P|.|.", "S|B|T-2|P|.|.", "S|C|T-1|P|.|."]], ["A", "C"], ["B"]),
    "two against two all wait": (
        [["S|A|T-1|P|.|.", "S|B|T-1|P|.|.", "S|C|T-2|P|.|.", "S|D|T-2|P|.|."]],
        [],
        ["A", "B", "C", "D"],
    ),
    "three different ones all wait": ([["S|A|T-1|P|.|.", "S|B|T-2|P|.|.", "S|C|T-3|P|.|."]], [], ["A", "B", "C"]),
    "what was accepted stays, the newcomer waits": ([["S|A|T-1|P|.|."], ["S|B|T-2|P|.|."]], ["A"], ["B"]),
    "what was accepted stays though two newcomers agree": (
        [["S|A|T-1|P|.|."], ["S|B|T-2|P|.|.", "S|C|T-2|P|.|."]],
        ["A"],
        ["B", "C"],
    ),
    "a newcomer that agrees with what was accepted counts though another does not": (
        [["S|A|T-1|P|.|."], ["S|B|T-2|P|.|.", "S|C|T-1|P|.|."]],
        ["A", "C"],
        ["B"],
    ),
    "patients are disputed too": ([["S|A|T-1|P|.|.", "S|B|T-1|Q|.|."]], [], ["A", "B"]),
    "dates are disputed too": ([["S|A|T-1|P|2026-06-01|.", "S|B|T-1|P|2026-06-02|."]], [], ["A", "B"]),
    "a rating that names no patient or date disputes neither": (
        [["S|A|T-1|P|2026-06-01|.", "S|B|T-1|.|.|."]],
        ["A", "B"],
        [],
    ),
    "one that names no patient still agrees about the therapist": (
        [["S|A|T-1|P|2026-06-01|.", "S|B|T-1|.|.|.", "S|C|T-2|P|2026-06-01|."]],
        ["A", "B"],
        ["C"],
    ),
    "one that says nothing of the patient is not held by a dispute about the patient": (
        [["S|A|T-1|P|.|.", "S|B|T-1|Q|.|.", "S|C|T-1|.|.|."]],
        ["C"],
        ["A", "B"],
    ),
    "a group has two therapists in any order": ([["S|A|T-1+T-2|P|.|.", "S|B|T-2+T-1|P|.|."]], ["A", "B"], []),
    "one of two therapists is not the same as both": ([["S|A|T-1+T-2|P|.|.", "S|B|T-2|P|.|."]], [], ["A", "B"]),
    "other sessions are not concerned": ([["S|A|T-1|P|.|.", "Z|B|T-2|P|.|."]], ["A", "B"], []),
    "the mended sheet ends the dispute and the waiting one is released": (
        [["S|A|T-1|P|.|.", "S|B|T-2|P|.|."], ["S|B|T-1|P|.|2"]],
        ["A", "B"],
        [],
    ),
    "the accepted one's correction releases the newcomer": (
        [["S|A|T-1|P|.|."], ["S|B|T-2|P|.|."], ["S|A|T-2|P|.|2"]],
        ["A", "B"],
        [],
    ),
    "a third rating releases the one it agrees with": (
        [["S|A|T-1|P|.|.", "S|B|T-2|P|.|."], ["S|C|T-1|P|.|."]],
        ["A", "C"],
        ["B"],
    ),
    # the next two let ratings of one session count that named two therapists, and no night was published after that
    "an earlier version of the same night waits with the later one that is held": (
        [["S|A|T-1|P|.|."], ["S|B|T-2|P|.|1", "S|B|T-2|Q|.|2"]],
        ["A"],
        ["B", "B"],
    ),
    "a correction that is held leaves what it would have replaced, and newcomers must agree with that": (
        [["S|A|T-1|P|.|."], ["S|A|T-2|P|.|2", "S|B|T-2|Q|.|.", "S|C|T-2|Q|.|."]],
        ["A"],
        ["A", "B", "C"],
    ),
    "a correction that is taken in replaces it, and newcomers need not": (
        [["S|A|T-1|P|.|."], ["S|A|T-2|P|.|2", "S|B|T-2|P|.|.", "S|C|T-2|P|.|."]],
        ["A", "B", "C"],
        [],
    ),
    "a rater may correct the therapist of her only rating": ([["S|A|T-1|P|.|."], ["S|A|T-2|P|.|2"]], ["A"], []),
}


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab in which the cases of disputes were played."""
    lab = Lab(tmp_path_factory.mktemp("disputes")).draws()
    play(lab, DISPUTE, {name: nights for name, (nights, _, _) in DISPUTES.items()}, tail="|4|5")
    return lab


@pytest.fixture(scope="module")
def disputed_says(disputed: Lab) -> tuple[list[str], list[tuple[str | None, str | None, str]]]:
    """Who counts, and session, rater and code of what waits."""
    return list(disputed.adherence()), [(s, rater, code) for _, s, rater, code in disputed.waiting()]


@pytest.mark.parametrize("case", DISPUTES)
def test_of_ratings_of_one_session_that_name_other_people_or_days(
    disputed_says: tuple[list[str], list[tuple[str | None, str | None, str]]], case: str
) -> None:
    _, counts, waits = DISPUTES[case]
    counting, waiting = disputed_says
    assert sorted(rest.split()[1] for key in counting if (rest := of_case(DISPUTES, case, key)) is not None) == counts
    mine = [(rater, code) for key, rater, code in waiting if of_case(DISPUTES, case, key) is not None]
    assert sorted(rater or "" for rater, _ in mine) == waits
    assert {code for _, code in mine} <= {"session_disagrees"}


def test_the_ledger_of_all_disputes_adds_up(disputed: Lab) -> None:
    assert all(found == accepted + held + twice for found, accepted, held, twice in disputed.ledger())


def test_the_message_of_a_dispute_names_what_is_disputed_and_no_value(lab: Lab) -> None:
    sends(lab, "a.csv", "S|A|T-1|P|2026-06-01|.|4|5", head=DISPUTE)
    sends(lab, "b.csv", "S|B|T-2|P|2026-06-02|.|4|5", head=DISPUTE)
    lab.night()
    assert set(lab.messages()) - {"There is no roster, so every id was taken as it stands. Add raw/roster.xlsx."} == {
        "Ratings of this session name different values for the therapist, the session's date. "
        "Find out which is right and send the mistaken sheet again, corrected."
    }


def test_a_corrected_form_replaces_every_score_of_the_first(lab: Lab) -> None:
    head = "session | rater | item | adherence | competence\n"
    sends(lab, "monday.csv", "S|R|not_knowing|4|5", "S|R|differences|6|7", head=head)
    lab.night()
    sends(lab, "tuesday.csv", "S|R|not_knowing|3|5", "S|R|differences|.|7", head=head)
    lab.night()
    assert lab.values() == {
        ("S", "R", "not_knowing", "adherence"): 3,
        ("S", "R", "not_knowing", "competence"): 5,
        ("S", "R", "differences", "competence"): 7,
    }
    assert lab.rows("select count(*) from history.score") == [(8,)]  # the first form's cells are kept


def test_roles_and_instruments_never_correct_each_other(lab: Lab) -> None:
    head = "session | rater | role | adherence | competence\n"
    sends(lab, "a.csv", "S|R|observer|4|5", "S|R|consensus|5|5", "S|R|supervisor|6|6", "S|R|self|7|7", head=head)
    lab.night()
    assert lab.adherence() == {"S R": 4, "S R consensus": 5, "S R supervisor": 6, "S R self": 7}


def test_a_remark_sent_again_with_the_same_scores_is_the_one_that_counts(lab: Lab) -> None:
    head = "session | rater | adherence | competence | remark\n"
    sends(lab, "a.csv", "S|R|4|5|too fast", head=head)
    lab.night()
    sends(lab, "b.csv", "S|R|4|5|well paced", head=head)
    lab.night()
    assert lab.rows("select comment from current.comment") == [("well paced",)]
    assert lab.outcomes() == {"a.csv": "accepted", "b.csv": "duplicate"}


def test_a_wrong_id_is_let_in_by_the_roster_of_a_later_night(lab: Lab) -> None:
    lab.settings.raw.mkdir(parents=True)
    lab.has_roster(therapists="T-1", raters="R-1")
    sends(lab, "a.csv", "S|R-1|.|.|4|5", "S|R-2|.|.|6|7")
    lab.night()
    assert lab.waiting() == [("a.csv", "S", None, "rater_unknown")]
    lab.has_roster(therapists="T-1", raters="R-1 R-2")
    lab.night()
    assert lab.adherence() == {"S R-1": 4, "S R-2": 6}
    assert lab.waiting() == []
    assert lab.findings() == []
    assert lab.outcomes() == {"a.csv": "partly_held"}  # its first judgement stands in the ledger
    assert lab.said["released"] == 1


def test_a_workbook_that_no_layout_described_is_read_when_one_does(lab: Lab) -> None:
    (lab.settings.own_schemas / "layouts" / "drawn-wide.toml").rename(lab.settings.home / "kept.toml")
    sends(lab, "a.csv", "S|R|.|.|4|5")
    lab.night()
    assert lab.outcomes() == {"a.csv": "refused"}
    assert lab.reason("a.csv")[0] == "layout_unknown"
    (lab.settings.home / "kept.toml").rename(lab.settings.own_schemas / "layouts" / "drawn-wide.toml")
    lab.night()
    assert lab.outcomes() == {"a.csv": "accepted"}
    assert lab.adherence() == {"S R": 4}
    assert lab.findings() == []


def test_a_form_that_named_no_rater_stops_waiting_when_its_mended_sheet_comes(lab: Lab) -> None:
    sends(lab, "form.csv", "S|.|.|.|4|5")
    lab.night()
    assert lab.waiting() == [("form.csv", "S", None, "rater_missing")]
    sends(lab, "form.csv", "S|R|.|.|4|5")
    lab.night()
    assert lab.waiting() == []
    assert lab.adherence() == {"S R": 4}
    assert lab.findings() == []


def test_findings_close_with_the_workbook_that_settled_them(lab: Lab) -> None:
    sends(lab, "bad.csv", "S|R|.|.|9|5")
    lab.night()
    assert lab.findings() == [("bad.csv", "E2", "out_of_range")]
    sends(lab, "good.csv", "S|R|.|.|4|5")
    lab.night()
    assert lab.findings() == []
    closed = "select code, closed_by, closed_at > opened_at from history.finding where code = 'out_of_range'"
    assert lab.rows(closed) == [("out_of_range", "good.csv", True)]
