"""The timeline: an optional sheet of the rating form on which a rater follows a session as it goes.

Only for instruments with an ordered domain. The order is described, never scored.
"""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flows.forms import form_style as style
from flows.forms.form_layout import EVENT_HEADERS, RATING_SHEET, TIMELINE_SHEET, event_word, step_words
from flows.forms.form_plan import FormPlan
from flows.forms.form_rules import add_limits, add_list, write_list
from schemas.codes import PURPOSE, Described
from schemas.layout import EventField
from schemas.timeline_codes import Arousal, Followed, Intervention, Mode

N_LINES = 22
TITLE_ROW, HINT_ROW, HEADER_ROW = 1, 2, 4
FIRST_LINE, LAST_LINE = HEADER_ROW + 1, HEADER_ROW + N_LINES
LEGEND_ROW = LAST_LINE + 2
WIDTHS: dict[EventField, int] = {
    "episode": 11, "minute": 9, "step": 20, "mode": 19, "arousal": 13, "intervention": 15, "followed": 18, "note": 40,
}  # fmt: skip
COLUMNS: dict[str, EventField] = dict(zip("ABCDEFGH", WIDTHS, strict=True))
NOTE = "H"
WORDS: dict[EventField, type[Described]] = {
    "mode": Mode,
    "arousal": Arousal,
    "intervention": Intervention,
    "followed": Followed,
}
LEGEND_LINES = len(WORDS) + 2  # … the example, and the purpose
LISTS_ROW = LEGEND_ROW + LEGEND_LINES + 1
HINT = (
    "If you like: a line for each moment worth finding again. An episode is one run through the steps; give a new number when "
    "a new one begins, a blank goes on with the one above. Steps may come in any order, more than once or not at all; "
    "nothing here is scored."
)
EXAMPLE = (
    "Example – episode 1, minute 12, {step}, psychic equivalence, flooding, supportive, no change: at minute 12 the therapist "
    "named the mode, the patient was flooded, support was given and nothing moved."
)


def add_timeline(workbook: Workbook, plan: FormPlan) -> None:
    """Add the timeline sheet when the instrument has an ordered domain."""
    steps = step_words(plan.instrument)
    if not steps:
        return
    sheet = workbook.create_sheet(TIMELINE_SHEET)
    _write_head(sheet, plan)
    _write_lines(sheet)
    _add_lists(sheet, steps)
    _write_legend(sheet, steps)
    for column, name in COLUMNS.items():
        sheet.column_dimensions[column].width = WIDTHS[name]
    sheet.freeze_panes = f"A{FIRST_LINE}"
    sheet.print_area = f"A{TITLE_ROW}:{NOTE}{LEGEND_ROW + LEGEND_LINES - 1}"
    style.set_page(sheet, landscape=True, pages_high=1, footer=f"{plan.instrument.name} – timeline")
    style.protect(sheet)
    for selection in sheet.sheet_view.selection:
        selection.activeCell = selection.sqref = f"A{FIRST_LINE}"


def _write_head(sheet: Worksheet, plan: FormPlan) -> None:
    sheet.merge_cells(f"A{TITLE_ROW}:G{TITLE_ROW}")
    style.put_text(sheet, f"A{TITLE_ROW}", "Timeline of the session", style.TITLE_FONT)
    session = f"'{RATING_SHEET}'!{plan.field_cell('session_id')}"
    sheet[f"{NOTE}{TITLE_ROW}"] = f'=IF({session}="","","Session "&{session})'
    sheet[f"{NOTE}{TITLE_ROW}"].font, sheet[f"{NOTE}{TITLE_ROW}"].alignment = style.COUNTER_FONT, style.RIGHT
    sheet.row_dimensions[TITLE_ROW].height = 28
    sheet.merge_cells(f"A{HINT_ROW}:{NOTE}{HINT_ROW}")
    style.put_text(sheet, f"A{HINT_ROW}", HINT, style.SMALL_ITALIC)
    sheet.row_dimensions[HINT_ROW].height = 3 + 12 * style.lines_needed(HINT, 165)
    style.put_text(sheet, f"A{HINT_ROW + 1}", f"session-fidelity timeline {plan.instrument.name}", style.SMALL_FONT)
    sheet.row_dimensions[HINT_ROW + 1].hidden = True
    for column, name in COLUMNS.items():
        style.put_text(sheet, f"{column}{HEADER_ROW}", EVENT_HEADERS[name], style.HEADER_FONT, style.LEFT, style.DEEP)
    sheet.row_dimensions[HEADER_ROW].height = 21


def _write_lines(sheet: Worksheet) -> None:
    for row in range(FIRST_LINE, LAST_LINE + 1):
        for column in COLUMNS:
            number_format = style.AS_TEXT if column == NOTE else "General"
            style.put_fill_in(sheet, f"{column}{row}", style.CENTRE if column in "AB" else style.LEFT, number_format)
        sheet.row_dimensions[row].height = 19
    episodes = "1 for the first run through the steps, 2 for the next; blank: the one above goes on."
    add_limits(sheet, [f"A{FIRST_LINE}:A{LAST_LINE}"], "whole", ("1", "99"), "Episode", episodes)
    minutes = "Minutes from the beginning of the recording, such as 12 or 12.5."
    add_limits(sheet, [f"B{FIRST_LINE}:B{LAST_LINE}"], "decimal", ("0", "600"), "Minute", minutes)


def _add_lists(sheet: Worksheet, steps: tuple[str, ...]) -> None:
    offers = {"step": steps, **{name: tuple(map(event_word, words)) for name, words in WORDS.items()}}
    for k, (column, name) in enumerate((c, n) for c, n in COLUMNS.items() if n in offers):
        entries = write_list(sheet, 2 + k, LISTS_ROW, offers[name])
        prompt = "Choose from the list, or leave it blank. More can be said in the note."
        add_list(sheet, [f"{column}{FIRST_LINE}:{column}{LAST_LINE}"], entries.offered, EVENT_HEADERS[name], prompt)


def _write_legend(sheet: Worksheet, steps: tuple[str, ...]) -> None:
    lines = [
        f"{EVENT_HEADERS[name]} – " + "; ".join(f"{event_word(w)}: {w.meaning}" for w in words) + "."
        for name, words in WORDS.items()
    ]
    example = EXAMPLE.format(step=steps[min(2, len(steps) - 1)])
    for k, text in enumerate([*lines, example, PURPOSE]):
        row = LEGEND_ROW + k
        sheet.merge_cells(f"A{row}:{NOTE}{row}")
        style.put_text(sheet, f"A{row}", text, style.SMALL_FONT, style.TOP)
        sheet.row_dimensions[row].height = 3 + 12 * style.lines_needed(text, 165)
