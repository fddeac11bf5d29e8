"""What one rating cell says: its state and value, or the code of what is wrong with it.

The parser knows the instrument's scale, the marks and codes of the layout, and nothing else; it never guesses. A
blank is `missing`, never a state that the rater did not choose.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

from flows.intake.text import Value, comparable, typed
from flows.intake.written import read_date
from schemas.codes import Code, State
from schemas.instrument import Instrument, Item, Scale
from schemas.layout import Layout

# What a cell holds when it is not text at all; control characters cannot be typed.
NOT_TYPED = "\x01"
ERROR_CELL = "\x01error"
UNCALCULATED_CELL = "\x01formula"
DATE_CELL = "\x01date"

STATE_WORDS = {
    State.NO_OPPORTUNITY: "no opportunity",
    State.UNJUDGEABLE: "could not judge",
    State.NOT_DELIVERED: "not delivered",
    State.MISSING: "nothing entered",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A cell's state, its value when rated, and a code when it cannot stand."""

    state: State
    value: float | None = None
    code: Code | None = None


BLANK = Parsed(State.MISSING)


def cell_text(value: Value) -> str:
    """The text of a rating cell; dates, which spreadsheets make of `4-5`, are told apart from numbers."""
    if isinstance(value, dt.date):
        return f"{DATE_CELL} {value:%Y-%m-%d}"
    if isinstance(value, (dt.time, dt.timedelta)):
        return DATE_CELL
    return typed(value)


class CellParser:
    """Parses the rating cells of one layout's sheets. Equal texts are parsed once."""

    def __init__(self, layout: Layout, instrument: Instrument) -> None:
        self.instrument = instrument
        self._missing = {comparable(text) for text in layout.missing}
        self._marks = {
            scale.id: {comparable(t): s for t, s in (layout.marks | layout.scale_marks.get(scale.id, {})).items()}
            | dict.fromkeys(self._missing, State.MISSING)
            for scale in instrument.scales
        }
        self._decimal, self._date_order, self._months = layout.decimal, layout.date_order, layout.months
        self._codes = {
            scale.id: {
                comparable(t): v
                for t, v in (_named_points(scale) | layout.codes | layout.scale_codes.get(scale.id, {})).items()
            }
            for scale in instrument.scales
        }
        self._items = {item.id: item for item in instrument.items}
        self._scales = {scale.id: scale for scale in instrument.scales}
        self._words = {
            scale.id: {
                state: "/".join(
                    m for m, s in (layout.marks | layout.scale_marks.get(scale.id, {})).items() if s is state
                )
                for state in State
            }
            for scale in instrument.scales
        }
        self._known: dict[tuple[str, str, str], Parsed] = {}

    def parse(self, item: str, scale: str, text: str) -> Parsed:
        """What `text` says as a rating of `item` on `scale`."""
        key = (item, scale, text)
        if key not in self._known:
            self._known[key] = self._judge(self._items[item], self._scales[scale], text)
        return self._known[key]

    def is_blank(self, text: str) -> bool:
        """Whether nothing is entered: no text, or a mark that says so."""
        return not text or comparable(text) in self._missing

    def expected(self, item: str, scale: str) -> str:
        """What may be entered, in words: the range, then the marks as this layout writes them."""
        the_item, the_scale = self._items[item], self._scales[scale]
        said = _range_words(the_scale)
        marks = [
            word if word == STATE_WORDS[state] else f"{word} ({STATE_WORDS[state]})"
            for state in self.instrument.marks(the_item, the_scale)
            if (word := self._words[scale][state])
        ]
        return f"{said}, or {', '.join(marks)}" if marks else said

    def _judge(self, item: Item, scale: Scale, text: str) -> Parsed:
        parsed = self._read(scale, text)
        if scale.id not in item.scales:
            return Parsed(State.NOT_RATED_BY_DESIGN, code=None if parsed == BLANK else Code.SCALE_NOT_USED)
        if parsed == BLANK and self.instrument.is_required(item, scale):
            return Parsed(State.MISSING, code=Code.CELL_BLANK)
        if parsed.state not in (State.RATED, State.MISSING, *self.instrument.marks(item, scale)):
            return Parsed(State.MISSING, code=Code.STATE_NOT_ALLOWED)
        return parsed

    def _read(self, scale: Scale, text: str) -> Parsed:
        if not text:
            return BLANK
        if scale.kind == "date" and text.startswith(DATE_CELL):
            return self._on_calendar(scale, text.removeprefix(DATE_CELL).strip())
        if text.startswith(NOT_TYPED):
            return Parsed(State.MISSING, code=NOT_TEXT[text.partition(" ")[0]])
        plain = comparable(text)
        marks = self._marks[scale.id]
        if is_error_text(plain) and plain not in marks:
            return Parsed(State.MISSING, code=Code.ERROR_VALUE)
        if plain in self._codes[scale.id]:
            return _on_scale(scale, self._codes[scale.id][plain])
        if plain in marks:
            return Parsed(marks[plain])
        if scale.kind == "date":
            return self._on_calendar(scale, text)
        number = as_number(text, self._decimal)
        return Parsed(State.MISSING, code=Code.NOT_A_RATING) if number is None else _on_scale(scale, number)

    def _on_calendar(self, scale: Scale, text: str) -> Parsed:
        """A date as the number 20260324."""
        date = read_date(text, self._date_order, self._months)
        if date is None:
            return Parsed(State.MISSING, code=Code.DATE_UNREADABLE)
        number = float(f"{date:%Y%m%d}")
        is_plausible = scale.lowest <= number <= scale.highest
        return Parsed(State.RATED, number) if is_plausible else Parsed(State.MISSING, code=Code.DATE_IMPLAUSIBLE)


# What spreadsheets write into exported text where a cell held an error, in any language: #N/A, #DIV/0!, #WERT!, Err:502.
_ERROR_TEXT = re.compile(r"#[^\W\d_][^\W_]*(/[^\W_]+)?[!?]?|err:\d{3}", re.IGNORECASE)


def is_error_text(text: str) -> bool:
    """Whether a text is what a spreadsheet shows in place of a result that it could not work out.

    >>> [is_error_text(text) for text in ("#N/A", "#DIV/0!", "#NAVN?", "Err:502", "#1", "# 4", "no")]
    [True, True, True, True, False, False, False]
    """
    return _ERROR_TEXT.fullmatch(text) is not None


NOT_TEXT = {
    ERROR_CELL: Code.ERROR_VALUE,
    UNCALCULATED_CELL: Code.FORMULA_NOT_CALCULATED,
    DATE_CELL: Code.DATE_IN_RATING,
}


def _named_points(scale: Scale) -> dict[str, float]:
    """The words of a choice, which people write instead of its numbers, alone or as the form's lists have them: `1 – yes`."""
    if scale.kind != "choice":
        return {}
    alone = {word: float(point) for point, word in scale.anchors.items()}
    return alone | {f"{point} – {word}": float(point) for point, word in scale.anchors.items()}


def _range_words(scale: Scale) -> str:
    if scale.kind == "date":
        return "a date as year-month-day, such as 2026-03-24"
    if scale.kind == "choice":
        return ", ".join(f"{point} ({word})" for point, word in scale.anchors.items())
    number = "a whole number" if scale.step == 1 else f"a number in steps of {scale.step:g}"
    return f"{number} from {scale.lowest:g} to {scale.highest:g}"


def _on_scale(scale: Scale, number: float) -> Parsed:
    if not scale.lowest <= number <= scale.highest:
        return Parsed(State.MISSING, code=Code.OUT_OF_RANGE)
    nearest = scale.nearest(number)
    # a stored 3.9999999999 is a 4 that a formula computed; 3.99 is not
    if not math.isclose(nearest, number, abs_tol=1e-9):
        return Parsed(State.MISSING, code=Code.HALF_POINT)
    return Parsed(State.RATED, nearest)


def as_number(text: str, decimal: str) -> float | None:
    """A plainly written number, with `decimal` or a point before its fraction; None for anything else.

    >>> as_number("4,5", ","), as_number("4.0", ","), as_number("4-5", "."), as_number("1e1", ".")
    (4.5, 4.0, None, None)
    """
    whole, mark, fraction = text.partition("," if decimal == "," and "," in text else ".")
    digits = whole.removeprefix("-").removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or (mark and not (fraction.isascii() and fraction.isdigit())):
        return None
    return float(f"{whole}.{fraction or 0}")
