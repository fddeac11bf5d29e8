"""The instruments that ship, held against the project's domain page, which is written out here by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.forms.form_layout import form_layout
from schemas.catalog import Catalog, load_catalog
from schemas.codes import State

EXAMPLES = Path(__file__).parents[2] / "raw" / "examples"
OSCE = EXAMPLES / "osce"

STANCE = {
    "humility": "modest about knowing another mind; ready to be wrong",
    "not_knowing": "keeps a not-knowing position; does not supply the patient's motives",
    "differences": "takes time to find where two perspectives differ",
    "legitimising": "accepts different perspectives as legitimate",
    "enquiry": "actively asks about the patient's experience",
    "says_unclear": "is at ease saying that something is not clear",
    "own_misunderstanding": "watches for, owns and repairs own misunderstandings",
    "alternatives": "exposes the patient to possible alternative perspectives, "
    "while the patient explores own mental processes",
}
TRAJECTORY = {
    "joint_focus": "a focus is developed together",
    "arousal": "arousal is regulated: neither flooding nor flat",
    "mode": "the non-mentalizing mode is identified",
    "validation": "the patient's experience is validated with empathy",
    "restoring": "an intervention then aims to restore mentalizing",
}
CROSSWALK = {
    2: ("not_knowing", False),
    3: ("challenge", False),
    5: ("arousal", False),
    8: ("mode", True),
    9: ("mode", True),
    12: ("restoring", True),
    13: ("validation", False),
    16: ("own_misunderstanding", False),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog([OSCE / "schemas"])


def test_only_the_clinical_instruments_ship(catalog: Catalog) -> None:
    assert sorted(load_catalog([]).instruments) == [
        ("dbt-session", "1.0"),
        ("mbt-g-aqs", "1.0"),
        ("mbt-group", "1.0"),
        ("mbt-i-acs", "1.0"),
        ("mbt-programme", "1.0"),
        ("mbt-session", "1.0"),
        ("mbt-techniques", "1.0"),
    ]
    assert [key[0] for key, i in catalog.instruments.items() if not i.clinical] == ["osce-2024"]


def test_mbt_session_has_the_thirteen_elements_of_the_domain_page_in_its_words(catalog: Catalog) -> None:
    instrument = catalog.latest("mbt-session")
    found = [(e.domain, e.id, e.title[0].lower() + e.title[1:]) for e in instrument.elements]
    assert found == [
        *(("stance", element, title) for element, title in STANCE.items()),
        *(("trajectory", element, title) for element, title in TRAJECTORY.items()),
    ]


def test_the_trajectory_is_ordered_and_the_stance_is_not(catalog: Catalog) -> None:
    domains = catalog.latest("mbt-session").domains
    assert [(d.id, d.ordered) for d in domains] == [("stance", False), ("trajectory", True)]


def test_each_element_of_mbt_session_is_one_item_of_its_own_name_on_both_scales(catalog: Catalog) -> None:
    items = catalog.latest("mbt-session").items
    assert [i.id for i in items] == [*STANCE, *TRAJECTORY]
    assert [i.number for i in items] == list(range(1, 14))
    assert [[(s.element, s.weight, s.partly) for s in i.speaks_to] for i in items] == [
        [(element, 1, False)] for element in [*STANCE, *TRAJECTORY]
    ]
    assert {i.scales for i in items} == {("adherence", "competence")}
    assert all(i.required for i in items)


@pytest.mark.parametrize(("instrument", "adequate"), [("mbt-session", "adequate"), ("mbt-i-acs", "good enough")])
def test_both_scales_run_from_one_to_seven_with_four_as_the_threshold(
    catalog: Catalog, instrument: str, adequate: str
) -> None:
    adherence, competence = catalog.latest(instrument).scales
    assert adherence.points == competence.points == (1, 2, 3, 4, 5, 6, 7)
    assert (adherence.id, adherence.threshold, adherence.threshold_word) == ("adherence", 4, adequate)
    assert (competence.id, competence.threshold, competence.threshold_word) == ("competence", 4, "good enough")
    assert adherence.anchors == {"1": "not at all", "4": adequate, "7": "extensively"}
    assert competence.anchors == {"1": "very poor", "4": "good enough", "7": "excellent"}


@pytest.mark.parametrize(
    ("instrument", "always"),
    [("mbt-session", {"humility", "not_knowing", "enquiry"}), ("mbt-i-acs", {"acs_02"})],
)
def test_what_always_has_its_opportunity_forbids_that_mark_and_nothing_else_does(
    catalog: Catalog, instrument: str, always: set[str]
) -> None:
    items = catalog.latest(instrument).items
    assert {i.id for i in items if State.NO_OPPORTUNITY not in i.states} == always
    assert all(State.UNJUDGEABLE in i.states for i in items)


@pytest.mark.parametrize("instrument", ["mbt-session", "mbt-i-acs"])
def test_not_delivered_is_a_mark_of_competence_alone(catalog: Catalog, instrument: str) -> None:
    found = catalog.latest(instrument)
    adherence, competence = found.scales
    assert not any(State.NOT_DELIVERED in found.marks(i, adherence) for i in found.items)
    assert all(State.NOT_DELIVERED in found.marks(i, competence) for i in found.items)


def test_mbt_i_acs_has_seventeen_items_of_which_three_are_not_rated_for_adherence(catalog: Catalog) -> None:
    items = catalog.latest("mbt-i-acs").items
    assert [(i.id, i.number) for i in items] == [(f"acs_{n:02}", n) for n in range(1, 18)]
    assert [i.number for i in items if i.scales == ("competence",)] == [1, 4, 5]
    assert [i.number for i in items if i.scales == ("adherence", "competence")] == [
        2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
    ]  # fmt: skip


def test_mbt_i_acs_speaks_to_the_elements_of_the_domain_pages_crosswalk(catalog: Catalog) -> None:
    instrument = catalog.latest("mbt-i-acs")
    assert instrument.crosswalk is not None
    assert (instrument.crosswalk.instrument, instrument.crosswalk.version) == ("mbt-session", "1.0")
    spoken = {i.number: [(s.element, s.partly) for s in i.speaks_to] for i in instrument.items}
    assert {number: found for number, found in spoken.items() if found} == {
        number: [element] for number, element in CROSSWALK.items()
    }
    assert [(e.id, e.domain) for e in instrument.elements] == [("challenge", "spectrum")]


@pytest.mark.parametrize("instrument", ["mbt-session", "mbt-i-acs"])
def test_guidance_is_one_line_that_fits_the_form(catalog: Catalog, instrument: str) -> None:
    found = catalog.latest(instrument)
    for text in [i.guidance for i in found.items if i.guidance] + [e.guidance for e in found.elements]:
        assert "\n" not in text
        assert len(text) <= 125


def test_the_demonstration_has_thirty_items_from_nought_to_three_without_a_threshold(catalog: Catalog) -> None:
    instrument = catalog.latest("osce-2024")
    (score,) = instrument.scales
    assert (score.id, score.points, score.threshold) == ("score", (0, 1, 2, 3), None)
    assert [(i.id, i.number, i.title) for i in instrument.items] == [
        (f"osce_{n:02}", n, f"Item {n}") for n in range(1, 31)
    ]
    assert [i.speaks_to[0].element for i in instrument.items] == [e.id for e in instrument.elements]


def test_the_demonstrations_gaps_hold_nothing_because_nobody_can_fill_them(catalog: Catalog) -> None:
    assert not any(i.required for i in catalog.latest("osce-2024").items)


def test_the_demonstrations_layout_names_what_its_sheet_says(catalog: Catalog) -> None:
    layout = catalog.layouts["osce-2024"]
    with (OSCE / "night1" / "osce-2024.csv").open(encoding="utf-8", newline="") as sheet:
        header, *rows = csv.reader(sheet)
    assert (layout.shape, layout.table.levels) == ("crossed", ("session_id",))
    assert header == ["Item", "Rater", *(f"Examinee{n}" for n in range(1, 31))]
    assert set(layout.says) <= set(header)
    assert layout.fields["item"].column == ("Item",)
    assert layout.fields["rater_id"].column == ("Rater",)
    assert layout.fields["therapist_id"].same_as == "session_id"
    assert {row[0] for row in rows} == {str(item.number) for item in catalog.latest("osce-2024").items}


def test_an_order_of_kind_is_no_order_of_time(catalog: Catalog) -> None:
    techniques = catalog.latest("mbt-techniques")
    assert [domain.id for domain in techniques.domains if domain.ordered] == ["spectrum", "relationship"]
    assert techniques.steps == ()
    assert form_layout(techniques).timeline is None
    assert [step.id for step in catalog.latest("mbt-session").steps] == list(TRAJECTORY)
