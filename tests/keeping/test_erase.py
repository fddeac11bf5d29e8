"""People who were erased are nowhere in a home, and everybody else is where they were."""

from __future__ import annotations

from collections.abc import Callable

from tests.keeping.homes import Home

PATIENT = "PAT4c1d9be07a55"

TABLE = f"""
session | rater | therapist | patient   | date       | adherence | competence | remark
S-1     | R-1   | T-1       | P-1       | 2026-06-01 | 4         | 5          | calm
S-2     | R-1   | T-1       | {PATIENT} | 2026-06-02 | 3         | 4          | said by {PATIENT}
S-3     | R-2   | T-2       | P-2       | 2026-06-03 | 6         | 6          | .
"""


def test_a_patient_is_nowhere_and_the_others_stay(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.lab.sends("monday.xlsx", TABLE)
    home.night()
    assert home.where(PATIENT)
    lines = home.erases(patients=[PATIENT])
    assert home.where(PATIENT) == []
    assert lines[0] == "1 ratings went, and 0 lost one of their therapists."
    assert home.asks("select distinct session_id, cell from supervision.session_item where value is not null order by all") == [
        ("S-1", "F2"), ("S-1", "G2"), ("S-3", "F4"), ("S-3", "G4"),
    ]  # fmt: skip
