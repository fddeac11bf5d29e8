"""The timeline: an optional sheet of the rating form on which a rater follows a session as it goes.

Only for instruments with an ordered domain. The order is described, never scored.
"""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.forms import form_style as style
from flows.forms.form_layout import RATING_SHEET, TIMELINE_SHEET
from flows.forms.form_plan import FormPlan
from flows.forms.form_rules import add_limits, add_list, write_list
from schemas.codes import PURPOSE, Described
from schemas.instrument import Instrument

N_LINES = 22
TITLE_ROW, HINT_ROW, HEADER_ROW = 1, 2, 4
FIRST_LINE, LAST_LINE = HEADER_ROW + 1, HEADER_ROW + N_LINES
LEGEND_ROW = LAST_LINE + 2
LISTS_ROW = LEGEND_ROW + 5
COLUMNS = {
    "A": ("Minute", 9),
    "B": ("Step", 22),
    "C": ("Mode", 22),
    "D": ("Arousal", 14),
    "E": ("What followed", 20),
    "F": ("Note", 54),
}


class Mode(Described):
    """Non-mentalizing modes."""

    PSYCHIC_EQUIVALENCE = "psychic equivalence", "what is in the mind is taken for fact"
    PRETEND = "pretend", "thought cut loose from reality, nothing shifts"
    TELEOLOGICAL = "teleological", "only what is done counts"


class Arousal(Described):
    """How aroused the patient is."""

    FLAT = "flat", "too little for feeling to be there"
    REGULATED = "regulated", "feeling is there and can be thought about"
    FLOODING = "flooding", "too much to think"


class Followed(Described):
    """What an intervention was followed by."""

    BACK = "mentalizing back", "the patient mentalizes again"
    NO_CHANGE = "no change", "nothing moved"
    LOST_FURTHER = "lost further", "less mentalizing than before"


def step_words(instrument: Instrument) -> tuple[str, ...]:
    """Steps of the instrument's ordered domains, as `1 – Joint focus`; none when it has no ordered domain."""
    ordered = {d.id for d in instrument.domains if d.ordered}
    named = {s.element: i.title for i in reversed(instrument.items) for s in i.speaks_to}
    steps = [named.get(e.id, e.title) for e in instrument.elements if e.domain in ordered]
    return tuple(f"{k} – {title}" for k, title in enumerate(steps, 1))


def add_timeline(workbook: Workbook, plan: FormPlan) -> None:
    """Add the timeline sheet when the instrument has an ordered domain."""
    steps = step_words(plan.instrument)
    if not steps:
        return
    sheet = workbook.create_sheet(TIMELINE_SHEET)
    _write_head(sheet, plan)
    _write_lines(sheet)
    _add_lists(sheet, steps)
    _write_legend(sheet)
    for column, (_, width) in COLUMNS.items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = f"A{FIRST_LINE}"
    sheet.print_area = f"A{TITLE_ROW}:F{LEGEND_ROW + 3}"
    style.set_page(sheet, landscape=True, pages_high=1, footer=f"{plan.instrument.name} – timeline")
    style.protect(sheet)
    for selection in sheet.sheet_view.selection:
        selection.activeCell = selection.sqref = f"A{FIRST_LINE}"


def _write_head(sheet: Worksheet, plan: FormPlan) -> None:
    sheet.merge_cells(f"A{TITLE_ROW}:E{TITLE_ROW}")
    style.put_text(sheet, f"A{TITLE_ROW}", "Timeline of the session", style.TITLE_FONT)
    session = f"'{RATING_SHEET}'!{plan.field_cell('session_id')}"
    sheet[f"F{TITLE_ROW}"] = f'=IF({session}="","","Session "&{session})'
    sheet[f"F{TITLE_ROW}"].font, sheet[f"F{TITLE_ROW}"].alignment = style.COUNTER_FONT, style.RIGHT
    sheet.row_dimensions[TITLE_ROW].height = 28
    sheet.merge_cells(f"A{HINT_ROW}:F{HINT_ROW}")
    hint = (
        "If you like: a line for each moment worth finding again. Steps may come in any order, more than "
        "once or not at all; nothing here is scored."
    )
    style.put_text(sheet, f"A{HINT_ROW}", hint, style.SMALL_ITALIC)
    style.put_text(sheet, f"A{HINT_ROW + 1}", f"session-fidelity timeline {plan.instrument.name}", style.SMALL_FONT)
    sheet.row_dimensions[HINT_ROW + 1].hidden = True
    for column, (title, _) in COLUMNS.items():
        style.put_text(sheet, f"{column}{HEADER_ROW}", title, style.HEADER_FONT, style.LEFT, style.DEEP)
    sheet.row_dimensions[HEADER_ROW].height = 21


def _write_lines(sheet: Worksheet) -> None:
    for row in range(FIRST_LINE, LAST_LINE + 1):
        for column in COLUMNS:
            number_format = style.AS_TEXT if column == "F" else "General"
            style.put_fill_in(sheet, f"{column}{row}", style.CENTRE if column == "A" else style.LEFT, number_format)
        sheet.row_dimensions[row].height = 19
    cells = [f"A{FIRST_LINE}:A{LAST_LINE}"]
    add_limits(
        sheet,
        cells,
        "decimal",
        ("0", "600"),
        "Minute",
        "Minutes from the beginning of the recording, such as 12 or 12.5.",
    )


def _add_lists(sheet: Worksheet, steps: tuple[str, ...]) -> None:
    offers = {"B": steps, "C": tuple(Mode), "D": tuple(Arousal), "E": tuple(Followed)}
    for k, (column, offered) in enumerate(offers.items()):
        entries = write_list(sheet, 2 + k, LISTS_ROW, offered)
        title = COLUMNS[column][0]
        cells = [f"{column}{FIRST_LINE}:{column}{LAST_LINE}"]
        add_list(
            sheet,
            cells,
            entries.offered,
            title,
            "Choose from the list, or leave it blank. More can be said in the note.",
        )


def _write_legend(sheet: Worksheet) -> None:
    kinds: tuple[tuple[str, type[Described]], ...] = (
        ("Mode", Mode),
        ("Arousal", Arousal),
        ("What followed", Followed),
    )
    lines = [f"{title} – " + "; ".join(f"{m}: {m.meaning}" for m in kind) + "." for title, kind in kinds]
    for k, text in enumerate([*lines, PURPOSE]):
        row = LEGEND_ROW + k
        sheet.merge_cells(f"A{row}:F{row}")
        style.put_text(sheet, f"A{row}", text, style.SMALL_FONT, style.TOP)
        sheet.row_dimensions[row].height = 3 + 12 * style.lines_needed(text, 165)
