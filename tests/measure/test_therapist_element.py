"""Where a therapist stands: means of session means, shares with Wilson's interval, counts per state, and the status."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from tests.support.drawn_ratings import Ratings

HEAD = "session | therapist | patient | on | rater | item | adherence | competence"


def told(
    ratings: Ratings, element: str, scale: str = "adherence", role: str = "observer", therapist: str = "T-1"
) -> dict[str, Any]:
    """The row of one element on one scale."""
    con = ratings.con.execute(
        "from supervision.therapist_element where therapist_id = ? and element = ? and scale = ? and role = ?",
        [therapist, element, scale, role],
    )
    names = [d[0] for d in con.description or []]
    (row,) = con.fetchall()
    return dict(zip(names, row, strict=True))


def of(text: str, **settings: Any) -> Ratings:
    """Observers' ratings in the instrument `tiny`."""
    ratings = Ratings(**settings)
    ratings.counts(HEAD + "\n" + text.strip())
    ratings.rebuild()
    return ratings


def test_raw_mean_is_the_mean_of_session_means_so_three_raters_do_not_count_three_times() -> None:
    ratings = of("""
        S-1 | T-1 | P-1 | 2026-03-01 | R-1 | humility | 2 | 3
        S-1 | T-1 | P-1 | 2026-03-01 | R-2 | humility | 3 | 3
        S-1 | T-1 | P-1 | 2026-03-01 | R-3 | humility | 4 | 3
        S-2 | T-1 | P-2 | 2026-04-01 | R-1 | humility | 6 | NO
    """)
    row = told(ratings, "humility")
    assert row["raw_mean"] == 4.5  # of 3 and 6
    assert (row["n_sessions"], row["n_patients"], row["n_raters"], row["n_rated"]) == (2, 2, 3, 4)
    assert row["share_adequate"] == 0.5  # 6 is at or above 4, 3 is not
    assert row["last_session_on"] == dt.date(2026, 4, 1)
    competence = told(ratings, "humility", "competence")
    assert (competence["raw_mean"], competence["n_sessions"], competence["n_rated"]) == (3.0, 1, 3)
    assert (competence["n_no_opportunity"], competence["n_patients"]) == (1, 1)
    assert competence["last_session_on"] == dt.date(2026, 3, 1)


def test_a_session_exactly_at_the_threshold_is_good_enough() -> None:
    ratings = of("""
        S-1 | T-1 | P-1 | 2026-03-01 | R-1 | humility | 4 | 4
        S-1 | T-1 | P-1 | 2026-03-01 | R-2 | humility | 4 | 3
    """)
    assert told(ratings, "humility")["share_adequate"] == 1.0
    assert told(ratings, "humility", "competence")["share_adequate"] == 0.0  # 3.5
    assert told(ratings, "humility")["threshold"] == 4.0


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (the score interval of Wilson, no continuity
# correction): 81 of 263, 15 of 148, 0 of 20, 1 of 29; printed to four places. The last two lines are its other end by symmetry.
@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0000),
        (28, 29, 0.8282, 0.9939),
    ],
)
def test_the_interval_is_wilsons_as_published(k: int, n: int, low: float, high: float) -> None:
    rows = "\n".join(f"S-{i} | T-1 | P-1 | 2026-03-01 | R-1 | humility | {5 if i < k else 2} | 4" for i in range(n))
    row = told(of(rows), "humility")
    assert (round(row["share_low"], 4), round(row["share_high"], 4)) == (low, high)
    assert row["share_adequate"] == pytest.approx(k / n, abs=1e-9)
    # and once more by the score equation itself: its two roots are where (p - share) squared is z squared p (1 - p) / n
    for p in (row["share_low"], row["share_high"]):
        assert (p - k / n) ** 2 == pytest.approx(1.959963984540054**2 * p * (1 - p) / n, abs=1e-8)


def test_the_window_is_open_at_its_start_and_closed_at_the_night() -> None:
    ratings = of("""
        S-0 | T-1 | P-1 | 2024-07-01 | R-1 | humility | 7 | 7
        S-1 | T-1 | P-1 | 2024-07-02 | R-1 | humility | 2 | 2
        S-2 | T-1 | P-1 | 2026-07-01 | R-1 | humility | 4 | 4
        S-3 | T-1 | P-1 | 2026-07-02 | R-1 | humility | 7 | 7
    """)
    row = told(ratings, "humility")
    assert (row["n_sessions"], row["raw_mean"], row["n_rated"]) == (2, 3.0, 2)
    assert row["last_session_on"] == dt.date(2026, 7, 1)
    assert ratings.asks("select session_id, in_window from supervision.session_therapist order by 1") == [
        ("S-0", False), ("S-1", True), ("S-2", True), ("S-3", False),
    ]  # fmt: skip


def test_a_session_without_date_or_patient_counts_as_a_session_and_as_no_patient() -> None:
    ratings = of("""
        S-1 | T-1 | . | . | R-1 | humility | 2 | 2
        S-2 | T-1 | . | . | R-2 | humility | 4 | 4
    """)
    row = told(ratings, "humility")
    assert (row["n_sessions"], row["n_patients"], row["n_raters"], row["raw_mean"]) == (2, 0, 2, 3.0)
    assert row["last_session_on"] is None


def test_states_are_counted_apart_and_left_out_of_the_mean() -> None:
    ratings = of("""
        S-1 | T-1 | P-1 | 2026-03-01 | R-1 | arousal | 5  | 5
        S-2 | T-1 | P-1 | 2026-03-01 | R-1 | arousal | NO | ND
        S-3 | T-1 | P-1 | 2026-03-01 | R-1 | arousal | UJ | UJ
        S-4 | T-1 | P-1 | 2026-03-01 | R-1 | arousal | M  | M
        S-5 | T-1 | P-1 | 2026-03-01 | R-1 | arousal | NO | NO
    """)
    row = told(ratings, "arousal")
    assert (row["n_sessions"], row["raw_mean"]) == (1, 5.0)
    counts = ("n_rated", "n_no_opportunity", "n_unjudgeable", "n_not_delivered", "n_missing")
    assert [row[c] for c in counts] == [1, 2, 1, 0, 1]
    assert [told(ratings, "arousal", "competence")[c] for c in counts] == [1, 1, 1, 1, 1]


def test_every_element_of_the_instrument_has_its_row_also_when_nothing_was_rated() -> None:
    ratings = of("S-1 | T-1 | P-1 | 2026-03-01 | R-1 | humility | 5 | NO")
    assert ratings.asks(
        "select domain, element, scale, n_sessions, raw_mean, share_adequate, share_low, status "
        "from supervision.therapist_element"
    ) == [
        ("stance", "humility", "adherence", 1, 5.0, 1.0, pytest.approx(0.206549314), "insufficient"),
        ("stance", "humility", "competence", 0, None, None, None, "insufficient"),
        ("stance", "not_knowing", "adherence", 0, None, None, None, "insufficient"),
        ("stance", "not_knowing", "competence", 0, None, None, None, "insufficient"),
        ("trajectory", "arousal", "adherence", 0, None, None, None, "insufficient"),
        ("trajectory", "arousal", "competence", 0, None, None, None, "insufficient"),
    ]


def test_roles_are_never_pooled() -> None:
    ratings = Ratings()
    ratings.counts("""
        session | therapist | patient | on         | rater | role      | item     | adherence | competence
        S-1     | T-1       | P-1     | 2026-03-01 | R-1   | observer  | humility | 2         | 2
        S-1     | T-1       | P-1     | 2026-03-01 | R-2   | observer  | humility | 4         | 2
        S-1     | T-1       | P-1     | 2026-03-01 | R-1   | consensus | humility | 5         | 2
        S-1     | T-1       | P-1     | 2026-03-01 | T-1   | self      | humility | 7         | 2
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select role, raw_mean, n_raters from supervision.therapist_element where element = 'humility' and scale = 'adherence'"
    ) == [("consensus", 5.0, 1), ("observer", 3.0, 2), ("self", 7.0, 1)]


def test_each_of_two_therapists_gets_the_session_and_only_her_own_view_of_herself() -> None:
    ratings = Ratings()
    ratings.counts("""
        session | therapist | rater | role     | item     | adherence | competence
        G-1     | T-1+T-2   | R-1   | observer | humility | 3         | 3
        G-1     | T-1+T-2   | T-1   | self     | humility | 6         | 6
        G-1     | T-1+T-2   | T-2   | self     | humility | 2         | 2
    """)
    ratings.rebuild()
    for therapist, own in (("T-1", 6.0), ("T-2", 2.0)):
        assert told(ratings, "humility", therapist=therapist)["raw_mean"] == 3.0
        assert told(ratings, "humility", role="self", therapist=therapist)["raw_mean"] == own
    assert ratings.asks("select distinct therapist_id from supervision.session_item") == [(None,)]
    assert ratings.asks("select session_id, therapist_id from supervision.session_therapist") == [
        ("G-1", "T-1"),
        ("G-1", "T-2"),
    ]


def test_crosswalked_elements_get_no_status_and_those_without_an_item_are_not_covered() -> None:
    ratings = Ratings(min_sessions=1, min_patients=0, min_raters=1)
    ratings.counts("""
        session | therapist | rater | instrument | item | adherence | competence
        S-1     | T-1       | R-1   | other 1.0  | o1   | 5         | 5
        S-1     | T-1       | R-1   | other 1.0  | o2   | 2         | 2
        S-1     | T-1       | R-1   | other 1.0  | o3   | X         | 3
        S-1     | T-1       | R-1   | other 1.0  | o4   | 6         | 6
    """)
    ratings.rebuild()
    ask = "select element, scale, raw_mean, n_rated, status, crosswalked from supervision.therapist_element"
    assert ratings.asks(ask) == [
        ("humility", "adherence", None, 0, "not_covered", True),
        ("humility", "competence", None, 0, "not_covered", True),
        ("not_knowing", "adherence", 4.0, 1, None, True),
        ("not_knowing", "competence", 4.0, 1, None, True),
        ("arousal", "adherence", None, 0, "not_covered", True),
        ("arousal", "competence", 3.0, 1, None, True),
        (
            "challenge",
            "adherence",
            6.0,
            1,
            "insufficient",
            False,
        ),  # one therapist: no variance between them can be seen
        ("challenge", "competence", 6.0, 1, "insufficient", False),
    ]


def test_a_scale_without_threshold_has_a_mean_and_no_share() -> None:
    ratings = Ratings()
    ratings.counts("""
        session | therapist | rater | instrument | item       | amount
        S-1     | T-1       | R-1   | plain 1.0  | supportive | 10
        S-2     | T-1       | R-1   | plain 1.0  | supportive | 0
    """)
    ratings.rebuild()
    row = told(ratings, "supportive", "amount")
    assert (row["raw_mean"], row["threshold"]) == (5.0, None)
    assert (row["share_adequate"], row["share_low"], row["share_high"]) == (None, None, None)


def test_five_slow_lines_come_to_the_same_means() -> None:
    values = [((7 * s + 5 * r + s * r) % 7) + 1 for s in range(30) for r in range(3)]
    rows = "\n".join(
        f"S-{s} | T-{s % 3} | P-{s} | 2026-03-01 | R-{r} | humility | {values[3 * s + r]} | 4"
        for s in range(30)
        for r in range(3)
    )
    ratings = of(rows)
    for therapist in range(3):
        sessions = [values[3 * s : 3 * s + 3] for s in range(30) if s % 3 == therapist]
        mean = math.fsum(math.fsum(v) / 3 for v in sessions) / len(sessions)
        share = sum(sum(v) >= 12 for v in sessions) / len(sessions)
        row = told(ratings, "humility", therapist=f"T-{therapist}")
        assert row["raw_mean"] == pytest.approx(mean, abs=1e-9)
        assert row["share_adequate"] == pytest.approx(share, abs=1e-9)
