"""What raters are told has the same findings and gaps in every language, and nothing English is left in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import LayoutWrong
from flows.forms.form_layout import form_layout
from flows.intake.cells import STATE_WORDS, CellParser
from flows.intake.extract import FIELD_WORDS
from flows.intake.findings import Finding
from flows.intake.suggest import nearest
from flows.load.returns import Place, WaitingWorkbook
from flows.publish.returned_words import Wording, gaps_of
from flows.settings import ROOT
from schemas.catalog import Catalog, load_catalog
from schemas.codes import Code
from schemas.wording import ENGLISH, gaps, load_sentences

LANGUAGES = load_sentences()
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
EXPECTED = "a whole number from 1 to 7, or IA (no opportunity), ? (could not judge)"
WORDS = {"item": "item 3 (Challenge)", "scale": "adherence", "expected": EXPECTED}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog((ROOT / "raw" / "examples" / "schemas",))


def told(catalog: Catalog, layout: str, instrument: str, code: Code, words: dict[str, str]) -> tuple[str, str]:
    waiting = WaitingWorkbook("a.xlsx", "", (layout,), ((instrument, "1.0"),), (), 1, ())
    message = Finding(code, words=words).message
    return Wording(LANGUAGES, catalog, waiting).problem_and_deed(Place("S", "C3", code, message))


def test_two_languages_ship_beside_english() -> None:
    assert OTHERS == ["nb", "nl"]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("code", Code)
def test_every_finding_is_there_with_every_gap(language: str, code: Code) -> None:
    assert gaps(LANGUAGES[language].findings[code]) == gaps(code.kind.sentence)


@pytest.mark.parametrize("language", [ENGLISH, *OTHERS])
def test_every_field_and_state_has_a_word(language: str) -> None:
    assert set(LANGUAGES[language].fields) == set(FIELD_WORDS)
    assert set(LANGUAGES[language].states) == set(STATE_WORDS)


def test_the_english_phrases_are_those_that_intake_fills_in(catalog: Catalog) -> None:
    english = LANGUAGES[ENGLISH]
    assert english.fields == FIELD_WORDS
    assert english.states == STATE_WORDS
    assert gaps_of(english.phrases.did_you_mean, nearest("N-O6", ["N-06"]).strip()) == {"nearest": "N-06"}
    for layout in (*catalog.layouts.values(), *map(form_layout, catalog.instruments.values())):
        instrument = catalog.instrument_of(layout)
        parser = CellParser(layout, instrument)
        for item in instrument.items:
            for scale in item.scales:
                said = parser.expected(item.id, scale)
                points = (gaps_of(english.phrases.or_marks, said) or {"points": said})["points"]
                if instrument.scale(scale).kind in ("choice", "date"):
                    continue  # the words of a choice are the instrument's own; a date is told in English everywhere
                assert gaps_of(english.phrases.points, points) or gaps_of(english.phrases.steps, points)


@pytest.mark.parametrize("code", Code)
def test_a_finding_is_read_back_out_of_its_english_sentence(catalog: Catalog, code: Code) -> None:
    words = {**WORDS, "field": "the session's date", "suggestion": " Did you mean X?"}
    used = {gap: words[gap] for gap in gaps(code.kind.sentence)}
    assert gaps_of(code.kind.sentence, Finding(code, words=words).message) == used


def test_a_norwegian_sentence_names_item_and_scale_as_the_sheet_does(catalog: Catalog) -> None:
    assert told(catalog, "north-form 1", "mbt-i-acs", Code.CELL_BLANK, WORDS) == (
        "Det er ikke ført inn noe for punkt 3, Etterlevelse.",
        "Før inn et helt tall fra 1 til 7, eller IA (ingen anledning), ? (kunne ikke vurderes).",
    )


def test_a_dutch_sentence_names_item_and_scale_as_the_sheet_does(catalog: Catalog) -> None:
    words = {"item": "item 5 (Enquiry)", "scale": "competence", "expected": "a number in steps of 0.5 from 1 to 7"}
    assert told(catalog, "west-long 1", "mbt-session", Code.HALF_POINT, words) == (
        "Het getal voor navragen, kwaliteit, ligt tussen twee punten van de schaal.",
        "Vul in: een getal in stappen van 0.5 van 1 tot en met 7.",
    )


def test_a_suggestion_belongs_to_what_to_do(catalog: Catalog) -> None:
    words = {"suggestion": " Did you mean N-06?"}
    assert told(catalog, "north-form 1", "mbt-i-acs", Code.THERAPIST_UNKNOWN, words) == (
        "Denne terapeuten står ikke i listen over terapeuter.",
        "Mente du N-06? Rett id-en, eller be om at terapeuten legges til.",
    )
    assert told(catalog, "east-wide 1", "mbt-session", Code.THERAPIST_UNKNOWN, {})[0] == (
        "This therapist is not in the roster."
    )


def test_several_fields_are_each_translated(catalog: Catalog) -> None:
    words = {"field": "the therapist, the session's date"}
    assert told(catalog, "west-long 1", "mbt-session", Code.SESSION_DISAGREES, words)[0] == (
        "Beoordelingen van deze sessie noemen verschillende waarden voor de therapeut, de datum van de sessie."
    )


def test_a_sentence_that_is_not_known_any_more_is_told_as_it_stands(catalog: Catalog) -> None:
    waiting = WaitingWorkbook("a.xlsx", "", ("north-form 1",), (), (), 1, ())
    place = Place("S", "C3", Code.CELL_BLANK, "words of an earlier release.")
    assert Wording(LANGUAGES, catalog, waiting).problem_and_deed(place) == ("Words of an earlier release.", "")


def test_a_lab_adds_a_language_of_its_own(tmp_path: Path) -> None:
    english = (ROOT / "schemas" / "sentences" / "en.toml").read_text(encoding="utf-8")
    (tmp_path / "sentences").mkdir()
    own = tmp_path / "sentences" / "sv.toml"
    own.write_text(english.replace('language = "en"', 'language = "sv"'), encoding="utf-8")
    assert load_sentences((tmp_path,))["sv"].sentence(Code.EMPTY_FILE) == Code.EMPTY_FILE.kind.sentence

    own.write_text(own.read_text(encoding="utf-8") + '\n[findings]\ncell_blank = "Tom cell."', encoding="utf-8")
    with pytest.raises(LayoutWrong, match=r"sentences/sv.toml: findings.cell_blank fills in nothing, where English"):
        load_sentences((tmp_path,))
    own.write_text(english.replace("{workbook}", "{workbook.__class__}"), encoding="utf-8")
    with pytest.raises(LayoutWrong, match=r"headings.workbook asks for workbook.__class__"):
        load_sentences((tmp_path,))
