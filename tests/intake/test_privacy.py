"""Nothing that stood in a cell is told on: a remark typed in the wrong place must not travel."""

from __future__ import annotations

import datetime as dt
import traceback
from pathlib import Path

import polars as pl
import pytest

from flows.intake.frames import Job, write_frames
from flows.intake.grid import Limits
from flows.intake.pool import ReadingOrder, reading_pool
from schemas import frames
from schemas.catalog import load_catalog
from schemas.codes import FINDING_KINDS, Code
from schemas.roster import Roster
from tests.support.intake_paths import BrokenPath
from tests.support.lab import Lab

CANARY = "CANARY-7f3a"

SHEETS = {
    "ratings.csv": """
        session | rater | therapist | patient | date       | adherence | competence | remark
        S-1     | R-1   | T-1       | P-1     | 2026-06-01 | {c}       | 4 {c}      | {c}
        S-2     | {c}   | T-1       | P-1     | 2026-06-01 | 4         | 5          | {c}
        S-3     | R-1   | {c}       | P-1     | 2026-06-01 | 4         | 5          | .
        S-4     | R-1   | T-1       | P-1     | {c}        | 4         | 5          | .
        S-5     | R-1   | T-1       | P-1     | 2026-06-01 | 9         | 4.5        | {c}
    """,
    "more.csv": """
        session | rater | role | selection | revision | rated on | adherence | competence
        S-6     | R-1   | {c}  | {c}       | {c}      | {c}      | 4         | 5
    """,
    "long.csv": """
        session | rater | therapist | date | item        | adherence | competence
        S-7     | R-1   | T-1       | .    | {c}         | 4         | 5
        S-7     | R-1   | {c}       | {c}  | not_knowing | 4         | 5
    """,
    "unknown.csv": "{c} | {c}\n {c} | 4",
}


def send(lab: Lab) -> None:
    """Send sheets with the canary in every wrong place, under a roster."""
    lab.settings.raw.mkdir(parents=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    for name, drawing in SHEETS.items():
        lab.sends(name, drawing.format(c=CANARY))


def test_no_message_finding_or_reason_quotes_a_cell(lab: Lab) -> None:
    send(lab)
    lab.night()
    codes = {code for _, _, code in lab.findings()}
    assert codes >= {
        "not_a_rating",
        "rater_unknown",
        "therapist_unknown",
        "date_unreadable",
        "out_of_range",
        "half_point",
        "role_unknown",
        "selection_unknown",
        "revision_unreadable",
        "item_unknown",
        "rows_disagree",
        "layout_unknown",
    }
    for table in ("history.finding", "history.workbook", "history.event", "history.rating", "current.waiting"):
        assert CANARY not in str(lab.rows(f"select * from {table}")), table


def test_remarks_travel_with_ratings_that_count_and_with_no_others(lab: Lab) -> None:
    lab.sends(
        "a.csv",
        f"session | rater | adherence | competence | remark\n S-1|R-1|4|5|{CANARY} good\n S-2|R-1|9|5|{CANARY} held",
    )
    lab.night()
    assert lab.rows("select comment from history.comment") == [(f"{CANARY} good",)]


def test_the_frames_of_findings_and_workbooks_hold_no_cell(lab: Lab, tmp_path: Path) -> None:
    lab.settings.raw.mkdir(parents=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    for name, drawing in SHEETS.items():
        write_frames(lab.reads(name, drawing.format(c=CANARY)), tmp_path / "spool", name)
    for table in ("finding", "workbook", "rating", "score"):
        found = pl.read_parquet(f"{tmp_path}/spool/{table}-*.parquet")
        assert CANARY not in str(found.rows()), table
        assert found.height or table == "score", table


def test_a_broken_frame_is_told_by_table_and_column_and_never_by_value() -> None:
    cell = ("id", "layout 1", "item", "scale", "4", CANARY)
    with pytest.raises(frames.FrameBroken) as broken:
        frames.validated(frames.FoundCell, [cell])
    assert str(broken.value).startswith("The frame FoundCell breaks its schema: cell str_matches(")
    with pytest.raises(frames.FrameBroken) as wrong_type:
        frames.validated(frames.Score, [("id", "item", "scale", "rated", CANARY, "C4")])
    for error in (broken.value, wrong_type.value):
        assert CANARY not in str(error)
        assert error.__suppress_context__
        assert CANARY not in "".join(traceback.format_exception_only(error))


def test_a_reader_that_breaks_tells_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lab = Lab(tmp_path / "home", validates=True).draws()
    spool = tmp_path / "spool"
    spool.mkdir()
    (tmp_path / "raises").write_bytes(b"x")
    order = ReadingOrder(
        load_catalog((lab.settings.own_schemas,)),
        Roster(),
        dt.date(2026, 7, 1),
        Limits(1 << 20, 1 << 20, 1000),
        1 << 30,
        5,
        spool,
    )
    with reading_pool(order, 1) as pool:
        pool.read("b", [Job("raises.csv", "a" * 64, BrokenPath(tmp_path / "raises"))])
    told = capfd.readouterr()
    assert "CANARY" not in told.out + told.err
    for path in spool.glob("*.parquet"):
        assert "CANARY" not in str(pl.read_parquet(path).rows())


@pytest.mark.parametrize("code", Code)
def test_every_sentence_says_what_to_do_and_has_no_gap_for_what_stood_in_the_cell(code: Code) -> None:
    gaps = {part.partition("}")[0] for part in FINDING_KINDS[code].sentence.split("{")[1:]}
    assert gaps <= {"item", "scale", "expected", "suggestion", "field"}
    assert FINDING_KINDS[code].sentence.endswith((".", "}", "…"))
