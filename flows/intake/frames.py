"""A batch of workbooks as frames: cells as found, then ratings, scores, remarks and findings, each held to a schema.

The order is: text schema (what was found is complete), our own cell parser, typed schema (what leaves is right).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from flows.intake.cells import CellParser
from flows.intake.extract import FoundEvent, FoundRating
from flows.intake.fields import FieldReader, Fields
from flows.intake.findings import Finding
from flows.intake.timeline import Event, TimelineReader, told_of
from schemas import frames as schema
from schemas.codes import Code, Severity, State


@dataclass(frozen=True, slots=True)
class Job:
    """One workbook to read: its name below the inbox, the hash of its bytes, and where they are kept."""

    workbook: str
    sha256: str
    path: Path


@dataclass(slots=True)
class FoundWorkbook:
    """All that one workbook said, or why it could not be read."""

    job: Job
    layout: str | None = None  # names of the layouts that described its sheets
    ratings: list[FoundRating] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refusal: Finding | None = None
    unclaimed: list[FoundEvent] = field(default_factory=list)  # lines of timelines that go with none of its ratings


@dataclass(frozen=True, slots=True)
class Readers:
    """How one layout's fields and cells are read."""

    layout: str
    instrument_id: str
    instrument_version: str
    fields: FieldReader
    cells: CellParser
    timeline: TimelineReader | None = None
    is_log: bool = False  # its files hold events of sessions, and no ratings

    def read_timeline(self, rating: FoundRating) -> tuple[list[Event], list[Finding]]:
        """The events of a rating's timeline, and what is wrong in them."""
        return ([], []) if self.timeline is None else self.timeline.read(rating)


@dataclass(frozen=True, slots=True)
class BatchFrames:
    """What a batch of workbooks became; the columns are those of `schemas.frames`."""

    workbook: pl.DataFrame
    rating: pl.DataFrame
    score: pl.DataFrame
    comment: pl.DataFrame
    step: pl.DataFrame
    finding: pl.DataFrame

    def items(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Name and frame, one after the other."""
        for name in ("workbook", "rating", "score", "comment", "step", "finding"):
            yield name, getattr(self, name)


Rows = list[tuple[Any, ...]]
NO_RATER = (Code.RATER_MISSING, Code.RATER_UNKNOWN, Code.ID_UNREADABLE)


def build_frames(workbooks: Iterable[FoundWorkbook], readers: Mapping[str, Readers]) -> BatchFrames:
    """Turn what a batch of workbooks said into validated frames. A rating with an error finding is not valid."""
    books: Rows = []
    ratings: Rows = []
    cells: Rows = []
    comments: Rows = []
    steps: Rows = []
    told: dict[str, str] = {}
    findings: Rows = []
    for book in workbooks:
        books.append(_workbook_row(book))
        for found in [*book.findings, *([book.refusal] if book.refusal else [])]:
            findings.append(_finding_row(book, None, None, found))
        for number, rating in enumerate(book.ratings):
            reader = readers[rating.layout]
            rating_id = rating_id_of(book.job, rating, number)
            fields = reader.fields.read(rating)
            ratings.append(_rating_row(book, rating, rating_id, fields, reader))
            cells.extend((rating_id, reader.layout, c.item, c.scale, c.text, c.cell) for c in rating.cells)
            comments.extend((rating_id, item, cell, remark) for item, cell, remark in rating.comments)
            events, slips = reader.read_timeline(rating)
            steps.extend((rating_id, *astuple(event)) for event in events)
            told[rating_id] = told_of(events)
            wrong = [*rating.findings, *fields.findings, *_absent(rating, reader), *slips]
            findings.extend(_finding_row(book, rating_id, fields, found) for found in wrong)
    found_cells = schema.validated(schema.FoundCell, cells)
    scores = _parse(found_cells, readers)
    rating_frame = schema.validated(schema.FoundRating, ratings)
    finding_frame = pl.concat(
        [schema.validated(schema.Finding, findings), _cell_findings(scores, rating_frame, readers)]
    )
    held = finding_frame.filter(pl.col("severity") == Severity.ERROR, pl.col("rating_id").is_not_null())
    rating_frame = _judge(rating_frame, held, scores, told)
    valid = rating_frame.filter("is_valid").select("rating_id")
    return BatchFrames(
        schema.validated(schema.Workbook, books),
        schema.checked(schema.Rating, rating_frame),
        schema.checked(
            schema.Score, scores.join(valid, on="rating_id", how="semi").select(schema.columns(schema.Score))
        ),
        schema.validated(schema.Comment, comments).join(valid, on="rating_id", how="semi"),
        schema.validated(schema.Step, steps).join(valid, on="rating_id", how="semi"),
        schema.checked(schema.Finding, finding_frame),
    )


def rating_id_of(job: Job, rating: FoundRating, number: int) -> str:
    """The id of a workbook's rating: made from the workbook's bytes, the sheet, and the place and number of the rating."""
    place = f"{job.sha256}\n{rating.sheet}\n{rating.first_cell}\n{number}"
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _workbook_row(book: FoundWorkbook) -> tuple[Any, ...]:
    refusal = book.refusal
    return (
        book.job.workbook,
        book.job.sha256,
        book.layout,
        None if refusal is None else refusal.code.value,
        None if refusal is None else refusal.message,
    )


def _finding_row(book: FoundWorkbook, rating_id: str | None, fields: Fields | None, found: Finding) -> tuple[Any, ...]:
    return (
        book.job.workbook,
        book.job.sha256,
        rating_id,
        found.code.value,
        found.severity.value,
        found.sheet,
        found.cell,
        None if fields is None else fields.session_id,
        None if fields is None else fields.rater_id,
        found.message,
    )


def _rating_row(
    book: FoundWorkbook, rating: FoundRating, rating_id: str, fields: Fields, reader: Readers
) -> tuple[Any, ...]:
    return (
        rating_id,
        book.job.sha256,
        book.job.workbook,
        rating.sheet,
        rating.first_cell,
        fields.session_id,
        list(fields.therapist_ids),
        fields.patient_id,
        _rater(fields, reader),
        fields.session_on,
        fields.rated_on,
        fields.revision,
        fields.role.value,
        fields.selection.value,
        fields.phase,
        fields.diagnosis,
        fields.setting,
        list(fields.settles),
        fields.signed_by,
        fields.signed_on,
        reader.instrument_id,
        reader.instrument_version,
        reader.layout,
    )


def _rater(fields: Fields, reader: Readers) -> str | None:
    """Who rated; "" for a log that may go with any rater's rating of its session. Null is a name that is needed and absent."""
    is_anybodys = reader.is_log and not any(f.code in NO_RATER for f in fields.findings)
    return fields.rater_id or ("" if is_anybodys else None)


def _absent(rating: FoundRating, reader: Readers) -> list[Finding]:
    """A finding for every required item that the sheet has no cell for."""
    if reader.is_log:
        return []
    there = {(cell.item, cell.scale) for cell in rating.cells}
    return [
        Finding(Code.ITEM_ABSENT, rating.sheet, rating.first_cell, _words(reader, item.id, scale.id))
        for item, scale in reader.cells.instrument.required_cells
        if (item.id, scale.id) not in there
    ]


def _words(reader: Readers, item: str, scale: str) -> dict[str, str]:
    instrument = reader.cells.instrument
    the_item = instrument.item(item)
    said = f"item {the_item.number} ({the_item.title})" if the_item.number else the_item.title
    return {
        "item": said,
        "scale": instrument.scale(scale).title.lower(),
        "expected": reader.cells.expected(item, scale),
    }


def _parse(found: pl.DataFrame, readers: Mapping[str, Readers]) -> pl.DataFrame:
    """State, value and code for every cell; each distinct text is parsed once."""
    texts = found.select("layout", "item", "scale", "text").unique()
    parsed = [readers[layout].cells.parse(item, scale, text) for layout, item, scale, text in texts.iter_rows()]
    said = texts.with_columns(
        pl.Series("state", [p.state.value for p in parsed], dtype=pl.String),
        pl.Series("value", [p.value for p in parsed], dtype=pl.Float64),
        pl.Series("code", [None if p.code is None else p.code.value for p in parsed], dtype=pl.String),
    )
    scores = found.join(said, on=["layout", "item", "scale", "text"], how="left", maintain_order="left").drop("text")
    return _contradictions(scores)


def _contradictions(scores: pl.DataFrame) -> pl.DataFrame:
    """Mark `not delivered` on one scale where adherence above its lowest point says that it was delivered."""
    marked = scores.filter(pl.col("state") == State.NOT_DELIVERED)
    if marked.is_empty():
        return scores
    done = scores.filter(pl.col("scale") == "adherence", pl.col("value") > 1).select(
        "rating_id", "item", said_done=True
    )
    is_wrong = (pl.col("state") == State.NOT_DELIVERED) & pl.col("said_done").fill_null(value=False)
    return (
        scores.join(done, on=["rating_id", "item"], how="left", maintain_order="left")
        .with_columns(code=pl.when(is_wrong).then(pl.lit(Code.NOT_DELIVERED_BUT_RATED.value)).otherwise("code"))
        .drop("said_done")
    )


def _cell_findings(scores: pl.DataFrame, ratings: pl.DataFrame, readers: Mapping[str, Readers]) -> pl.DataFrame:
    about = ["rating_id", "workbook", "sha256", "sheet", "session_id", "rater_id"]
    wrong = scores.filter(pl.col("code").is_not_null()).join(
        ratings.select(about), on="rating_id", maintain_order="left"
    )
    rows: Rows = []
    for w in wrong.iter_rows(named=True):
        found = Finding(Code(w["code"]), w["sheet"], w["cell"], _words(readers[w["layout"]], w["item"], w["scale"]))
        rows.append(
            (w["workbook"], w["sha256"], w["rating_id"], found.code.value, found.severity.value,
             w["sheet"], w["cell"], w["session_id"], w["rater_id"], found.message)
        )  # fmt: skip
    return schema.validated(schema.Finding, rows)


def _judge(ratings: pl.DataFrame, held: pl.DataFrame, scores: pl.DataFrame, told: Mapping[str, str]) -> pl.DataFrame:
    """Add whether each rating is valid, the first code that holds it, and the hashes of what its scores and timeline say."""
    first = held.group_by("rating_id", maintain_order=True).agg(first_code=pl.col("code").first())
    joined = ratings.join(first, on="rating_id", how="left", maintain_order="left").join(
        hash_scores(scores), on="rating_id", how="left", maintain_order="left"
    )
    timelines = pl.Series("timeline_hash", [_hash(told[i]) if told[i] else "" for i in joined["rating_id"]], pl.String)
    return joined.with_columns(timelines, is_valid=pl.col("first_code").is_null()).select(schema.columns(schema.Rating))


def hash_scores(scores: pl.DataFrame) -> pl.DataFrame:
    """One hash of all that each rating scores: rating_id, scores_hash. `scores` holds rating_id, item, scale, state, value."""
    said = scores.sort("rating_id", "item", "scale").select(
        "rating_id",
        text=pl.format("{}|{}|{}|{}", "item", "scale", "state", pl.col("value").fill_null(-1e300)),
    )
    return _hashes(said.group_by("rating_id", maintain_order=True).agg(pl.col("text").str.join("\n")))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _hashes(said: pl.DataFrame) -> pl.DataFrame:
    digests = [_hash(text) for text in said["text"]]
    return said.select("rating_id", pl.Series("scores_hash", digests, dtype=pl.String))


def write_frames(frames: BatchFrames, folder: Path, name: str) -> Mapping[str, int]:
    """Write a batch's frames as Parquet and give back the number of rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in frames.items():
        frame.write_parquet(folder / f"{table}-{name}.parquet", compression="zstd", compression_level=1)
    return {table: frame.height for table, frame in frames.items()}
