"""What makes a form answer while it is filled in: drop-downs, the counter, and the check beside each item.

The drop-down of a score offers the words of the scale, yet a rater may simply type the number. So the cell is
not closed to other entries; the check column and the cell itself say at once when an entry is not understood,
and that also finds what was pasted, which no drop-down would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from flows.errors import InstrumentWrong
from flows.forms.form_layout import (
    FACT_WORDS,
    MOST_OFFERED,
    SELECTION_WORDS,
    choices,
    fact_words,
    field_labels,
    is_field_required,
)
from flows.forms.form_plan import HEADER_ROW, LAST_MONTH, FormPlan
from flows.forms.form_style import LABEL_FONT, put_text
from schemas.codes import Modality, Role
from schemas.instrument import Item, Scale
from schemas.layout import FACT_FIELDS, FieldName

DATES: tuple[FieldName, ...] = ("session_on", "rated_on")
NOT_UNDERSTOOD = "check"
ALL_DONE = "nothing – all done"
FIRST_LIST_COLUMN = 2
EARLIEST = "DATE(1990,1,1)"


@dataclass(frozen=True, slots=True)
class ChoiceList:
    """A hidden column of the form's own sheet (so that it goes along when the sheet is copied)."""

    column: str
    first: int
    last_offered: int
    last_understood: int

    @property
    def offered(self) -> str:
        """What the drop-down shows."""
        return self._range(self.last_offered)

    @property
    def understood(self) -> str:
        """That, and bare numbers."""
        return self._range(self.last_understood)

    def _range(self, last: int) -> str:
        return f"${self.column}${self.first}:${self.column}${last}"


def add_rules(sheet: Worksheet, plan: FormPlan) -> None:
    """Write the drop-downs, the checks and the counter of a form."""
    lists = _write_lists(sheet, plan)
    for offered, cells in plan.cells_by_choices().items():
        if offered:
            _offer_scores(sheet, lists[offered], cells)
    for item in plan.instrument.items:
        wrong = [_not_understood(plan.score_cell(item.id, s.id), s, lists[o]) for s, o in _offers(plan, item.id)]
        for (scale, _), formula in zip(_offers(plan, item.id), wrong, strict=True):
            _colour_when(sheet, plan.score_cell(item.id, scale.id), f"{formula}=1", ink="9C1C1C", ground="F9D6D2")
        if wrong:
            sheet[plan.check_cell(item.id)] = _check_formula(plan, item, wrong)
    sheet[plan.field_cell(None)] = counter_formula(plan)
    done = f'LEFT({plan.field_cell(None)},7)="nothing"'
    _colour_when(sheet, plan.field_cell(None), done, ink="1E6B34", ground="DDF0E1")
    _guide_fields(sheet, plan, lists)
    _guide_consensus(sheet, plan)


def counter_formula(plan: FormPlan) -> str:
    """The formula that says how many required ratings and details are blank, and how many rows to check."""
    instrument = plan.instrument
    ratings = _blanks(_required_areas(plan))
    details = _blanks(plan.field_cell(n) for n in field_labels(instrument) if is_field_required(instrument, n))
    column = plan.check_column
    checks = f'COUNTIF({column}{HEADER_ROW + 1}:{column}{plan.last_item_row},"{NOT_UNDERSTOOD}")'
    words = (
        f'{ratings}&IF({ratings}=1," rating, "," ratings, ")&{details}&IF({details}=1," detail"," details")'
        f'&IF({checks}>0,", "&{checks}&" to check","")'
    )
    return f'=IF({ratings}+{details}+{checks}=0,"{ALL_DONE}",{words})'


def _required_areas(plan: FormPlan) -> Iterator[str]:
    """The areas in which nothing may be blank; cells that the instrument does not use say so, and are not blank."""
    rows = runs(plan.item_rows[i.id] for i in plan.instrument.items if i.required)
    columns = runs(ord(plan.scale_columns[s.id]) for s in plan.instrument.scales if s.required)
    for first, last in columns:
        yield from (f"{chr(first)}{a}:{chr(last)}{b}" for a, b in rows)


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of every unbroken run in ascending numbers."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def add_list(sheet: Worksheet, cells: Sequence[str], offered: str, title: str, prompt: str) -> None:
    """A drop-down that takes nothing else; its prompt is also the message when an entry is refused."""
    rule = DataValidation(type="list", formula1=offered, allow_blank=True, showErrorMessage=True, showInputMessage=True)
    _say(rule, title, prompt)
    _apply(sheet, rule, cells)


def add_limits(
    sheet: Worksheet,
    cells: Sequence[str],
    kind: Literal["date", "decimal", "whole", "textLength"],
    limits: tuple[str, str],
    title: str,
    prompt: str,
) -> None:
    """Only dates, numbers, or texts of a length, between two limits (formulas), with a prompt that says which."""
    rule = DataValidation(
        type=kind, operator="between", formula1=limits[0], formula2=limits[1],
        allow_blank=True, showErrorMessage=True, showInputMessage=True,
    )  # fmt: skip
    _say(rule, title, prompt)
    _apply(sheet, rule, cells)


def write_list(
    sheet: Worksheet, column: int, row: int, offered: Sequence[str], understood: Sequence[str | float] = ()
) -> ChoiceList:
    """Write one drop-down's entries into hidden rows, downwards from `row`."""
    letter = get_column_letter(column)
    for k, entry in enumerate((*offered, *understood)):
        cell = f"{letter}{row + k}"
        if isinstance(entry, str):
            put_text(sheet, cell, entry, LABEL_FONT)
        else:
            sheet[cell] = entry
        sheet.row_dimensions[row + k].hidden = True
    return ChoiceList(letter, row, row + len(offered) - 1, row + len(offered) + len(understood) - 1)


def _write_lists(sheet: Worksheet, plan: FormPlan) -> dict[tuple[str, ...], ChoiceList]:
    if any(scale.n_points > MOST_OFFERED for scale in plan.instrument.scales):
        raise InstrumentWrong(
            "A scale of this instrument has too many points for a drop-down. Describe a sheet by a layout."
        )
    points = {offered: scale.points for item in plan.instrument.items for scale, offered in _offers(plan, item.id)}
    wanted: list[tuple[tuple[str, ...], tuple[str | float, ...]]] = [
        # a typed 4.5 is compared as a text and as a number: its text depends on the decimal mark
        (offered, (*(f"{p:g}" for p in points[offered]), *points[offered]))
        for offered in plan.cells_by_choices()
    ]
    wanted += [(offered, ()) for offered in (tuple(Role), tuple(SELECTION_WORDS), *map(fact_words, FACT_FIELDS))]
    return {
        offered: write_list(sheet, FIRST_LIST_COLUMN + k, plan.lists_row, offered, understood)
        for k, (offered, understood) in enumerate(wanted)
    }


def _offers(plan: FormPlan, item_id: str) -> list[tuple[Scale, tuple[str, ...]]]:
    item = plan.instrument.item(item_id)
    return [(s, choices(plan.instrument, item, s)) for s in plan.instrument.scales if s.id in item.scales]


def _offer_scores(sheet: Worksheet, entries: ChoiceList, cells: Sequence[str]) -> None:
    _apply(
        sheet,
        DataValidation(type="list", formula1=entries.offered, allow_blank=True, showErrorMessage=False),
        cells,
    )


def _colour_when(sheet: Worksheet, cell: str, formula: str, ink: str, ground: str) -> None:
    look = DifferentialStyle(font=Font(bold=True, color=ink), fill=PatternFill(bgColor=ground))
    sheet.conditional_formatting.add(cell, Rule(type="expression", formula=[formula], dxf=look))


def _not_understood(cell: str, scale: Scale, entries: ChoiceList) -> str:
    """A formula that is 1 when a cell holds something that is neither offered nor a number that may be typed there."""
    known = f"SUMPRODUCT(({entries.understood}=TRIM({cell}))+({entries.understood}={cell}))"
    if not scale.is_picked:
        lowest, highest = _typed_limits(scale)
        known = f"({known}+ISNUMBER({cell})*({cell}>={lowest})*({cell}<={highest}))"
    return f'(({cell}<>"")*({known}=0))'


def _typed_limits(scale: Scale) -> tuple[str, str]:
    return (EARLIEST, "TODAY()") if scale.kind == "date" else (f"{scale.lowest:g}", f"{scale.highest:g}")


def _check_formula(plan: FormPlan, item: Item, wrong: Sequence[str]) -> str:
    needed = [plan.score_cell(item.id, s.id) for i, s in plan.instrument.required_cells if i is item]
    is_done = f"{_blanks(needed)}=0" if needed else "TRUE"
    return f'=IF({"+".join(wrong)}>0,"{NOT_UNDERSTOOD}",IF({is_done},"✓",""))'


def _blanks(areas: Iterable[str]) -> str:
    return "(" + ("+".join(f"COUNTBLANK({area})" for area in areas) or "0") + ")"


def _guide_fields(sheet: Worksheet, plan: FormPlan, lists: dict[tuple[str, ...], ChoiceList]) -> None:
    session_on = plan.field_cell("session_on")
    roles = "; ".join(f"{role}: {role.meaning}" for role in Role)
    add_list(sheet, [plan.field_cell("role")], lists[tuple(Role)].offered, "Your role", f"{roles}.")
    if plan.instrument.unit == "case":
        add_limits(
            sheet, [plan.field_cell("assessment_point")], "whole", ("1", str(LAST_MONTH)), "Month of treatment",
            "In which month of the treatment this is assessed, such as 6.",
        )  # fmt: skip
    else:
        add_list(
            sheet, [plan.field_cell("selection")], lists[tuple(SELECTION_WORDS)].offered, "How it was chosen",
            "How did this session come to be rated? Choose from the list.",
        )  # fmt: skip
    for name in FACT_FIELDS:
        said = "; ".join(f"{word.value.replace('_', ' ')}: {word.meaning}" for word in FACT_WORDS[name])
        add_list(
            sheet, [plan.field_cell(name)], lists[fact_words(name)].offered, field_labels(plan.instrument)[name],
            f"If you know it. {said}.",
        )  # fmt: skip
    if plan.instrument.modality is Modality.GROUP:
        add_limits(
            sheet, [plan.field_cell("therapist_id")], "textLength", ("1", "200"), "Therapist ids",
            "Every therapist of the session, with a comma between them, such as T-07, T-12.",
        )  # fmt: skip
    dated = "Year-month-day, such as 2026-03-24"
    add_limits(sheet, [session_on], "date", (EARLIEST, "TODAY()"), "Session date", f"{dated}; not in the future.")
    after_session = f"MAX({EARLIEST},N({session_on}))"
    add_limits(
        sheet, [plan.field_cell("rated_on")], "date", (after_session, "TODAY()"),
        "Rated on", f"{dated}; not before the session and not in the future.",
    )  # fmt: skip
    add_limits(
        sheet, [plan.field_cell("revision")], "whole", ("1", "999"), "Revision",
        "1 for your first version. If you send this form again with corrections, make it 2, then 3 …",
    )  # fmt: skip


def _guide_consensus(sheet: Worksheet, plan: FormPlan) -> None:
    labels = field_labels(plan.instrument)
    said: dict[FieldName, str] = {
        "settles": "Only for a consensus: ids of the raters whose ratings it settles, with commas between. "
        "Blank: all observers' ratings of this session.",
        "signed_by": "Only for a consensus: id of the supervisor who signs it off as it stands. A change needs a new signature.",
    }
    for name, prompt in said.items():
        add_limits(sheet, [plan.field_cell(name)], "textLength", ("0", "200"), labels[name], prompt)
    latest = ",".join(f"N({plan.field_cell(name)})" for name in DATES)
    add_limits(
        sheet, [plan.field_cell("signed_on")], "date", (f"MAX({EARLIEST},{latest})", "TODAY()"), labels["signed_on"],
        "Only for a consensus: when the supervisor signed, year-month-day; not before the consensus was rated.",
    )  # fmt: skip


def _say(rule: DataValidation, title: str, prompt: str) -> None:
    rule.promptTitle, rule.errorTitle = title[:32], title[:32]  # what the file format holds
    rule.prompt, rule.error = prompt[:255], prompt[:225]


def _apply(sheet: Worksheet, rule: DataValidation, cells: Sequence[str]) -> None:
    for cell in cells:
        rule.add(cell)
    sheet.add_data_validation(rule)
