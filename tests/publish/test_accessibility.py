"""The Analysis Function's checklist for accessible spreadsheets, over every workbook we publish.

docs/accessibility.md lists the points, what is done about each, and the test here that holds it.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.publish.raters_book import write_raters_book
from flows.publish.summary import write_summary
from flows.publish.supervision_sheet import write_supervision_sheets
from tests.support.publish_fixture import FACTS, Lab, small_lab
from tests.support.workbooks import open_book

Books = dict[str, Workbook]
NO_TABLE = {
    "Cover",
    "Team profiles",
    "Trend charts",
    "Control charts",
    "Supervision sheet",
    "Trajectory in sessions",
    "Across instruments",
}
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", '=HYPERLINK("http://evil.example")', "http://evil.example")


def crowded_lab() -> Lab:
    """A lab whose sheet needs a second one for its remarks, with texts that would be formulas if they could."""
    lab = small_lab()
    for number in range(40):
        lab.remarks(
            "T-1-S4/R-2/observer/mbt-session", "humility", f"G{number}", f"{HOSTILE[number % 7]} " + "and on " * 40
        )
    lab.follows("T-1", [(f"T-1-S{n}", text) for n, text in enumerate(HOSTILE)])
    lab.moves("T-1", HOSTILE[0], HOSTILE[5])
    for text in HOSTILE:
        lab.has_therapist(text, text, text)
        lab.rates(f"{text}S", text, None, {("humility", "adherence"): 5.0}, raters=(text,))
        lab.tells(text, "humility", "adherence", 1, 5.0, 1.0)
        severity = (
            text,
            "mbt-session",
            "observer",
            "stance",
            "humility",
            "adherence",
            "all",
            0.5,
            0.1,
            0.9,
            8,
            8,
            None,
            text,
        )
        lab.add("quality.rater_severity", severity)
        lab.names(text, "work_on", "humility", "adherence", text, text)
        lab.add("quality.workbook", (text, "dd", "2026-04-05 04:15:00", "refused", text, None, 0, 0, 0, 0))
        lab.add(
            "quality.finding",
            ("damaged", "error", text, text, text, text, text, text, "2026-04-05 04:15:00", None, text),
        )
    return lab


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that three labs publish: a small one, an empty one, and a crowded and hostile one."""
    folder = tmp_path_factory.mktemp("published")
    for name, lab in (("small", small_lab()), ("empty", Lab()), ("crowded", crowded_lab())):
        write_summary(lab.con, folder / name / f"fidelity-summary-{FACTS.period}.xlsx", FACTS)
        write_raters_book(lab.con, folder / name / f"fidelity-raters-{FACTS.period}.xlsx", FACTS)
        write_supervision_sheets(lab.con, folder / name / "supervision", FACTS)
    return folder


@pytest.fixture(scope="module")
def books(folder: Path) -> Books:
    books = {str(path.relative_to(folder)): open_book(path) for path in sorted(folder.rglob("*.xlsx"))}
    assert len(books) == 3 + 3 + 3 + (3 + len(HOSTILE))
    return books


def sheets_of(books: Books) -> Iterator[tuple[str, Worksheet]]:
    for name, book in books.items():
        for sheet in book.worksheets:
            yield f"{name} {sheet.title}", sheet


def table_sheets_of(books: Books) -> Iterator[tuple[str, Worksheet]]:
    return ((where, sheet) for where, sheet in sheets_of(books) if sheet.title not in NO_TABLE)


def test_every_table_is_marked_up_once_a_sheet_with_a_name_of_its_own(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        assert len(sheet.tables) == 1, where
    for name, book in books.items():
        names = [table for sheet in book.worksheets for table in sheet.tables]
        assert len(set(names)) == len(names), name
        assert all(re.fullmatch(r"[A-Za-z_]+_table", table) for table in names), name


def test_no_cell_is_merged(books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert not sheet.merged_cells.ranges, where


def test_a_table_has_one_heading_row_of_unique_names_and_no_blank_cell(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        (table,) = sheet.tables.values()
        assert table.headerRowCount == 1, where
        head, *rows = [[cell.value for cell in row] for row in sheet[table.ref]]
        assert all(isinstance(name, str) and name for name in head), where
        assert len(set(head)) == len(head), where
        assert [column.name for column in table.tableColumns] == head, where
        assert rows, where
        assert all(value not in (None, "") for row in rows for value in row), where


def test_nothing_stands_below_or_beside_a_table_and_it_begins_in_column_a(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        (table,) = sheet.tables.values()
        first, last = table.ref.split(":")
        assert first.startswith("A") and first[1].isdigit(), where
        assert sheet.cell(sheet.max_row, sheet.max_column).coordinate == last, where


def test_text_wraps_in_columns_wide_enough_to_read(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        (table,) = sheet.tables.values()
        for cell in sheet[table.ref][1]:
            assert sheet.column_dimensions[cell.column_letter].width >= 9, where
            assert cell.data_type != "s" or cell.alignment.wrap_text or cell.alignment.horizontal == "right", where


def test_filters_and_frozen_panes_come_with_how_to_turn_them_off(books: Books) -> None:
    for where, sheet in sheets_of(books):
        has_filter = any(table.autoFilter is not None for table in sheet.tables.values())
        above = " ".join(str(sheet.cell(row, 1).value) for row in range(1, 7))
        if sheet.freeze_panes or (has_filter and sheet.title != "All remarks"):
            assert "To turn them off: View, Unfreeze Panes; Data, Filter." in above, where


def test_no_row_column_or_sheet_is_hidden(books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert sheet.sheet_state == "visible", where
        assert not any(row.hidden for row in sheet.row_dimensions.values()), where
        assert not any(column.hidden for column in sheet.column_dimensions.values()), where


def test_shorthand_is_explained_above_the_table_that_uses_it(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        (table,) = sheet.tables.values()
        if sheet.title in {"Notes", "Contents", "Codes"}:
            continue  # Notes explains it; the other two point there
        used = {cell.value for row in sheet[table.ref] for cell in row} & {"[x]", "[z]"}
        above = " ".join(str(sheet.cell(row, 1).value) for row in range(1, 7))
        assert all(f"{mark} means" in above for mark in used), where


def test_notes_are_referred_to_by_word_and_number_and_stand_in_a_notes_sheet(books: Books) -> None:
    for name, book in books.items():
        if "Notes" not in book.sheetnames:
            continue
        notes = {row[0].value for row in book["Notes"].iter_rows(min_row=4)}
        for sheet in book.worksheets:
            referred = set(
                re.findall(r"\[(note \d+)\]", " ".join(str(sheet.cell(row, 1).value) for row in range(1, 7)))
            )
            assert referred <= notes, (name, sheet.title)


def test_text_is_sans_serif_upright_horizontal_in_automatic_colour_and_at_least_ten_points(books: Books) -> None:
    for where, sheet in sheets_of(books):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is None:
                    continue
                assert cell.font.name == "Arial" and cell.font.sz >= 10 and not cell.font.i, (where, cell.coordinate)
                assert not cell.alignment.textRotation, (where, cell.coordinate)
                assert cell.font.color is None or cell.font.color.theme == 1, (where, cell.coordinate)


def test_no_cell_has_a_background_fill(books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert all(cell.fill.fill_type is None for row in sheet.iter_rows() for cell in row), where


def test_every_sheet_has_its_title_in_a1_tagged_as_a_heading_and_says_what_is_in_it(books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert sheet["A1"].value and sheet["A1"].style == "Heading 1" and sheet["A1"].font.sz >= 12, where
        if sheet.title not in {"Cover", "Supervision sheet"}:
            assert str(sheet["A2"].value).startswith("This sheet contains "), where


def test_there_are_no_headers_footers_images_or_macros(folder: Path, books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert not sheet._images, where
        assert not any(part.text for part in (sheet.oddHeader.center, sheet.oddFooter.center, sheet.oddFooter.left)), (
            where
        )
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as parts:
            assert not [name for name in parts.namelist() if "vba" in name.lower() or "media" in name], path.name


def test_every_chart_has_an_alternative_text(folder: Path) -> None:
    n_charts = 0
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                if name.startswith("xl/drawings/drawing"):
                    frames = re.findall(r"<(?:\w+:)?cNvPr [^>]*>", parts.read(name).decode())
                    assert frames and all(len(re.findall(r'descr="([^"]{80,})"', frame)) == 1 for frame in frames), name
                    n_charts += len(frames)
    assert n_charts > 10


def test_no_message_rests_on_colour_alone(books: Books) -> None:
    """Series differ in lightness by a third and more, or in the mark, its sign or its size; the threshold is a dashed line."""
    for where, sheet in sheets_of(books):
        for chart in sheet._charts:
            for series in chart.series:
                if series.marker is not None and series.marker.symbol == "none":
                    assert series.graphicalProperties.line.prstDash == "dash", where
            fills = [series.graphicalProperties.solidFill for series in chart.series if chart.tagname == "barChart"]
            light = [int(str(fill.srgbClr)[2:4], 16) for fill in fills if fill is not None]
            assert all(abs(one - other) >= 64 for one, other in pairwise(light)), where
            marks = [
                (s.marker.symbol, s.marker.size, _lightness(s.marker.graphicalProperties.solidFill))
                for s in chart.series
                if chart.tagname == "scatterChart" and s.marker.symbol not in (None, "none")
            ]
            assert all(
                one[0] != other[0] or abs(one[1] - other[1]) >= 3 or abs(one[2] - other[2]) >= 64
                for n, one in enumerate(marks)
                for other in marks[:n]
            ), where


def _lightness(fill: Any) -> int:
    colour = getattr(fill, "srgbClr", fill)
    return int(str(getattr(colour, "val", colour))[2:4], 16)


def test_sheets_have_telling_names_and_none_is_blank(books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert not re.fullmatch(r"Sheet\d*", sheet.title), where
        assert sheet.max_row > 1, where


def test_the_document_has_a_title_an_author_and_a_language(books: Books) -> None:
    for name, book in books.items():
        properties = book.properties
        assert properties.title and properties.creator == "North clinic" and properties.language == "en-GB", name


def test_a_reader_begins_in_a1_of_the_first_sheet(books: Books) -> None:
    for name, book in books.items():
        assert book.active is book.worksheets[0], name
        assert book.worksheets[0].sheet_view.selection[0].activeCell == "A1", name


def test_numbers_are_stored_as_numbers_and_stand_to_the_right(books: Books) -> None:
    for where, sheet in table_sheets_of(books):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type in "nd" and cell.value is not None:
                    assert cell.alignment.horizontal == "right", (where, cell.coordinate)


def test_links_stay_inside_the_workbook_and_name_their_goal(folder: Path, books: Books) -> None:
    for name, book in books.items():
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.hyperlink is not None:
                        assert cell.hyperlink.target is None, name
                        assert cell.hyperlink.location == f"'{cell.value}'!A1" and cell.value in book.sheetnames, name
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as parts:
            relations = [parts.read(part).decode() for part in parts.namelist() if part.endswith(".rels")]
        assert not [text for text in relations if "External" in text], path.name


def test_no_text_from_data_is_a_formula(folder: Path, books: Books) -> None:
    for where, sheet in sheets_of(books):
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row), where
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as parts:
            cells = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not [text for text in cells if "<f>" in text or "<f " in text], path.name


def test_every_point_of_the_checklist_in_the_documentation_names_a_test_that_exists() -> None:
    page = (Path(__file__).parents[2] / "docs" / "accessibility.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    here = {name for name in dir(sys.modules[__name__]) if name.startswith("test_")}
    assert named <= here
    assert here - named == {"test_every_point_of_the_checklist_in_the_documentation_names_a_test_that_exists"}
