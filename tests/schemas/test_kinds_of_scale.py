"""Scales whose numbers are no more-or-less of anything: choices, counts and dates."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.instrument import Scale


def scale(**given: object) -> Scale:
    return Scale.model_validate({"id": "s", "title": "S", "short": "S", "question": "?"} | given)


def test_a_choice_names_each_of_its_points() -> None:
    with pytest.raises(ValidationError, match="names each of its points"):
        scale(kind="choice", lowest=0, highest=2, anchors={"0": "no", "2": "yes"})
    assert scale(kind="choice", lowest=0, highest=1, anchors={"0": "no", "1": "yes"}).points == (0, 1)


def test_a_count_is_typed_so_it_may_go_far_and_offers_no_points() -> None:
    assert scale(kind="count", lowest=1, highest=5000).points == ()


def test_a_date_needs_no_ends() -> None:
    found = scale(kind="date")
    assert (found.lowest, found.highest, found.points) == (19900101, 21001231, ())
    assert found.range_words() == "a date as year-month-day, such as 2026-03-24"


@pytest.mark.parametrize("kind", ["choice", "count", "date"])
@pytest.mark.parametrize("wrong", [{"step": 0.5}, {"threshold": 1}])
def test_only_a_rating_has_steps_and_a_threshold(kind: str, wrong: dict[str, float]) -> None:
    ends = {"lowest": 0, "highest": 1, "anchors": {"0": "no", "1": "yes"}}
    with pytest.raises(ValidationError, match="no step and no threshold"):
        scale(kind=kind, **ends, **wrong)
