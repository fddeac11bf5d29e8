"""A big lab for the benchmark: thousands of filled rating forms and the roster they go with.

One real form is written and its cells to fill are found in the sheet's XML; every other form is that XML with other
words in those cells. Writing each with openpyxl would take an hour.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import openpyxl

from flows.forms.form_layout import MARK_WORDS, choices
from flows.forms.form_plan import FormPlan
from flows.forms.rating_form import write_form
from schemas.catalog import Catalog
from schemas.instrument import Instrument
from schemas.layout import FieldName

INSTRUMENT = "mbt-session"
FIELDS: tuple[FieldName, ...] = (
    "session_id", "session_on", "therapist_id", "patient_id", "rater_id", "rated_on", "selection"
)  # fmt: skip
RATED_SHEET = "xl/worksheets/sheet1.xml"
NIGHT_ON = date(2026, 7, 1)
N_THERAPISTS, N_RATERS, N_SUPERVISORS, N_TEAMS = 200, 40, 20, 10
PATIENTS_EACH, SESSION_DAYS = 5, 600
SHARE_MARKED, SHARE_REMARKED = 0.08, 0.1  # of the cells; of the items
CHOSEN = "at random"
REMARK = "Stayed with the patient's own words; see minute {}."
MARKS = frozenset(MARK_WORDS.values())


@dataclass(frozen=True, slots=True)
class Template:
    """A form cut at its cells to fill: `parts[k]` stands before the cell named `cells[k]`, the last part after all."""

    parts: tuple[str, ...]
    cells: tuple[str, ...]
    rest: bytes  # the other members of the workbook, as a zip file

    def fill(self, texts: dict[str, str]) -> bytes:
        """The workbook with these texts in its cells."""
        filled = [part + texts.get(cell, "") for part, cell in zip(self.parts, self.cells, strict=False)]
        packed = io.BytesIO(self.rest)
        with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as form:
            form.writestr(RATED_SHEET, "".join([*filled, self.parts[-1]]))
        return packed.getvalue()


def make_lab(home: Path, catalog: Catalog, n_forms: int) -> None:
    """Fill a home with a roster and `n_forms` forms in its inbox: two raters a session, the same forms every time."""
    instrument = catalog.latest(INSTRUMENT)
    inbox = home / "raw" / "inbox"
    inbox.mkdir(parents=True)
    _write_roster(home / "raw")
    plan = FormPlan(instrument)
    template = _cut(home, catalog, instrument, plan)
    for number, texts in enumerate(_fillings(instrument, plan, n_forms)):
        folder = inbox / f"{number % N_TEAMS:02}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number:05}.xlsx").write_bytes(template.fill(texts))


def _write_roster(raw: Path) -> None:
    therapists = [f"T-{t:03},team-{t % N_TEAMS:02},S-{t % N_SUPERVISORS:02}" for t in range(N_THERAPISTS)]
    raters = [f"R-{r:02},team-{r % N_TEAMS:02}," for r in range(N_RATERS)]
    (raw / "therapists.csv").write_text("\n".join(["therapist_id,team,supervisor_id", *therapists]))
    (raw / "raters.csv").write_text("\n".join(["rater_id,team,also_written", *raters]))


def _cut(home: Path, catalog: Catalog, instrument: Instrument, plan: FormPlan) -> Template:
    """Write a form with every cell's own name in it, and cut its XML at those names."""
    path = home / "template.xlsx"
    write_form(instrument, catalog.elements_of(instrument), path)
    workbook = openpyxl.load_workbook(path)
    for cell in _cells_to_fill(instrument, plan):
        workbook.worksheets[0][cell] = f"@@{cell}@@"
    workbook.save(path)
    with zipfile.ZipFile(path) as form:
        members = {name: form.read(name) for name in form.namelist()}
    path.unlink()
    return _cut_members(members)


def _cut_members(members: dict[str, bytes]) -> Template:
    # openpyxl saves a loaded workbook's texts in one shared table; the names found there go back into the sheet.
    shared = re.findall(r"<si>(.*?)</si>", members.get("xl/sharedStrings.xml", b"").decode(), re.DOTALL)
    texts = {str(n): text for n, text in enumerate(shared) if "@@" in text}
    sheet = re.sub(
        r'<c r="([A-Z]+\d+)"([^>]*) t="s"([^>]*)><v>(\d+)</v></c>',
        lambda c: f'<c r="{c[1]}"{c[2]} t="inlineStr"{c[3]}><is>{texts[c[4]]}</is></c>' if c[4] in texts else c[0],
        members.pop(RATED_SHEET).decode(),
    )
    pieces = re.split(r"@@([A-Z]+\d+)@@", sheet)
    rest = io.BytesIO()
    with zipfile.ZipFile(rest, "w", zipfile.ZIP_DEFLATED) as others:
        for name, content in members.items():
            others.writestr(name, content)
    return Template(tuple(pieces[::2]), tuple(pieces[1::2]), rest.getvalue())


def _cells_to_fill(instrument: Instrument, plan: FormPlan) -> Iterator[str]:
    for field in FIELDS:
        yield plan.field_cell(field)
    for item in instrument.items:
        yield from (plan.score_cell(item.id, scale) for scale in item.scales)
        yield plan.remark_cell(item.id)


def _fillings(instrument: Instrument, plan: FormPlan, n_forms: int) -> Iterator[dict[str, str]]:
    """What stands in the cells of each form; a therapist's sessions have about her own level."""
    chance = random.Random(20260701)
    level = [chance.gauss(4.2, 0.9) for _ in range(N_THERAPISTS)]
    for number in range(n_forms):
        session, second = divmod(number, 2)
        therapist = session % N_THERAPISTS
        patient = therapist * PATIENTS_EACH + session // N_THERAPISTS % PATIENTS_EACH
        rater = (session * 7 + second * (1 + session % (N_RATERS - 1))) % N_RATERS
        held_on = NIGHT_ON - timedelta(days=1 + session * 13 % SESSION_DAYS)
        about = (f"S-{session:05}", held_on, f"T-{therapist:03}", f"P-{patient:04}", f"R-{rater:02}", NIGHT_ON, CHOSEN)
        fields = {plan.field_cell(name): str(text) for name, text in zip(FIELDS, about, strict=True)}
        yield fields | _ratings(instrument, plan, chance, level[therapist])


def _ratings(instrument: Instrument, plan: FormPlan, chance: random.Random, level: float) -> dict[str, str]:
    texts = {}
    for item in instrument.items:
        for scale in instrument.scales:
            words = choices(instrument, item, scale)
            marks = [word for word in words if word in MARKS and word != "not delivered"]
            points = [word for word in words if word not in MARKS]
            nearest = min(max(round(chance.gauss(level, 1)), 1), len(points)) - 1
            texts[plan.score_cell(item.id, scale.id)] = (
                chance.choice(marks) if chance.random() < SHARE_MARKED else points[nearest]
            )
        if chance.random() < SHARE_REMARKED:
            texts[plan.remark_cell(item.id)] = REMARK.format(chance.randrange(50))
    return texts
