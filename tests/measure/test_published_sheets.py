"""lme4's data sets, sent as sheets through an instrument and a layout: the components that the lab's quality lead reads.

The columns' roles are odd for a lab (a plate as therapist, a batch of paste), and the values have steps of .1 or .01.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from flows.load.connection import open_working
from flows.load.models import run_models
from flows.measure import measure
from tests.measure.published import lme4_rows
from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

INSTRUMENT = """
id = "assay"
version = "1.0"
title = "An assay"
about = "For tests."
source = "None."
modality = "individual"
domains = [{ id = "yield", title = "Yield" }]
elements = [{ id = "amount", domain = "yield", title = "Amount", guidance = "Measure." }]

[[scales]]
id = "points"
title = "Points"
short = "P"
question = "How much?"
lowest = -2
highest = 70
step = 0.001

[[items]]
id = "amount"
number = 1
title = "Amount"
scales = ["points"]
speaks_to = [{ element = "amount" }]
"""
LAYOUT = """
id = "assay-wide"
version = "1"
title = "Assay"
instrument = "assay"
shape = "wide"

[fields]
session_id = { column = "session" }
therapist_id = { column = "therapist" }
rater_id = { column = "rater" }
patient_id = { column = "patient", required = false }

[[table.scores]]
header = "value"
item = "amount"
scale = "points"
"""
Components = dict[str, float]


def components(lab: Lab, rows: list[list[str]], instrument: str = INSTRUMENT) -> tuple[Components, str | None]:
    """Send rows (session, therapist, rater, patient, value), have a night, and read the standard deviations and the note."""
    lab.uses(instrument)
    lab.describes(LAYOUT)
    lab.sends("assay.csv", content=csv_bytes([["session", "therapist", "rater", "patient", "value"], *rows]))
    lab.night()
    with open_working(lab.settings) as con:
        measure(con)
        run_models(con, ["50_supervision", "60_quality"])
        found = con.execute("select facet, variance, note from quality.variance_component order by position").fetchall()
    return {facet: round(math.sqrt(variance), 4) for facet, variance, _ in found}, found[0][2] if found else None


def test_penicillin_with_plates_as_sessions(lab: Lab) -> None:
    rows = [[f"P-{r['plate']}", f"P-{r['plate']}", r["sample"], "", r["diameter"]] for r in lme4_rows("Penicillin")]
    found, note = components(lab, rows)
    assert found == {"therapist+session": 0.8467, "rater": 1.9316, "residual": 0.5499}
    assert note is not None
    assert note.split("; ") == ["not_told_apart: rater_therapist", "merged: therapist+session", "not_told: patient"]


def test_penicillin_with_a_session_a_row(lab: Lab) -> None:
    rows = [[f"S-{n}", r["plate"], r["sample"], "", r["diameter"]] for n, r in enumerate(lme4_rows("Penicillin"))]
    assert components(lab, rows)[0] == {"therapist": 0.8467, "rater": 1.9316, "session+residual": 0.5499}


def test_pastes_with_casks_as_patients_and_one_rater(lab: Lab) -> None:
    rows = [[f"S-{n}", r["batch"], "R", r["sample"], r["strength"]] for n, r in enumerate(lme4_rows("Pastes"))]
    found, note = components(lab, rows)
    assert found == {"therapist": 1.2874, "patient": 2.9041, "session+residual": 0.8234}
    assert note is not None
    assert "one_level: rater" in note.split("; ")


def test_dyestuff2_has_a_therapist_variance_of_zero_and_gives_everyone_the_mean(lab: Lab, tmp_path: Path) -> None:
    rows = [[f"S-{n}", r["Batch"], f"R-{n}", "", r["Yield"]] for n, r in enumerate(lme4_rows("Dyestuff2"))]
    found, note = components(lab, rows)
    assert found == {"therapist": 0.0, "session+rater+residual": 3.7157}
    assert note is not None
    assert "singular: therapist" in note.split("; ")
    told = lab.rows(
        "select round(estimate, 4), low < estimate, high > estimate, reliability, estimate_note "
        "from supervision.therapist_element"
    )
    assert told == [(5.6656, True, True, None, "variance_zero")] * 6


def test_a_second_night_keeps_the_fits_and_publishes_the_same(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"S-{n}", r["batch"], "R", r["sample"], r["strength"]] for n, r in enumerate(lme4_rows("Pastes"))]
    components(lab, rows)
    ask = "from supervision.therapist_element order by all"
    first, kept = lab.rows(ask), lab.rows("from measure.fit order by all")
    lab.leaves()
    with open_working(lab.settings) as con:
        monkeypatch.setattr("flows.measure.fits.answer", None)  # a fit would break
        measure(con)
        monkeypatch.undo()
        run_models(con, ["50_supervision"])
    assert lab.rows(ask) == first
    assert lab.rows("from measure.fit order by all") == kept
    lab.leaves()
    with open_working(lab.settings) as con:
        con.execute("delete from measure.fit")
        measure(con)
        run_models(con, ["50_supervision"])
    assert lab.rows(ask) == first
    assert lab.rows("from measure.fit order by all") == kept


def test_the_order_of_rows_and_files_does_not_matter(lab: Lab) -> None:
    rows = [[f"S-{n:02}", r["batch"], "R", r["sample"], r["strength"]] for n, r in enumerate(lme4_rows("Pastes"))]
    components(lab, rows[::-1])
    told = lab.rows("select therapist_id, estimate, low, high from supervision.therapist_element order by all")
    lab.leaves()
    other = Lab(lab.settings.home.parent / "other")
    components(other, rows)
    assert (
        other.rows("select therapist_id, estimate, low, high from supervision.therapist_element order by all") == told
    )
    other.leaves()


def test_a_corrected_rating_renews_its_fit_and_leaves_none_behind(lab: Lab) -> None:
    rows = [[f"S-{n}", r["batch"], "R", r["sample"], r["strength"]] for n, r in enumerate(lme4_rows("Pastes"))]
    components(lab, rows)
    before = lab.rows("select fit_id from measure.fit order by all")
    lab.leaves()
    found, _ = components(lab, [*rows[:-1], [*rows[-1][:-1], "69.5"]])
    after = lab.rows("select fit_id from measure.fit order by all")
    assert len(after) == len(before)
    assert set(after).isdisjoint(before)
    assert found["session+residual"] > 0.8234
    assert lab.rows(
        "select count(*) from measure.fit_component where fit_id not in (select fit_id from measure.fit)"
    ) == [(0,)]
