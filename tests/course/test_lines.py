"""One line a therapist across a change of instrument: marked, gaps told with their reason, no score converted.

Every expected row is worked out by hand from the ratings drawn in `moving`.
"""

from __future__ import annotations

from typing import Any

import pytest

from flows.load.models import run_checks
from tests.support.drawn_ratings import Ratings


def line(lab: Ratings, columns: str, element: str, scale: str, of: str = "T-1", role: str = "observer") -> list[Any]:
    """Columns of one line of individual sessions, in order."""
    return lab.asks(
        f"select {columns} from supervision.therapist_course where therapist_id = '{of}' and role = '{role}'"
        f" and modality = 'individual' and (element, scale) = ('{element}', '{scale}')"
        " order by position nulls last, session_id, instrument_id"
    )


def test_the_line_goes_on_across_the_change_and_back_and_each_change_is_marked(lab: Ratings) -> None:
    columns = "position, session_id, instrument_id, stretch, instrument_change, instruments_before, mean, stands, gap"
    assert line(lab, columns, "not_knowing", "adherence") == [
        (1, "A-1", "mbt-session", 1, None, None, 5.0, "above", None),
        (2, "A-2", "mbt-session", 1, None, None, 3.5, "below", None),
        (3, "A-3", "mbt-i-acs", 2, "instrument", "mbt-session 1.0", 6.0, "above", None),
        (4, "A-4", "mbt-i-acs", 2, None, None, None, None, "unjudgeable"),
        (5, "A-5", "mbt-session", 3, "instrument", "mbt-i-acs 1.0", 4.0, "at", None),
        (None, "A-6", "mbt-i-acs", None, None, None, 3.0, "below", None),  # no date, no place, and still not lost
    ]


def test_what_an_instrument_does_not_cover_is_a_gap_with_its_reason_and_never_a_missing_row(lab: Ratings) -> None:
    assert line(lab, "session_id, mean, gap, coverage", "humility", "adherence") == [
        ("A-1", 3.0, None, "covered"),
        ("A-2", 4.0, None, "covered"),
        ("A-3", None, "not_covered", "not_covered"),
        ("A-4", None, "not_covered", "not_covered"),
        ("A-5", 5.0, None, "covered"),
        ("A-6", None, "not_covered", "not_covered"),
    ]
    # item 5 of the published scale is not rated for adherence, and says something by its competence
    gaps = line(lab, "session_id, mean, gap", "arousal", "adherence")
    assert [gap for *_, gap in gaps[1:4]] == ["no_opportunity", "not_rated_by_design", "not_rated_by_design"]
    assert line(lab, "session_id, mean, gap", "arousal", "competence")[2] == ("A-3", 4.0, None)


def test_a_line_that_only_the_other_instrument_tells_has_its_gaps_on_this_side(lab: Ratings) -> None:
    assert line(lab, "session_id, mean, gap", "challenge", "adherence") == [
        ("A-1", None, "not_covered"),
        ("A-2", None, "not_covered"),
        ("A-3", 2.0, None),
        ("A-4", None, "missing"),
        ("A-5", None, "not_covered"),
        ("A-6", None, "missing"),
    ]


def test_how_far_an_element_is_crosswalked_stands_beside_its_mean(lab: Ratings) -> None:
    columns = "session_id, mean, crosswalked, coverage, items"
    assert line(lab, columns, "mode", "adherence")[2] == (
        "A-3", 3.5, True, "partly", "8 (weight 1, partly); 9 (weight 1, partly)"
    )  # fmt: skip
    assert line(lab, columns, "not_knowing", "adherence")[1:3] == [
        ("A-2", 3.5, False, "covered", "2 (weight 1)"),
        ("A-3", 6.0, True, "covered", "2 (weight 1)"),
    ]


def test_an_instrument_of_ones_own_keeps_its_scale_and_its_threshold(lab: Ratings) -> None:
    columns = "session_id, mean, scale_lowest, scale_highest, threshold, stands, gap, items, instrument_change"
    assert line(lab, columns, "not_knowing", "competence", "T-2") == [
        ("B-1", 5.0, 1.0, 7.0, 4.0, "above", None, "2 (weight 1)", None),
        # (3 * 3 + 1) / 4, on a scale of 0 to 4: below 3, and no 7-point number is made of it
        ("B-2", 2.5, 0.0, 4.0, 3.0, "below", None, "1 (weight 3); 2 (weight 1, partly)", "instrument"),
    ]
    assert line(lab, columns, "not_knowing", "adherence", "T-2")[1] == (
        "B-2", None, None, None, None, None, "not_rated_by_design", None, "instrument"
    )  # fmt: skip
    assert line(lab, columns, "humility", "competence", "T-2")[1] == (
        "B-2", None, 0.0, 4.0, 3.0, None, "not_covered", None, "instrument"
    )  # fmt: skip
    assert line(lab, "session_id, mean, gap", "warmth", "competence", "T-2") == [
        ("B-1", None, "not_covered"),
        ("B-2", 4.0, None),
    ]


def test_another_version_is_a_change_and_brings_its_own_threshold(lab: Ratings) -> None:
    columns = "session_id, instrument_version, mean, threshold, stands, stretch, instrument_change, instruments_before"
    assert line(lab, columns, "not_knowing", "adherence", "T-3") == [
        ("C-1", "1.0", 4.0, 4.0, "at", 1, None, None),
        ("C-2", "1.1", 4.0, 5.0, "below", 2, "version", "mbt-session 1.0"),
    ]


def test_roles_groups_and_modules_are_lines_of_their_own(lab: Ratings) -> None:
    # her own rating with another instrument changes nothing in the observers' line, and is no change in its own
    assert line(lab, "session_id, mean, instrument_change", "not_knowing", "adherence", role="self") == [
        ("A-5", 7.0, None)
    ]
    # a group after individual sessions is no change either, and each of its therapists has it
    assert lab.asks(
        "select therapist_id, session_id, mean, instrument_change from supervision.therapist_course"
        " where modality = 'group' and (element, scale) = ('not_knowing', 'adherence') order by therapist_id"
    ) == [("T-2", "C-3", 2.0, None), ("T-3", "C-3", 2.0, None)]
    # techniques, rated beside, tell of other domains
    assert line(lab, "session_id, instrument_id, mean, instrument_change", "simple", "adherence") == [
        ("A-1", "mbt-techniques", 6.0, None)
    ]


def test_changes_are_listed_with_what_goes_on_ends_and_begins(lab: Ratings) -> None:
    covered = "mode; not_knowing; own_misunderstanding; restoring; validation"
    rest = "alternatives; arousal (adherence); differences; enquiry; humility; joint_focus; legitimising; says_unclear"
    assert lab.asks(
        "select therapist_id, role, session_id, instrument_change, instruments_before,"
        " instrument_id || ' ' || instrument_version, domains, going_on, ending, beginning from supervision.course_change"
    ) == [
        ("T-1", "observer", "A-3", "instrument", "mbt-session 1.0", "mbt-i-acs 1.0", "spectrum; stance; trajectory",
         f"arousal (competence); {covered}", rest, "challenge"),
        ("T-1", "observer", "A-5", "instrument", "mbt-i-acs 1.0", "mbt-session 1.0", "spectrum; stance; trajectory",
         f"arousal (competence); {covered}", "challenge", rest),
        ("T-2", "observer", "B-2", "instrument", "mbt-session 1.0", "house 1.0", "stance; trajectory",
         "not_knowing (competence)",
         "alternatives; arousal; differences; enquiry; humility; joint_focus; legitimising; mode; not_knowing (adherence); "
         "own_misunderstanding; restoring; says_unclear; validation", "warmth"),
        ("T-3", "observer", "C-2", "version", "mbt-session 1.0", "mbt-session 1.1", "stance; trajectory",
         "alternatives; arousal; differences; enquiry; humility; joint_focus; legitimising; mode; not_knowing; "
         "own_misunderstanding; restoring; says_unclear; validation", None, None),
        ("T-4", "observer", "D-2", "beside", "mbt-session 1.0", "mbt-i-acs 1.0", "spectrum; stance; trajectory",
         f"arousal (competence); {covered}", None, "challenge"),  # the other is used still, so nothing ends
    ]  # fmt: skip


def test_a_session_rated_with_both_is_marked_once_and_told_twice(lab: Ratings) -> None:
    columns = "position, session_id, instrument_id, stretch, mean, instrument_change"
    assert line(lab, columns, "not_knowing", "adherence", "T-4") == [
        (1, "D-1", "mbt-session", 1, 4.0, None),
        (2, "D-2", "mbt-i-acs", 2, 2.0, "beside"),
        (2, "D-2", "mbt-session", 2, 5.0, None),
        (3, "D-3", "mbt-i-acs", 2, 3.0, None),
    ]


def test_every_line_tells_every_session_of_hers_with_such_an_instrument(lab: Ratings) -> None:
    assert (
        lab.asks("""
        select therapist_id, role, modality, element, scale from supervision.therapist_course
        where instrument_id <> 'mbt-techniques' group by all
        having count(*) <> case therapist_id || ' ' || role || ' ' || modality
            when 'T-1 observer individual' then 6 when 'T-2 observer individual' then 2 when 'T-3 observer individual' then 2
            when 'T-4 observer individual' then 4 else 1 end
    """)
        == []
    )
    assert [(check.name, check.keys) for check in run_checks(lab.con, ["50_supervision"]) if check.n] == []


def test_means_are_those_of_each_session_and_nothing_is_rescaled(lab: Ratings) -> None:
    """Every mean of the course is the session's mean as it stands in session_element, told there without a change."""
    assert (
        lab.asks("""
        select course.session_id, element, scale, course.mean, told.mean
        from supervision.therapist_course as course
        full join supervision.session_element as told using (session_id, instrument_id, role, element, scale)
        where course.mean is distinct from told.mean
    """)
        == []
    )


def test_charts_and_estimates_stay_within_one_instrument(lab: Ratings) -> None:
    assert lab.asks(
        "select instrument_id, n_sessions, raw_mean from supervision.therapist_element where therapist_id = 'T-1'"
        " and role = 'observer' and (element, scale) = ('not_knowing', 'adherence') order by instrument_id"
    ) == [("mbt-i-acs", 2, 4.5), ("mbt-session", 3, pytest.approx((5 + 3.5 + 4) / 3))]
