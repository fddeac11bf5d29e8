"""What a rater meets in the form: what can be filled in, what answers, what it says, and how it prints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from flows.errors import UsageError
from flows.forms.form_rules import runs
from flows.forms.form_style import lines_needed
from flows.forms.rating_form import Prefill, write_form
from schemas.catalog import Catalog
from schemas.codes import PURPOSE, Role
from schemas.instrument import Instrument

OWN_FORMULAS = {
    "Rating!E7",
    "Timeline!H1",
    *(f"Rating!G{row}" for row in (*range(11, 19), *range(20, 25))),
}
Written = Callable[..., Workbook]


def unlocked_cells(sheet: Worksheet) -> set[str]:
    return {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}


def area(columns: str, first: int, last: int) -> set[str]:
    return {f"{column}{row}" for column in columns for row in range(first, last + 1)}


def formulas(workbook: Workbook) -> dict[str, str]:
    return {
        f"{sheet.title}!{cell.coordinate}": str(cell.value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def rule_at(sheet: Worksheet, cell: str) -> DataValidation:
    (rule,) = [r for r in sheet.data_validations.dataValidation if cell in r.sqref]
    return rule


def offered(sheet: Worksheet, cell: str) -> list[object]:
    return [row[0].value for row in sheet[str(rule_at(sheet, cell).formula1).replace("$", "")]]


def printed_range(sheet: Worksheet) -> CellRange:
    return CellRange(str(sheet.print_area).split("!")[-1].replace("$", ""))


def text_of(sheet: Worksheet) -> str:
    return "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None)


# --- what can be filled in -----------------------------------------------------------------------------------


def test_exactly_the_cells_to_fill_in_are_unlocked(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    details = area("C", 3, 7) | area("EF", 3, 6)
    scores_and_remarks = area("DEF", 11, 18) | area("DEF", 20, 24)
    assert unlocked_cells(sheet) == details | scores_and_remarks | area("CDEFG", 26, 26) | {
        "C27",
        "E27",
        "C28",
        "E28",
        "C29",
        "E29",
    }


def test_cells_unused_by_design_are_locked_grey_and_say_so_in_words(written: Written) -> None:
    sheet = written("mbt-i-acs")["Rating"]
    unused = ["D10", "D13", "D14"]  # adherence of items 1, 4 and 5
    assert [sheet[cell].value for cell in unused] == ["not rated"] * 3
    assert [sheet[cell].protection.locked for cell in unused] == [True] * 3
    assert [sheet[cell].fill.start_color.rgb for cell in unused] == ["00E3E5E6"] * 3
    details = area("C", 3, 7) | area("EF", 3, 6)
    scores_and_remarks = area("DEF", 10, 26) - set(unused)
    assert unlocked_cells(sheet) == details | scores_and_remarks | area("CDEFG", 28, 28) | {
        "C29",
        "E29",
        "C30",
        "E30",
        "C31",
        "E31",
    }


@pytest.mark.parametrize("sheet", ["Rating", "Timeline"])
def test_sheets_are_protected_without_a_password_and_rows_may_be_made_higher(written: Written, sheet: str) -> None:
    protection = written("mbt-session")[sheet].protection
    assert (protection.sheet, protection.password, protection.formatRows) == (True, None, False)


def test_the_lines_of_the_timeline_are_unlocked_and_nothing_else_of_it(written: Written) -> None:
    assert unlocked_cells(written("mbt-session")["Timeline"]) == area("ABCDEFGH", 5, 26)


@pytest.mark.parametrize("instrument", ["mbt-i-acs", "osce-2024"])
def test_only_an_instrument_with_an_ordered_domain_has_a_timeline(written: Written, instrument: str) -> None:
    assert written(instrument).sheetnames == ["Rating"]


# --- drop-downs and limits -----------------------------------------------------------------------------------


def test_the_drop_downs_say_the_words_of_the_scale_and_the_marks_that_are_allowed_there(
    written: Written,
) -> None:
    sheet = written("mbt-session")["Rating"]
    adherence = ["1 – not at all", "2", "3", "4 – adequate", "5", "6", "7 – extensively"]
    competence = ["1 – very poor", "2", "3", "4 – good enough", "5", "6", "7 – excellent"]
    for row in (11, 12, 15):  # humility, not_knowing, enquiry always have their opportunity
        assert offered(sheet, f"D{row}") == [*adherence, "could not judge"]
        assert offered(sheet, f"E{row}") == [*competence, "could not judge", "not delivered"]
    for row in (13, 14, 16, 17, 18, 20, 21, 22, 23, 24):
        assert offered(sheet, f"D{row}") == [*adherence, "no opportunity", "could not judge"]
        marks = ["no opportunity", "could not judge", "not delivered"]
        assert offered(sheet, f"E{row}") == [*competence, *marks]


def test_a_rater_may_type_the_number_instead_of_choosing(written: Written) -> None:
    assert rule_at(written("mbt-session")["Rating"], "D11").showErrorMessage is False


def test_an_entry_that_is_not_understood_is_marked_in_its_cell_and_beside_its_row(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    wrong = '((D11<>"")*(SUMPRODUCT(($B$35:$B$56=TRIM(D11))+($B$35:$B$56=D11))=0))'
    marked = {str(found.sqref): found.rules[0].formula for found in sheet.conditional_formatting}
    assert marked["D11"] == [f"{wrong}=1"]
    assert sheet["G11"].value.startswith(f"=IF({wrong}+((E11")
    assert sheet["G11"].value.endswith('>0,"check",IF((COUNTBLANK(D11)+COUNTBLANK(E11))=0,"✓",""))')


def test_bare_numbers_are_understood_as_text_and_as_number(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    understood = [row[0].value for row in sheet["B35:B56"]]
    words = ["1 – not at all", "2", "3", "4 – adequate", "5", "6", "7 – extensively", "could not judge"]
    assert understood == [*words, "1", "2", "3", "4", "5", "6", "7", 1, 2, 3, 4, 5, 6, 7]


def test_what_the_drop_downs_offer_lies_in_hidden_rows_of_the_same_sheet(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    lists = {str(r.formula1) for r in sheet.data_validations.dataValidation if r.type == "list"}
    assert not [found for found in lists if "!" in found]
    assert all(sheet.row_dimensions[row].hidden for row in range(35, 57))


def test_role_and_selection_are_chosen_from_lists_that_take_nothing_else(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    assert offered(sheet, "E5") == ["observer", "supervisor", "self", "consensus"]
    assert offered(sheet, "C7") == ["at random", "by the therapist", "by the supervisor", "not known"]
    assert all(rule_at(sheet, cell).showErrorMessage for cell in ("E5", "C7"))


def test_dates_are_iso_plausible_and_explained(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    session_on, rated_on = rule_at(sheet, "E3"), rule_at(sheet, "C6")
    assert (sheet["E3"].number_format, sheet["C6"].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd")
    assert (session_on.type, session_on.formula1, session_on.formula2) == ("date", "DATE(1990,1,1)", "TODAY()")
    assert (rated_on.formula1, rated_on.formula2) == ("MAX(DATE(1990,1,1),N(E3))", "TODAY()")
    assert session_on.error == "Year-month-day, such as 2026-03-24; not in the future."


def test_a_revision_is_a_whole_number_that_begins_at_one(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    rule = rule_at(sheet, "E6")
    assert (rule.type, rule.formula1, sheet["E6"].value) == ("whole", "1", 1)


def test_the_timeline_offers_steps_modes_arousal_and_what_followed(written: Written) -> None:
    sheet = written("mbt-session")["Timeline"]
    steps = ["1 – Joint focus", "2 – Arousal", "3 – Mode", "4 – Validation", "5 – Restoring"]
    assert offered(sheet, "C5") == steps
    assert offered(sheet, "D26") == ["psychic equivalence", "pretend", "teleological"]
    assert offered(sheet, "E5") == ["flat", "regulated", "flooding"]
    assert offered(sheet, "F5") == ["supportive", "clarifying", "challenge", "affect", "affect focus", "relational"]
    assert offered(sheet, "G5") == ["mentalizing back", "no change", "lost further"]
    assert [sheet.cell(4, k).value for k in range(1, 9)] == [
        "Episode", "Minute", "Step", "Mode", "Arousal", "Intervention", "What followed", "Note",
    ]  # fmt: skip
    assert [(r.type, r.formula1, r.formula2) for r in (rule_at(sheet, "A5"), rule_at(sheet, "B26"))] == [
        ("whole", "1", "99"),
        ("decimal", "0", "600"),
    ]
    assert "Example – episode 1, minute 12, 3 – Mode" in text_of(sheet)


# --- the counter ---------------------------------------------------------------------------------------------


def test_the_counter_counts_required_ratings_and_details_that_are_blank(written: Written) -> None:
    ratings = "(COUNTBLANK(D11:E18)+COUNTBLANK(D20:E24))"
    details = "(COUNTBLANK(C3)+COUNTBLANK(E3)+COUNTBLANK(C4)+COUNTBLANK(E4)+COUNTBLANK(C5))"
    checks = 'COUNTIF(G10:G24,"check")'
    assert written("mbt-session")["Rating"]["E7"].value == (
        f'=IF({ratings}+{details}+{checks}=0,"nothing – all done",'
        f'{ratings}&IF({ratings}=1," rating, "," ratings, ")&{details}&IF({details}=1," detail"," details")'
        f'&IF({checks}>0,", "&{checks}&" to check",""))'
    )


def test_items_that_may_stay_blank_are_not_counted(written: Written, odd: Instrument) -> None:
    counter = str(written(odd)["Rating"]["E7"].value)
    assert "COUNTBLANK(D10:F10)" in counter
    assert "11" not in counter.replace("H10:H11", "")


def test_runs_are_unbroken() -> None:
    assert runs([11, 12, 13, 15, 18, 19]) == [(11, 13), (15, 15), (18, 19)]
    assert runs([]) == []


# --- prefilled -----------------------------------------------------------------------------------------------


def test_what_is_known_beforehand_stands_in_its_cell_as_it_was_given(written: Written) -> None:
    known = Prefill("S-001", "T-07", "007", "R-1", date(2026, 3, 24), Role.SELF)
    sheet = written("mbt-session", known)["Rating"]
    assert [sheet[cell].value for cell in ("C3", "C4", "E4", "C5", "E5")] == [
        "S-001", "T-07", "007", "R-1", "self",
    ]  # fmt: skip
    assert sheet["E3"].value == datetime(2026, 3, 24)
    assert sheet["E4"].number_format == "@"


def test_a_case_has_a_month_that_may_be_known_beforehand_and_a_session_has_none(written: Written) -> None:
    sheet = written("mbt-programme", Prefill("C-7", assessment_point=6))["Rating"]
    assert [sheet[cell].value for cell in ("B3", "C3", "B7", "C7")] == ["Case id", "C-7", "Month of treatment", 6]
    with pytest.raises(UsageError, match="no month"):
        written("mbt-session", Prefill("S-1", assessment_point=6))
    with pytest.raises(UsageError, match="from 1 to 60"):
        Prefill("C-7", assessment_point=0)


def test_prefilled_text_never_becomes_a_formula(written: Written) -> None:
    evil = '=HYPERLINK("http://example.org";"x")'
    known = Prefill(session_id=evil, therapist_id="+1+1", patient_id="@x", rater_id="-2")
    workbook = written("mbt-session", known)
    sheet = workbook["Rating"]
    assert [(sheet[c].data_type, sheet[c].value) for c in ("C3", "C4", "E4", "C5")] == [
        ("s", evil), ("s", "+1+1"), ("s", "@x"), ("s", "-2"),
    ]  # fmt: skip
    assert set(formulas(workbook)) == OWN_FORMULAS


def test_the_only_formulas_are_the_counter_the_checks_and_the_session_on_the_timeline(written: Written) -> None:
    assert set(formulas(written("mbt-session"))) == OWN_FORMULAS


def test_an_instruments_own_words_never_become_formulas(written: Written, odd: Instrument) -> None:
    workbook = written(odd)
    assert set(formulas(workbook)) == {"Rating!E7", "Rating!H10", "Rating!H11"}
    assert workbook["Rating"]["A2"].value == "=An odd instrument & more"


@pytest.mark.parametrize("wrong", ["", "  ", "two\nlines", "tab\there", "\x00", "x" * 81])
def test_an_id_that_cannot_stand_in_a_cell_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(UsageError) as refused:
        Prefill(rater_id=wrong)
    assert str(refused.value) == "The rater id cannot stand on a form. Give a short id on one line."


def test_a_blank_form_holds_no_date_and_no_id(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    assert [sheet[cell].value for cell in ("C3", "E3", "C4", "E4", "C5", "C6", "C7")] == [None] * 7
    assert sheet["E5"].value == "observer"


# --- what it says --------------------------------------------------------------------------------------------


def test_instrument_and_version_stand_in_a_hidden_row_that_is_copied_with_the_sheet(written: Written) -> None:
    workbook = written("mbt-session")
    sheet = workbook["Rating"]
    copy = workbook.copy_worksheet(sheet)
    for found in (sheet, copy):
        assert found["A1"].value == "session-fidelity form mbt-session 1.0"
        assert found["A1"].protection.locked
        assert found.row_dimensions[1].hidden


def test_instrument_and_version_stand_in_the_document_properties(written: Written) -> None:
    workbook = written("mbt-i-acs")
    properties = {p.name: p.value for p in workbook.custom_doc_props.props}  # type: ignore[attr-defined]
    assert properties == {"instrument": "mbt-i-acs", "instrument_version": "1.0"}
    assert workbook.properties.title == "Rating form mbt-i-acs 1.0"


@pytest.mark.parametrize("instrument", ["mbt-session", "mbt-i-acs", "osce-2024"])
def test_the_purpose_stands_on_every_sheet_within_what_is_printed(written: Written, instrument: str) -> None:
    for sheet in written(instrument):
        last = printed_range(sheet).max_row
        assert any(PURPOSE in str(c.value) for row in sheet.iter_rows(max_row=last) for c in row)


def test_every_item_has_its_title_its_wording_and_one_line_of_guidance(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    assert sheet["A20"].value == 9
    assert sheet["B20"].value == (
        "Joint focus – a focus is developed together\n"
        "Look for “what shall we look at?” being answered by both, and for finding the way back when talk drifts."
    )
    assert [str(sheet[f"B{row}"].value).count("\n") for row in (*range(11, 19), *range(20, 25))] == [1] * 13


def test_domains_are_announced_where_they_begin_and_only_where_there_are_several(written: Written) -> None:
    sheet = written("mbt-session")["Rating"]
    assert (sheet["A10"].value, sheet["B10"].value) == (None, "Stance")
    assert (sheet["A19"].value, sheet["B19"].value) == (
        None,
        "Trajectory within the session – in the order of the session",
    )
    assert written("osce-2024")["Rating"]["A10"].value == 1


def test_the_marks_are_explained_where_they_are_used(written: Written) -> None:
    assert "“no opportunity”: nothing in the session called for it" in text_of(written("mbt-session")["Rating"])
    assert "no opportunity" not in text_of(written("osce-2024")["Rating"])


def test_a_form_with_three_scales_has_a_column_each_and_its_remarks_after_them(
    written: Written, odd: Instrument
) -> None:
    sheet = written(odd)["Rating"]
    heads = ["No.", "What to look and listen for", None, "Use", "Care", "Pace", "Remark", "Check"]
    assert [cell.value for cell in sheet[9]][:8] == heads
    assert [sheet[f"{c}10"].value for c in "ABDEFG"] == [7, "First – one\n=Look.", None, "not rated", None, None]
    assert offered(sheet, "D10") == ["0 – no, never", "0.5 – now, and then", "1 – yes"]
    assert offered(sheet, "E11") == ["1", "2", "could not judge"]


def test_a_case_is_not_called_a_session_and_a_group_may_have_several_therapists(
    written: Written, odd: Instrument
) -> None:
    sheet = written(odd)["Rating"]
    assert [sheet[f"B{row}"].value for row in range(3, 8)] == [
        "Case id", "Therapist ids", "Rater id", "Rated on", "Month of treatment",
    ]  # fmt: skip
    assert sheet["D3"].value == "Assessed on"


# --- screen and paper ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("instrument", "pages"), [("mbt-session", 1), ("mbt-i-acs", 1), ("osce-2024", 2)])
def test_the_form_prints_on_a4_one_page_wide_and_two_high_at_most(
    written: Written, instrument: str, pages: int
) -> None:
    setup = written(instrument)["Rating"].page_setup
    assert (str(setup.paperSize), setup.fitToWidth, setup.fitToHeight) == ("9", 1, pages)


def test_the_timeline_prints_on_one_page_of_its_own(written: Written) -> None:
    setup = written("mbt-session")["Timeline"].page_setup
    assert (setup.orientation, setup.fitToWidth, setup.fitToHeight) == ("landscape", 1, 1)


def test_details_counter_and_column_heads_stay_in_view(written: Written) -> None:
    workbook = written("mbt-session")
    assert (workbook["Rating"].freeze_panes, workbook["Timeline"].freeze_panes) == ("A10", "A5")
    assert workbook["Rating"].print_title_rows == "$9:$9"


def test_neither_marker_nor_lists_are_printed(written: Written) -> None:
    printed = printed_range(written("mbt-session")["Rating"])
    assert (printed.min_row, printed.max_row) == (2, 33)


@pytest.mark.parametrize(
    ("text", "width", "lines"), [("", 10, 1), ("one two", 7, 1), ("one two", 6, 2), ("much-too-long", 5, 1)]
)
def test_lines_are_counted_with_words_kept_whole(text: str, width: float, lines: int) -> None:
    assert lines_needed(text, width) == lines


# --- where it is written -------------------------------------------------------------------------------------


def test_a_form_that_is_there_already_is_never_overwritten(catalog: Catalog, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    out.write_bytes(b"filled in")
    instrument = catalog.latest("mbt-session")
    with pytest.raises(UsageError, match=r"form\.xlsx is there already and may hold ratings"):
        write_form(instrument, catalog.elements_of(instrument), out)
    assert out.read_bytes() == b"filled in"


@pytest.mark.parametrize(
    ("name", "sentence"), [("form.ods", "does not end in .xlsx"), ("no/form.xlsx", "There is no folder")]
)
def test_a_place_where_no_form_can_stand_is_refused(catalog: Catalog, tmp_path: Path, name: str, sentence: str) -> None:
    instrument = catalog.latest("mbt-session")
    with pytest.raises(UsageError, match=sentence):
        write_form(instrument, catalog.elements_of(instrument), tmp_path / name)
