"""What is written in a field: an id as the layout wants it, a date in any of the ways in which sheets hold dates."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache

from flows.intake.text import comparable, text_of
from schemas.layout import ID_FIELDS, FieldSource

SERIALS_FROM = dt.date(1899, 12, 30)  # day 0 of spreadsheet dates, 1900 system
PLAUSIBLE_SERIALS = range(32_874, 73_051)  # 1990 to 2099: in text, other numbers are slips and no dates
MONTHS = {name[:n].lower(): k for k, name in enumerate(calendar.month_name) if name for n in (3, len(name))} | {
    "sept": 9
}
_BETWEEN_PEOPLE = re.compile(r"[,;\n]|\s(?:and|[+&])\s", re.IGNORECASE)
_CLOCK = re.compile(r"[T ,]+\d{1,2}:\d{2}")
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_LENGTHS = {"y": 4, "m": 2, "d": 2}


NUMBERED = frozenset(
    {*ID_FIELDS, "co_therapist_id", "revision", "signed_by"}
)  # fields in which 12.0 is a spreadsheet's way of writing 12


def whole_number(text: str) -> str:
    """`12.0` as `12`, which is what was typed before a program made a number of it; other text as it stands.

    >>> whole_number("12.0"), whole_number("007"), whole_number("1.5"), whole_number("v12.0")
    ('12', '007', '1.5', 'v12.0')
    """
    whole, _, fraction = text.partition(".")
    is_one = whole.isascii() and whole.isdigit() and fraction != "" and fraction.strip("0") == ""
    return whole if is_one else text


def split_people(text: str, source: FieldSource | None) -> list[str]:
    """The people that a field names, as its layout says what stands between them; one text where it does not.

    Where it says no more than that they are several, plus and ampersand part them only between spaces: an id may hold one.

    >>> split_people("T-1; T-2 and T+3", FieldSource(column=("Led by",), several=True))
    ['T-1', 'T-2', 'T+3']
    >>> split_people("T-1, T-2", FieldSource(column=("Led by",)))
    ['T-1, T-2']
    """
    mark = source.several if source is not None else None
    if mark is None:
        return [text.strip()]
    return [part.strip() for part in (_BETWEEN_PEOPLE.split(text) if mark is True else text.split(mark))]


def prepare(text: str, source: FieldSource) -> str:
    """A field's text as the layout wants it: part of it, other words for it, leading zeros, a prefix, one case."""
    if source.pattern is not None:
        match = re.search(source.pattern, text)
        text = "" if match is None else (match.group(1) or "" if match.re.groups else match.group()).strip()
    if source.codes:
        text = {comparable(k): v for k, v in source.codes.items()}.get(comparable(text), text)
    if source.pad and text.isascii() and text.isdigit():
        text = text.zfill(source.pad)
    if source.case is not None:
        text = text.upper() if source.case == "upper" else text.lower()
    return source.prefix + text if text else ""


def read_date(value: object, order: str, months: Mapping[str, int] | None = None) -> dt.date | None:
    """A date from a date cell, a spreadsheet's serial number, or text in `order` (dmy, mdy, ymd); ISO is always read.

    `months` holds names of months beside the English ones.

    >>> read_date("03.02.2026", "dmy"), read_date("2026-02-03", "dmy"), read_date(46056.0, "dmy")
    (datetime.date(2026, 2, 3), datetime.date(2026, 2, 3), datetime.date(2026, 2, 3))
    >>> read_date("3 Feb 26", "dmy"), read_date("20260203", "ymd"), read_date("46056", "dmy"), read_date("30.2.26", "dmy")
    (datetime.date(2026, 2, 3), datetime.date(2026, 2, 3), datetime.date(2026, 2, 3), None)
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(float(value), order)
    return _from_text(value.strip(), order, months or {}) if isinstance(value, str) else None


def _from_number(number: float, order: str) -> dt.date | None:
    if 1 <= number < 2_958_466:
        return SERIALS_FROM + dt.timedelta(days=int(number))
    return _from_digits(text_of(number), order)


def _from_digits(digits: str, order: str) -> dt.date | None:
    """A date written without separators, as 20260203."""
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    parts, at = {}, 0
    for part in order:
        parts[part] = digits[at : at + _LENGTHS[part]]
        at += _LENGTHS[part]
    return _date(parts)


@lru_cache(maxsize=4096)
def _words(months: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    return MONTHS | {comparable(name).rstrip("."): number for name, number in months}


def _from_text(text: str, order: str, months: Mapping[str, int]) -> dt.date | None:
    text = _CLOCK.split(text, maxsplit=1)[0].strip()
    parts = _PARTS.findall(text)
    if len(parts) == 1 and parts[0] == text:
        serial = int(text) if text.isascii() and text.isdigit() and len(text) == 5 else 0
        return _from_number(serial, order) if serial in PLAUSIBLE_SERIALS else _from_digits(text, order)
    if len(parts) != 3 or re.search(r"[^\w./,\- ]|_", text):
        return None
    named = [k for k, part in enumerate(parts) if not part.isdigit()]
    if named:
        order = _order_with_name(parts, named, order)
        parts = [
            str(_words(tuple(months.items())).get(comparable(p), "")) if k in named else p for k, p in enumerate(parts)
        ]
    elif len(parts[0]) == 4:
        order = "ymd"
    return _date(dict(zip(order, parts, strict=True)))


def _order_with_name(parts: list[str], named: list[int], order: str) -> str:
    """Which part is which when the month is a name: it is that, and of the two numbers the year is the longer, else the last."""
    if len(named) > 1 or named[0] == 2:
        return "ymd"  # no way of writing a date: the month's place holds no month
    if len(parts[0]) == 4 and named[0] == 1:
        return "ymd"
    return "mdy" if named[0] == 0 else "ymd" if order == "ymd" and len(parts[2]) < 4 else "dmy"


def _date(parts: Mapping[str, str]) -> dt.date | None:
    if not all(part.isascii() and part.isdigit() for part in parts.values()) or len(parts["y"]) not in (2, 4):
        return None
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return dt.date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None
