"""Per therapist and for the lab: where sessions break, what is reached, and whether raters agree. Worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import krippendorff
import pytest

from schemas.instrument import Domain
from tests.support.drawn_ratings import Ratings
from tests.trajectory.drawn import CATALOG, STEPS, Trajectories

WHOLE = "joint_focus arousal mode validation restoring"


def broken(
    trajectories: Trajectories, table: str = "supervision.trajectory_therapist", where: str = "true"
) -> dict[str, Any]:
    """Step -> (breaks, episodes, reached, opportunities)."""
    return {
        row["breaks_at"]: (row["breaks"], row["episodes"], row["reached"], row["opportunities"])
        for row in trajectories.rows_of(table, where)
    }


def test_breaks_and_chances_are_counted_over_the_episodes() -> None:
    trajectories = Trajectories()
    for session in ("S-1", "S-2", "S-3"):
        trajectories.rated(session)
    trajectories.noted("S-1", WHOLE)
    trajectories.noted("S-1", "joint_focus arousal validation", episode=2)  # no mode
    trajectories.noted("S-2", "joint_focus mode arousal")  # mode is early
    trajectories.noted("S-3", "arousal mode")  # no focus
    trajectories.rebuild()
    assert broken(trajectories) == {
        "joint_focus": (1, 4, 3, 4),
        "arousal": (0, 4, 3, 3),
        "mode": (2, 4, 1, 3),
        "validation": (0, 4, 1, 1),
        "restoring": (0, 4, 1, 1),
        "complete": (1, 4, None, None),
    }
    (mode,) = trajectories.rows_of("supervision.trajectory_therapist", "breaks_at = 'mode'")
    assert (mode["n_sessions"], mode["n_raters"], mode["n_episodes"], mode["n_unknown"]) == (3, 1, 4, 0)
    # Wilson, worked from his equation with z = 1.96: 2 of 4 and 1 of 3
    assert (mode["share_breaks"], round(mode["breaks_low"], 3), round(mode["breaks_high"], 3)) == (0.5, 0.15, 0.85)
    assert (round(mode["share_reached"], 3), round(mode["reached_low"], 3), round(mode["reached_high"], 3)) == (
        0.333,
        0.061,
        0.792,
    )
    assert broken(trajectories, "quality.trajectory") == broken(trajectories)


def test_a_step_without_opportunity_is_in_no_denominator() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1", scores={"mode": "NO"})
    trajectories.noted("S-1", "joint_focus arousal validation restoring")
    trajectories.rated("S-2")
    trajectories.noted("S-2", "joint_focus arousal")
    trajectories.rebuild()
    assert broken(trajectories) == {
        "joint_focus": (0, 2, 2, 2),
        "arousal": (0, 2, 2, 2),
        "mode": (1, 2, 0, 1),
        "validation": (0, 2, 1, 1),
        "restoring": (0, 2, 1, 1),
        "complete": (1, 2, None, None),
    }


def test_two_raters_of_one_session_share_its_weight() -> None:
    trajectories = Trajectories()
    for rater in ("R-1", "R-2"):
        trajectories.rated("S-1", rater)
    trajectories.noted("S-1", WHOLE, "R-1")
    trajectories.noted("S-1", "joint_focus", "R-2")
    trajectories.rated("S-2")
    trajectories.noted("S-2", "joint_focus")
    trajectories.rebuild()
    told = broken(trajectories)
    assert told["arousal"] == (1.5, 2, 0.5, 2)
    assert told["complete"] == (0.5, 2, None, None)


def test_scores_and_timelines_are_never_counted_together_and_unknown_is_counted_apart() -> None:
    trajectories = Trajectories()
    whole = dict.fromkeys(STEPS, "5")
    trajectories.rated("S-1", scores=whole)
    trajectories.noted("S-1", "joint_focus")
    trajectories.rated("S-2", scores=whole | {"mode": "3"})
    trajectories.rated("S-3", scores=whole | {"arousal": "UJ"})
    trajectories.rebuild()
    assert broken(trajectories, where="basis = 'timeline'")["arousal"] == (1, 1, 0, 1)
    scores = broken(trajectories, where="basis = 'scores'")
    assert scores == {
        "joint_focus": (0, 1, 2, 2),
        "arousal": (0, 1, 1, 1),
        "mode": (1, 1, 0, 1),
        "validation": (0, 1, 0, 0),
        "restoring": (0, 1, 0, 0),
        "complete": (0, 1, None, None),
    }
    assert {r["n_unknown"] for r in trajectories.rows_of("supervision.trajectory_therapist", "basis = 'scores'")} == {1}
    (never,) = trajectories.rows_of("supervision.trajectory_therapist", "basis = 'scores' and breaks_at = 'restoring'")
    assert (never["share_reached"], never["reached_low"], never["reached_high"]) == (None, None, None)


def test_an_episode_without_steps_is_counted_apart() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.noted("S-1", "joint_focus")
    trajectories.notes("session | rater | instrument | episode | arousal\nS-1 | R-1 | mbt-session | 2 | flat")
    trajectories.rebuild()
    (complete,) = trajectories.rows_of("supervision.trajectory_therapist", "breaks_at = 'complete'")
    assert (complete["n_sessions"], complete["n_episodes"], complete["n_unknown"], complete["episodes"]) == (1, 1, 1, 1)


def test_roles_and_sessions_out_of_the_window_stand_apart() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.noted("S-1", "joint_focus")
    trajectories.rated("S-1", "T-1", role="self")
    trajectories.noted("S-1", WHOLE, "T-1", role="self")
    trajectories.rated("S-OLD", on="2023-01-01")
    trajectories.noted("S-OLD", WHOLE)
    trajectories.rebuild()
    assert broken(trajectories, where="role = 'observer'")["complete"] == (0, 1, None, None)
    assert broken(trajectories, where="role = 'self'")["complete"] == (1, 1, None, None)
    assert len(trajectories.rows_of("supervision.trajectory_session", "session_id = 'S-OLD'")) == 1


def test_a_session_of_two_counts_for_each_and_once_for_the_lab() -> None:
    trajectories = Trajectories()
    trajectories.rated("G-1", therapist="T-1+T-2")
    trajectories.noted("G-1", "joint_focus arousal")
    trajectories.rebuild()
    for therapist in ("T-1", "T-2"):
        assert broken(trajectories, where=f"therapist_id = '{therapist}'")["mode"] == (1, 1, 0, 1)
    assert broken(trajectories, "quality.trajectory")["mode"] == (1, 1, 0, 1)


def test_what_was_done_is_counted_with_what_followed() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.notes("""
        session | rater | instrument  | step       | arousal   | intervention | followed
        S-1     | R-1   | mbt-session | validation | flooding  | supportive   | no_change
        S-1     | R-1   | mbt-session | .          | .         | supportive   | mentalizing_back
        S-1     | R-1   | mbt-session | .          | regulated | challenge    | lost_further
    """)
    trajectories.rebuild()
    rows = trajectories.asks(
        "select done_as, done, n_lines, n_while_high, n_mentalizing_back, n_no_change, n_lost_further, n_not_noted"
        " from supervision.trajectory_done order by all"
    )
    assert rows == [
        ("intervention", "challenge", 1, 0, 0, 0, 1, 0),
        ("intervention", "supportive", 2, 2, 1, 1, 0, 0),
        ("step", "validation", 1, 1, 0, 1, 0, 0),
    ]


def test_a_line_of_a_log_that_names_no_rater_counts_once_however_many_rated_the_session() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.rated("S-1", "R-2")
    trajectories.rated("S-2")
    trajectories.notes("""
        session | rater | instrument  | step        | shared
        S-1     | R-1   | mbt-session | joint_focus | yes
        S-1     | R-1   | mbt-session | arousal     | yes
        S-1     | R-2   | mbt-session | joint_focus | yes
        S-1     | R-2   | mbt-session | arousal     | yes
    """)
    trajectories.noted("S-2", "joint_focus")
    trajectories.rebuild()
    counted = trajectories.asks("select done, n_sessions, n_lines from supervision.trajectory_done order by all")
    assert counted == [("arousal", 1, 1), ("joint_focus", 2, 2)]


def test_every_line_can_be_traced_to_its_cell() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.noted("S-1", "joint_focus mode")
    trajectories.rebuild()
    assert trajectories.asks(
        "select element, line, workbook, sheet, cell from supervision.trajectory_step order by line"
    ) == [
        ("joint_focus", 1, "S-1 R-1.xlsx", "Timeline", "C5"),
        ("mode", 2, "S-1 R-1.xlsx", "Timeline", "C6"),
    ]


# Krippendorff (2011), Computing Krippendorff's alpha-reliability, section B: two observers, twelve units, five categories;
# printed alpha .692. The categories stand for where a session broke.
BEN, GERRY = "aabbdcccedda", "babbbccceddd"
REACHES = {
    "a": "arousal",
    "b": "joint_focus",
    "c": "joint_focus arousal",
    "d": "joint_focus arousal mode",
    "e": "joint_focus arousal mode validation",
}


def test_agreement_is_krippendorffs_alpha_as_printed() -> None:
    trajectories = Trajectories()
    for number, pair in enumerate(zip(BEN, GERRY, strict=True)):
        for rater, label in zip(("R-1", "R-2"), pair, strict=True):
            trajectories.rated(f"S-{number}", rater)
            trajectories.noted(f"S-{number}", REACHES[label], rater)
    trajectories.rebuild()
    (row,) = trajectories.rows_of("quality.trajectory_agreement")
    assert (row["n_sessions"], row["n_pairs"], row["exact"]) == (12, 12, 0.75)
    assert round(row["alpha"], 3) == 0.692
    assert row["is_experimental"] is False
    assert {r["is_experimental"] for r in trajectories.rows_of("supervision.trajectory_therapist")} == {False}


def expected_alpha(observers: list[list[str]]) -> float:
    codes = [[float("abcde".index(label)) if label else float("nan") for label in labels] for labels in observers]
    return round(krippendorff.alpha(reliability_data=codes, level_of_measurement="nominal"), 3)


def test_three_raters_some_of_whom_are_absent_agree_as_the_package_says() -> None:
    observers = [list("abcda"), ["a", "b", "", "d", "b"], ["b", "b", "c", "", ""]]
    trajectories = Trajectories()
    for rater, labels in enumerate(observers):
        for number, label in enumerate(labels):
            if label:
                trajectories.rated(f"S-{number}", f"R-{rater}")
                trajectories.noted(f"S-{number}", REACHES[label], f"R-{rater}")
    trajectories.rebuild()
    (row,) = trajectories.rows_of("quality.trajectory_agreement")
    # pairs: three in each of S-0 and S-1, one in each of S-2, S-3 and S-4; alike are 1 + 3 + 1 + 1 + 0
    assert (row["n_sessions"], row["n_pairs"], row["exact"]) == (5, 9, pytest.approx(6 / 9))
    assert round(row["alpha"], 3) == expected_alpha(observers)


def test_the_episode_that_gets_furthest_stands_for_a_raters_session() -> None:
    trajectories = Trajectories()
    for rater in ("R-1", "R-2"):
        trajectories.rated("S-1", rater)
    trajectories.noted("S-1", "joint_focus", "R-1")
    trajectories.noted("S-1", "joint_focus arousal", "R-1", episode=2)
    trajectories.noted("S-1", "joint_focus arousal", "R-2")
    trajectories.rebuild()
    (row,) = trajectories.rows_of("quality.trajectory_agreement")
    assert (row["n_pairs"], row["exact"], row["alpha"], row["is_experimental"]) == (1, 1.0, None, True)


def test_without_second_raters_everything_is_experimental() -> None:
    trajectories = Trajectories()
    trajectories.rated("S-1")
    trajectories.noted("S-1", WHOLE)
    trajectories.rebuild()
    assert trajectories.rows_of("quality.trajectory_agreement") == []
    assert {r["is_experimental"] for r in trajectories.rows_of("supervision.trajectory_therapist")} == {True}


def test_an_instruments_own_first_ordered_domain_is_followed_and_a_borrowed_one_only_without() -> None:
    trajectories = Trajectories()
    order = "select element from measure.trajectory_order where instrument_id = '{}' order by position"
    trajectories.rebuild()
    assert [e for (e,) in trajectories.asks(order.format("mbt-session"))] == list(STEPS)
    assert [e for (e,) in trajectories.asks(order.format("mbt-i-acs"))] == list(STEPS)  # by its crosswalk
    assert trajectories.asks(
        "select distinct is_own from measure.trajectory_order where instrument_id = 'mbt-i-acs'"
    ) == [(False,)]
    assert [e.id for e in CATALOG.steps_of(CATALOG.latest("mbt-i-acs"))] == list(STEPS)
    session = CATALOG.latest("mbt-session")
    last = session.elements[0].model_copy(update={"id": "last", "domain": "more"})
    more = Domain(id="more", title="More", ordered=True)
    two = session.model_copy(update={"domains": (*session.domains, more), "elements": (*session.elements, last)})
    assert [e.id for e in two.steps] == list(STEPS)


def test_without_adherence_the_first_scale_with_a_threshold_says_whether_a_step_was_reached() -> None:
    session = CATALOG.latest("mbt-session")
    height = session.scales[0].model_copy(update={"id": "height", "threshold": None, "threshold_word": None})
    items = tuple(item.model_copy(update={"scales": ("height", "competence")}) for item in session.items)
    ours = session.model_copy(update={"id": "ours", "scales": (height, session.scales[1]), "items": items})
    ratings = Ratings(catalog=replace(CATALOG, instruments={**CATALOG.instruments, ("ours", "1.0"): ours}))
    ratings.rebuild()
    chosen = "select distinct instrument_id, scale from measure.trajectory_order where is_own order by 1"
    assert ratings.asks(chosen) == [("mbt-session", "adherence"), ("ours", "competence")]
