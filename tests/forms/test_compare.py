"""The page that shows all instruments side by side."""

from __future__ import annotations

from flows.forms.compare import compare_instruments
from flows.settings import ROOT
from schemas.catalog import load_catalog

LINES = compare_instruments(load_catalog([]))


def test_the_page_in_the_docs_is_what_the_command_prints() -> None:
    assert (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8") == "\n".join(LINES) + "\n"


def test_an_element_names_the_items_of_every_instrument_that_has_it() -> None:
    (mode,) = [line for line in LINES if line.startswith("| `mode`")]
    assert mode.endswith("| – | not rated | 8, 9 *(partly)* | 11 |")
    (arousal,) = [line for line in LINES if line.startswith("| `arousal`")]
    assert arousal.endswith("| – | not rated | 5 *(competence only)* | 10 |")
    (not_knowing,) = [line for line in LINES if line.startswith("| `not_knowing`")]
    assert not_knowing.endswith("| 11 | 2 | 2 | 2 |")


def test_scales_stand_side_by_side_with_their_ends_thresholds_and_marks() -> None:
    assert "| `mbt-techniques` | extent | 1 to 7 | – | could not judge |" in LINES
    assert "| `mbt-session` | competence | 1 to 7 | 4 | no opportunity, could not judge, not delivered |" in LINES
    assert "| `mbt-programme` | in_place | choice: 0 no, 1 yes | – | could not judge |" in LINES
    assert "## Working with the relationship, in order" in LINES


def test_the_two_treatments_share_words_and_no_table_of_scores() -> None:
    assert any(line.startswith("| `dbt-session` 1.0") for line in LINES)
    assert "| `self_disclosure`: The clinician discloses where it serves the patient | 5 |" in LINES
