"""A small lab's home on the evening of a night that dies."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

ANSWER = "I saw it otherwise."

MONDAY = """
session | rater | therapist | patient | date       | revision | adherence | competence | remark
S-1     | R-1   | T-1       | P-1     | 2026-06-01 | 1        | 4         | 5          | calm
S-1     | R-2   | T-1       | P-1     | 2026-06-01 | 1        | 5         | 5          | .
S-2     | R-1   | T-2       | P-2     | 2026-06-02 | 1        | 3         | 9          | .
S-5     | R-3   | T-2       | P-2     | 2026-06-05 | 1        | 3         | 4          | .
"""
MENDED = """
session | rater | therapist | patient | date       | revision | adherence | competence
S-2     | R-1   | T-2       | P-2     | 2026-06-02 | 2        | 3         | 4
"""
CORRECTED = """
session | rater | therapist | patient | date       | revision | adherence | competence | remark
S-1     | R-1   | T-1       | P-1     | 2026-06-01 | 2        | 6         | 6          | on second thoughts
"""
NEW = """
session | rater | therapist | patient | date       | adherence | competence
S-3     | R-2   | T-3       | P-3     | 2026-07-03 | 2         | 3
S-4     | R-2   | T-3       | P-3     | 2026-07-04 | 9         | 3
"""


def make_lab(home: Path) -> Lab:
    """A lab of three therapists and two supervisors, with its first evening's sheets in the inbox."""
    lab = Lab(home).draws()
    rows = [["therapist_id", "team", "supervisor_id"], *([f"T-{n}", "team", f"SV-{1 + n // 3}"] for n in (1, 2, 3))]
    (lab.settings.raw).mkdir(parents=True)
    (lab.settings.raw / "therapists.csv").write_bytes(csv_bytes(rows))
    _have_raters(lab, "R-1", "R-2")
    lab.sends("monday.csv", MONDAY)
    lab.sends("letter.xlsx", content=b"Dear all")
    return lab


def _have_raters(lab: Lab, *raters: str) -> None:
    rows = [["rater_id", "team", "also_written"], *([rater, "team"] for rater in raters)]
    (lab.settings.raw / "raters.csv").write_bytes(csv_bytes(rows))


def send_second(lab: Lab) -> None:
    """What comes before the night that dies: a rater known now, corrections, news, a copy, what is no sheet or no use."""
    _have_raters(lab, "R-1", "R-2", "R-3")
    lab.sends("mended.csv", MENDED)
    lab.sends("team/corrected.csv", CORRECTED)
    lab.sends("new.xlsx", NEW)
    lab.sends("copy of new.xlsx", content=(lab.settings.inbox / "new.xlsx").read_bytes())
    lab.sends("half.xlsx", content=b"PK\x03\x04 half")
    lab.sends("~$new.xlsx", content=b"lock")


def write_into(sheet: Path) -> None:
    """A person saves her own answer into a supervision sheet."""
    book = load_workbook(sheet)
    book.worksheets[0]["A40"] = ANSWER
    book.save(sheet)
