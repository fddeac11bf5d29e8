"""Who, whom and when: fields prepared as the layout says, or a finding at their cell."""

from __future__ import annotations

import datetime as dt

import pytest

from flows.intake.written import prepare
from schemas.layout import FieldSource
from tests.support.lab import Lab


def source(**how: object) -> FieldSource:
    """A column that is prepared in some way."""
    return FieldSource.model_validate({"column": "Any"} | how)


@pytest.mark.parametrize(
    ("text", "how", "meant"),
    [
        ("7", {"pad": 3}, "007"),
        ("1234", {"pad": 3}, "1234"),
        ("T7", {"pad": 3}, "T7"),
        ("7", {"pad": 3, "prefix": "N-"}, "N-007"),
        ("", {"prefix": "N-"}, ""),
        ("Recording 100 (final)", {"pattern": r"\d+"}, "100"),
        ("S-100 by AH", {"pattern": r"S-(\d+) by"}, "100"),
        ("nothing", {"pattern": r"\d+"}, ""),
        ("zelf", {"codes": {"Zelf": "self"}}, "self"),
        ("anders", {"codes": {"Zelf": "self"}}, "anders"),
        ("n/a", {"codes": {"N/A": ""}}, ""),
        ("opptak-100", {"case": "upper"}, "OPPTAK-100"),
        ("Rec 7", {"pattern": r"\d+", "pad": 3, "prefix": "S-", "codes": {"7": "8"}}, "S-008"),
    ],
)
def test_a_field_s_text_is_prepared_as_the_layout_says(text: str, how: dict[str, object], meant: str) -> None:
    assert prepare(text, source(**how)) == meant


def fields(lab: Lab, heads: str, cells: str) -> dict[str, object]:
    """The fields of one wide row with these heads and cells."""
    frames = lab.reads("one.csv", f"session | rater | {heads} | adherence | competence\n S-1 | R-1 | {cells} | 4 | 4")
    return frames.rating.row(0, named=True)


def codes(lab: Lab, heads: str, cells: str) -> list[tuple[str, str]]:
    """Cell and code of the findings in one wide row."""
    frames = lab.reads("one.csv", f"session | rater | {heads} | adherence | competence\n S-1 | R-1 | {cells} | 4 | 4")
    return list(frames.finding.select("cell", "code").iter_rows())


def test_what_a_sheet_does_not_say_is_an_observer_s_rating_of_unknown_selection(lab: Lab) -> None:
    found = fields(lab, "therapist", "T-1")
    assert (found["role"], found["selection"], found["revision"], found["rated_on"]) == (
        "observer",
        "unknown",
        None,
        None,
    )


def test_role_selection_revision_and_dates_are_read_as_said(lab: Lab) -> None:
    found = fields(
        lab,
        "role | selection | revision | rated on | date",
        "Consensus | therapist chosen | 2 | 2026-06-09 | 2026-06-02",
    )
    assert (found["role"], found["selection"], found["revision"]) == ("consensus", "therapist_chosen", 2)
    assert (found["rated_on"], found["session_on"]) == (dt.date(2026, 6, 9), dt.date(2026, 6, 2))


def test_several_therapists_stand_in_one_cell_where_the_layout_says_what_parts_them(lab: Lab) -> None:
    assert fields(lab, "therapist", "T-2 + T-1")["therapist_ids"] == ["T-1", "T-2"]


@pytest.mark.parametrize(
    ("heads", "cells", "cell", "code"),
    [
        ("role", "boss", "C2", "role_unknown"),
        ("selection", "somehow", "C2", "selection_unknown"),
        ("revision", "two", "C2", "revision_unreadable"),
        ("revision", "1.5", "C2", "revision_unreadable"),
        ("revision", "-1", "C2", "revision_unreadable"),
        ("date", "soon", "C2", "date_unreadable"),
        ("date", ".", "C2", "cell_blank"),
        ("date", "1989-12-31", "C2", "date_implausible"),
        ("date", "2026-07-02", "C2", "date_implausible"),
        ("rated on", "2026-07-02", "C2", "date_implausible"),
        ("rated on", "2026-05-31", "C2", "rated_before_session"),
        ("therapist", ".", "C2", "therapist_missing"),
        ("therapist", "x" * 65, "C2", "id_unreadable"),
        ("patient", "P\\n1", "C2", "id_unreadable"),
    ],
)
def test_a_field_that_cannot_be_used_is_told_at_its_cell(
    lab: Lab, heads: str, cells: str, cell: str, code: str
) -> None:
    if code == "cell_blank":  # the drawn layout does not ask for a date
        assert codes(lab, heads, cells) == []
    else:
        assert codes(lab, heads, cells) == [(cell, code)]


def test_a_blank_session_or_rater_always_holds_the_rating(lab: Lab) -> None:
    frames = lab.reads("one.csv", "session | rater | adherence | competence\n . | . | 4 | 4")
    assert list(frames.finding.select("cell", "code").iter_rows()) == [
        ("A2", "session_missing"),
        ("B2", "rater_missing"),
    ]


def test_today_is_not_the_future(lab: Lab) -> None:
    assert codes(lab, "date | rated on", "2026-07-01 | 2026-07-01") == []


def test_the_same_date_written_two_ways_does_not_split_or_dispute_a_rating(lab: Lab) -> None:
    frames = lab.reads(
        "long.xlsx",
        """
        session | rater | date        | rated on   | item        | adherence | competence
        S-1     | R-1   | 2026-06-01  | 2026-06-09 | not_knowing | 4         | 5
        s-1     | r-1   | '2026-6-1   | '2026-06-09 | differences | 3         | 2
        """,
    )
    assert frames.rating.height == 1
    assert frames.finding.is_empty()


def test_rows_of_one_rating_that_name_two_therapists_hold_it(lab: Lab) -> None:
    frames = lab.reads(
        "long.xlsx",
        """
        session | rater | therapist | item        | adherence | competence
        S-1     | R-1   | T-1       | not_knowing | 4         | 5
        S-1     | R-1   | T-2       | differences | 3         | 2
        """,
    )
    assert list(frames.finding.select("cell", "code").iter_rows()) == [("C3", "rows_disagree")]


def roster(lab: Lab) -> None:
    """Two therapists of one supervisor, and a rater with another spelling."""
    lab.settings.raw.mkdir(parents=True, exist_ok=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1=Anna_Berg;A._Berg R-2")


@pytest.mark.parametrize("spelling", ["R-1", "r-1", "Anna Berg", "ANNA  BERG", "a. berg"])
def test_a_rater_is_known_by_id_and_by_other_spellings(lab: Lab, spelling: str) -> None:
    roster(lab)
    frames = lab.reads("one.csv", f"session | rater | adherence | competence\n S-1 | {spelling} | 4 | 4")
    assert frames.rating["rater_id"].to_list() == ["R-1"]
    assert frames.finding.is_empty()


def test_an_unknown_rater_holds_the_rating_and_the_nearest_one_is_suggested(lab: Lab) -> None:
    roster(lab)
    frames = lab.reads("one.csv", "session | rater | adherence | competence\n S-1 | R-11 | 4 | 4")
    assert list(frames.finding.select("cell", "code", "message").iter_rows()) == [
        (
            "B2",
            "rater_unknown",
            "This rater is not in the roster. Did you mean R-1? Correct the id, or ask for the spelling to be added.",
        )
    ]


def test_each_therapist_of_a_session_must_be_known(lab: Lab) -> None:
    roster(lab)
    assert codes(lab, "therapist", "T-1 + T-9") == [("C2", "therapist_unknown")]


def test_a_therapist_rates_herself_without_being_among_the_raters(lab: Lab) -> None:
    roster(lab)
    frames = lab.reads("one.csv", "session | rater | role | adherence | competence\n S-1 | t-1 | self | 4 | 4")
    assert frames.rating["rater_id"].to_list() == ["T-1"]
    assert frames.finding.is_empty()


def test_a_supervisor_rates_without_being_among_the_raters_but_is_no_observer(lab: Lab) -> None:
    roster(lab)
    as_supervisor = lab.reads(
        "one.csv", "session | rater | role | adherence | competence\n S-1 | SV-1 | supervisor | 4 | 4"
    )
    as_observer = lab.reads(
        "two.csv", "session | rater | role | adherence | competence\n S-1 | SV-1 | observer | 4 | 4"
    )
    assert as_supervisor.finding.is_empty()
    assert as_observer.finding["code"].to_list() == ["rater_unknown"]
