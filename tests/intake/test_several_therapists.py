"""Several therapists in one cell of a group's sheet: however people part them, and never one id made of two."""

from __future__ import annotations

import pytest

from tests.support.lab import PAIR, Lab

GROUP = PAIR.replace('id = "pair"', 'id = "pair-group"', 1).replace('modality = "individual"', 'modality = "group"')
TABLE = """
id = "our-groups"
version = "1"
title = "Our groups"
instrument = "{instrument}"
shape = "long"
[fields]
session_id = {{ column = "session" }}
therapist_id = {{ column = "led by"{several} }}
rater_id = {{ column = "rater" }}
item = {{ column = "item" }}
[table]
levels = ["scale"]
"""


def led_by(home: Lab, text: str, *, instrument: str = "pair-group", several: str = "") -> tuple[list[str], list[str]]:
    """The therapists read from a cell, and the codes of what was found in it."""
    home.uses(GROUP)
    home.uses(PAIR)
    home.describes(TABLE.format(instrument=instrument, several=several))
    drawing = f"session | led by | rater | item | adherence | competence\nG-1 | {text} | R-1 | not_knowing | 4 | 4"
    frames = home.reads("groups.xlsx", drawing)
    found = [code for code in frames.finding["code"] if code not in ("item_absent", "cell_blank")]
    return frames.rating["therapist_ids"].to_list()[0], found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("T-1, T-2", ["T-1", "T-2"]),
        ("T-1; T-2", ["T-1", "T-2"]),
        ("T-2;T-1;", ["T-1", "T-2"]),
        ("T-1 and T-2", ["T-1", "T-2"]),
        ("T-1, T-2 AND T-3", ["T-1", "T-2", "T-3"]),
        ("T-1 & T-2 + T-3", ["T-1", "T-2", "T-3"]),
        ("T-1\\nT-2", ["T-1", "T-2"]),
        ("12, 13.0", ["12", "13"]),
        # what only looks like it
        ("Andersen and-co", ["Andersen and-co"]),
        ("T+1; R&D/3", ["R&D/3", "T+1"]),
        ("T.1_ø/2 (b)", ["T.1_ø/2 (b)"]),
    ],
)
def test_several_therapists_of_a_group_are_told_apart_without_a_roster(other: Lab, text: str, meant: list[str]) -> None:
    assert led_by(other, text)[0] == meant


def test_a_layout_s_own_mark_is_the_only_one(other: Lab) -> None:
    assert led_by(other, "Berg, A / Dahl, B", several=', several = "/"')[0] == ["Berg, A", "Dahl, B"]


def test_a_session_of_one_patient_has_one_therapist_unless_the_layout_says_otherwise(other: Lab) -> None:
    assert led_by(other, "Berg, A", instrument="pair")[0] == ["Berg, A"]
    assert led_by(other, "T-1, T-2", instrument="pair", several=", several = true")[0] == ["T-1", "T-2"]


def test_who_the_roster_does_not_know_is_found_among_several(other: Lab) -> None:
    other.settings.raw.mkdir(parents=True, exist_ok=True)
    other.has_roster(therapists="T-1 T-2", raters="R-1")
    assert led_by(other, "t-1; T-2") == (["T-1", "T-2"], [])
    assert led_by(other, "T-1; T-9") == (["T-1"], ["therapist_unknown"])


def test_an_id_of_the_roster_is_one_person_whatever_stands_in_it(other: Lab) -> None:
    other.settings.raw.mkdir(parents=True, exist_ok=True)
    other.has_roster(therapists="Berg;A T-2", raters="R-1")
    assert led_by(other, "berg;a") == (["Berg;A"], [])
