"""What intake left for tonight, as temporary tables: `staged_…` from its Parquet files, `received` from the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
from duckdb import DuckDBPyConnection

from flows.intake.inbox import Received
from flows.load.connection import quoted
from schemas import frames

STAGED = {
    "workbook": frames.Workbook,
    "rating": frames.Rating,
    "score": frames.Score,
    "comment": frames.Comment,
    "step": frames.Step,
    "finding": frames.Finding,
}


def stage_frames(con: DuckDBPyConnection, spool: Path) -> None:
    """Make `staged_workbook`, `staged_rating`, … of the Parquet files in the spool folder; empty where there are none."""
    for name, model in STAGED.items():
        files = spool / f"{name}-*.parquet"
        if any(spool.glob(files.name)):
            con.execute(
                f"create or replace temp table staged_{name} as select * from read_parquet({quoted(str(files))})"
            )
        else:
            _make_table(con, f"staged_{name}", frames.validated(model, []))


def stage_received(con: DuckDBPyConnection, received: Iterable[Received]) -> None:
    """Make `received`: one row per file of the inbox tonight, `place` being its place in the order of arrival."""
    rows = [(place, r.workbook, r.sha256, r.received_at, r.kind, r.reason) for place, r in enumerate(received)]
    types = {
        "place": pl.Int64,
        "workbook": pl.String,
        "sha256": pl.String,
        "received_at": pl.Datetime,
        "kind": pl.String,
        "reason": pl.String,
    }
    _make_table(con, "received", pl.DataFrame(rows, schema=types, orient="row"))


def _make_table(con: DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    con.register("frame_to_load", frame.to_arrow())
    con.execute(f"create or replace temp table {name} as select * from frame_to_load")
    con.unregister("frame_to_load")
