"""The status: one rule, first match, over a small lab whose therapists differ by more than their sessions do."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.catalog import Catalog
from schemas.codes import Modality
from tests.support.drawn_ratings import TINY, Ratings

# Six therapists around these points, four sessions each with two patients; two of three raters a session; the little
# unevenness of sessions and raters is what the model has to see through.
POINTS = {"T-1": 6, "T-2": 5, "T-3": 4, "T-4": 2, "T-5": 5, "T-6": 3}
UNEVEN = (0, 1, 0, 0, 0, 0, 1, 0)


def lab_of(
    points: dict[str, int] = POINTS, sessions: int = 4, patients: int = 2, raters: int = 3, **settings: Any
) -> Ratings:
    """A lab in which every session of a therapist is rated about her points, on both scales of `humility`."""
    ratings = Ratings(**settings)
    lines = ["session | therapist | patient | on | rater | item | adherence | competence"]
    for t, (therapist, point) in enumerate(points.items()):
        for s in range(sessions):
            for k in range(2):
                value = point + UNEVEN[(2 * s + k + 3 * t) % 8]
                lines.append(
                    f"S-{t}{s} | {therapist} | P-{t}{s % patients} | 2026-03-0{s + 1} | R-{(s + k) % raters} "
                    f"| humility | {value} | {value}"
                )
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    return ratings


def statuses(ratings: Ratings) -> dict[str, str | None]:
    """Therapist -> status on humility's adherence."""
    return dict(
        ratings.asks(
            "select therapist_id, status from supervision.therapist_element "
            "where role = 'observer' and element = 'humility' and scale = 'adherence'"
        )
    )


def test_the_status_follows_from_the_probabilities() -> None:
    assert statuses(lab_of()) == {
        "T-1": "strength", "T-2": "adequate", "T-3": "uncertain", "T-4": "below", "T-5": "adequate", "T-6": "below",
    }  # fmt: skip


def test_fewer_sessions_patients_or_raters_than_the_lab_asks_for_are_insufficient() -> None:
    insufficient = dict.fromkeys(POINTS, "insufficient")
    assert statuses(lab_of(sessions=3)) == insufficient
    assert statuses(lab_of(patients=1)) == insufficient
    assert statuses(lab_of(min_raters=4)) == insufficient
    assert statuses(lab_of(sessions=3, min_sessions=3)) != insufficient


def test_no_variance_between_therapists_is_insufficient_for_everyone() -> None:
    ratings = lab_of(dict.fromkeys(POINTS, 5))
    assert statuses(ratings) == dict.fromkeys(POINTS, "insufficient")
    assert ratings.asks(
        "select distinct estimate_note, reliability, sessions_to_dependable from supervision.therapist_element "
        "where element = 'humility' and scale = 'adherence'"
    ) == [("variance_zero", None, None)]
    assert ratings.asks(
        "select count(distinct estimate), bool_and(low < estimate and estimate < high) from supervision.therapist_element "
        "where element = 'humility' and scale = 'adherence'"
    ) == [(1, True)]


def test_an_estimate_less_reliable_than_the_lab_asks_for_is_insufficient() -> None:
    assert statuses(lab_of(min_reliability=0.999)) == dict.fromkeys(POINTS, "insufficient")


@pytest.mark.parametrize(
    ("settings", "status"), [({"strength_points": 0}, "strength"), ({"sure_above": 0.999999}, "uncertain")]
)
def test_the_lab_s_settings_move_the_bounds(settings: dict[str, float], status: str) -> None:
    assert statuses(lab_of(**settings))["T-1"] == status


def test_everything_said_of_a_therapist_hangs_together() -> None:
    rows = lab_of().asks(
        "select estimate, low, high, p_adequate, reliability, comparison_group, estimate_note, "
        "sessions_to_dependable.to_50, sessions_to_dependable.to_80 "
        "from supervision.therapist_element where element = 'humility' and scale = 'adherence'"
    )
    assert len(rows) == 6
    for estimate, low, high, p_adequate, reliability, group, note, to_50, to_80 in rows:
        assert low < estimate < high
        assert 0 <= p_adequate <= 1
        assert 0.5 < reliability < 1
        assert (group, note, to_50) == (1, "short_series", 0)
        assert to_80 >= 0
    assert rows[0][0] > rows[1][0] > rows[2][0] > rows[3][0]


def test_other_roles_are_counted_and_not_modelled() -> None:
    ratings = Ratings(min_sessions=1, min_patients=1, min_raters=1)
    ratings.counts("""
        session | therapist | patient | rater | role | item     | adherence | competence
        S-1     | T-1       | P-1     | T-1   | self | humility | 6         | 6
        S-2     | T-1       | P-1     | T-1   | self | humility | 2         | 2
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select raw_mean, estimate, low, reliability, status, estimate_note from supervision.therapist_element "
        "where element = 'humility' and scale = 'adherence'"
    ) == [(4.0, None, None, None, None, "other_role")]
    assert ratings.asks("select count(*) from quality.variance_component") == [(0,)]


def test_a_session_led_by_two_counts_for_both_and_is_one_of_the_model() -> None:
    ratings = Ratings()
    ratings.counts("""
        session | therapist | patient | rater | item     | adherence | competence
        G-1     | T-1+T-2   | P-1     | R-1   | humility | 6         | 6
        S-1     | T-1       | P-1     | R-1   | humility | 3         | 3
        S-2     | T-1       | P-2     | R-2   | humility | 4         | 4
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select therapist_id, n_sessions, n_raters, round(raw_mean, 2), estimate is null, status, comparison_group "
        "from supervision.therapist_element where element = 'humility' and scale = 'adherence'"
    ) == [("T-1", 3, 2, 4.33, False, "insufficient", 1), ("T-2", 1, 1, 6.0, False, "insufficient", 1)]
    ((note, n_ratings),) = ratings.asks(
        "select any_value(note), max(n_levels) from quality.variance_component where scale = 'adherence'"
    )
    assert "led_together: therapist" in note.split("; ")
    assert n_ratings == 3  # counted once, not once a therapist


def test_an_estimate_of_who_led_with_others_is_not_told_beyond_the_scale() -> None:
    # T-1 alone is at 3 and 4; that a session with T-2 is at 6 puts T-2 at 8, which the scale does not have
    ratings = Ratings()
    ratings.counts("""
        session | therapist | patient | rater | item     | adherence | competence
        G-1     | T-1+T-2   | P-1     | R-1   | humility | 6         | 6
        S-1     | T-1       | P-1     | R-1   | humility | 3         | 3
        S-2     | T-1       | P-2     | R-2   | humility | 4         | 4
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select therapist_id, estimate, high > 8 from supervision.therapist_element "
        "where element = 'humility' and scale = 'adherence'"
    ) == [("T-1", 3.6, False), ("T-2", 7.0, True)]


GROUP = TINY.model_copy(update={"id": "together", "modality": Modality.GROUP})


def group_lab(pairs: list[str], points: dict[str, int], **settings: Any) -> Ratings:
    """Group sessions without patients, each led by a pair at the mean of the two, give or take, by two of three raters."""
    ratings = Ratings(catalog=Catalog({("together", "1.0"): GROUP}, {}, {}), **settings)
    lines = ["session | therapist | rater | instrument | item | adherence | competence"]
    for s, pair in enumerate(pairs):
        led_by = pair.split("+")
        middle = sum(points[therapist] for therapist in led_by) // len(led_by)
        for k in range(2):
            value = middle + UNEVEN[(3 * s + k) % 8]
            lines.append(f"G-{s} | {pair} | R-{(s + k) % 3} | together 1.0 | humility | {value} | {value}")
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    return ratings


def test_group_therapists_who_take_turns_get_a_status_and_a_plan_each_without_a_patient() -> None:
    points = {"T-1": 6, "T-2": 6, "T-3": 2, "T-4": 2}
    turns = ["T-1+T-2", "T-3+T-4", "T-1+T-3", "T-2+T-4", "T-1+T-4", "T-2+T-3"] * 3
    ratings = group_lab(turns, points)
    assert statuses(ratings) == {"T-1": "strength", "T-2": "strength", "T-3": "below", "T-4": "below"}
    rows = ratings.asks(
        "select option, n_sessions, n_patients, reliability, reliability_then from quality.next_rating "
        "where therapist_id = 'T-1' and element = 'humility' and scale = 'adherence' order by option"
    )
    assert [row[:3] for row in rows] == [("new_session", 9, 0), ("second_rater", 9, 0)]
    assert all(0 < now < then < 1 for *_, now, then in rows)
    assert ratings.asks("select distinct note from quality.d_study") == [("led_alone",)]


def test_two_who_always_lead_together_get_the_pair_s_estimate_and_no_status_of_their_own() -> None:
    points = {"T-1": 6, "T-2": 6, "T-3": 2, "T-4": 2, "T-5": 4, "T-6": 4}
    ratings = group_lab(["T-1+T-2", "T-3+T-4", "T-5+T-6"] * 6, points, min_reliability=0.1)
    rows = ratings.asks(
        "select therapist_id, estimate, low, high, status, estimate_note from supervision.therapist_element "
        "where element = 'humility' and scale = 'adherence' order by therapist_id"
    )
    assert [row[1:] for row in rows[::2]] == [row[1:] for row in rows[1::2]]
    assert rows[0][1] > 5 > 4.9 > rows[4][1] > 3 > rows[2][1]
    assert {row[4:] for row in rows} == {("insufficient", "led_together")}


def test_the_only_pair_has_its_mean_without_an_interval_and_nothing_of_what_nobody_rated() -> None:
    ratings = Ratings(catalog=Catalog({("together", "1.0"): GROUP}, {}, {}))
    ratings.counts("""
        session | therapist | rater | instrument   | item     | adherence | competence
        G-1     | T-1+T-2   | R-1   | together 1.0 | humility | 5         | NO
        G-1     | T-1+T-2   | R-2   | together 1.0 | humility | 4         | NO
    """)
    ratings.rebuild()
    told = ratings.asks(
        "select distinct scale, n_sessions, estimate, low, high from supervision.therapist_element "
        "where element = 'humility' order by scale"
    )
    assert told == [("adherence", 1, 4.5, None, None), ("competence", 0, None, None, None)]
