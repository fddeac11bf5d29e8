"""What `fidelity instruments` prints, in words that a person who has never seen the project can follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.forms.coverage import coverage
from flows.forms.describe import check_instrument, is_ok, list_instruments, show_instrument
from schemas.catalog import SHIPPED, Catalog, read_instrument

SMALL = """
id = "small"
version = "1.0"
title = "Small"
about = "A small instrument."
source = "Us."
modality = "individual"

[[scales]]
id = "use"
title = "Use"
short = "U"
question = "How often?"
lowest = 1
highest = 5
anchors = { 1 = "never", 5 = "always" }

[[domains]]
id = "whole"
title = "Whole"

[[elements]]
id = "warmth"
domain = "whole"
title = "Warmth"
guidance = "Look for warmth."

[[items]]
id = "warmth"
number = 1
title = "Warmth"
speaks_to = [{ element = "warmth" }]
scales = ["use"]
"""


def check(catalog: Catalog, folder: Path, text: str) -> list[str]:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return check_instrument(path, catalog)


def test_every_instrument_is_one_line(catalog: Catalog) -> None:
    adherence_and_competence = "adherence 1 to 7, competence 1 to 7"
    assert list_instruments(catalog) == [
        "dbt-session 1.0     DBT session: common ground with MBT, and what is DBT's own "
        f"(9 items; {adherence_and_competence}; individual sessions)",
        "mbt-g-aqs 1.0       MBT adherence and quality scale, group sessions "
        f"(19 items; {adherence_and_competence}; group sessions)",
        "mbt-group 1.0       MBT group session: stance and the work of the group "
        f"(23 items; {adherence_and_competence}; group sessions)",
        "mbt-i-acs 1.0       MBT adherence and competence scale, individual sessions "
        f"(17 items; {adherence_and_competence}; individual sessions)",
        "mbt-programme 1.0   MBT programme: what is in place for a case "
        "(7 items; in_place (choice), by_session (count), since (date); individual cases)",
        "mbt-session 1.0     MBT session: stance and trajectory "
        f"(13 items; {adherence_and_competence}; individual sessions)",
        "mbt-techniques 1.0  MBT techniques: what was done, and how "
        f"(29 items; {adherence_and_competence}, extent 1 to 7, pole (choice), rebalanced (choice); individual sessions)",
        "osce-2024 1.0       OSCE examination 2024 (demonstration) "
        "(30 items; score 0 to 3; individual sessions; demonstration)",
    ]


def test_show_says_which_elements_are_covered_partly_or_not_covered(catalog: Catalog) -> None:
    instrument = catalog.latest("mbt-i-acs")
    assert coverage(instrument, catalog.elements_of(instrument)) == {
        "humility": "not covered",
        "not_knowing": "covered",
        "differences": "not covered",
        "legitimising": "not covered",
        "enquiry": "not covered",
        "says_unclear": "not covered",
        "own_misunderstanding": "covered",
        "alternatives": "not covered",
        "joint_focus": "not covered",
        "arousal": "covered",
        "mode": "partly",
        "validation": "covered",
        "restoring": "partly",
        "challenge": "covered",
    }
    lines = show_instrument(instrument, catalog)
    assert (
        "Elements: those of mbt-session 1.0 through a crosswalk, without a status or focus; its own: challenge" in lines
    )
    assert "  Trajectory within the session, in order" in lines
    assert "    mode                  partly       The non-mentalizing mode is identified (items 8, 9)" in lines
    arousal = "Arousal is regulated: neither flooding nor flat (item 5; competence only)"
    assert f"    arousal               covered      {arousal}" in lines


def test_show_says_of_what_is_left_out_by_design_that_it_is_not_rated(catalog: Catalog) -> None:
    lines = show_instrument(catalog.latest("mbt-group"), catalog)
    assert "    validation            not rated    The patient's experience is validated with empathy" in lines
    assert "What is rated: group sessions." in lines


def test_show_says_weights_where_they_differ_what_is_reversed_and_on_which_scales(
    catalog: Catalog, tmp_path: Path
) -> None:
    speaks = 'speaks_to = [{ element = "warmth" }]'
    second = (
        '[[scales]]\nid = "care"\ntitle = "C"\nshort = "C"\nquestion = "How?"\nlowest = 0\nhighest = 1\n\n[[domains]]'
    )
    text = SMALL.replace("[[domains]]", second).replace(speaks, 'speaks_to = [{ element = "warmth", weight = 2 }]')
    turned = speaks.replace(" }]", ", reversed = true }]")
    text += f'\n[[items]]\nid = "glow"\nnumber = 2\ntitle = "Glow"\nscales = ["use"]\n{speaks}\n'
    text += f'\n[[items]]\nid = "chill"\nnumber = 3\ntitle = "Chill"\nscales = ["use"]\n{turned}\n'
    assert is_ok(check(catalog, tmp_path, text))
    lines = show_instrument(read_instrument(tmp_path / "small.toml"), catalog)
    assert "    warmth  covered      Warmth (items 1 (weight 2), 2, 3 (reversed); use only)" in lines


def test_show_tells_choices_counts_and_dates_of_a_case(catalog: Catalog) -> None:
    lines = show_instrument(catalog.latest("mbt-programme"), catalog)
    assert "What is rated: individual cases." in lines
    assert "  by_session: By which session of the treatment? count; 1 to 300; may stay blank" in lines
    assert "    team_supervision   covered      Team supervision is attended (in_place, since only)" in lines


def test_show_says_what_each_item_takes(catalog: Catalog) -> None:
    lines = show_instrument(catalog.latest("mbt-i-acs"), catalog)
    start = lines.index("   1  Engagement, interest and warmth [acs_01]; speaks to no element")
    assert lines[start : start + 6] == [
        "   1  Engagement, interest and warmth [acs_01]; speaks to no element",
        "        adherence: not rated by design",
        "        competence: no opportunity, could not judge, not delivered",
        "   2  Exploration, curiosity and not-knowing [acs_02]",
        "        adherence: could not judge",
        "        competence: could not judge, not delivered",
    ]


def test_show_says_scales_thresholds_and_what_is_no_clinical_instrument(catalog: Catalog) -> None:
    assert (
        "  competence: How well was it done? 1 to 7; threshold 4 (good enough); 1 very poor, 4 good enough, 7 excellent"
    ) in show_instrument(catalog.latest("mbt-session"), catalog)
    lines = show_instrument(catalog.latest("osce-2024"), catalog)
    assert "For demonstration, not for clinical use." in lines
    assert "  score: How many points? 0 to 3; no threshold" in lines
    assert "   1  Item 1 [osce_01]; may stay blank" in lines


@pytest.mark.parametrize("name", ["mbt-session", "mbt-i-acs"])
def test_the_shipped_files_are_ok(catalog: Catalog, name: str) -> None:
    assert is_ok(check_instrument(SHIPPED / "instruments" / f"{name}.toml", catalog))


def test_a_good_file_is_ok_and_what_deserves_a_second_look_is_said(catalog: Catalog, tmp_path: Path) -> None:
    silent = '\n[[items]]\nid = "hat"\nnumber = 2\ntitle = "Hat"\nscales = ["use"]\n'
    assert check(catalog, tmp_path, SMALL + silent) == [
        "ok: small 1.0 has 2 items; use 1 to 5; individual sessions.",
        "Items that speak to no element, and are shown by item only: 2.",
        "Scales without a threshold, so without a share of adequate sessions: use.",
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('title = "Small"\n', "", "title is missing"),
        ('title = "Small"\n', 'titel = "Small"\n', "title is missing"),
        ('title = "Small"\n', 'title = ""\n', "title: is empty"),
        ('title = "Small"\n', "title = 3\n", "title: must be text in quotes"),
        ('title = "Small"\n', 'title = "S"\ncolour = "red"\n', "colour is not a known key"),
        (
            'modality = "individual"',
            'modality = "duo"',
            "modality: Input should be 'individual' or 'group'",
        ),
        ("highest = 5", "highest = 0", "scales.1: scale use: highest must exceed lowest, and step must be above 0"),
        ("highest = 5", "highest = inf", "scales.1.highest: must be an ordinary number"),
        ("highest = 5", 'highest = "five"', "scales.1.highest: must be a number"),
        ("highest = 5", "highest = 5\nstep = 3", "scales.1: scale use: steps of 3 from 1 do not end at 5"),
        (
            "highest = 5",
            "highest = 5\nstep = 1e-9",
            "scales.1: scale use: it has more than 100000001 points; make the step larger",
        ),
        ("highest = 5", "highest = 5\nthreshold = 6", "scales.1: scale use: the threshold 6 is not on the scale"),
        ("5 = ", "9 = ", "scales.1: scale use: the anchor 9 is not a point of the scale"),
        ("5 = ", "five = ", "scales.1: scale use: the anchor five is not a point of the scale"),
        ("number = 1", "number = 1.5", "items.1.number: must be a whole number"),
        ('scales = ["use"]', "scales = []", "no item is rated on any scale"),
        ('scales = ["use"]', 'scales = ["care"]', "item warmth: there is no scale care; the scales are use"),
        ('element = "warmth"', 'element = "cold"', "item warmth: there is no element cold"),
        ('domain = "whole"', 'domain = "half"', "element warmth: there is no domain half"),
        (
            'scales = ["use"]',
            'scales = ["use"]\nstates = ["missing"]',
            "items.1: item warmth: missing is not a mark that a rater makes; "
            "allowed: no_opportunity, unjudgeable, not_delivered",
        ),
        (
            'scales = ["use"]\n',
            'scales = ["use"]\n[[items]]\nid = "other"\nnumber = 1\ntitle = "Other"\nscales = ["use"]\n',
            "the item number 1 is written twice",
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    catalog: Catalog, tmp_path: Path, right: str, wrong: str, sentence: str
) -> None:
    assert right in SMALL
    lines = check(catalog, tmp_path, SMALL.replace(right, wrong, 1))
    assert lines[0] == f"small.toml: {sentence}."
    assert not is_ok(lines)


def test_every_mistake_has_a_line_of_its_own(catalog: Catalog, tmp_path: Path) -> None:
    text = SMALL.replace('id = "small"', 'id = "Small One"').replace('about = "A small instrument."\n', "")
    assert check(catalog, tmp_path, text) == [
        "small.toml: id: is not written in the form that is needed here (ids: small letters, digits, - and _, "
        "a letter first; versions: numbers and points, in quotes).",
        "small.toml: about is missing.",
    ]


def test_a_file_that_is_no_toml_or_not_there_is_said(catalog: Catalog, tmp_path: Path) -> None:
    (line,) = check(catalog, tmp_path, "id = small")
    assert line.startswith("small.toml is not valid TOML: ")
    assert check_instrument(tmp_path / "none.toml", catalog) == ["There is no file none.toml to read."]


def test_a_crosswalk_must_lead_somewhere(catalog: Catalog, tmp_path: Path) -> None:
    crosswalk = '[crosswalk]\ninstrument = "mbt-session"\nversion = "9"\n\n[[scales]]'
    assert check(catalog, tmp_path, SMALL.replace("[[scales]]", crosswalk)) == [
        "small 1.0 speaks to mbt-session 9, which is not there. Add that instrument's file, or correct [crosswalk]."
    ]


def test_an_item_may_speak_only_to_elements_of_its_crosswalk_or_its_own(catalog: Catalog, tmp_path: Path) -> None:
    crosswalk = '[crosswalk]\ninstrument = "mbt-session"\nversion = "1.0"\n\n[[scales]]'
    text = SMALL.replace("[[scales]]", crosswalk)
    lines = check(catalog, tmp_path, text.replace('element = "warmth"', 'element = "humility"'))
    assert lines[0] == "ok: small 1.0 has 1 item; use 1 to 5; individual sessions."
    assert check(catalog, tmp_path, text.replace('element = "warmth"', 'element = "humbleness"')) == [
        "small 1.0: item warmth: there is no element humbleness."
    ]


def test_a_released_version_never_changes(catalog: Catalog, tmp_path: Path) -> None:
    changed = (SHIPPED / "instruments" / "mbt-session.toml").read_text(encoding="utf-8") + "\n# changed\n"
    assert check(catalog, tmp_path, changed) == [
        "small.toml: mbt-session 1.0 is there already and says something else. "
        "A released version never changes; give this one a new version."
    ]
