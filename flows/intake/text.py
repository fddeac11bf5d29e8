"""Cells as text, and texts made comparable: what a spreadsheet program changes must not matter."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta

_SPACE = re.compile(r"\s+")
_ALIKE = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "−": "-",
    }
)


def text_of(value: Value) -> str:
    """A cell's value as the text a person sees: trimmed, whole numbers without `.0`, dates as ISO."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


@lru_cache(maxsize=65536)
def comparable(text: str) -> str:
    """A text without what copying and typing change: case, width, curly quotes, kinds of dash, spaces, a final colon."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_ALIKE)
    return _SPACE.sub(" ", folded).strip().rstrip(":*").rstrip()


def address(row: int, column: int) -> str:
    """The name of a cell from its 0-based row and column: (13, 2) is C14."""
    return f"{column_letters(column)}{row + 1}"


@lru_cache(maxsize=16384)
def column_letters(column: int) -> str:
    """The letters of a 0-based column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The 0-based column of its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def place(cell: str) -> tuple[int, int]:
    """The 0-based row and column of a cell's name."""
    letters = cell.rstrip("0123456789")
    return int(cell[len(letters) :]) - 1, column_number(letters)
