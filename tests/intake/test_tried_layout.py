"""`fidelity layout try` shows what would be read in the words of the sheet's instrument."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.intake.preview import try_layout
from tests.support.lab import FIRST_NIGHT, Lab

CASES = """
id = "our-cases"
version = "1"
title = "A row a case and item"
instrument = "mbt-programme"
shape = "long"
date_order = "dmy"

[marks]
"?" = "unjudgeable"

[fields]
session_id = { column = "case" }
assessment_point = { column = "month" }
therapist_id = { column = "therapist" }
rater_id = { column = "rater" }
item = { column = "item" }

[table]
levels = ["scale"]
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path / "home")
    lab.describes(CASES)
    yield lab
    lab.leaves()


def test_choices_are_shown_with_their_words_and_dates_as_days(lab: Lab) -> None:
    path = lab.sends("cases.csv", """
        case | month | therapist | rater | item              | in_place | by_session | since
        C-1  | 6     | T-1       | R-1   | formulation       | yes      | 8          | 02.03.2026
        C-1  | 6     | T-1       | R-1   | risk_assessment   | yes      | .          | .
        C-1  | 6     | T-1       | R-1   | crisis_plan       | 0        | .          | .
        C-1  | 6     | T-1       | R-1   | individual_weekly | 1        | .          | .
        C-1  | 6     | T-1       | R-1   | group_weekly      | ?        | .          | .
        C-1  | 6     | T-1       | R-1   | psychiatric_care  | 1        | .          | .
        C-1  | 6     | T-1       | R-1   | team_supervision  | 1        | .          | .
    """)  # fmt: skip
    said = try_layout(path, lab.settings.own_schemas / "layouts" / "our-cases.toml", lab.settings, FIRST_NIGHT)
    shown = next(line for line in said if "formulation/" in line)
    assert "formulation/in_place 1 (yes); formulation/by_session 8; formulation/since 2026-03-02" in shown
    assert "crisis_plan/in_place 0 (no); crisis_plan/by_session missing" in shown
    assert any("session_id C-1 @ 6" in line for line in said)
