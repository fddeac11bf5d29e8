"""A filled form says the same, cell for cell, whether openpyxl, LibreOffice xlsx or LibreOffice ods holds it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl.utils.cell import coordinate_to_tuple
from python_calamine import load_workbook

from flows.forms.rating_form import write_form
from schemas.catalog import load_catalog
from tests.forms.filling import Entry, fill_form

SAVED = Path(__file__).parent / "saved"

FIELDS = {
    "session_id": "007",
    "therapist_id": "T-07",
    "patient_id": "P/3",
    "rater_id": "=R-1",
    "session_on": date(2026, 3, 24),
    "rated_on": date(2026, 3, 31),
    "role": "supervisor",
    "revision": 2,
    "selection": "by the therapist",
    "overall_comment": "Warm throughout; “hva tenkte du da?”",
}
SCORES = {
    ("humility", "adherence"): "4 – adequate",
    ("humility", "competence"): "4 – good enough",
    ("not_knowing", "adherence"): "1 – not at all",
    ("not_knowing", "competence"): "not delivered",
    ("differences", "adherence"): "no opportunity",
    ("differences", "competence"): "no opportunity",
    ("legitimising", "adherence"): "could not judge",
    ("legitimising", "competence"): "could not judge",
    ("enquiry", "adherence"): "7 – extensively",
    ("enquiry", "competence"): "7 – excellent",
    ("says_unclear", "adherence"): 5,
    ("says_unclear", "competence"): "5",
    ("own_misunderstanding", "adherence"): 2,
    ("own_misunderstanding", "competence"): "1 – very poor",
    ("alternatives", "adherence"): "3",
    ("alternatives", "competence"): 6,
    ("joint_focus", "adherence"): 4,
    ("joint_focus", "competence"): 4,
    ("restoring", "competence"): "4?",
}
REMARKS = {"humility": "min 12: “I may be wrong”", "restoring": "the tape ended"}

EXPECTED: dict[str, Entry] = {
    "A1": "session-fidelity form mbt-session 1.0",
    "B3": "Session id",
    "C3": "007",
    "D3": "Session date",
    "E3": date(2026, 3, 24),
    "B4": "Therapist id",
    "C4": "T-07",
    "D4": "Patient id",
    "E4": "P/3",
    "B5": "Rater id",
    "C5": "=R-1",
    "D5": "Your role",
    "E5": "supervisor",
    "B6": "Rated on",
    "C6": date(2026, 3, 31),
    "D6": "Revision",
    "E6": 2.0,
    "B7": "How it was chosen",
    "C7": "by the therapist",
    "D7": "Still blank",
    "A9": "No.",
    "B9": "What to look and listen for",
    "D9": "Adherence",
    "E9": "Competence",
    "F9": "Remark",
    "G9": "Check",
    "A10": "",
    "B10": "Stance",
    "A11": 1.0,
    "D11": "4 – adequate",
    "E11": "4 – good enough",
    "F11": "min 12: “I may be wrong”",
    "A12": 2.0,
    "D12": "1 – not at all",
    "E12": "not delivered",
    "F12": "",
    "A13": 3.0,
    "D13": "no opportunity",
    "E13": "no opportunity",
    "A14": 4.0,
    "D14": "could not judge",
    "E14": "could not judge",
    "A15": 5.0,
    "D15": "7 – extensively",
    "E15": "7 – excellent",
    "A16": 6.0,
    "D16": 5.0,
    "E16": "5",
    "A17": 7.0,
    "D17": 2.0,
    "E17": "1 – very poor",
    "A18": 8.0,
    "D18": "3",
    "E18": 6.0,
    "A19": "",
    "B19": "Trajectory within the session – in the order of the session",
    "A20": 9.0,
    "D20": 4.0,
    "E20": 4.0,
    "A21": 10.0,
    "D21": "",
    "E21": "",
    "A22": 11.0,
    "D22": "",
    "E22": "",
    "A23": 12.0,
    "D23": "",
    "E23": "",
    "A24": 13.0,
    "D24": "",
    "E24": "4?",
    "F24": "the tape ended",
    "B26": "Overall remark",
    "C26": "Warm throughout; “hva tenkte du da?”",
}
HUMILITY = (
    "Humility – modest about knowing another mind; ready to be wrong\n"
    "Listen for “I may have this wrong”, and for an idea let go of gladly when the patient sees it otherwise."
)


def write_filled_form(folder: Path) -> Path:
    """The form of these tests, as openpyxl saves it; `saved/README.md` says what became of it."""
    catalog = load_catalog([])
    instrument = catalog.latest("mbt-session")
    write_form(instrument, catalog.elements_of(instrument), folder / "blank.xlsx")
    filled = folder / "mbt-session-filled.xlsx"
    fill_form(folder / "blank.xlsx", instrument, filled, FIELDS, SCORES, REMARKS)  # type: ignore[arg-type]
    return filled


@pytest.fixture(params=["openpyxl", "calc.xlsx", "calc.ods"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "openpyxl":
        return write_filled_form(tmp_path)
    return SAVED / f"mbt-session-{request.param}"


def cells_of(workbook: Path) -> dict[str, object]:
    rows = load_workbook(workbook).get_sheet_by_name("Rating").to_python(skip_empty_area=False)
    places = {cell: coordinate_to_tuple(cell) for cell in EXPECTED}
    return {cell: rows[row - 1][column - 1] for cell, (row, column) in places.items()}


def test_every_value_label_and_mark_stands_in_the_same_cell_whoever_saved_the_form(filled: Path) -> None:
    assert cells_of(filled) == EXPECTED


def test_title_and_guidance_of_an_item_are_one_text_whoever_saved_the_form(filled: Path) -> None:
    rows = load_workbook(filled).get_sheet_by_name("Rating").to_python(skip_empty_area=False)
    assert rows[10][1] == HUMILITY


def test_both_sheets_are_there_and_visible_whoever_saved_the_form(filled: Path) -> None:
    sheets = load_workbook(filled).sheets_metadata
    assert [sheet.name for sheet in sheets] == ["Rating", "Timeline"]
    assert [str(sheet.visible) for sheet in sheets] == ["SheetVisibleEnum.Visible"] * 2


@pytest.mark.parametrize("saved", ["mbt-session-calc.xlsx", "mbt-session-calc.ods"])
def test_the_counter_and_the_checks_say_what_a_rater_saw_in_libreoffice(saved: str) -> None:
    rows = load_workbook(SAVED / saved).get_sheet_by_name("Rating").to_python(skip_empty_area=False)
    assert rows[6][4] == "7 ratings, 0 details, 1 to check"
    assert [row[6] for row in rows[10:18]] == ["✓"] * 8
    assert [row[6] for row in rows[19:24]] == ["✓", "", "", "", "check"]
