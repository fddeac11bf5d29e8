"""What one rating cell says: its state and value, or what is wrong with it."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.intake.cells import DATE_CELL, ERROR_CELL, UNCALCULATED_CELL, CellParser, Parsed, as_number, cell_text
from schemas.codes import Code, State
from schemas.instrument import Instrument
from schemas.layout import Layout
from tests.support.lab import LONG, PAIR

INSTRUMENT = Instrument.model_validate(tomllib.loads(PAIR))


def parser(**more: object) -> CellParser:
    """The parser of the drawn layout, with something more said about cells."""
    return CellParser(Layout.model_validate(tomllib.loads(LONG) | more), INSTRUMENT)


PLAIN = parser(missing=["-", "n/a"], decimal=",", codes={"H": 6, "M": 4, "hopeless": 9})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4.0),
        ("1", 1.0),
        ("7", 7.0),
        ("4.0", 4.0),
        ("4,0", 4.0),
        ("+4", 4.0),
        ("004", 4.0),
        ("3.9999999999999996", 4.0),
        ("H", 6.0),
        (" h ", 6.0),
        ("m", 4.0),
    ],
)
def test_a_number_on_the_scale_or_a_code_for_one_is_rated(text: str, value: float) -> None:
    assert PLAIN.parse("not_knowing", "adherence", text) == Parsed(State.RATED, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.CELL_BLANK),
        ("-", Code.CELL_BLANK),
        ("–", Code.CELL_BLANK),
        ("N/A", Code.CELL_BLANK),
        ("0", Code.OUT_OF_RANGE),
        ("8", Code.OUT_OF_RANGE),
        ("-4", Code.OUT_OF_RANGE),
        ("99", Code.OUT_OF_RANGE),
        ("1000000", Code.OUT_OF_RANGE),
        ("hopeless", Code.OUT_OF_RANGE),
        ("4.5", Code.HALF_POINT),
        ("4,5", Code.HALF_POINT),
        ("3.99", Code.HALF_POINT),
        ("4-5", Code.NOT_A_RATING),
        ("4?", Code.NOT_A_RATING),
        ("H?", Code.NOT_A_RATING),
        ("4 or 5", Code.NOT_A_RATING),
        ("1e1", Code.NOT_A_RATING),
        ("nan", Code.NOT_A_RATING),
        ("inf", Code.NOT_A_RATING),
        ("٤", Code.NOT_A_RATING),
        ("four", Code.NOT_A_RATING),
        ("4_0", Code.NOT_A_RATING),
        ("TRUE", Code.NOT_A_RATING),
        ("#N/A", Code.ERROR_VALUE),
        ("#DIV/0!", Code.ERROR_VALUE),
        (ERROR_CELL, Code.ERROR_VALUE),
        (UNCALCULATED_CELL, Code.FORMULA_NOT_CALCULATED),
        (DATE_CELL, Code.DATE_IN_RATING),
        ("NO", Code.STATE_NOT_ALLOWED),
    ],
)
def test_anything_else_in_a_required_cell_is_missing_with_the_reason(text: str, code: Code) -> None:
    assert PLAIN.parse("not_knowing", "adherence", text) == Parsed(State.MISSING, code=code)


@pytest.mark.parametrize(
    ("item", "text", "parsed"),
    [
        ("not_knowing", "?", Parsed(State.UNJUDGEABLE)),
        ("differences", "NO", Parsed(State.NO_OPPORTUNITY)),
        ("differences", "nd", Parsed(State.NOT_DELIVERED)),
        ("differences", "", Parsed(State.MISSING)),
        ("differences", "-", Parsed(State.MISSING)),
        ("differences", "#N/A", Parsed(State.MISSING, code=Code.ERROR_VALUE)),
    ],
)
def test_a_mark_means_its_state_and_a_blank_never_does(item: str, text: str, parsed: Parsed) -> None:
    assert PLAIN.parse(item, "competence", text) == parsed


def test_a_scale_that_the_item_does_not_use_holds_nothing_but_blanks() -> None:
    items = [item.model_copy(update={"scales": ("competence",)}) for item in INSTRUMENT.items]
    cells = CellParser(
        Layout.model_validate(tomllib.loads(LONG)), INSTRUMENT.model_copy(update={"items": tuple(items)})
    )
    assert cells.parse("not_knowing", "adherence", "") == Parsed(State.NOT_RATED_BY_DESIGN)
    assert cells.parse("not_knowing", "adherence", "4") == Parsed(State.NOT_RATED_BY_DESIGN, code=Code.SCALE_NOT_USED)


def test_codes_and_marks_of_one_scale_do_not_touch_the_other() -> None:
    cells = parser(scale_codes={"adherence": {"Y": 7}}, scale_marks={"competence": {"0": "not_delivered"}})
    assert cells.parse("differences", "adherence", "y") == Parsed(State.RATED, 7.0)
    assert cells.parse("differences", "competence", "y") == Parsed(State.MISSING, code=Code.NOT_A_RATING)
    assert cells.parse("differences", "competence", "0") == Parsed(State.NOT_DELIVERED)
    assert cells.parse("differences", "adherence", "0") == Parsed(State.MISSING, code=Code.OUT_OF_RANGE)


def test_a_number_may_be_a_mark_and_then_it_is_no_rating() -> None:
    cells = parser(marks={"7": "unjudgeable"})
    assert cells.parse("not_knowing", "adherence", "7") == Parsed(State.UNJUDGEABLE)


def test_what_may_be_entered_is_told_with_the_marks_as_the_sheet_writes_them() -> None:
    assert PLAIN.expected("not_knowing", "adherence") == (
        "a whole number from 1 to 7, or ? (could not judge), ND (not delivered)"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (dt.datetime.fromisoformat("2026-05-04"), f"{DATE_CELL} 2026-05-04"),
        (dt.date(2026, 5, 4), f"{DATE_CELL} 2026-05-04"),
        (dt.time(4, 5), DATE_CELL),
        (dt.timedelta(hours=4), DATE_CELL),
    ],
)
def test_a_date_in_a_rating_cell_is_told_apart_from_a_number(value: dt.date, said: str) -> None:
    assert cell_text(value) == said
    assert PLAIN.parse("not_knowing", "adherence", said).code is Code.DATE_IN_RATING


@given(
    st.text(max_size=40), st.sampled_from(["not_knowing", "differences"]), st.sampled_from(["adherence", "competence"])
)
def test_no_text_makes_the_parser_raise_and_what_is_rated_is_on_the_scale(text: str, item: str, scale: str) -> None:
    parsed = PLAIN.parse(item, scale, text)
    assert (parsed.value is not None) == (parsed.state is State.RATED)
    assert parsed.state is not State.RATED or parsed.value in (1, 2, 3, 4, 5, 6, 7)
    assert parsed.code is None or parsed.state is State.MISSING
    if not text.strip():
        assert parsed.state is State.MISSING


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_is_rounded_into_a_rating(number: float) -> None:
    text = cell_text(number) if number == number and abs(number) != float("inf") else repr(number)
    parsed = PLAIN.parse("not_knowing", "adherence", text)
    if parsed.state is State.RATED:
        assert abs(number - parsed.value) < 1e-8  # type: ignore[operator]


@given(st.integers(-999, 999), st.integers(0, 999), st.sampled_from([".", ","]))
def test_plain_numbers_read_as_written_with_either_decimal_mark(whole: int, fraction: int, mark: str) -> None:
    assert as_number(f"{whole}{mark}{fraction:03d}", ",") == float(f"{whole}.{fraction:03d}")


CHOICE = {
    "id": "in_place", "title": "In place", "short": "In place", "question": "Is it in place?", "kind": "choice",
    "lowest": 0, "highest": 1, "anchors": {"0": "no", "1": "yes"},
}  # fmt: skip


def answer(text: str) -> Parsed:
    """A cell of an instrument whose one scale is a choice between yes and no."""
    asked = tomllib.loads(PAIR) | {"scales": [CHOICE]}
    asked["items"] = [item | {"scales": ["in_place"], "states": []} for item in asked["items"]]
    layout = Layout.model_validate(tomllib.loads(LONG) | {"marks": {}})
    return CellParser(layout, Instrument.model_validate(asked)).parse("not_knowing", "in_place", text)


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("yes", 1), ("1 – yes", 1), ("1 - Yes", 1), ("0 – no", 0), ("NO", 0)]
)
def test_a_choice_is_known_by_its_number_its_word_or_both_as_the_form_has_them(text: str, value: float) -> None:
    assert answer(text) == Parsed(State.RATED, value)


def test_a_number_beside_another_choice_s_word_is_no_answer() -> None:
    assert answer("1 – no").code is Code.NOT_A_RATING
