"""Surveys of sheets in XML: xlsx (transitional and strict) and OpenDocument."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from flows.intake.survey import Broken, Place, Survey, unpacked
from flows.intake.text import column_number

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
# Nearly all programs write cells like this; what they do not, is read with more care.
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_ODD = re.compile(rb"""t\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]""")
_TAG = re.compile(rb"<(/?)(?:\w+:)?(row|c|v|is|f)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']\s*([A-Za-z]*)(\d+)\s*["']""")
_KIND = re.compile(rb"""(?:^|\s)t\s*=\s*["'](\w+)["']""")


def survey_xlsx(packed: zipfile.ZipFile, most_cells: int) -> Iterator[Survey]:
    """A survey of every worksheet of an xlsx that is out of the ordinary; one that is not mentioned is ordinary.

    Raises:
        Refused: a sheet holds too many cells.
        Broken: the XML declares entities, or places cells where no sheet has any.
    """
    names: Mapping[str, str] | None = None
    for part in packed.namelist():
        if "sheet" in part.lower() and part.endswith(".xml"):
            xml = unpacked(packed, part)
            if b"<!DOCTYPE" in xml:
                raise Broken
            if not _is_ordinary(xml, most_cells):
                names = sheet_names(packed, "xl/workbook.xml") if names is None else names
                survey = Survey(names.get(part, ""), most_cells)
                _survey_sheet(xml, survey)
                yield survey


def _is_ordinary(xml: bytes, most_cells: int) -> bool:
    """Whether a sheet holds no error and no formula, and cannot reach too far."""
    if _ODD.search(xml):
        return False
    cells = _PLAIN_CELL.findall(xml)
    if len(cells) != xml.count(b"<c ") or b":c" in xml or b"<c>" in xml or len(cells) > most_cells:
        return False
    n_rows = max((int(row) for row in {row for _, row in cells}), default=0)
    n_columns = max((column_number(letters.decode()) + 1 for letters in {letters for letters, _ in cells}), default=0)
    return n_rows * n_columns <= most_cells and n_rows <= MOST_ROWS


def _survey_sheet(xml: bytes, survey: Survey) -> None:
    """Go through the cells of a worksheet; what is not placed follows what stands before it."""
    row, column = -1, -1
    is_formula = is_error = has_text = False
    tags = _TAG.finditer(xml)
    for tag in tags:
        closes, name, attributes = tag[1], tag[2], tag[3]
        if name == b"row" and not closes:
            row, column = _row_of(attributes, row), -1
        elif name == b"c" and not closes:
            row, column = _cell_of(attributes, row, column)
            kind = _KIND.search(attributes)
            is_error, has_text = kind is not None and kind[1] == b"e", kind is not None and kind[1] == b"str"
            is_formula = False
        elif name == b"c" and is_formula and not has_text:
            survey.is_uncalculated(row, column)
        elif name == b"f" and not closes:
            is_formula = True
        elif name in (b"v", b"is") and not closes and _has_content(xml, tag):
            survey.add(row, column)
            is_formula = False
            if is_error:
                survey.is_error(row, column)


def _has_content(xml: bytes, tag: re.Match[bytes]) -> bool:
    return not tag[3].endswith(b"/") and xml[tag.end() : tag.end() + 2] != b"</"


def _row_of(attributes: bytes, before: int) -> int:
    place = _PLACE.search(attributes)
    row = before + 1 if place is None else int(place[2]) - 1
    if not 0 <= row < MOST_ROWS:
        raise Broken
    return row


def _cell_of(attributes: bytes, row: int, before: int) -> tuple[int, int]:
    place = _PLACE.search(attributes)
    if place is None:
        return max(row, 0), before + 1
    row, column = int(place[2]) - 1, column_number(place[1].decode().upper())
    if not (0 <= row < MOST_ROWS and 0 <= column < MOST_COLUMNS):
        raise Broken
    return row, column


def sheet_names(packed: zipfile.ZipFile, workbook: str) -> dict[str, str]:
    """Part -> name of the sheet, for an xlsx; empty where the workbook does not say."""
    folder = PurePosixPath(workbook).parent
    targets = relation_targets(packed, workbook)
    names: dict[str, str] = {}
    for element in _elements(packed, workbook):
        relation = next((v for k, v in element.attrib.items() if k.endswith("}id")), "")
        if element.tag.endswith("}sheet") and relation in targets:
            names[part_named(targets[relation], folder)] = element.get("name", "")
    return names


def relation_targets(packed: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relation id -> what it leads to, of one part of a package."""
    path = PurePosixPath(part)
    elements = _elements(packed, f"{path.parent}/_rels/{path.name}.rels")
    return {e.get("Id", ""): e.get("Target", "") for e in elements if e.tag.endswith("}Relationship")}


def part_named(target: str, folder: PurePosixPath) -> str:
    """The part that a target means, seen from a folder of the package."""
    return target.lstrip("/") if target.startswith("/") else str(folder / target)


def _elements(packed: zipfile.ZipFile, part: str) -> Iterator[Element]:
    try:
        yield from fromstring(unpacked(packed, part)).iter()
    except (KeyError, ParseError, DefusedXmlException, ValueError):
        return


class _OdsSurvey:
    """Follows an OpenDocument file's XML: sheets, rows and cells, each of which may stand for many."""

    def __init__(self, most_cells: int) -> None:
        self.surveys: list[Survey] = []
        self._most_cells = most_cells
        self._row = self._column = 0
        self._n_rows = 0
        self._without_result: Place | None = None  # the formula that the parser is in, unless it has a result

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition(":")[2]
        if name == "table":
            self.surveys.append(Survey(_attribute(attributes, "name"), self._most_cells))
            self._row = self._n_rows = 0
        elif name == "table-row" and self.surveys:
            self._row += self._n_rows
            self._n_rows, self._column = _repeated(attributes, "rows"), 0
        elif name in ("table-cell", "covered-table-cell") and self.surveys:
            self._cell(attributes)
        elif name == "p":  # a formula whose result is no text has an empty paragraph
            self._without_result = None

    def ends(self, tag: str) -> None:
        """An element ends."""
        if tag.endswith(":table-cell") and self._without_result is not None:
            self.surveys[-1].is_uncalculated(*self._without_result)
            self._without_result = None

    def _cell(self, attributes: dict[str, str]) -> None:
        n_columns = _repeated(attributes, "columns")
        survey, place = self.surveys[-1], (self._row, self._column)
        kinds = {key.partition(":")[0]: v for key, v in attributes.items() if key.endswith(":value-type")}
        if kinds:
            survey.add(*place, self._n_rows, n_columns)
            if kinds.get("calcext") == "error":
                survey.is_error(*place)
        elif _attribute(attributes, "formula"):
            self._without_result = place
        self._column += n_columns


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "")


def _repeated(attributes: Mapping[str, str], what: str) -> int:
    said = _attribute(attributes, f"number-{what}-repeated") or "1"
    if not (said.isascii() and said.isdigit() and len(said) < 12):
        raise Broken
    return max(1, int(said))


def _refuse_doctype(*_said: object) -> None:
    raise Broken


def survey_ods(packed: zipfile.ZipFile, most_cells: int) -> Iterator[Survey]:
    """A survey of every sheet of an OpenDocument spreadsheet.

    Raises:
        Refused: a sheet holds too many cells.
        Broken: the XML is broken, declares entities, or repeats a cell a senseless number of times.
    """
    found = _OdsSurvey(most_cells)
    parser = expat.ParserCreate()
    parser.StartElementHandler = found.starts
    parser.EndElementHandler = found.ends
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(unpacked(packed, "content.xml"), True)
    except expat.ExpatError:
        raise Broken from None
    yield from found.surveys
