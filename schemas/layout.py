"""What a layout is: the description of a lab's existing sheet, so that it is read without programming.

Every cell that may hold a rating gets its fields (session, rater, item, scale …) from three places: labelled
cells of its sheet, the columns of its row, and the headers of its column. The four shapes differ only in which
place gives what: a *form* has labels and a row per item; *wide* has a row per rating and a column per item and
scale; *long* has a row per item; *crossed* has a column per rated subject (or rater). A *log* holds no ratings: its lines
follow sessions as they went, and go with ratings that came or will come in other files.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.codes import Described, Role, Selection, State
from schemas.instrument import Id, Part, Text, Version
from schemas.session_codes import Diagnosis, Phase, Setting


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]

FieldName = Literal[
    "session_id", "therapist_id", "co_therapist_id", "patient_id", "rater_id", "session_on", "rated_on", "revision",
    "role", "selection", "assessment_point", "phase", "diagnosis", "setting", "item", "scale", "value", "comment",
    "overall_comment", "settles", "signed_by", "signed_on",
]  # fmt: skip
ID_FIELDS: tuple[FieldName, ...] = ("session_id", "therapist_id", "patient_id", "rater_id")
FACT_FIELDS: tuple[FieldName, ...] = ("phase", "diagnosis", "setting")  # of the session; each in words of a closed list
DATE_FIELDS: tuple[FieldName, ...] = ("session_on", "rated_on", "signed_on")
CONSENSUS_FIELDS: tuple[FieldName, ...] = ("settles", "signed_by", "signed_on")  # of a consensus alone
REMARK_COLUMN = "comment"  # what [scales] may say of a header besides the instrument's scales: remarks on an item
ROW_ONLY: tuple[FieldName, ...] = ("item", "scale", "value")
EventField = Literal[
    "session_id", "rater_id", "role", "episode", "minute", "step", "mode", "arousal", "intervention", "followed", "note",
]  # fmt: skip
WHOSE: tuple[Literal["session_id", "rater_id", "role"], ...] = ("session_id", "rater_id", "role")
NOTED: tuple[EventField, ...] = ("step", "mode", "arousal", "intervention", "followed")  # what makes a line an event
SOURCES = ("label", "cell", "column", "letter", "header", "value", "sheet_name", "file_name", "same_as")


class FieldSource(Part):
    """Where a field's text comes from (one of the first nine), and what is done to it before it is used."""

    label: Texts = ()  # the text of the cell beside (or above) the one that holds the field
    cell: Annotated[str, Field(pattern=r"^[A-Z]{1,3}[1-9]\d{0,6}$")] | None = None
    column: Texts = ()  # the header of the column, or its synonyms
    letter: Annotated[str, Field(pattern=r"^[A-Z]{1,3}$")] | None = None
    header: bool = False  # a level or pattern group of the table's header says it
    value: Text | None = None  # the same for every rating
    sheet_name: bool = False
    file_name: bool = False
    same_as: FieldName | None = None

    where: Literal["right", "below", "inside"] = (
        "right"  # of the label; inside: the label and what follows it share a cell
    )
    sheet: Text | None = None  # another sheet of the workbook, on which the label or cell stands
    required: bool | None = None  # by default: ids and dates that have a source are required
    fill_down: bool = False  # a blank cell repeats the one above
    pattern: str | None = None  # a regular expression; its first group (or all of it) is the text
    pad: int = Field(default=0, ge=0, le=20)  # ids of digits are filled with leading zeros to this length
    prefix: str = ""
    case: Literal["upper", "lower"] | None = None  # ids that people type in either case
    codes: dict[str, str] = {}  # text as found -> text meant
    # what stands between several people; true: whatever people put there (comma, semicolon, line break, " and ", " + ", " & ")
    several: Annotated[str, Field(min_length=1, max_length=9)] | Literal[True] | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> FieldSource:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(SOURCES)}; found {', '.join(given) or 'none'}")
        if self.sheet is not None and not (self.label or self.cell):
            raise ValueError("sheet goes with label or cell: columns stand in the table")
        if self.pattern is not None:
            re.compile(self.pattern)
        return self

    @property
    def in_table(self) -> bool:
        """True when the field stands in a column of the table."""
        return bool(self.column or self.letter)


class ScoreColumn(Part):
    """One column of ratings named by its header, for sheets whose headers follow no rule."""

    header: Texts
    item: Id
    scale: Id


class Table(Part):
    """The part of a sheet that holds ratings: header rows, then rows of cells."""

    header_rows: int = Field(default=1, ge=1, le=9)
    header_row: int | None = Field(
        default=None, ge=1
    )  # number of the last header row; found by its texts when not given
    levels: tuple[FieldName | Literal[""], ...] = ()  # what each header row says about the columns below it
    pattern: str | None = None  # instead of levels: a regular expression with named groups over the joined header
    joined_by: str = " / "
    scores: tuple[ScoreColumn, ...] = ()
    ignore_columns: Texts = ()
    ignore_items: Texts = ()
    skip_rows: Texts = ()  # rows whose first text is one of these are no ratings (means, totals)
    until: Texts = ()  # the table ends before the row whose first text is one of these

    @property
    def groups(self) -> frozenset[str]:
        """The fields that the pattern's named groups give."""
        return frozenset(re.compile(self.pattern).groupindex) if self.pattern else frozenset()

    @model_validator(mode="after")
    def _says_how_headers_read(self) -> Table:
        if self.levels and len(self.levels) != self.header_rows:
            raise ValueError(f"levels names {len(self.levels)} header rows, header_rows says {self.header_rows}")
        if self.pattern is not None and not self.groups:
            raise ValueError("pattern needs named groups such as (?P<item>…) and (?P<scale>…)")
        if sum(bool(x) for x in (any(self.levels), self.pattern, self.scores)) > 1:
            raise ValueError("give levels, pattern or scores, not several of them")
        return self


class Timeline(Part):
    """A sheet that follows sessions as they go: a line an event, in the order of the session.

    On another sheet of a workbook of ratings, with `session_id` and `rater_id` it is a log of many ratings; without them it goes
    with the one rating of its workbook. In a file of its own (shape `log`) it names the session, and the rater if it can.
    """

    sheet: Texts = ()  # what it is called; a copy's mark, as in `Timeline (2)`, pairs it with `Rating (2)`
    minutes: Literal["minutes", "seconds", "clock"] = (
        "minutes"  # clock: 12:30 is minutes and seconds, 1:12:30 hours too
    )
    until: Texts = ()  # the log ends before the row whose first text begins with one of these
    fields: dict[EventField, FieldSource]

    @property
    def is_log(self) -> bool:
        """True when each line names its session and rater."""
        return "session_id" in self.fields

    @model_validator(mode="after")
    def _can_be_read(self) -> Timeline:
        if "step" not in self.fields:
            raise ValueError("nothing says where the step stands; add [timeline.fields] step")
        return self


class SheetChoice(Part):
    """Which sheets of a workbook the layout is about. With nothing given: every visible sheet that fits."""

    name: Texts = ()
    pattern: str | None = None
    hidden: bool = False  # True: hidden sheets are read as well
    known: Texts = ()  # sheets of the workbook that hold no ratings and need no mention


class Layout(Part):
    """The description of one kind of sheet."""

    id: Id
    version: Version
    title: Text
    instrument: Id
    instrument_version: Version | None = None
    shape: Literal["form", "wide", "long", "crossed", "log"]
    language: str = "en"
    says: Texts = ()  # texts that the sheet must contain for this layout to fit
    says_not: Texts = ()  # texts that it must not contain
    encoding: str | None = None  # of csv files that are not UTF-8; cp1252 when not given
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] = "."
    date_order: Literal["dmy", "mdy", "ymd"] = "ymd"
    months: dict[str, Annotated[int, Field(ge=1, le=12)]] = {}  # names of months in dates, beside the English ones
    missing: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ()  # marks that mean nothing was entered
    marks: dict[str, State] = {}  # text -> state
    scale_marks: dict[str, dict[str, State]] = {}  # the same for one scale only
    codes: dict[str, float] = {}  # text -> point of the scale
    scale_codes: dict[str, dict[str, float]] = {}  # the same for one scale only
    items: dict[str, Id] = {}  # text -> item; item ids, numbers and titles are known without
    scales: dict[str, Id] = {}  # text -> scale; scale ids and titles are known without
    sheet: SheetChoice = SheetChoice()
    fields: dict[FieldName, FieldSource]
    table: Table = Table()
    timeline: Timeline | None = None

    @model_validator(mode="before")
    @classmethod
    def _log_says_whose_it_is(cls, said: object) -> object:
        """The fields of a log are those by which its lines say whose they are."""
        if not isinstance(said, dict) or said.get("shape") != "log":
            return said
        if "fields" in said:
            raise ValueError("a log has no [fields]: say where things stand in [timeline.fields]")
        timeline = said.get("timeline")
        named = timeline.get("fields") if isinstance(timeline, dict) else None
        return said | {"fields": {n: named[n] for n in WHOSE if n in named} if isinstance(named, dict) else {}}

    @model_validator(mode="after")
    def _can_be_read(self) -> Layout:
        if self.timeline is not None:
            _check_timeline(self.timeline, self.is_log)
        if self.is_log:
            return self._checked_log()
        return self._checked_ratings()

    def _checked_ratings(self) -> Layout:
        given: set[str] = {*self.fields, *self.table.levels, *self.table.groups}
        for name in ("session_id", "therapist_id", "rater_id"):
            if name not in given:
                raise ValueError(f"nothing says where {name} stands; add [fields.{name}]")
        if "item" not in given and not self.table.scores:
            raise ValueError("nothing says where the item stands; add [fields.item], a level, or [[table.scores]]")
        in_columns = any(self.table.levels) or self.table.pattern is not None or bool(self.table.scores)
        if ("value" in self.fields) == in_columns:
            raise ValueError(
                "ratings stand either in a value column ([fields.value]) or in columns named by levels, pattern or scores"
            )
        for name, source in self.fields.items():
            _check_field(name, source, given)
        for state in (*self.marks.values(), *(s for marks in self.scale_marks.values() for s in marks.values())):
            if state in (State.RATED, State.NOT_RATED_BY_DESIGN):
                raise ValueError(f"no mark can mean {state}")
        return self

    def _checked_log(self) -> Layout:
        if self.timeline is None or "session_id" not in self.fields:
            raise ValueError("nothing says where session_id stands; add [timeline.fields] session_id")
        return self

    @property
    def name(self) -> str:
        """Id and version, as `north-form 1`."""
        return f"{self.id} {self.version}"

    @property
    def is_log(self) -> bool:
        """True when its sheets hold no ratings, only events of sessions."""
        return self.shape == "log"


def _check_timeline(timeline: Timeline, is_file: bool) -> None:
    if not is_file and not timeline.sheet:
        raise ValueError('nothing says on which sheet the timeline stands; add sheet = "…" to [timeline]')
    if not is_file and ("session_id" in timeline.fields) != ("rater_id" in timeline.fields):
        raise ValueError("session_id and rater_id go together: a log names both in every line")
    for name, source in timeline.fields.items():
        is_said = is_file and name in WHOSE and (source.file_name or source.sheet_name)
        if not (source.in_table or source.value or is_said):
            raise ValueError(f"[timeline.fields] {name} must be a column")


def _check_field(name: FieldName, source: FieldSource, given: set[str]) -> None:
    if name in ROW_ONLY and not (source.in_table or source.value or source.header):
        raise ValueError(f"[fields.{name}] must be a column")
    if source.several and name not in ("therapist_id", "settles"):
        raise ValueError(f"[fields.{name}]: only therapist_id and settles may hold several")
    if source.same_as is not None and source.same_as not in given:
        raise ValueError(f"[fields.{name}]: same_as names {source.same_as}, which has no source")
    words: dict[str, type[Described]] = {
        "role": Role, "selection": Selection, "phase": Phase, "diagnosis": Diagnosis, "setting": Setting,
    }  # fmt: skip
    if name in words and source.value is not None and source.value not in set(words[name]):
        raise ValueError(f"[fields.{name}]: {source.value} is none of {', '.join(words[name])}")
