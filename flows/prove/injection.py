"""Texts that a spreadsheet program would carry out, typed into every field: nowhere in what we write may one be alive."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from flows.prove.material import inbox_of, make_home
from flows.prove.nights import settings_of
from flows.prove.state import FIRST
from flows.prove.trial import Bench, Figures, figures_of
from schemas.catalog import load_catalog

LEADS = ("={}()", "+{}", "-{}", "@{}", "\t={}", '=HYPERLINK("http://{}.example","x")')
FIELDS = ("session", "therapist", "patient", "rater", "remark", "team", "workbook")
INSTRUMENT = "mbt-session"
LAYOUT = """
id = "injected"
version = "1"
title = "Injected"
instrument = "mbt-session"
shape = "long"
[fields]
session_id = { column = "session" }
therapist_id = { column = "therapist" }
patient_id = { column = "patient" }
rater_id = { column = "rater" }
session_on = { column = "date" }
item = { column = "item" }
comment = { column = "remark" }
[table]
levels = ["scale"]
"""
# Where a workbook's parts hold what a program carries out: formulas, conditions, names, and where links lead.
_ALIVE = re.compile(
    rb"<(?:\w+:)?(?:f|formula\d?|definedName)\b[^>]*>([^<]*)<|<(?:\w+:)?hyperlink\b([^>]*)>|\bTarget=\"([^\"]*)\""
)
_OUTSIDE = re.compile(rb"externalLink|ddeLink|oleLink")


def try_injection(bench: Bench) -> Figures:
    """A lab whose every field holds such texts has a night; all workbooks that are published or sent back are searched."""
    home = make_home(bench.folder / "injection")
    marks = _send(home)
    ended = bench.nights.have(home, FIRST)
    if ended.exit_code:
        return Figures(len(marks), 0, wrong=(f"the night ended with exit code {ended.exit_code}",))
    books = _workbooks(home)
    everything = [part for book in books for part in _parts(book)]
    seen = [mark for mark in marks if any(mark in part for part in everything)]
    alive = b"\n".join(_carried_out(everything))
    tries = [([f"{marks[mark]} became alive"], 0) if mark in alive else ([], 0) for mark in seen]
    tries.append((["a workbook leads out of itself"] if any(map(_OUTSIDE.search, everything)) else [], 0))
    return figures_of(tries, f"in {len(books)} workbooks; the last: no link to another file")


def _send(home: Path) -> dict[bytes, str]:
    """A sheet for each way to begin, with a mark of its own in each field; gives back what each mark stands for."""
    (home / "schemas" / "layouts" / "injected.toml").write_text(LAYOUT, encoding="utf-8")
    items = [item.id for item in load_catalog((settings_of(home).own_schemas,)).latest(INSTRUMENT).items]
    marks, roster = {}, {"therapists": [["therapist_id", "team", "supervisor_id"]], "raters": [["rater_id", "team"]]}
    for n, lead in enumerate(LEADS):
        said = {field: lead.format(f"mark{n}{field}") for field in FIELDS}
        marks.update({f"mark{n}{field}".encode(): f"{lead.format('…').strip()} as {field}" for field in FIELDS})
        for lowest, suffix in ((4, ".csv"), (9, " held.csv")):  # the second waits for its rater, and is sent back
            _write(inbox_of(home) / (said["workbook"].replace("/", "") + suffix), _rows(said, items, lowest))
        roster["therapists"].append([said["therapist"], said["team"], "SV"])
        roster["raters"].append([said["rater"], said["team"]])
    for name, rows in roster.items():
        _write(home / "raw" / f"{name}.csv", rows)
    return marks


def _rows(said: dict[str, str], items: Sequence[str], rating: int) -> list[list[str]]:
    head = ["session", "therapist", "patient", "rater", "date", "item", "adherence", "competence", "remark"]
    who = [said["session"] + str(rating), said["therapist"], said["patient"], said["rater"], "2026-06-01"]
    return [head, *([*who, item, str(rating), "4", said["remark"]] for item in items)]


def _write(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _workbooks(home: Path) -> list[Path]:
    settings = settings_of(home)
    roots = (settings.published, settings.raw / "returned")
    return [path for root, kind in product(roots, ("*.xlsx", "*.xlsm")) for path in root.rglob(kind)]


def _parts(book: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(book) as packed:
        yield from (packed.read(name) for name in packed.namelist())


def _carried_out(parts: Sequence[bytes]) -> Iterator[bytes]:
    for part in parts:
        for found in _ALIVE.finditer(part):
            yield b" ".join(text for text in found.groups() if text)
