"""The sheets of `raw/examples/modules`: what stands on each, and how the forms among them are filled in.

`python -m tests.support.module_lab` writes those sheets anew. They are stored as a lab would send them; a test reads them back
and holds them against the entries below. The logs of events are csv files written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import load_workbook

from flows.forms.rating_form import write_form
from schemas.catalog import Catalog, load_catalog
from tests.forms.filling import Entry, fill_form

MODULES = Path(__file__).resolve().parents[2] / "raw" / "examples" / "modules"
NIGHT1, NIGHT2 = MODULES / "night1", MODULES / "night2"

# session, date, therapist, patient, rater, phase, diagnosis, setting; adherence and competence of every element, in order
SESSIONS = """
S-501 | 2026-06-03 | T-51 | P-51 | R-5 | early  | bpd | outpatient | 5 5 5 4 6 3 4 5 5 4 4 6 5 | 4 5 4 4 5 3 4 4 5 4 4 5 5
S-501 | 2026-06-03 | T-51 | P-51 | R-6 | early  | bpd | outpatient | 4 5 4 4 6 3 NO 5 5 3 4 5 3 | 4 4 4 4 5 2 NO 4 5 3 4 5 3
S-502 | 2026-06-09 | T-52 | P-52 | R-5 | middle | ptsd | online | 6 6 5 5 6 5 5 4 6 5 5 6 5 | 5 6 5 5 6 5 4 4 6 5 5 5 5
S-503|2026-05-27|T-51|P-54| R-6 | assessment | depression | outpatient | 4 4 4 3 5 3 3 4 4 2 3 4 3 | 4 4 3 3 5 3 3 4 4 2 3 4 2
"""
LATER_SESSIONS = """
S-504 | 2026-06-29 | T-52 | P-52 | R-5 | middle | ptsd | online | 6 5 5 5 6 5 5 5 6 5 NO 6 5 | 5 5 5 5 6 5 4 5 6 5 NO 5 5
"""

Scores = Mapping[str, str]  # item -> what stands on its scales, in their order; `-` leaves a cell blank
GROUP = "humility not_knowing differences legitimising enquiry says_unclear own_misunderstanding alternatives arousal_held turns "
GROUP += "shared_focus external_events group_events care authority norms co_therapists carrying"
RELATIONSHIP = (
    "transference_validated triggers_explored own_part_accepted collaboration alternative_offered reaction_monitored"
)


def alike(items: str, said: str) -> dict[str, str]:
    """The same entries for several items."""
    return dict.fromkeys(items.split(), said)


NUMBERED = " ".join(f"aqs_{n:02d}" for n in range(1, 20))
CASE_MONTHS: Mapping[int, Scores] = {
    1: {
        "formulation": "no - -", "risk_assessment": "yes 1 2025-01-15", "crisis_plan": "no - -",
        "individual_weekly": "yes 2025-01-13", "group_weekly": "no -", "psychiatric_care": "yes 2025-01-13",
        "team_supervision": "yes 2025-01-13",
    },
    6: {
        "formulation": "yes 5 2025-02-12", "risk_assessment": "yes 1 2025-01-15", "crisis_plan": "yes 9 2025-03-12",
        "individual_weekly": "yes 2025-01-13", "group_weekly": "yes 2025-03-03", "psychiatric_care": "yes 2025-01-13",
        "team_supervision": "unjudgeable -",
    },
    18: {
        "formulation": "yes 5 2025-02-12", "risk_assessment": "yes 1 2025-01-15", "crisis_plan": "yes 9 2025-03-12",
        "individual_weekly": "no -", "group_weekly": "yes 2025-03-03", "psychiatric_care": "yes 2025-01-13",
        "team_supervision": "yes 2025-01-13",
    },
}  # fmt: skip
ASSESSED = {1: date(2025, 1, 31), 6: date(2025, 6, 30), 18: date(2026, 6, 30)}
TECHNIQUES: Scores = {
    "supportive": "5", "clarifying": "4", "challenge": "6", "affect": "4", "affect_focus": "2", "relational": "5",
    **alike("simple affect_led mind_not_behaviour current active", "4 5"), **alike("own_mind_as_model own_mentalizing", "3 3"),
    "transference_validated": "5 4", "triggers_explored": "4 4", "own_part_accepted": "1 not_delivered", "collaboration": "4 3",
    "alternative_offered": "5 3", "reaction_monitored": "2 2", "contingent": "4 4", "marked": "5 4",
    "stop_and_rewind": "no_opportunity no_opportunity",
    "self_other": "2 1", "cognitive_affective": "1 2", "internal_external": "0 no_opportunity", "implicit_explicit": "3 0",
    "psychic_equivalence": "5", "pretend": "2", "teleological": "1",
}  # fmt: skip
TIMELINE = (  # of the form of S-505: a line an event
    {"A": 1, "B": 4, "C": "1 – Joint focus"},
    {"B": 9.5, "C": "2 – Arousal", "E": "regulated"},
    {"B": 14, "C": "3 – Mode", "D": "pretend", "F": "affect", "G": "no change"},
    {"B": 17, "C": "4 – Validation", "G": "mentalizing back", "H": "the first time she laughed"},
)
WORDS = {"no_opportunity": "no opportunity", "unjudgeable": "could not judge", "not_delivered": "not delivered"}


def forms() -> Mapping[str, tuple[str, dict[str, Entry], Scores]]:
    """File name -> instrument, fields and scores of every form of the first night."""
    pair = {"session_id": "G-501", "session_on": date(2026, 6, 10), "therapist_id": "T-51, T-52", "phase": "middle"}
    return {
        "techniques S-503 R-6.xlsx": (
            "mbt-techniques",
            {"session_id": "S-503", "session_on": date(2026, 5, 27), "therapist_id": "T-51", "patient_id": "P-54",
             "rater_id": "R-6", "phase": "assessment", "diagnosis": "depression", "setting": "outpatient"},
            TECHNIQUES,
        ),
        "group G-501 R-5.xlsx": ("mbt-group", pair | {"rater_id": "R-5"}, alike(GROUP, "5 4") | {"turns": "3 3", "care": "6 6"}),
        "group G-501 R-6.xlsx": (
            "mbt-group", pair | {"rater_id": "R-6"},
            alike(GROUP, "4 4") | {"turns": "2 3", "carrying": "no_opportunity no_opportunity"},
        ),
        "g-aqs G-502 R-5.xlsx": (
            "mbt-g-aqs",
            {"session_id": "G-502", "session_on": date(2026, 6, 17), "therapist_id": "T-51, T-52", "rater_id": "R-5"},
            alike(NUMBERED, "5 5"),
        ),
        **{
            f"case C-51 month {month}.xlsx": (
                "mbt-programme",
                {"session_id": "C-51", "session_on": ASSESSED[month], "assessment_point": month, "therapist_id": "T-51",
                 "patient_id": "P-51", "rater_id": "R-5", "diagnosis": "bpd"},
                scores,
            )
            for month, scores in CASE_MONTHS.items()
        },
        "dbt D-501 R-6.xlsx": (
            "dbt-session",
            {"session_id": "D-501", "session_on": date(2026, 6, 11), "therapist_id": "T-53", "patient_id": "P-53",
             "rater_id": "R-6"},
            alike("self_destructive_behaviour therapy_interfering_process careful_analysis empathic_validation", "6 5")
            | alike("self_disclosure own_errors_accepted reciprocal_communication coaching", "3 4")
            | {"skills": "no_opportunity no_opportunity"},
        ),
        "moments S-501 R-5.xlsx": (
            "south-moments",
            {"session_id": "S-501", "session_on": date(2026, 6, 3), "therapist_id": "T-51", "patient_id": "P-51",
             "rater_id": "R-5"},
            {"noticed": "6", "stopped": "3", "met": "5", "taken_up": "4 2"},
        ),
        "session S-505 R-6.xlsx": (
            "mbt-session",
            {"session_id": "S-505", "session_on": date(2026, 6, 15), "therapist_id": "T-51", "patient_id": "P-51",
             "rater_id": "R-6", "phase": "early"},
            alike("humility not_knowing differences legitimising enquiry says_unclear own_misunderstanding alternatives", "5 5")
            | alike("joint_focus arousal mode validation", "5 4") | {"restoring": "2 2"},
        ),
    }  # fmt: skip


def agreed_forms() -> Mapping[Path, tuple[str, dict[str, Entry], Scores]]:
    """Consensuses: one on the group, signed a week later on a copy of the form, and one on a session, which waits."""
    pair = {"rater_id": "R-5", "role": "consensus", "settles": "R-5, R-6"}
    group = pair | {"session_id": "G-501", "session_on": date(2026, 6, 10), "therapist_id": "T-51; T-52",
                    "rated_on": date(2026, 6, 24), "phase": "middle"}  # fmt: skip
    group_scores = alike(GROUP, "5 4") | {"turns": "3 3", "care": "5 5", "carrying": "4 3"}
    session = pair | {"session_id": "S-501", "session_on": date(2026, 6, 3), "therapist_id": "T-51", "patient_id": "P-51",
                      "rated_on": date(2026, 7, 3), "phase": "early", "diagnosis": "bpd", "setting": "outpatient"}  # fmt: skip
    stance, steps = GROUP.split()[:8], "joint_focus arousal mode validation restoring"
    return {
        NIGHT1 / "consensus G-501.xlsx": ("mbt-group", group, group_scores),
        NIGHT2 / "consensus G-501 signed.xlsx": (
            "mbt-group", group | {"signed_by": "SV-S", "signed_on": date(2026, 7, 6)}, group_scores,
        ),
        NIGHT2 / "consensus S-501.xlsx": ("mbt-session", session, alike(" ".join(stance), "5 4") | alike(steps, "4 4")),
    }  # fmt: skip


def entry(said: str, is_choice: bool, words: Mapping[str, str]) -> Entry | None:
    """What a rater puts into a cell: a mark in the form's words, a date, a number, or a choice by its point."""
    if said == "-":
        return None
    if said in WORDS:
        return WORDS[said]
    if is_choice:
        return next((f"{point} – {word}" for point, word in words.items() if said in (point, word)), said)
    return date.fromisoformat(said) if said.count("-") == 2 else int(said)


def write_all(catalog: Catalog) -> None:
    """Write every form and the tables of sessions."""
    paths = {NIGHT1 / name: filled for name, filled in forms().items()} | agreed_forms()
    for path, (instrument_id, fields, scores) in paths.items():
        instrument = catalog.latest(instrument_id)
        cells: dict[tuple[str, str], Entry] = {}
        for item, said in scores.items():
            used = [scale for scale in instrument.scales if scale.id in instrument.item(item).scales]
            for scale, text in zip(used, said.split(), strict=True):
                put = entry(text, scale.kind == "choice", scale.anchors)
                if put is not None:
                    cells[item, scale.id] = put
        with TemporaryDirectory() as folder:
            blank = Path(folder) / "blank.xlsx"
            write_form(instrument, catalog.elements_of(instrument), blank)
            fill_form(blank, instrument, path, fields, cells)  # type: ignore[arg-type]
    follow(NIGHT1 / "session S-505 R-6.xlsx")
    elements = [item.id for item in catalog.latest("mbt-session").items]
    for path, drawing in ((NIGHT1 / "sessions.csv", SESSIONS), (NIGHT2 / "sessions_july.csv", LATER_SESSIONS)):
        path.write_text(table(drawing, elements), encoding="utf-8")


def follow(path: Path) -> None:
    """Fill in the timeline of a form."""
    workbook = load_workbook(path, rich_text=True)
    for row, line in enumerate(TIMELINE, 5):
        for column, said in line.items():
            workbook["Timeline"][f"{column}{row}"].value = said
    workbook.save(path)


def table(drawing: str, elements: list[str]) -> str:
    """The lines of a table of sessions."""
    lines = ["session,held on,therapist,patient,rater,chosen,phase,diagnosis,setting,element,adherence,competence"]
    for row in filter(None, drawing.splitlines()):
        session, held_on, therapist, patient, rater, *facts, adherence, competence = (
            part.strip() for part in row.split("|")
        )
        about = ",".join((session, held_on, therapist, patient, rater, "drawn", *facts))
        scored = zip(elements, adherence.split(), competence.split(), strict=True)
        lines += [f"{about},{element},{a},{c}" for element, a, c in scored]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_all(load_catalog([MODULES / "schemas"]))
