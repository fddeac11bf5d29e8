"""Where everything stands on a rating form: rows and columns only, no look and no workbook.

row 1       marker (hidden)
row 2       title
rows 3-7    about the session and the rating, two fields a row, and the counter
row 8       hint, and what each scale asks
row 9       header
rows 10-    a band where a new domain begins, a row an item
below       overall remark, facts of the session, consensus, how to rate, purpose; then, hidden, what the drop-downs offer
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from flows.forms.form_layout import choices
from schemas.instrument import Domain, Instrument, Item, Scale
from schemas.layout import FieldName

MARKER_ROW, TITLE_ROW, FIELDS_ROW, QUESTION_ROW, HEADER_ROW = 1, 2, 3, 8, 9
LEFT_FIELDS: tuple[FieldName, ...] = ("session_id", "therapist_id", "rater_id", "rated_on", "selection")
LAST_MONTH = 60  # of a case's treatment, as the form takes it
CASE_FIELDS: tuple[FieldName, ...] = ("session_id", "therapist_id", "rater_id", "rated_on", "assessment_point")
RIGHT_FIELDS: tuple[FieldName, ...] = ("session_on", "patient_id", "role", "revision")
LOW_PLACES: dict[FieldName, tuple[str, int]] = {  # column, and rows below the overall remark
    "phase": ("B", 1), "diagnosis": ("B", 2), "setting": ("D", 1),
    "settles": ("D", 2), "signed_by": ("B", 3), "signed_on": ("D", 3),
}  # fmt: skip
NUMBER, TITLE, TITLE_END, FIRST_SCALE = "A", "B", "C", 4


@dataclass(frozen=True, slots=True)
class FormPlan:
    """The places of one instrument's form. Columns are letters, rows are numbers."""

    instrument: Instrument
    item_rows: dict[str, int] = field(init=False)
    bands: dict[int, Domain] = field(init=False)  # row -> domain that begins there

    def __post_init__(self) -> None:
        item_rows: dict[str, int] = {}
        bands: dict[int, Domain] = {}
        row, last = HEADER_ROW + 1, None
        for item, domain in _with_domains(self.instrument):
            if domain is not None and domain is not last:
                bands[row], row, last = domain, row + 1, domain
            item_rows[item.id], row = row, row + 1
        object.__setattr__(self, "item_rows", item_rows)
        object.__setattr__(self, "bands", bands)

    @property
    def scale_columns(self) -> dict[str, str]:
        """Column of each scale."""
        return {s.id: get_column_letter(FIRST_SCALE + k) for k, s in enumerate(self.instrument.scales)}

    @property
    def remark_column(self) -> str:
        """Column of the remarks."""
        return get_column_letter(FIRST_SCALE + len(self.instrument.scales))

    @property
    def check_column(self) -> str:
        """Column that ticks off what is filled in; the last that is seen."""
        return get_column_letter(FIRST_SCALE + len(self.instrument.scales) + 1)

    @property
    def last_item_row(self) -> int:
        """Row of the last item."""
        return max(self.item_rows.values())

    @property
    def overall_row(self) -> int:
        """Row of the overall remark."""
        return self.last_item_row + 2

    @property
    def legend_row(self) -> int:
        """First of the rows that say how to rate: one a scale, one for the marks, then purpose and scope."""
        return self.overall_row + 4

    @property
    def last_row(self) -> int:
        """Last row that is seen and printed."""
        return self.legend_row + len(self.instrument.scales) + 1

    @property
    def lists_row(self) -> int:
        """First of the hidden rows that hold what the drop-downs offer."""
        return self.last_row + 2

    def label_cell(self, name: FieldName | None) -> str:
        """Cell of a field's label; None is the counter, in the place of the last field on the right."""
        if name == "overall_comment":
            return f"{TITLE}{self.overall_row}"
        if name in LOW_PLACES:
            column, row = LOW_PLACES[name]
            return f"{column}{self.overall_row + row}"
        if name in self._left_fields:
            return f"{TITLE}{FIELDS_ROW + self._left_fields.index(name)}"
        place = len(RIGHT_FIELDS) if name is None else RIGHT_FIELDS.index(name)
        return f"{get_column_letter(FIRST_SCALE)}{FIELDS_ROW + place}"

    def field_cell(self, name: FieldName | None) -> str:
        """Cell that holds a field: the one to the right of its label."""
        label = self.label_cell(name)
        return f"{chr(ord(label[0]) + 1)}{label[1:]}"

    @property
    def _left_fields(self) -> tuple[FieldName, ...]:
        return CASE_FIELDS if self.instrument.unit == "case" else LEFT_FIELDS

    def score_cell(self, item_id: str, scale_id: str) -> str:
        """Cell of one item on one scale."""
        return f"{self.scale_columns[scale_id]}{self.item_rows[item_id]}"

    def remark_cell(self, item_id: str) -> str:
        """Cell of an item's remark."""
        return f"{self.remark_column}{self.item_rows[item_id]}"

    def check_cell(self, item_id: str) -> str:
        """Cell that ticks an item off."""
        return f"{self.check_column}{self.item_rows[item_id]}"

    def used_cells(self) -> Iterator[tuple[Item, Scale, str]]:
        """Every cell that takes a rating: item, scale, cell. By design unused ones are not among them."""
        for item in self.instrument.items:
            for scale in self.instrument.scales:
                if scale.id in item.scales:
                    yield item, scale, self.score_cell(item.id, scale.id)

    def cells_by_choices(self) -> dict[tuple[str, ...], list[str]]:
        """Cells that share a drop-down, under what it offers; in the order of the form."""
        cells: dict[tuple[str, ...], list[str]] = {}
        for item, scale, cell in self.used_cells():
            cells.setdefault(choices(self.instrument, item, scale), []).append(cell)
        return cells


def _with_domains(instrument: Instrument) -> list[tuple[Item, Domain | None]]:
    """Items with the domain they speak to; no domains when all are of one, or some are of none."""
    domain_of = {e.id: e.domain for e in instrument.elements}
    domains = {d.id: d for d in instrument.domains}
    own = [next((domain_of[s.element] for s in i.speaks_to if s.element in domain_of), None) for i in instrument.items]
    if None in own or len(set(own)) < 2:
        return [(item, None) for item in instrument.items]
    return [(item, domains[d]) for item, d in zip(instrument.items, own, strict=True) if d is not None]
