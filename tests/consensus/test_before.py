"""Numbers rest on observers' ratings as they stood before consensus.

One lab lives through three nights; every session in it shows one rule, and is named after it. Values are adherence.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.consensus.agreeing import Agreeing

NIGHTS = (
    """
    session      | rater | role      | rated on   | settles  | adherence | competence
    came after   | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    came after   | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    came after   | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    rated after  | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    rated after  | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    rated after  | R-2   | observer  | 2026-06-05 | .        | 6 | 6
    rated after  | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    steps back   | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    steps back   | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    steps back   | R-2   | observer  | 2026-06-05 | .        | 6 | 6
    from before  | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    from before  | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    only late    | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    only late    | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    first after  | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    first after  | R-2   | observer  | 2026-06-05 | .        | 2 | 3
    first after  | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    third rater  | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    third rater  | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    third rater  | R-3   | observer  | 2026-06-02 | .        | 1 | 1
    third rater  | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    names nobody | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    names nobody | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    names nobody | R-1   | consensus | 2026-06-04 | .        | 3 | 4
    corrected    | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    corrected    | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    corrected    | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    taken back   | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    taken back   | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    taken back   | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    undone       | R-1   | observer  | 2026-06-02 | .        | 4 | 5
    undone       | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    undone       | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    """,
    """
    session      | rater | role      | rated on   | settles  | adherence | competence
    came after   | R-2   | observer  | 2026-06-03 | .        | 6 | 6
    steps back   | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    from before  | R-2   | observer  | 2026-06-03 | .        | 6 | 6
    from before  | R-1   | consensus | 2026-06-04 | R-1, R-2 | 3 | 4
    only late    | R-2   | observer  | 2026-06-02 | .        | 2 | 3
    third rater  | R-3   | observer  | 2026-06-09 | .        | 5 | 5
    names nobody | R-3   | observer  | 2026-06-09 | .        | 1 | 1
    names nobody | R-2   | observer  | 2026-06-09 | .        | 6 | 6
    names nobody | R-1   | consensus | 2026-06-04 | .        | 3 | 4
    corrected    | R-2   | observer  | 2026-06-03 | .        | 6 | 6
    undone       | R-2   | observer  | 2026-06-09 | .        | 6 | 6
    """,
    """
    session      | rater | role      | rated on   | settles  | adherence | competence
    only late    | R-2   | observer  | 2026-06-03 | .        | 7 | 7
    names nobody | R-3   | observer  | 2026-06-16 | .        | 7 | 7
    corrected    | R-1   | consensus | 2026-06-20 | R-1, R-2 | 5 | 5
    taken back   | R-2   | observer  | 2026-06-03 | .        | 6 | 6
    """,
)


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, float | str], dict[str, float | str]]]:
    """`session rater` -> adherence, after the first night and after the third."""
    lab = Agreeing(tmp_path_factory.mktemp("home"))
    lab.sends("first.csv", NIGHTS[0])
    lab.night()
    first = lab.adherence()
    lab.sends("second.csv", NIGHTS[1])
    lab.night()
    lab.takes_back("taken back", "R-2", "observer")
    lab.takes_back("undone", "R-1", "consensus")
    lab.sends("third.csv", NIGHTS[2])
    lab.night()
    assert lab.waiting() == []
    yield first, lab.adherence()
    lab.leaves()


def of_session(counts: tuple[dict[str, float | str], ...], session: str, night: int = -1) -> dict[str, float | str]:
    """Who rated (and as whom, unless as an observer) -> adherence, of one session."""
    return {key.removeprefix(f"{session} "): v for key, v in counts[night].items() if key.startswith(f"{session} ")}


Counts = tuple[dict[str, float | str], dict[str, float | str]]


def test_a_version_that_came_after_the_consensus_does_not_count(counts: Counts) -> None:
    assert of_session(counts, "came after") == {"R-1": 4, "R-2": 2, "R-1 consensus": 3}


def test_one_rated_after_it_does_not_count_though_it_came_the_same_night(counts: Counts) -> None:
    assert of_session(counts, "rated after", 0) == {"R-1": 4, "R-2": 2, "R-1 consensus": 3}


def test_a_version_that_counted_steps_back_when_an_earlier_consensus_comes_later(counts: Counts) -> None:
    assert of_session(counts, "steps back", 0) == {"R-1": 4, "R-2": 6}
    assert of_session(counts, "steps back") == {"R-1": 4, "R-2": 2, "R-1 consensus": 3}


def test_a_correction_from_before_the_consensus_counts(counts: Counts) -> None:
    assert of_session(counts, "from before") == {"R-1": 4, "R-2": 6, "R-1 consensus": 3}


def test_a_rating_that_is_only_late_counts_and_its_correction_does_not(counts: Counts) -> None:
    assert of_session(counts, "only late") == {"R-1": 4, "R-2": 2, "R-1 consensus": 3}


def test_a_rating_first_made_after_the_consensus_that_names_its_rater_counts_nowhere(counts: Counts) -> None:
    assert of_session(counts, "first after") == {"R-1": 4, "R-1 consensus": 3}


def test_a_rater_whom_the_consensus_does_not_name_may_correct_herself(counts: Counts) -> None:
    assert of_session(counts, "third rater") == {"R-1": 4, "R-2": 2, "R-3": 5, "R-1 consensus": 3}


def test_a_consensus_that_names_nobody_settles_those_who_had_rated_when_it_first_came(counts: Counts) -> None:
    assert of_session(counts, "names nobody") == {"R-1": 4, "R-2": 2, "R-3": 7, "R-1 consensus": 3}


def test_a_corrected_consensus_leaves_the_moment_at_which_the_ratings_were_settled(counts: Counts) -> None:
    assert of_session(counts, "corrected") == {"R-1": 4, "R-2": 2, "R-1 consensus": 5}


def test_a_rating_withdrawn_and_sent_otherwise_after_the_consensus_does_not_count(counts: Counts) -> None:
    assert of_session(counts, "taken back") == {"R-1": 4, "R-1 consensus": 3}


def test_a_withdrawn_consensus_settles_nothing(counts: Counts) -> None:
    assert of_session(counts, "undone") == {"R-1": 4, "R-2": 6}


def test_who_led_the_session_follows_the_last_version_and_the_scores_do_not(lab: Agreeing) -> None:
    head = "session | therapist | rater | role | rated on | settles | adherence | competence\n"
    lab.sends(
        "first.csv",
        head + "S | T-1 | R-1 | observer  | 2026-06-02 | .        | 4 | 5\n"
        "S | T-1 | R-2 | observer  | 2026-06-02 | .        | 2 | 3\n"
        "S | T-1 | R-1 | consensus | 2026-06-04 | R-1, R-2 | 3 | 4",
    )
    lab.night()
    lab.sends(
        "mended.csv",
        head + "S | T-2 | R-1 | observer  | 2026-06-08 | .        | 7 | 7\n"
        "S | T-2 | R-2 | observer  | 2026-06-08 | .        | 7 | 7\n"
        "S | T-2 | R-1 | consensus | 2026-06-08 | R-1, R-2 | 3 | 4",
    )
    lab.night()
    assert lab.adherence() == {"S R-1": 4, "S R-2": 2, "S R-1 consensus": 3}
    assert lab.rows("select distinct therapist_ids from current.rating") == [(["T-2"],)]
