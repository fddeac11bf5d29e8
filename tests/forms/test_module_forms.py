"""The forms of `raw/examples/modules` are read as `tests/support/module_lab.py` says that they were filled in."""

from __future__ import annotations

from datetime import date

import pytest

from flows.intake.frames import BatchFrames, Job, build_frames
from flows.intake.grid import Limits
from flows.intake.reader import Reader
from schemas.catalog import load_catalog
from schemas.roster import Roster
from tests.support.module_lab import NIGHT1, agreed_forms, forms

CATALOG = load_catalog([NIGHT1.parent / "schemas"])
READER = Reader(CATALOG, Roster(), date(2026, 7, 8), Limits(10**7, 10**8, 10**6))
STATES = ("no_opportunity", "unjudgeable", "not_delivered")


FORMS = {f"night1/{name}": filled for name, filled in forms().items()} | {
    f"{path.parent.name}/{path.name}": filled for path, filled in agreed_forms().items()
}


def read(name: str) -> BatchFrames:
    return build_frames([READER.read(Job(name, "0" * 64, NIGHT1.parent / name))], READER.readers)


def meant(text: str, words: dict[str, str]) -> tuple[str, float | None]:
    """State and value of an entry as module_lab writes it."""
    if text in STATES:
        return text, None
    if text == "-":
        return "missing", None
    return "rated", float(next((p for p, word in words.items() if word == text), text.replace("-", "")))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_what_was_entered(name: str) -> None:
    instrument_id, fields, scores = FORMS[name]
    instrument, frames = CATALOG.latest(instrument_id), read(name)
    expected = {
        (item, scale): meant(text, instrument.scale(scale).anchors)
        for item, said in scores.items()
        for scale, text in zip(
            (s.id for s in instrument.scales if s.id in instrument.item(item).scales), said.split(), strict=True
        )
    }
    assert frames.finding.height == 0
    found = {(item, scale): (state, value) for _, item, scale, state, value, _ in frames.score.iter_rows()}
    assert {key: said for key, said in found.items() if said[0] != "not_rated_by_design"} == expected
    rating = frames.rating.row(0, named=True)
    assert rating["therapist_ids"] == str(fields["therapist_id"]).replace(";", ",").split(", ")
    assert rating["role"] == fields.get("role", "observer")
    assert (rating["settles"], rating["signed_by"]) == (
        ["R-5", "R-6"] if "settles" in fields else [],
        fields.get("signed_by"),
    )
    assert rating["session_on"] == fields["session_on"]
    assert rating["session_id"] == str(fields["session_id"]) + (
        f" @ {p}" if (p := fields.get("assessment_point")) else ""
    )
