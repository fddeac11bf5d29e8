"""Who signs what: a signature stands under values, and a changed consensus waits for another one."""

from __future__ import annotations

import pytest

from tests.consensus.agreeing import Agreeing

NIGHTS = (
    """
    session    | rater | role      | rated on   | settles   | signed by | signed on  | adherence | competence
    copy       | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    copy       | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    copy       | R-1   | consensus | 2026-06-04 | R-1, R-2  | .         | .          | 3 | 4
    both       | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    both       | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    both       | R-1   | consensus | 2026-06-04 | R-1, R-2  | .         | .          | 3 | 4
    changed    | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    changed    | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    changed    | R-1   | consensus | 2026-06-04 | R-1, R-2  | SV-1      | 2026-06-05 | 3 | 4
    others     | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    others     | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    others     | R-3   | observer  | 2026-06-02 | .         | .         | .          | 1 | 1
    others     | R-1   | consensus | 2026-06-04 | R-1, R-2  | SV-1      | 2026-06-05 | 3 | 4
    second     | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    second     | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    second     | R-1   | consensus | 2026-06-04 | R-1, R-2  | SV-1      | 2026-06-05 | 3 | 4
    absent     | R-1   | observer  | 2026-06-02 | .         | .         | .          | 4 | 5
    absent     | R-1   | consensus | 2026-06-04 | R-1, R-2  | SV-1      | 2026-06-05 | 3 | 4
    nobody     | R-1   | consensus | 2026-06-04 | .         | SV-1      | 2026-06-05 | 3 | 4
    """,
    """
    session    | rater | role      | rated on   | settles   | signed by | signed on  | adherence | competence
    copy       | R-1   | consensus | 2026-06-04 | R-2; Anna | sv-1      | 2026-06-05 | 3 | 4
    changed    | R-1   | consensus | 2026-06-06 | R-1, R-2  | .         | .          | 5 | 4
    others     | R-1   | consensus | 2026-06-06 | R-1, R-3  | .         | .          | 3 | 4
    second     | R-2   | consensus | 2026-06-06 | R-1, R-2  | .         | .          | 5 | 4
    absent     | R-2   | observer  | 2026-06-02 | .         | .         | .          | 2 | 3
    """,
    """
    session    | rater | role      | rated on   | settles   | signed by | signed on  | adherence | competence
    changed    | R-1   | consensus | 2026-06-06 | R-1, R-2  | SV-1      | 2026-06-07 | 5 | 4
    """,
)
SIGNED_TOO = """
    session    | rater | role      | rated on   | settles   | signed by | signed on  | adherence | competence
    both       | R-1   | consensus | 2026-06-04 | R-1, R-2  | SV-1      | 2026-06-05 | 3 | 4
"""
Told = list[dict[str, list[tuple[object, ...]]]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """After each night, session -> who wrote, whose ratings are settled, how far it has come, who signed."""
    lab, told = Agreeing(tmp_path_factory.mktemp("home")), []
    lab.sends("both.csv", SIGNED_TOO)
    for number, table in enumerate(NIGHTS, 1):
        lab.sends(f"night {number}.csv", table)
        lab.night()
        told.append(_by_session(lab))
        if number == 2:
            assert lab.adherence()["second R-2 consensus"] == 5
            assert "second R-1 consensus" not in lab.adherence()
            lab.takes_back("second", "R-2", "consensus")
            lab.takes_back("absent", "R-2", "observer")
    assert lab.waiting() == []
    lab.leaves()
    return told


def _by_session(lab: Agreeing) -> dict[str, list[tuple[object, ...]]]:
    told: dict[str, list[tuple[object, ...]]] = {}
    for session, *rest in lab.consensuses():
        told.setdefault(str(session), []).append(tuple(rest))
    return told


def test_a_signed_copy_of_the_form_signs_the_consensus_that_is_there(nights: Told) -> None:
    assert nights[0]["copy"] == [("R-1", "R-1 R-2", "waits_for_signature", None)]
    assert nights[1]["copy"] == [("R-1", "R-1 R-2", "signed", "SV-1")]


def test_the_ledger_says_that_a_signed_copy_brought_a_signature(lab: Agreeing) -> None:
    lab.observes("pair.csv", "S | R-1 | 2026-06-02 | 4 | 5", "S | R-2 | 2026-06-02 | 2 | 3")
    lab.agrees("agreed.csv", "S | R-1 | 2026-06-04 | R-1, R-2 | . | . | 3 | 4")
    lab.night()
    lab.agrees("signed.csv", "S | R-1 | 2026-06-04 | R-1, R-2 | SV-1 | 2026-06-05 | 3 | 4")
    lab.agrees("again.csv", "S | R-1 | 2026-06-04 | R-1; R-2 | . | . | 3 | 4")
    lab.night()
    assert lab.outcomes() == {
        "pair.csv": "accepted", "agreed.csv": "accepted", "signed.csv": "duplicate", "again.csv": "duplicate",
    }  # fmt: skip
    signed = "Every rating in it was known already. It brought a signature of the consensus."
    assert lab.reason("signed.csv") == (None, signed)
    assert lab.reason("again.csv") == (None, "Every rating in it was known already.")
    assert lab.ledger() == [(1, 1, 0, 0), (2, 2, 0, 0), (1, 0, 0, 1), (1, 0, 0, 1)]


def test_raters_that_a_consensus_settles_may_stand_with_a_word_or_a_mark_between(lab: Agreeing) -> None:
    lab.observes("pair.csv", "S | R-1 | 2026-06-02 | 4 | 5", "S | R-2 | 2026-06-02 | 2 | 3")
    lab.agrees("agreed.csv", "S | R-1 | 2026-06-04 | R-1 and R-2 | . | . | 3 | 4")
    lab.night()
    assert lab.consensuses() == [("S", "R-1", "R-1 R-2", "waits_for_signature", None)]


def test_unsigned_and_signed_copies_of_one_night_are_no_two_ratings(nights: Told) -> None:
    assert nights[0]["both"] == [("R-1", "R-1 R-2", "signed", "SV-1")]


def test_a_changed_consensus_needs_another_signature(nights: Told) -> None:
    assert [night["changed"] for night in nights] == [
        [("R-1", "R-1 R-2", "signed", "SV-1")],
        [("R-1", "R-1 R-2", "waits_for_signature", None)],
        [("R-1", "R-1 R-2", "signed", "SV-1")],
    ]


def test_naming_other_raters_is_a_change_and_needs_another_signature(nights: Told) -> None:
    assert nights[0]["others"] == [("R-1", "R-1 R-2", "signed", "SV-1")]
    assert nights[1]["others"] == [("R-1", "R-1 R-3", "waits_for_signature", None)]


def test_of_two_consensuses_on_a_session_the_one_that_came_last_stands(nights: Told) -> None:
    assert nights[1]["second"] == [
        ("R-1", "R-1 R-2", "superseded", "SV-1"),
        ("R-2", "R-1 R-2", "waits_for_signature", None),
    ]
    assert nights[2]["second"] == [("R-1", "R-1 R-2", "signed", "SV-1")]


def test_a_consensus_waits_while_a_rating_that_it_settles_is_not_there(nights: Told) -> None:
    assert [night["absent"] for night in nights] == [
        [("R-1", "R-1 R-2", "waits_for_ratings", "SV-1")],
        [("R-1", "R-1 R-2", "signed", "SV-1")],
        [("R-1", "R-1 R-2", "waits_for_ratings", "SV-1")],
    ]
    assert nights[2]["nobody"] == [("R-1", "", "waits_for_ratings", "SV-1")]


def test_a_rater_whose_rating_is_settled_unnamed_cannot_sign(lab: Agreeing) -> None:
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2 SV-1")
    lab.observes("pair.csv", "S | R-1 | 2026-06-02 | 4 | 5", "S | SV-1 | 2026-06-02 | 2 | 3")
    lab.agrees("signed.csv", "S | R-1 | 2026-06-04 | . | SV-1 | 2026-06-05 | 3 | 4")
    lab.night()
    assert lab.consensuses() == [("S", "R-1", "R-1 SV-1", "waits_for_signature", None)]


def test_what_is_wrong_with_a_consensus_or_its_signature_holds_it_and_says_why(lab: Agreeing) -> None:
    lab.sends(
        "wrong.csv",
        """
        session | rater | role      | rated on   | settles    | signed by | signed on  | adherence | competence
        S-01    | R-1   | observer  | 2026-06-04 | R-1, R-2   | .         | .          | 4 | 4
        S-02    | R-1   | observer  | 2026-06-04 | .          | SV-1      | .          | 4 | 4
        S-03    | R-1   | consensus | 2026-06-04 | R-1, R-22  | .         | .          | 4 | 4
        S-04    | R-1   | consensus | 2026-06-04 | R-1; Anna  | .         | .          | 4 | 4
        S-05    | R-1   | consensus | 2026-06-04 | R-1, R-2   | SV-9      | 2026-06-05 | 4 | 4
        S-06    | R-1   | consensus | 2026-06-04 | .          | SV-1      | .          | 4 | 4
        S-07    | R-1   | consensus | 2026-06-04 | .          | .         | 2026-06-05 | 4 | 4
        S-08    | R-1   | consensus | 2026-06-04 | R-1 & R-2  | SV-1      | 2026-06-03 | 4 | 4
        S-09    | R-1   | consensus | 2026-06-04 | R-1 + R-2  | SV-1      | 2026-06-04 | 4 | 4
        """,
    )
    lab.night()
    assert lab.waiting() == [
        ("wrong.csv", "S-01", "R-1", "consensus_only"),
        ("wrong.csv", "S-02", "R-1", "consensus_only"),
        ("wrong.csv", "S-03", "R-1", "settled_unknown"),
        ("wrong.csv", "S-04", "R-1", "settled_too_few"),
        ("wrong.csv", "S-05", "R-1", "signer_unknown"),
        ("wrong.csv", "S-06", "R-1", "signature_incomplete"),
        ("wrong.csv", "S-07", "R-1", "signature_incomplete"),
        ("wrong.csv", "S-08", "R-1", "signed_too_early"),
    ]
    assert [(cell, code) for _, cell, code in lab.findings()] == [
        ("E2", "consensus_only"), ("E4", "settled_unknown"), ("E5", "settled_too_few"), ("F3", "consensus_only"),
        ("F6", "signer_unknown"), ("F7", "signature_incomplete"), ("G8", "signature_incomplete"), ("G9", "signed_too_early"),
    ]  # fmt: skip
    assert lab.rows(
        "select settles, signed_by from history.rating where session_id in ('S-03', 'S-05') order by session_id"
    ) == [
        (["R-1"], None),
        (["R-1", "R-2"], None),
    ]


def test_a_rater_who_signs_her_own_consensus_is_told(lab: Agreeing) -> None:
    lab.has_roster(therapists="T-1", raters="R-1 SV-1 R-3")
    lab.agrees(
        "own.csv",
        "S-1 | SV-1 | 2026-06-04 | . | SV-1 | 2026-06-05 | 3 | 4",
        "S-2 | R-1 | 2026-06-04 | R-3, SV-1 | SV-1 | 2026-06-05 | 3 | 4",
    )
    lab.night()
    assert [(session, code) for _, session, _, code in lab.waiting()] == [
        ("S-1", "signer_rated"),
        ("S-2", "signer_rated"),
    ]
