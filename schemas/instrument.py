"""What an instrument is: scales, domains of elements, items, and the words shown on its form.

An instrument is a versioned TOML file. A released version never changes; adding an instrument is adding a file.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.codes import Modality, State

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+){0,2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]

MARKABLE = (State.NO_OPPORTUNITY, State.UNJUDGEABLE, State.NOT_DELIVERED)
MOST_POINTS = 100_000_001  # measurements in fine steps can be read; a step mistyped as 1e-9 must not fill the memory
EARLIEST_DAY, LATEST_DAY = 19900101, 21001231

# What the numbers of a scale mean. Only those of a rating are more or less of something, and may be averaged.
Kind = Literal["rating", "choice", "count", "date"]


class Part(BaseModel):
    """A piece of a checked TOML file: unknown keys are mistakes, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Scale(Part):
    """One scale: `lowest` to `highest` in steps of `step`, with words at its anchors.

    A `choice` names each of its points by an anchor; a `count` is a whole number; the value of a `date` is written as the
    number 20260324, so that it can be read and compared wherever values stand.
    """

    id: Id
    title: Text
    short: Text
    question: Text
    kind: Kind = "rating"
    required: bool = True  # false: a blank on this scale holds no rating
    lowest: float
    highest: float
    step: float = 1
    threshold: float | None = None
    threshold_word: Text | None = None
    anchors: dict[str, Text] = {}
    states: tuple[State, ...] = MARKABLE  # marks that mean something on this scale, where the item allows them

    @property
    def is_picked(self) -> bool:
        """True when its values are few enough to be offered in a list; counts and dates are typed."""
        return self.kind in ("rating", "choice")

    def range_words(self, between: str = ", ") -> str:
        """What may stand on the scale, in words: its anchors, its ends, or what a date looks like."""
        if self.kind == "date":
            return "a date as year-month-day, such as 2026-03-24"
        anchors = between.join(f"{point} {word}" for point, word in self.anchors.items())
        return anchors or f"{self.lowest:g} to {self.highest:g}"

    @property
    def points(self) -> tuple[float, ...]:
        """Every value of the scale, ascending; none where values are typed."""
        if not self.is_picked:
            return ()
        lowest, step = Decimal(str(self.lowest)), Decimal(str(self.step))
        return tuple(float(lowest + step * k) for k in range(self.n_points))

    @property
    def n_points(self) -> int:
        """How many points there are, without making them: measurements have millions. None where values are typed."""
        if not self.is_picked:
            return 0
        return int((Decimal(str(self.highest)) - Decimal(str(self.lowest))) / Decimal(str(self.step))) + 1

    def nearest(self, number: float) -> float:
        """The point of the scale nearest to a number within it."""
        lowest, step = Decimal(str(self.lowest)), Decimal(str(self.step))
        return float(lowest + step * round((Decimal(str(number)) - lowest) / step))

    def _has(self, number: float) -> bool:
        return self.lowest <= number <= self.highest and self.nearest(number) == number

    @model_validator(mode="before")
    @classmethod
    def _dates_need_no_ends(cls, written: object) -> object:
        if isinstance(written, dict) and written.get("kind") == "date":
            return {"lowest": EARLIEST_DAY, "highest": LATEST_DAY} | written
        return written

    @model_validator(mode="after")
    def _is_a_scale(self) -> Scale:
        if self.highest <= self.lowest or self.step <= 0:
            raise ValueError(f"scale {self.id}: highest must exceed lowest, and step must be above 0")
        if self.kind != "rating" and (self.step != 1 or self.threshold is not None):
            raise ValueError(f"scale {self.id}: a {self.kind} has no step and no threshold")
        if self.is_picked:
            self._check_points()
        _check_markable(f"scale {self.id}", self.states)
        return self

    def _check_points(self) -> None:
        if (self.highest - self.lowest) / self.step >= MOST_POINTS:
            raise ValueError(f"scale {self.id}: it has more than {MOST_POINTS} points; make the step larger")
        if self.nearest(self.highest) != self.highest:
            raise ValueError(
                f"scale {self.id}: steps of {self.step:g} from {self.lowest:g} do not end at {self.highest:g}"
            )
        if self.threshold is not None and not self.lowest <= self.threshold <= self.highest:
            raise ValueError(f"scale {self.id}: the threshold {self.threshold:g} is not on the scale")
        for point in self.anchors:
            if not _is_number(point) or not self._has(float(point)):
                raise ValueError(f"scale {self.id}: the anchor {point} is not a point of the scale")
        if self.kind == "choice" and len(self.anchors) < self.n_points:
            raise ValueError(f"scale {self.id}: a choice names each of its points by an anchor")


class Domain(Part):
    """A group of elements; in an ordered domain the elements are steps in the order they are written.

    Timelines follow the first ordered domain, unless it says `timeline = false`: its order is one of kind then (from safe to
    demanding, say), and not of what comes after what in a session.
    """

    id: Id
    title: Text
    ordered: bool = False
    timeline: bool | None = None  # by default true for an ordered domain, and never for another

    @property
    def is_followed(self) -> bool:
        """True when a timeline may follow its elements as steps of a session."""
        return self.ordered and self.timeline is not False

    @model_validator(mode="after")
    def _only_steps_are_followed(self) -> Domain:
        if self.timeline and not self.ordered:
            raise ValueError(f"domain {self.id}: a timeline follows steps; add ordered = true")
        return self


class Element(Part):
    """What fidelity is reported for."""

    id: Id
    domain: Id
    title: Text
    guidance: Text


class Speaks(Part):
    """That an item speaks to an element, and with what weight among the items that do.

    Where it is `reversed`, much of the item is little of the element: the lowest point tells for it what the highest says.
    """

    element: Id
    weight: float = Field(default=1, gt=0)
    partly: bool = False
    reversed: bool = False


class Item(Part):
    """One line of the form."""

    id: Id
    number: int
    title: Text
    guidance: Text | None = None
    speaks_to: tuple[Speaks, ...] = ()
    scales: tuple[Id, ...]  # none: listed so that nobody rates it by mistake
    states: tuple[State, ...] = (State.NO_OPPORTUNITY, State.UNJUDGEABLE)
    required: bool = True

    @model_validator(mode="after")
    def _marks_are_a_raters(self) -> Item:
        _check_markable(f"item {self.id}", self.states)
        return self


class Crosswalk(Part):
    """The instrument whose elements this one's items speak to."""

    instrument: Id
    version: Version


class Instrument(Part):
    """A versioned instrument. `elements` are its own; `crosswalk` names where the others come from."""

    id: Id
    version: Version
    title: Text
    about: Text
    source: Text
    unit: Literal["session", "case"] = "session"
    modality: Modality
    language: str = "en"
    clinical: bool = True
    scales: tuple[Scale, ...] = Field(min_length=1)
    domains: tuple[Domain, ...] = ()
    elements: tuple[Element, ...] = ()
    crosswalk: Crosswalk | None = None
    items: tuple[Item, ...] = Field(min_length=1)

    @property
    def name(self) -> str:
        """Id and version, as `mbt-session 1.0`."""
        return f"{self.id} {self.version}"

    @property
    def steps(self) -> tuple[Element, ...]:
        """The steps that a timeline follows: the elements of the first ordered domain that one may follow; or none."""
        followed = {d.id for d in self.domains if d.is_followed}
        first = next((e.domain for e in self.elements if e.domain in followed), None)
        return tuple(e for e in self.elements if e.domain == first)

    @model_validator(mode="after")
    def _hangs_together(self) -> Instrument:
        self._check_nothing_twice()
        scales, domains = {s.id for s in self.scales}, {d.id for d in self.domains}
        for item in self.items:
            unknown = [scale for scale in item.scales if scale not in scales]
            if unknown:
                raise ValueError(
                    f"item {item.id}: there is no scale {unknown[0]}; the scales are {', '.join(sorted(scales))}"
                )
        if not any(item.scales for item in self.items):
            raise ValueError("no item is rated on any scale")
        for element in self.elements:
            if element.domain not in domains:
                raise ValueError(f"element {element.id}: there is no domain {element.domain}")
        if self.crosswalk is None:
            self.check_items_speak_to({e.id for e in self.elements})
        return self

    def _check_nothing_twice(self) -> None:
        for what, ids in (
            ("scale", [s.id for s in self.scales]),
            ("domain", [d.id for d in self.domains]),
            ("element", [e.id for e in self.elements]),
            ("item", [i.id for i in self.items]),
            ("item number", [str(i.number) for i in self.items]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"the {what} {twice[0]} is written twice")

    def check_items_speak_to(self, elements: set[str]) -> None:
        """Raise ValueError when an item speaks to an element that is not among `elements`."""
        for item in self.items:
            for speaks in item.speaks_to:
                if speaks.element not in elements:
                    raise ValueError(f"item {item.id}: there is no element {speaks.element}")

    def scale(self, scale_id: str) -> Scale:
        """The scale with this id."""
        return next(s for s in self.scales if s.id == scale_id)

    def marks(self, item: Item, scale: Scale) -> tuple[State, ...]:
        """The marks a rater may make instead of a value: those that the item and the scale both allow."""
        return tuple(state for state in MARKABLE if state in item.states and state in scale.states)

    def is_required(self, item: Item, scale: Scale) -> bool:
        """True when a rating in which this cell is blank is held."""
        return item.required and scale.required and scale.id in item.scales

    @property
    def required_cells(self) -> tuple[tuple[Item, Scale], ...]:
        """Every item on every scale that a rating must fill, in the order of the form."""
        return tuple((i, s) for i in self.items for s in self.scales if self.is_required(i, s))

    def item(self, item_id: str) -> Item:
        """The item with this id."""
        return next(i for i in self.items if i.id == item_id)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_markable(what: str, states: tuple[State, ...]) -> None:
    for state in states:
        if state not in MARKABLE:
            raise ValueError(f"{what}: {state} is not a mark that a rater makes; allowed: {', '.join(MARKABLE)}")
