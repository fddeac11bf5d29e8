"""What one rating says about one element: the weighted mean of its rated items, or the state when none is rated."""

from __future__ import annotations

import pytest

from tests.support.drawn_ratings import Ratings

ASK = "select element, scale, state, value from measure.rating_element order by all"


def rated(text: str) -> Ratings:
    """One rating in the instrument `other`, whose items o1 (weight 2) and o2 (weight 1) speak to not_knowing."""
    ratings = Ratings()
    rows = "\n".join(f"S-1 | T-1 | R-1 | other 1.0 | {line.strip()}" for line in text.strip().splitlines())
    ratings.counts(f"session | therapist | rater | instrument | item | adherence | competence\n{rows}")
    ratings.rebuild()
    return ratings


def test_several_items_of_an_element_are_one_weighted_mean() -> None:
    ratings = rated("""
        o1 | 4 | 3
        o2 | 1 | 6
    """)
    # weight 2 and weight 1: nine thirds, twelve thirds
    assert ratings.asks(ASK) == [
        ("not_knowing", "adherence", "rated", 3.0),
        ("not_knowing", "competence", "rated", 4.0),
    ]


def test_an_item_that_is_not_rated_leaves_its_weight_out() -> None:
    ratings = rated("""
        o1 | NO | 5
        o2 | 2  | UJ
    """)
    assert ratings.asks(ASK) == [
        ("not_knowing", "adherence", "rated", 2.0),
        ("not_knowing", "competence", "rated", 5.0),
    ]


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("NO", "M", "missing"),
        ("UJ", "NO", "unjudgeable"),
        ("ND", "NO", "no_opportunity"),
        ("X", "ND", "not_delivered"),
        ("X", "X", "not_rated_by_design"),
    ],
)
def test_where_no_item_is_rated_the_most_urgent_state_stands(first: str, second: str, state: str) -> None:
    ratings = rated(f"o1 | {first} | {second}\no2 | {second} | {first}")
    assert ratings.asks(ASK) == [("not_knowing", "adherence", state, None), ("not_knowing", "competence", state, None)]


def test_an_element_with_one_item_takes_its_state_and_value() -> None:
    ratings = rated("""
        o3 | X  | 5
        o4 | ND | NO
    """)
    assert ratings.asks(ASK) == [
        ("arousal", "adherence", "not_rated_by_design", None),
        ("arousal", "competence", "rated", 5.0),
        ("challenge", "adherence", "not_delivered", None),
        ("challenge", "competence", "no_opportunity", None),
    ]
    assert ratings.asks("select distinct domain from measure.rating_element where element = 'challenge'") == [
        ("spectrum",)
    ]


def test_a_weight_without_an_exact_number_does_not_push_a_mean_below_the_threshold() -> None:
    ratings = rated("""
        o1 | 4 | 4
        o2 | 4 | 4
    """)
    ratings.con.execute("update reference.item_element set weight = 0.1 where item = 'o1'")
    ratings.con.execute("update reference.item_element set weight = 0.7 where item = 'o2'")
    ratings.rebuild()
    assert ratings.asks("select distinct value >= 4 from measure.rating_element") == [(True,)]


def test_an_item_that_is_reversed_for_an_element_counts_from_the_other_end_and_stays_as_entered() -> None:
    ratings = rated("""
        o1 | 7 | 1
        o2 | 2 | NO
        o4 | 6 | 4
    """)
    ratings.con.execute("update reference.item_element set is_reversed = true where item in ('o2', 'o4')")
    ratings.rebuild()
    assert ratings.asks(ASK) == [
        ("challenge", "adherence", "rated", 2.0),
        ("challenge", "competence", "rated", 4.0),
        ("not_knowing", "adherence", "rated", 6.666666667),  # (2 * 7 + 1 * (1 + 7 - 2)) / 3
        ("not_knowing", "competence", "rated", 1.0),
    ]
    assert ratings.asks("select value from current.score where item = 'o4' and scale = 'adherence'") == [(6.0,)]
