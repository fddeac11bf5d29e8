"""The form is describable as plain data: what its layout says is what stands on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook

from flows.forms.form_layout import choices, form_layout, marked_instrument
from flows.forms.form_plan import FormPlan
from flows.forms.rating_form import write_form
from schemas.catalog import Catalog, check_layout
from schemas.codes import State
from schemas.instrument import Instrument
from schemas.layout import Layout

IDS = ["mbt-session", "mbt-i-acs", "osce-2024"]


def test_the_layout_of_our_own_form_says_where_everything_stands(catalog: Catalog) -> None:
    layout = form_layout(catalog.latest("mbt-session"))
    assert (layout.name, layout.shape) == ("form-mbt-session 1.0", "form")
    assert (layout.instrument, layout.instrument_version) == ("mbt-session", "1.0")
    assert layout.says == ("session-fidelity form mbt-session 1.0",)
    assert {name: source.label or source.column for name, source in layout.fields.items()} == {
        "session_id": ("Session id",),
        "session_on": ("Session date",),
        "therapist_id": ("Therapist id",),
        "patient_id": ("Patient id",),
        "rater_id": ("Rater id",),
        "role": ("Your role",),
        "rated_on": ("Rated on",),
        "revision": ("Revision",),
        "selection": ("How it was chosen",),
        "overall_comment": ("Overall remark",),
        "phase": ("Phase of treatment",),
        "diagnosis": ("Diagnosis group",),
        "setting": ("Setting",),
        "settles": ("Settles ratings of",),
        "signed_by": ("Signed off by",),
        "signed_on": ("Signed on",),
        "item": ("No.",),
        "comment": ("Remark",),
    }
    assert (layout.table.header_rows, layout.table.levels) == (1, ("scale",))
    assert layout.table.ignore_columns == ("What to look and listen for", "Check")
    assert layout.table.until == ("Overall remark",)
    assert layout.sheet.known == ("Timeline",)


def test_the_words_of_the_drop_downs_mean_points_and_states(catalog: Catalog) -> None:
    layout = form_layout(catalog.latest("mbt-session"))
    assert layout.marks == {
        "no opportunity": State.NO_OPPORTUNITY,
        "could not judge": State.UNJUDGEABLE,
        "not delivered": State.NOT_DELIVERED,
    }
    assert layout.scale_codes["adherence"] == {
        "1 – not at all": 1, "2": 2, "3": 3, "4 – adequate": 4, "5": 5, "6": 6, "7 – extensively": 7,
    }  # fmt: skip
    assert layout.scale_codes["competence"]["4 – good enough"] == 4
    assert layout.missing == ("not rated",)
    assert layout.fields["selection"].codes == {
        "at random": "random",
        "by the therapist": "therapist_chosen",
        "by the supervisor": "supervisor_chosen",
        "not known": "unknown",
    }


def test_what_may_be_left_out_is_not_required(catalog: Catalog) -> None:
    fields = form_layout(catalog.latest("mbt-session")).fields
    assert {name for name, source in fields.items() if source.required} == {
        "session_id", "session_on", "therapist_id", "patient_id", "rater_id",
    }  # fmt: skip


def test_a_group_needs_no_patient_and_may_name_several_therapists(odd: Instrument) -> None:
    fields = form_layout(odd).fields
    assert fields["patient_id"].required is False
    assert fields["therapist_id"].several is True


@pytest.mark.parametrize("instrument_id", IDS)
def test_the_layout_fits_its_instrument(catalog: Catalog, instrument_id: str) -> None:
    check_layout(form_layout(catalog.latest(instrument_id)), catalog)


@pytest.mark.parametrize("instrument_id", IDS)
def test_every_label_and_header_stands_on_the_form_once(catalog: Catalog, instrument_id: str, tmp_path: Path) -> None:
    instrument = catalog.latest(instrument_id)
    write_form(instrument, catalog.elements_of(instrument), tmp_path / "form.xlsx")
    sheet = load_workbook(tmp_path / "form.xlsx")["Rating"]
    texts = [str(c.value).strip().casefold() for row in sheet.iter_rows() for c in row if c.value is not None]
    for source in form_layout(instrument).fields.values():
        (wanted,) = source.label or source.column
        assert texts.count(wanted.casefold()) == 1
    assert [texts.count(scale.title.casefold()) for scale in instrument.scales] == [1] * len(instrument.scales)


@pytest.mark.parametrize("instrument_id", IDS)
def test_everything_that_a_drop_down_offers_is_known_to_the_layout(catalog: Catalog, instrument_id: str) -> None:
    instrument = catalog.latest(instrument_id)
    layout = form_layout(instrument)
    for item, scale, _ in FormPlan(instrument).used_cells():
        for word in choices(instrument, item, scale):
            assert word in layout.scale_codes[scale.id] or layout.marks[word] in item.states


def test_layouts_of_instruments_with_the_longest_ids_are_still_layouts(odd: Instrument) -> None:
    longest = odd.model_copy(update={"id": "i" * 40})
    assert re.fullmatch("form-i{35}", form_layout(longest).id)


def test_the_layout_can_be_written_down_and_read_again(catalog: Catalog) -> None:
    layout = form_layout(catalog.latest("mbt-i-acs"))
    assert Layout.model_validate_json(layout.model_dump_json(exclude_defaults=True)) == layout


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("session-fidelity form mbt-session 1.0", ("mbt-session", "1.0")),
        (" session-fidelity form mbt-session 2.10.1 ", ("mbt-session", "2.10.1")),
        ("session-fidelity form mbt-session", None),
        ("session-fidelity timeline mbt-session 1.0", None),
        ("", None),
    ],
)
def test_a_marker_names_instrument_and_version(text: str, named: tuple[str, str] | None) -> None:
    assert marked_instrument(text) == named
