"""Filling in a form as a rater would: by cell, in a copy of the workbook that `write_form` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from openpyxl import load_workbook

from flows.forms.form_layout import RATING_SHEET
from flows.forms.form_plan import FormPlan
from schemas.instrument import Instrument
from schemas.layout import FieldName

Entry = str | int | float | date


def fill_form(
    blank: Path,
    instrument: Instrument,
    out: Path,
    fields: Mapping[FieldName, Entry],
    scores: Mapping[tuple[str, str], Entry],
    remarks: Mapping[str, str] | None = None,
) -> None:
    """Save a filled copy of a form: fields by name, scores by (item, scale), remarks by item."""
    plan = FormPlan(instrument)
    workbook = load_workbook(blank, rich_text=True)
    sheet = workbook[RATING_SHEET]
    entries: dict[str, Entry] = {plan.field_cell(name): entry for name, entry in fields.items()}
    entries |= {plan.score_cell(item, scale): entry for (item, scale), entry in scores.items()}
    entries |= {plan.remark_cell(item): remark for item, remark in (remarks or {}).items()}
    for cell, entry in entries.items():
        if sheet[cell].protection.locked:
            raise ValueError(f"{cell} is locked; a rater could not fill it in")
        sheet[cell].value = entry
        if isinstance(entry, str):
            sheet[cell].data_type = "s"
    workbook.save(out)
