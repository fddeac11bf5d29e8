"""The frames that intake hands over hold to their schemas, and a rating is valid or not as a whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.intake.frames import BatchFrames, write_frames
from schemas import frames
from tests.support.lab import Lab, cells_of

HEAD = "session | rater | item | adherence | competence\n"


def test_frames_have_the_columns_of_their_schemas_even_when_nothing_was_found(lab: Lab) -> None:
    empty = lab.reads("a.csv", content=b"")
    for name, frame in empty.items():
        model = {
            "workbook": frames.Workbook,
            "rating": frames.Rating,
            "score": frames.Score,
            "comment": frames.Comment,
            "step": frames.Step,
            "finding": frames.Finding,
        }[name]
        assert frame.columns == frames.columns(model)
    assert empty.workbook["refusal_code"].to_list() == ["empty_file"]


def test_a_rating_with_one_bad_cell_hands_over_none_of_its_scores_and_remarks(lab: Lab) -> None:
    found = lab.reads(
        "a.csv",
        """
        session | rater | item        | adherence | competence | remark
        S-1     | R-1   | not_knowing | 4         | 5          | fine
        S-1     | R-1   | differences | 4         | 9          | odd
        S-2     | R-1   | not_knowing | 6         | 7          | good
        """,
    )
    assert found.rating.select("session_id", "is_valid", "first_code").rows() == [
        ("S-1", False, "out_of_range"),
        ("S-2", True, None),
    ]
    assert {session for session, *_ in cells_of(found)} == {"S-2"}
    assert found.comment["comment"].to_list() == ["good"]


def test_the_first_code_is_that_of_the_first_finding(lab: Lab) -> None:
    found = lab.reads("a.csv", HEAD + "S-1 | . | not_knowing | 9 | 4.5")
    assert found.rating["first_code"].to_list() == ["rater_missing"]


def test_competence_of_what_was_not_delivered_contradicts_adherence_above_one(lab: Lab) -> None:
    found = lab.reads(
        "a.csv",
        HEAD
        + """
        S-1 | R-1 | not_knowing | 1 | ND
        S-2 | R-1 | not_knowing | 3 | ND
        S-3 | R-1 | not_knowing | ? | ND
        """,
    )
    assert found.finding.select("session_id", "cell", "code").rows() == [("S-2", "E3", "not_delivered_but_rated")]


def test_what_the_sheet_has_no_row_for_is_told_once_for_each_scale(lab: Lab) -> None:
    found = lab.reads("a.csv", HEAD + "S-1 | R-1 | differences | 4 | 4")
    assert found.finding.select("cell", "code", "message").rows() == [
        (
            "D2",
            "item_absent",
            f"There is no row or column for item 1 (Not-knowing), {scale}. Add it and enter {WANTED}.",
        )
        for scale in ("adherence", "competence")
    ]


WANTED = "a whole number from 1 to 7, or ? (could not judge), ND (not delivered)"


def test_equal_ratings_have_equal_hashes_wherever_they_stand(lab: Lab) -> None:
    one = lab.reads("a.csv", HEAD + "S-1 | R-1 | not_knowing | 4 | 5\n S-1 | R-1 | differences | 2 | 3")
    two = lab.reads("b.xlsx", HEAD + "S-9 | R-2 | differences | 2 | 3\n S-9 | R-2 | not_knowing | 4 | 5")
    other = lab.reads("c.csv", HEAD + "S-1 | R-1 | not_knowing | 4 | 5\n S-1 | R-1 | differences | 2 | NO")
    assert one.rating["scores_hash"].to_list() == two.rating["scores_hash"].to_list()
    assert one.rating["scores_hash"].to_list() != other.rating["scores_hash"].to_list()
    assert one.rating["rating_id"].to_list() != two.rating["rating_id"].to_list()


def test_written_frames_read_back_as_they_were(lab: Lab, tmp_path: Path) -> None:
    found = lab.reads("a.csv", HEAD + "S-1 | R-1 | not_knowing | 4 | 5")
    counts = {"workbook": 1, "rating": 1, "score": 2, "comment": 0, "step": 0, "finding": 0}
    assert write_frames(found, tmp_path, "x") == counts
    for name, frame in found.items():
        assert pl.read_parquet(tmp_path / f"{name}-x.parquet").equals(frame)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="|\r\n"), max_size=12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=6))
def test_whatever_a_table_holds_each_rating_is_valid_or_has_a_finding(lab: Lab, rows: list[list[str]]) -> None:
    table = b"session,rater,item,adherence,competence,therapist,patient,date\n"
    body = "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in [*row, "T", "P", "2026-06-01"]) for row in rows
    )
    found: BatchFrames = lab.reads("a.csv", content=table + body.encode())
    held = set(found.finding.filter(pl.col("severity") == "error")["rating_id"].drop_nulls())
    assert set(found.rating.filter(~pl.col("is_valid"))["rating_id"]) == held
    assert found.score.filter((pl.col("state") == "rated") != pl.col("value").is_not_null()).is_empty()


def test_a_column_too_many_breaks_the_schema() -> None:
    frame = pl.DataFrame({"rating_id": ["a"], "item": [None], "cell": ["A1"], "comment": ["x"], "more": [1]})
    with pytest.raises(frames.FrameBroken, match="The frame Comment breaks its schema"):
        frames.checked(frames.Comment, frame)
