"""Writing the rating form: a workbook that a rater fills in for one session, blank or prefilled.

What it says comes from the instrument and `form_layout`, where it stands from `form_plan`, how it looks from
`form_style`, and how it answers from `form_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.worksheet.worksheet import Worksheet

from flows.errors import UsageError
from flows.forms import form_style as style
from flows.forms.form_layout import (
    CHECK_HEADER,
    COUNTER_LABEL,
    ITEM_HEADER,
    MARK_WORDS,
    NOT_USED_WORD,
    NUMBER_HEADER,
    RATING_SHEET,
    REMARK_HEADER,
    field_labels,
    marker,
)
from flows.forms.form_plan import (
    HEADER_ROW,
    LAST_MONTH,
    LOW_PLACES,
    MARKER_ROW,
    NUMBER,
    QUESTION_ROW,
    TITLE,
    TITLE_END,
    TITLE_ROW,
    FormPlan,
)
from flows.forms.form_rules import add_rules
from flows.forms.timeline import add_timeline
from schemas.codes import PURPOSE, SCOPE, Role
from schemas.instrument import Element, Instrument, Item, Scale
from schemas.layout import CONSENSUS_FIELDS, FACT_FIELDS

NUMBER_WIDTH, LABEL_WIDTH, TITLE_WIDTH, SCALE_WIDTH, CHECK_WIDTH = 5, 17, 36, 18, 7
REMARK_WIDTHS = {1: 40, 2: 24}  # by number of scales; more of them leave less
GUIDE_CHARACTERS = 60  # of the small italics that fit beside each other in the item's column
TEXT_CHARACTERS = 54  # of the larger type there
DEFAULT_HEIGHT, PAGE_HEIGHT, SMALLEST_PRINT = 13, 766, 0.68  # points, points of A4 within the margins, share
ORDERED = {"trajectory": "in the order of the session"}
HINT = "Choose from the list, or just type the number."
DATE_FIELDS = ("session_on", "rated_on")
LOW_FORMATS: dict[str, str] = {"settles": style.AS_TEXT, "signed_by": style.AS_TEXT, "signed_on": style.ISO_DATE}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Prefill:
    """What is known before a form is filled in. Ids are kept as they are written, leading zeros and all."""

    session_id: str | None = None
    therapist_id: str | None = None
    patient_id: str | None = None
    rater_id: str | None = None
    session_on: date | None = None
    role: Role | None = None
    assessment_point: int | None = None  # the month of a case's treatment

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) and (not value.strip() or len(value) > 80 or CONTROL.search(value)):
                name = field.name.replace("_", " ")
                raise UsageError(f"The {name} cannot stand on a form. Give a short id on one line.")
        if self.assessment_point is not None and not 1 <= self.assessment_point <= LAST_MONTH:
            raise UsageError(f"A month of treatment is a whole number from 1 to {LAST_MONTH}.")


def write_form(instrument: Instrument, elements: Sequence[Element], out: Path, prefill: Prefill | None = None) -> None:
    """Write the rating form of an instrument as an xlsx workbook.

    Args:
        instrument: whose items are rated.
        elements: the elements that it reports on, as `Catalog.elements_of` gives them; items without guidance
            of their own show their element's.
        out: the workbook to write, ending in .xlsx.
        prefill: what is known beforehand.

    Raises:
        UsageError: the name does not end in .xlsx, its folder is not there, or the file is there already
            (somebody may have filled it in); or a month is known beforehand of what is no case.
    """
    _check_target(out)
    if prefill is not None and prefill.assessment_point is not None and instrument.unit != "case":
        raise UsageError(f"{instrument.id} rates sessions, which have no month of treatment. Leave it out.")
    plan = FormPlan(instrument)
    workbook, sheet = style.new_workbook()
    sheet.title = RATING_SHEET
    _write_top(sheet, plan, prefill or Prefill())
    _write_table(sheet, plan, {e.id: e for e in elements})
    _write_bottom(sheet, plan)
    add_rules(sheet, plan)
    _finish(sheet, plan)
    add_timeline(workbook, plan)
    _name_instrument(workbook, instrument)
    workbook.save(out)


def _check_target(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"{out.name} does not end in .xlsx. Give the form a name that does.")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent}. Make it first, or write the form elsewhere.")
    if out.exists():
        raise UsageError(f"{out.name} is there already and may hold ratings. Give another name, or move it away.")


def _write_top(sheet: Worksheet, plan: FormPlan, prefill: Prefill) -> None:
    instrument = plan.instrument
    style.put_text(sheet, f"A{MARKER_ROW}", marker(instrument), style.SMALL_FONT)
    sheet.row_dimensions[MARKER_ROW].hidden = True
    sheet.merge_cells(f"{NUMBER}{TITLE_ROW}:{plan.check_column}{TITLE_ROW}")
    style.put_text(sheet, f"{NUMBER}{TITLE_ROW}", instrument.title, style.TITLE_FONT)
    sheet.row_dimensions[TITLE_ROW].height = 30
    _write_fields(sheet, plan)
    known = {field.name: getattr(prefill, field.name) for field in fields(prefill)}
    known["role"] = str(prefill.role or Role.OBSERVER)
    known["revision"] = 1
    if instrument.unit != "case":
        del known["assessment_point"]
    for name, value in known.items():
        style.put_value(sheet, plan.field_cell(name), value)  # type: ignore[arg-type]


def _write_fields(sheet: Worksheet, plan: FormPlan) -> None:
    # A right-hand field reaches over two columns where there are two; it still begins beside its label.
    wide = len(plan.instrument.scales) > 1
    for name, label in field_labels(plan.instrument).items():
        if name == "overall_comment" or name in LOW_PLACES:
            continue
        cell = plan.field_cell(name)
        area = f"{cell}:F{cell[1:]}" if wide and cell[0] == "E" else cell
        number_format = style.ISO_DATE if name in DATE_FIELDS else "0" if name == "revision" else style.AS_TEXT
        style.put_text(sheet, plan.label_cell(name), label, style.LABEL_FONT, style.RIGHT)
        style.put_fill_in(sheet, area, number_format=number_format)
        sheet.row_dimensions[int(cell[1:])].height = 19
    counter = plan.field_cell(None)
    if wide:
        sheet.merge_cells(f"{counter}:F{counter[1:]}")
    style.put_text(sheet, plan.label_cell(None), COUNTER_LABEL, style.LABEL_FONT, style.RIGHT)
    sheet[counter].font, sheet[counter].alignment = style.COUNTER_FONT, style.LEFT


def _write_table(sheet: Worksheet, plan: FormPlan, elements: dict[str, Element]) -> None:
    _write_header(sheet, plan)
    for row, domain in plan.bands.items():
        order = f" – {ORDERED.get(domain.id, 'in this order')}" if domain.ordered else ""
        for column in range(1, _column_number(plan.check_column) + 1):
            sheet.cell(row, column).fill = style.paint(style.BAND)
        sheet.merge_cells(f"{TITLE}{row}:{plan.check_column}{row}")
        style.put_text(sheet, f"{TITLE}{row}", domain.title + order, style.BAND_FONT, fill=style.BAND)
        sheet.row_dimensions[row].height = 18
    for item in plan.instrument.items:
        _write_item(sheet, plan, item, elements)


def _write_header(sheet: Worksheet, plan: FormPlan) -> None:
    sheet.merge_cells(f"{TITLE}{QUESTION_ROW}:{TITLE_END}{QUESTION_ROW}")
    style.put_text(sheet, f"{TITLE}{QUESTION_ROW}", HINT, style.SMALL_ITALIC, style.LOW)
    sheet.row_dimensions[QUESTION_ROW].height = 26
    heads = {NUMBER: NUMBER_HEADER, TITLE: ITEM_HEADER, TITLE_END: "", plan.remark_column: REMARK_HEADER}
    heads[plan.check_column] = CHECK_HEADER
    for scale in plan.instrument.scales:
        column = plan.scale_columns[scale.id]
        style.put_text(sheet, f"{column}{QUESTION_ROW}", scale.question, style.SMALL_ITALIC, style.LOW_CENTRE)
        heads[column] = scale.title
    for column, text in heads.items():
        align = style.LEFT if column in (TITLE, plan.remark_column) else style.CENTRE
        if text:
            style.put_text(sheet, f"{column}{HEADER_ROW}", text, style.HEADER_FONT, align)
        sheet[f"{column}{HEADER_ROW}"].fill = style.paint(style.DEEP)
    sheet.merge_cells(f"{TITLE}{HEADER_ROW}:{TITLE_END}{HEADER_ROW}")
    sheet.row_dimensions[HEADER_ROW].height = 21


def _write_item(sheet: Worksheet, plan: FormPlan, item: Item, elements: dict[str, Element]) -> None:
    row = plan.item_rows[item.id]
    sheet[f"{NUMBER}{row}"] = item.number
    sheet[f"{NUMBER}{row}"].font, sheet[f"{NUMBER}{row}"].alignment = style.NUMBER_FONT, style.CENTRE
    wording, guidance = _words(item, elements)
    sheet.merge_cells(f"{TITLE}{row}:{TITLE_END}{row}")
    runs = [
        (style.BOLD_RUN, item.title),
        (style.PLAIN_RUN, wording),
        (style.GUIDE_RUN, f"\n{guidance}" if guidance else ""),
    ]
    style.put_runs(sheet, f"{TITLE}{row}", runs)
    for scale in plan.instrument.scales:
        cell = plan.score_cell(item.id, scale.id)
        if scale.id in item.scales:
            style.put_fill_in(sheet, cell, style.CENTRE, style.ISO_DATE if scale.kind == "date" else "General")
        else:
            style.put_text(sheet, cell, NOT_USED_WORD, style.SMALL_ITALIC, style.CENTRE, style.GREY)
    style.put_fill_in(sheet, plan.remark_cell(item.id), number_format=style.AS_TEXT)
    sheet[plan.remark_cell(item.id)].font = style.LABEL_FONT
    sheet[plan.check_cell(item.id)].font = style.COUNTER_FONT
    sheet[plan.check_cell(item.id)].alignment = style.CENTRE
    for column in (NUMBER, TITLE, TITLE_END, plan.check_column):
        sheet[f"{column}{row}"].border = style.UNDERLINE
    lines = style.lines_needed(item.title + wording, TEXT_CHARACTERS)
    sheet.row_dimensions[row].height = (
        5 + 13.5 * lines + 12 * (style.lines_needed(guidance, GUIDE_CHARACTERS) if guidance else 0)
    )


def _words(item: Item, elements: dict[str, Element]) -> tuple[str, str]:
    """What follows an item's title, and its line of guidance. An element's serve an item that has none."""
    if item.guidance is not None or not item.speaks_to:
        return "", item.guidance or ""
    element = elements[item.speaks_to[0].element]
    if element.title.casefold() == item.title.casefold():
        return "", element.guidance
    return f" – {element.title[:1].lower()}{element.title[1:]}", element.guidance


def _write_bottom(sheet: Worksheet, plan: FormPlan) -> None:
    row, cell = plan.overall_row, plan.field_cell("overall_comment")
    style.put_text(
        sheet,
        plan.label_cell("overall_comment"),
        field_labels(plan.instrument)["overall_comment"],
        style.LABEL_FONT,
        style.RIGHT,
    )
    style.put_fill_in(sheet, f"{cell}:{plan.check_column}{row}", style.TOP, style.AS_TEXT)
    sheet.row_dimensions[row].height = 48
    for name in (*FACT_FIELDS, *CONSENSUS_FIELDS):
        style.put_text(sheet, plan.label_cell(name), field_labels(plan.instrument)[name], style.LABEL_FONT, style.RIGHT)
        style.put_fill_in(sheet, plan.field_cell(name), number_format=LOW_FORMATS.get(name, "General"))
    width = sum(sheet_widths(plan).values())
    lines = [
        *(_scale_words(s) for s in plan.instrument.scales),
        _mark_words(plan.instrument),
        f"{PURPOSE} {SCOPE}",
    ]
    for k, text in enumerate(lines):
        at = plan.legend_row + k
        sheet.merge_cells(f"{NUMBER}{at}:{plan.check_column}{at}")
        style.put_text(sheet, f"{NUMBER}{at}", text, style.SMALL_FONT, style.TOP)
        sheet.row_dimensions[at].height = 3 + 12 * style.lines_needed(text, width * 1.12)


def _scale_words(scale: Scale) -> str:
    return f"{scale.title}: {scale.question} {scale.range_words(' · ')}."


def _mark_words(instrument: Instrument) -> str:
    used = [
        mark
        for mark in MARK_WORDS
        if any(mark in instrument.marks(i, s) for i in instrument.items for s in instrument.scales)
    ]
    if not used:
        return "Leave a cell blank where nothing was rated."
    said = "; ".join(f"“{MARK_WORDS[mark]}”: {mark.meaning.split(';')[0]}" for mark in used)
    return f"Where there is no rating to give, say why. {said}."


def sheet_widths(plan: FormPlan) -> dict[str, float]:
    """Width of every visible column, in characters."""
    widths: dict[str, float] = {NUMBER: NUMBER_WIDTH, TITLE: LABEL_WIDTH, TITLE_END: TITLE_WIDTH}
    widths |= dict.fromkeys(plan.scale_columns.values(), SCALE_WIDTH)
    return widths | {
        plan.remark_column: REMARK_WIDTHS.get(len(plan.scale_columns), 24),
        plan.check_column: CHECK_WIDTH,
    }


def _finish(sheet: Worksheet, plan: FormPlan) -> None:
    for column, width in sheet_widths(plan).items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = f"{NUMBER}{HEADER_ROW + 1}"
    sheet.print_area = f"{NUMBER}{TITLE_ROW}:{plan.check_column}{plan.last_row}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    style.set_page(
        sheet,
        landscape=False,
        pages_high=_pages_high(sheet, plan),
        footer=f"{plan.instrument.name} – rating form",
    )
    style.protect(sheet)
    first = plan.field_cell("session_id")
    for selection in sheet.sheet_view.selection:
        selection.activeCell = selection.sqref = first


def _pages_high(sheet: Worksheet, plan: FormPlan) -> int:
    """One page where the form can still be read on one, else two."""
    rows = range(TITLE_ROW, plan.last_row + 1)
    points = sum(sheet.row_dimensions[row].height or DEFAULT_HEIGHT for row in rows)
    return 1 if points * SMALLEST_PRINT <= PAGE_HEIGHT else 2


def _name_instrument(workbook: Workbook, instrument: Instrument) -> None:
    properties = workbook.properties
    properties.title, properties.subject = f"Rating form {instrument.name}", instrument.title
    properties.creator, properties.keywords = "Session Fidelity", marker(instrument)
    properties.description = PURPOSE
    properties.language = instrument.language
    for name, value in (("instrument", instrument.id), ("instrument_version", instrument.version)):
        workbook.custom_doc_props.append(StringProperty(name=name, value=value))  # type: ignore[attr-defined]


def _column_number(letter: str) -> int:
    return ord(letter) - ord("A") + 1
