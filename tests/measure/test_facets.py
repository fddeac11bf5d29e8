"""What a design can tell apart: facets merged, left out and kept, and therapists whose raters never met."""

from __future__ import annotations

import numpy as np

from flows.measure.facets import Codes, comparison_groups, crossed, levels, tell_apart
from tests.support.intake_sheets import drawn


def design_of(table: str) -> dict[str, Codes]:
    """The facets of a drawn table of ratings, with rater-by-therapist where both are told."""
    header, *rows = drawn(table)
    facets = {name: levels(np.array([row[at] for row in rows])) for at, name in enumerate(header)}
    if {"rater", "therapist"} <= facets.keys():
        facets["rater_therapist"] = crossed(facets["rater"], facets["therapist"])
    return facets


def test_one_rater_a_session_merges_session_and_residual() -> None:
    design = tell_apart(
        design_of("""
            therapist | patient | session | rater
            T-1       | P-1     | S-1     | R-1
            T-1       | P-1     | S-2     | R-2
            T-1       | P-2     | S-3     | R-1
            T-2       | P-3     | S-4     | R-2
            T-2       | P-3     | S-5     | R-1
            T-2       | P-4     | S-6     | R-2
        """)
    )
    assert list(design.facets) == ["therapist", "patient", "rater", "rater_therapist"]
    assert design.residual == "session+residual"
    assert design.notes == ("merged: session+residual",)


def test_a_patient_seen_once_is_named_with_the_session() -> None:
    design = tell_apart(
        design_of("""
            therapist | patient | session | rater
            T-1       | P-1     | S-1     | R-1
            T-1       | P-2     | S-2     | R-1
            T-2       | P-3     | S-3     | R-1
            T-2       | P-4     | S-4     | R-1
        """)
    )
    assert list(design.facets) == ["therapist"]
    assert design.residual == "patient+session+residual"
    assert "one_level: rater" in design.notes
    assert "not_told_apart: rater_therapist" in design.notes


def test_a_therapist_with_one_patient_each_is_named_with_the_patient() -> None:
    design = tell_apart(
        design_of("""
            therapist | patient | session | rater
            T-1       | P-1     | S-1     | R-1
            T-1       | P-1     | S-1     | R-2
            T-1       | P-1     | S-2     | R-1
            T-2       | P-2     | S-3     | R-1
            T-2       | P-2     | S-3     | R-2
            T-2       | P-2     | S-4     | R-2
        """)
    )
    assert list(design.facets) == ["therapist+patient", "session", "rater", "rater_therapist"]
    assert design.holding("patient") == "therapist+patient"
    assert design.holding("residual") is None
    assert design.notes == ("merged: therapist+patient",)


def test_everything_crossed_once_leaves_the_interaction_out() -> None:
    design = tell_apart(
        design_of("""
            therapist | rater
            T-1       | R-1
            T-1       | R-2
            T-2       | R-1
            T-2       | R-2
        """)
    )
    assert list(design.facets) == ["therapist", "rater"]
    assert design.residual == "residual"
    assert design.notes == ("not_told_apart: rater_therapist",)


def test_one_row_leaves_nothing_to_fit() -> None:
    design = tell_apart(design_of("therapist | session | rater\nT-1 | S-1 | R-1"))
    assert design.facets == {}
    assert design.notes == (
        "one_level: therapist", "one_level: session", "one_level: rater", "one_level: rater_therapist",
    )  # fmt: skip


def test_structures_that_depend_on_each_other_are_told() -> None:
    # In a complete 2 by 2 square, rows, columns and diagonals use up every difference: none is left for the residual.
    square = {"row": np.array([0, 0, 1, 1]), "column": np.array([0, 1, 0, 1]), "diagonal": np.array([0, 1, 1, 0])}
    assert tell_apart(square).notes == ("dependent: row, column, diagonal",)
    assert tell_apart({name: square[name] for name in ("row", "column")}).notes == ()


def test_the_order_and_the_names_of_levels_do_not_matter() -> None:
    facets = {"therapist": np.array([7, 7, 3, 3, 9]), "session": np.array([1, 2, 3, 4, 4])}
    design = tell_apart(facets)
    assert design.facets["therapist"].tolist() == [1, 1, 0, 0, 2]
    assert list(tell_apart({name: codes[::-1] for name, codes in facets.items()}).facets) == list(design.facets)


def test_therapists_whose_raters_never_met_are_in_different_groups() -> None:
    therapist, rater = np.array([0, 0, 1, 2, 3]), np.array([0, 1, 1, 2, 2])
    assert comparison_groups(therapist, rater).tolist() == [0, 0, 1, 1]
    assert comparison_groups(therapist, np.array([0, 1, 1, 2, 1])).tolist() == [0, 0, 1, 0]
