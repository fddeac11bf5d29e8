"""Why a cell that reads as blank is blank: an error, a formula never calculated, or truly nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.intake.cells import ERROR_CELL, UNCALCULATED_CELL
from flows.intake.grid import Limits, open_workbook
from tests.hostile.books import cell_xml, parts, rating, rows_of, sheet_xml
from tests.hostile.containers import Cell, biff8, biff12, ole_bytes, zip_bytes
from tests.support.intake_sheets import drawn, ods_bytes, ods_package, xlsx_bytes
from tests.support.lab import Lab

SAVED = Path(__file__).parent / "saved"
KINDS = ("xlsx", "xls", "ods")
LIMITS = Limits(file_bytes=1 << 20, unpacked_bytes=1 << 22, cells=100_000)


def odd_cells(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Sheet -> the cells that read as blank and are not, with the reason."""
    return {
        grid.name: dict(grid.odd) for grid in open_workbook(path, path.suffix, LIMITS).grids(None, None) if grid.odd
    }


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_told_from_blanks_and_from_formulas_that_give_no_text(kind: str) -> None:
    odd = odd_cells(SAVED / f"calc.{kind}")["Scores"]
    assert odd == {(1, 5): ERROR_CELL, (1, 6): ERROR_CELL}


TABLE: list[list[Cell]] = [["x", "#N/A"], [4.0, None], ["y", "#N/A"]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xls", ole_bytes({"Workbook": biff8({"S": rows_of(TABLE)})})),
        ("a.xlsb", zip_bytes(biff12({"S": rows_of(TABLE)}))),
        ("a.xlsx", zip_bytes(parts(TABLE))),
        ("a.xlsx", zip_bytes(parts(TABLE, strict=True))),
    ],
    ids=["xls", "xlsb", "xlsx", "strict"],
)
def test_errors_are_known_in_every_kind_of_workbook(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (odd,) = odd_cells(path).values()
    assert odd == {(0, 1): ERROR_CELL, (2, 1): ERROR_CELL}


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("<f>1+3</f>", UNCALCULATED_CELL),
        ("<f>1+3</f><v></v>", UNCALCULATED_CELL),
        ("<f>1+3</f><v/>", UNCALCULATED_CELL),
        ("<f>1+3</f><v>4</v>", None),
        ('<f t="shared" si="0"/><v>4</v>', None),
    ],
)
def test_a_formula_without_a_result_was_never_calculated(tmp_path: Path, cell: str, reason: str | None) -> None:
    path = tmp_path / "a.xlsx"
    row = f'<row r="3"><c r="A3" s="1">{cell}</c></row>'
    path.write_bytes(zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-1")), cells=row))))
    assert odd_cells(path) == ({} if reason is None else {"Sheet1": {(2, 0): reason}})


def test_a_formula_whose_result_is_no_text_is_blank_on_purpose(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    row = '<row r="3"><c r="A3" t="str"><f>""</f><v></v></c></row>'
    path.write_bytes(zip_bytes(parts(sheet=sheet_xml({}, cells=row))))
    assert odd_cells(path) == {}


def test_a_formula_of_an_ods_that_was_never_calculated_is_told(tmp_path: Path) -> None:
    content = ods_bytes({"S": drawn("x | 4")}).decode("latin-1")
    assert content
    path = tmp_path / "a.ods"
    path.write_bytes(
        ods_package(ods_content('<table:table-row><table:table-cell table:formula="of:=1+3"/></table:table-row>'))
    )
    assert odd_cells(path) == {"S": {(0, 0): UNCALCULATED_CELL}}


def test_cells_without_places_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = '<row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row><row r="7"><c r="C7"><v>1</v></c><c t="e"><v>#N/A</v></c></row>'
    path.write_bytes(zip_bytes(parts(sheet=sheet_xml({}, cells=rows))))
    assert odd_cells(path) == {"Sheet1": {(0, 1): ERROR_CELL, (6, 3): ERROR_CELL}}


def test_a_formula_that_was_never_calculated_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx_bytes({"S": drawn("=1+1 | . | #N/A")}))
    assert odd_cells(path) == {"S": {(0, 0): UNCALCULATED_CELL, (0, 2): ERROR_CELL}}


def ods_content(body: str) -> str:
    """The content of an OpenDocument spreadsheet with one sheet of these rows."""
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    )
    return (
        f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S">{body}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )


def test_repeated_rows_and_columns_of_an_ods_are_counted(tmp_path: Path) -> None:
    error = '<table:table-cell office:value-type="string" calcext:value-type="error"/>'
    body = (
        '<table:table-row table:number-rows-repeated="1000"><table:table-cell/></table:table-row>'
        f'<table:table-row><table:table-cell table:number-columns-repeated="3"/>{error}</table:table-row>'
    )
    path = tmp_path / "a.ods"
    path.write_bytes(ods_package(ods_content(body)))
    assert odd_cells(path) == {"S": {(1000, 3): ERROR_CELL}}


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


@pytest.mark.parametrize("kind", ["xls", "xlsb", "xlsx"])
def test_an_error_in_an_item_that_may_be_blank_holds_the_rating_all_the_same(lab: Lab, kind: str) -> None:
    header: list[Cell] = ["session", "rater", "therapist", "item", "adherence", "competence"]
    table: list[list[Cell]] = [
        header,
        ["S-1", "R-1", "T-1", "not_knowing", 4.0, 5.0],
        ["S-1", "R-1", "T-1", "differences", "#N/A", None],
        ["S-2", "R-1", "T-1", "not_knowing", 4.0, 5.0],
        ["S-2", "R-1", "T-1", "differences", None, None],
    ]
    content = {
        "xls": ole_bytes({"Workbook": biff8({"S": rows_of(table)})}),
        "xlsb": zip_bytes(biff12({"S": rows_of(table)})),
        "xlsx": zip_bytes(parts(table)),
    }[kind]
    lab.sends(f"a.{kind}", content=content)
    lab.night()
    assert lab.findings() == [(f"a.{kind}", "E3", "error_value")]
    assert lab.adherence() == {"S-2 R-1": 4}


def test_cells_are_written_by_hand_as_intended() -> None:
    assert cell_xml(2, 1, "#N/A") == '<c r="B3" t="e"><v>#N/A</v></c>'
