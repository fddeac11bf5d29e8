"""Consensuses and signatures in forms, in past nights, and when people are erased."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from openpyxl import load_workbook

from flows.forms.rating_form import write_form
from schemas.catalog import load_catalog
from schemas.layout import FieldName
from tests.forms.filling import Entry, fill_form
from tests.history.past_nights import PastNights
from tests.keeping.homes import Home, reads_here, without_models
from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

HEAD = "session | rater | role | rated on | settles | signed by | signed on | adherence | competence | remark\n"
SIGNER, RATER = "Super5d1f77aa02", "RATE77aa01bb23"


def test_a_form_says_whose_ratings_are_settled_and_who_signed(tmp_path: Path) -> None:
    lab, form = Lab(tmp_path / "home"), tmp_path / "blank.xlsx"
    instrument = load_catalog([]).latest("mbt-session")
    write_form(instrument, load_catalog([]).elements_of(instrument), form)
    fields: dict[FieldName, Entry] = {
        "session_id": "S-1", "therapist_id": "T-1", "patient_id": "P-1", "rater_id": "R-1", "role": "consensus",
        "session_on": dt.date(2026, 6, 1), "rated_on": dt.date(2026, 6, 4), "settles": "R-2, R-1", "signed_by": "SV-1",
        "signed_on": dt.date(2026, 6, 5),
    }  # fmt: skip
    fill_form(
        form, instrument, tmp_path / "filled.xlsx", fields, {(i.id, s): 4 for i in instrument.items for s in i.scales}
    )
    frames = lab.reads("filled.xlsx", content=(tmp_path / "filled.xlsx").read_bytes())
    assert frames.rating.select("role", "is_valid", "signed_by", "signed_on").rows() == [
        ("consensus", True, "SV-1", dt.date(2026, 6, 5))
    ]
    assert frames.rating["settles"].to_list() == [["R-1", "R-2"]]


def test_the_form_says_that_these_fields_are_for_a_consensus_alone(tmp_path: Path) -> None:
    form, instrument = tmp_path / "blank.xlsx", load_catalog([]).latest("mbt-session")
    write_form(instrument, load_catalog([]).elements_of(instrument), form)
    rules = load_workbook(form)["Rating"].data_validations.dataValidation
    said = {rule.promptTitle: rule.prompt for rule in rules if rule.promptTitle}
    for label in ("Settles ratings of", "Signed off by", "Signed on"):
        assert said[label].startswith("Only for a consensus: ")


def test_the_past_is_told_as_it_was_before_the_signature_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_models(monkeypatch)
    lab = PastNights(tmp_path / "home", monkeypatch)
    first, second = dt.date(2026, 7, 1), dt.date(2026, 7, 8)
    pair = "S | R-1 | observer | 2026-06-02 | . | . | . | 4 | 5 | .\nS | R-2 | observer | 2026-06-02 | . | . | . | 2 | 3 | .\n"
    lab.sends("pair.csv", HEAD + pair + "S | R-1 | consensus | 2026-06-04 | R-1, R-2 | . | . | 3 | 4 | agreed")
    lab.publishes(first)
    lab.sends(
        "signed.csv",
        HEAD + "S | R-1 | consensus | 2026-06-04 | R-1, R-2 | SV-1 | 2026-06-05 | 3 | 4 | agreed\n"
        "S | R-2 | observer | 2026-06-09 | . | . | . | 6 | 6 | .",
    )
    lab.publishes(second)
    assert lab.asks("select consensus from supervision.consensus") == [("signed",)]
    assert lab.tells(first, second) == lab.was(first)
    assert lab.tells(second) == lab.was(second)


def test_a_signature_of_an_erased_supervisor_goes_and_a_consensus_that_settles_an_erased_rater_goes_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads_here(monkeypatch)
    without_models(monkeypatch)
    home = Home(tmp_path / "home")
    raw = home.settings.raw
    raw.mkdir(parents=True)
    people = [["therapist_id", "team", "supervisor_id"], ["T-1", "north", SIGNER], ["T-2", "north", "SV-1"]]
    (raw / "therapists.csv").write_bytes(csv_bytes(people))
    (raw / "raters.csv").write_bytes(csv_bytes([["rater_id"], ["R-1"], ["R-2"], [RATER], [SIGNER]]))
    home.lab.sends(
        "all.xlsx",
        HEAD + "S-1 | R-1 | observer | 2026-06-02 | . | . | . | 4 | 5 | .\n"
        "S-1 | R-2 | observer | 2026-06-02 | . | . | . | 2 | 3 | .\n"
        f"S-1 | R-1 | consensus | 2026-06-04 | R-1, R-2 | {SIGNER} | 2026-06-05 | 3 | 4 | agreed\n"
        "S-2 | R-2 | observer | 2026-06-02 | . | . | . | 2 | 3 | .\n"
        f"S-2 | {RATER} | observer | 2026-06-02 | . | . | . | 4 | 5 | .\n"
        f"S-2 | R-2 | consensus | 2026-06-04 | R-2, {RATER} | SV-1 | 2026-06-05 | 3 | 4 | .",
    )
    home.night()
    told = "select session_id, consensus, signed_by from supervision.consensus order by all"
    assert home.asks(told) == [("S-1", "signed", SIGNER), ("S-2", "signed", "SV-1")]
    home.erases(raters=(RATER, SIGNER))
    assert home.where(SIGNER, RATER) == []
    assert home.asks(told) == [("S-1", "waits_for_signature", None)]
    items = "select distinct session_id, rater_id, role from supervision.session_item order by all"
    kept = [
        ("S-1", "R-1", "consensus"),
        ("S-1", "R-1", "observer"),
        ("S-1", "R-2", "observer"),
        ("S-2", "R-2", "observer"),
    ]
    assert home.asks(items) == kept
    (raw / "raters.csv").write_bytes(
        csv_bytes([["rater_id"], ["R-1"], ["R-2"], ["R-9"]])
    )  # read again under another roster
    home.night()
    assert home.asks(items) == kept
