"""Why a cell that reads as blank is blank: an error, a formula never calculated, or truly nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.intake.blank_cells import blank_reasons
from flows.intake.cells import ERROR_CELL, UNCALCULATED_CELL
from flows.intake.grid import Kind
from tests.support.intake_sheets import drawn, ods_bytes, ods_package, xlsx_bytes
from tests.support.lab import Lab

SAVED = Path(__file__).parent / "saved"
KINDS = {"xlsx": Kind.XLSX, "xls": Kind.XLS, "ods": Kind.ODS}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_told_from_blanks_and_from_formulas_that_give_no_text(kind: str) -> None:
    asked = ["F2", "G2", "G3", "G4", "Z99"]
    assert blank_reasons(SAVED / f"calc.{kind}", KINDS[kind], "Scores", asked) == {"F2": ERROR_CELL, "G2": ERROR_CELL}


def test_only_what_is_asked_for_is_answered() -> None:
    assert blank_reasons(SAVED / "calc.xlsx", Kind.XLSX, "Scores", ["G3"]) == {}


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.XLSB])
def test_text_and_xlsb_have_nothing_more_to_tell(kind: Kind) -> None:
    assert blank_reasons(SAVED / "calc.xlsx", kind, "Scores", ["F2"]) == {}


def test_a_formula_that_was_never_calculated_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx_bytes({"S": drawn("=1+1 | . | #N/A")}))
    assert blank_reasons(path, Kind.XLSX, "S", ["A1", "B1", "C1"]) == {"A1": UNCALCULATED_CELL, "C1": ERROR_CELL}


def test_repeated_rows_and_columns_of_an_ods_are_counted(tmp_path: Path) -> None:
    head, tail = ods_bytes({"S": []}), "</table:table></office:spreadsheet></office:body></office:document-content>"
    assert head
    error = '<table:table-cell calcext:value-type="error"/>'
    body = (
        '<table:table-row table:number-rows-repeated="1000"><table:table-cell/></table:table-row>'
        f'<table:table-row><table:table-cell table:number-columns-repeated="3"/>{error}</table:table-row>'
    )
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    )
    content = (
        f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S">{body}{tail}'
    )
    path = tmp_path / "a.ods"
    path.write_bytes(ods_package(content))
    assert blank_reasons(path, Kind.ODS, "S", ["D1001", "C1001", "D1000"]) == {"D1001": ERROR_CELL}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_the_second_look_cannot_open_leaves_its_blanks_blank(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"PK not a file at all")
    assert blank_reasons(path, KINDS[kind], "Scores", ["F2"]) == {}
    assert blank_reasons(SAVED / f"calc.{kind}", KINDS[kind], "No such sheet", ["F2"]) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_holds_its_rating_alone(lab: Lab, kind: str) -> None:
    lab.sends(f"calc.{kind}", content=(SAVED / f"calc.{kind}").read_bytes())
    lab.night()
    assert lab.findings() == [
        (f"calc.{kind}", "", "hidden_sheet"),
        (f"calc.{kind}", "F2", "error_value"),
        (f"calc.{kind}", "G2", "error_value"),
        (f"calc.{kind}", "G3", "cell_blank"),
        (f"calc.{kind}", "G4", "cell_blank"),
    ]
    assert lab.values() == {
        ("S-4", "R-1", "not_knowing", "adherence"): 4,
        ("S-4", "R-1", "not_knowing", "competence"): 6,
    }


def test_a_form_of_nothing_but_formulas_never_calculated_is_held_and_not_taken_for_blank(lab: Lab) -> None:
    lab.sends("a.xlsx", "session | rater | adherence | competence\n S-1 | R-1 | =1+3 | =2+3")
    lab.night()
    assert [(cell, code) for _, cell, code in lab.findings()] == [
        ("C2", "formula_not_calculated"),
        ("D2", "formula_not_calculated"),
    ]


def test_the_second_look_opens_the_file_once_however_many_ratings_it_holds(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    from flows.intake import reader

    real = reader.blank_reasons
    monkeypatch.setattr(reader, "blank_reasons", lambda *asked: opened.append(asked[2]) or real(*asked))
    rows = "\n".join(f"S-{n} | R-1 | 4 | ." for n in range(50))
    lab.reads("a.xlsx", f"session | rater | adherence | competence\n{rows}")
    assert opened == ["Sheet1"]
