"""The published examination: a crossed table in a home without roster, dates or patients."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.support.lab import Lab

OSCE = Path(__file__).parents[2] / "raw" / "examples" / "osce"


def test_every_score_of_the_examination_counts_and_its_blanks_are_ratings_never_made(tmp_path: Path) -> None:
    lab = Lab(tmp_path, validates=True)
    shutil.copytree(OSCE / "schemas", lab.settings.own_schemas)
    shutil.copytree(OSCE / "night1", lab.settings.inbox)
    lab.night()
    with (OSCE / "night1" / "osce-2024.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores = {
        (examinee, row["Rater"], f"osce_{int(row['Item']):02d}", "score"): float(value)
        for row in rows
        for examinee, value in row.items()
        if examinee.startswith("Examinee") and value
    }
    assert lab.values() == scores
    assert lab.waiting() == []
    assert lab.findings() == []
    assert lab.rows("select count(*), count(patient_id), count(session_on) from current.session") == [(30, 0, 0)]
    assert lab.rows("select count(*) from current.session_therapist where therapist_id = session_id") == [(30,)]
    assert lab.values()[("Examinee1", "1", "osce_01", "score")] == 1
    lab.leaves()
