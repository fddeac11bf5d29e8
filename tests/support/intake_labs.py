"""What tests about other labs' sheets share: the beginning of a layout, and reading one sheet with it."""

from __future__ import annotations

from flows.intake.frames import BatchFrames
from tests.support.lab import Lab, Score

HEAD = """
id = "other"
version = "1"
title = "Another lab"
instrument = "pair"
"""
FIELDS = """
[fields]
session_id = { column = "Session" }
therapist_id = { column = "Therapist" }
rater_id = { column = "Rater" }
"""
FORM = """
shape = "form"
says = ["Rating of a session"]
date_order = "mdy"
[scales]
Adh = "adherence"
Comp = "competence"
[fields]
session_id = { label = ["Session", "Session no"], pad = 3, prefix = "S-" }
therapist_id = { label = "Therapist", several = " and " }
rater_id = { label = "Rated by", where = "below" }
patient_id = { label = "Patient", where = "inside", required = false }
session_on = { label = "Seen on" }
item = { column = "Item" }
comment = { column = "Remarks" }
overall_comment = { label = "Anything else" }
[table]
levels = ["scale"]
until = ["Anything else"]
"""
Cells = list[tuple[str, str, str, str, Score]]


def read(lab: Lab, layout: str, name: str, drawing: str = "", **how: object) -> BatchFrames:
    """What a sheet says when it is read with one layout."""
    lab.describes(HEAD + layout)
    frames = lab.reads(name, drawing, **how)
    assert frames.workbook["refusal"].to_list() == [None]
    return frames


def codes(frames: BatchFrames) -> list[tuple[str, str]]:
    """Cell and code of all findings."""
    return list(frames.finding.select("cell", "code").iter_rows())


def four(session: str, rater: str, *scores: Score) -> Cells:
    """The four cells of one rating: differences, then not_knowing, each adherence and competence; None is left out."""
    places = [(i, s) for i in ("differences", "not_knowing") for s in ("adherence", "competence")]
    return [(session, rater, i, s, score) for (i, s), score in zip(places, scores, strict=True) if score is not None]
