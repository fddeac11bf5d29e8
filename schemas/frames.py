"""Pandera models of what intake hands to load: one frame a table, a batch of workbooks at a time.

A pandera error names cell values, so it never leaves this module: what breaks a schema here is a mistake of ours,
told as the table, column and check alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.errors import FidelityError
from schemas.codes import Code, Role, Selection, Severity, State
from schemas.pandera_polars import ListOf, SchemaError, SchemaErrors, pa
from schemas.session_codes import Diagnosis, Phase, Setting
from schemas.timeline_codes import Arousal, Followed, Intervention, Mode

SHA256 = r"^[0-9a-f]{64}$"
CELL = r"^([A-Z]{1,3}[1-9][0-9]{0,6})?$"


class FrameBroken(FidelityError):
    """What intake made of a batch breaks its schema: a mistake in this software, not in a sheet."""

    exit_code = 10


class Model(pa.DataFrameModel):
    """A frame whose columns are exactly the ones named, in that order."""

    class Config:
        """Neither more columns nor fewer."""

        strict = True
        ordered = True


class FoundCell(Model):
    """Cells as found, still text."""

    rating_id: str
    layout: str
    item: str
    scale: str
    text: str
    cell: str = pa.Field(str_matches=CELL)


class FoundRating(Model):
    """Ratings with their fields read, before their cells are."""

    rating_id: str
    sha256: str = pa.Field(str_matches=SHA256)
    workbook: str
    sheet: str
    cell: str = pa.Field(str_matches=CELL)
    session_id: str = pa.Field(nullable=True)
    therapist_ids: ListOf = pa.Field(dtype_kwargs={"inner": pl.String})
    patient_id: str = pa.Field(nullable=True)
    rater_id: str = pa.Field(nullable=True)
    session_on: pl.Date = pa.Field(nullable=True)
    rated_on: pl.Date = pa.Field(nullable=True)
    revision: pl.Int32 = pa.Field(nullable=True)
    role: str = pa.Field(isin=list(Role))
    selection: str = pa.Field(isin=list(Selection))
    phase: str = pa.Field(isin=list(Phase), nullable=True)
    diagnosis: str = pa.Field(isin=list(Diagnosis), nullable=True)
    setting: str = pa.Field(isin=list(Setting), nullable=True)
    settles: ListOf = pa.Field(dtype_kwargs={"inner": pl.String})
    signed_by: str = pa.Field(nullable=True)
    signed_on: pl.Date = pa.Field(nullable=True)
    instrument_id: str
    instrument_version: str
    layout: str


class Rating(FoundRating):
    """Ratings judged by what their own sheet says."""

    is_valid: bool
    first_code: str = pa.Field(isin=list(Code), nullable=True)
    scores_hash: str = pa.Field(nullable=True)
    timeline_hash: str  # "" when it has no timeline


class Score(Model):
    """One row per valid rating, item and scale."""

    rating_id: str
    item: str
    scale: str
    state: str = pa.Field(isin=list(State))
    value: float = pa.Field(nullable=True)
    cell: str = pa.Field(str_matches=CELL)


class Comment(Model):
    """The raters' remarks."""

    rating_id: str
    item: str = pa.Field(nullable=True)
    cell: str = pa.Field(str_matches=CELL)
    comment: str


class Step(Model):
    """One row per event that a valid rating's timeline notes."""

    rating_id: str
    line: pl.Int32 = pa.Field(ge=1)
    episode: pl.Int32 = pa.Field(ge=1)
    minute: float = pa.Field(ge=0, nullable=True)
    step: str = pa.Field(nullable=True)
    mode: str = pa.Field(isin=list(Mode), nullable=True)
    arousal: str = pa.Field(isin=list(Arousal), nullable=True)
    intervention: str = pa.Field(isin=list(Intervention), nullable=True)
    followed: str = pa.Field(isin=list(Followed), nullable=True)
    note: str = pa.Field(nullable=True)
    sheet: str
    cell: str = pa.Field(str_matches=CELL)


class Finding(Model):
    """What is wrong, where, and what to do."""

    workbook: str
    sha256: str = pa.Field(str_matches=SHA256)
    rating_id: str = pa.Field(nullable=True)
    code: str = pa.Field(isin=list(Code))
    severity: str = pa.Field(isin=list(Severity))
    sheet: str
    cell: str = pa.Field(str_matches=CELL)
    session_id: str = pa.Field(nullable=True)
    rater_id: str = pa.Field(nullable=True)
    message: str


class Workbook(Model):
    """One row per workbook read."""

    workbook: str
    sha256: str = pa.Field(str_matches=SHA256)
    layout: str = pa.Field(nullable=True)
    refusal_code: str = pa.Field(isin=list(Code), nullable=True)
    refusal: str = pa.Field(nullable=True)


def columns(model: type[Model]) -> list[str]:
    """The column names of a model, in order."""
    return list(model.to_schema().columns)


def polars_types(model: type[Model]) -> dict[str, Any]:
    """Column name -> polars type."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def validated(model: type[Model], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows as a frame with the model's columns, checked against it.

    Raises:
        FrameBroken: a value is not of its column's type, or breaks one of the column's checks.
    """
    try:
        frame = pl.DataFrame(rows, schema=polars_types(model), orient="row", strict=True)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        raise FrameBroken(f"The frame {model.__name__} holds a value that is not of its column's type.") from None
    return checked(model, frame)


def checked(model: type[Model], frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, once it holds to the model.

    Raises:
        FrameBroken: it does not; the message names table, column and check, never a value.
    """
    try:
        return model.validate(frame, lazy=True)
    except (SchemaErrors, SchemaError) as broken:
        raise FrameBroken(f"The frame {model.__name__} breaks its schema: {_places(broken)}.") from None


def _places(broken: SchemaErrors | SchemaError) -> str:
    if isinstance(broken, SchemaError):
        return f"{broken.schema.name} {broken.check}"
    cases = broken.failure_cases.select("column", "check").unique(maintain_order=True).head(5)
    return ", ".join(f"{column} {check}" for column, check in cases.iter_rows())
