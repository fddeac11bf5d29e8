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
# What nobody sees and copying brings along: marks of direction and order, soft hyphens, widthless spaces. Joiners stay,
# as several scripts and emoji are written with them.
_INVISIBLE = dict.fromkeys(
    (0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF)
)
_OTHER_SPACES = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_AS_SEEN = _INVISIBLE | _OTHER_SPACES
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def text_of(value: Value) -> str:
    """A cell's value as the text a person sees: trimmed, whole numbers without `.0`, dates as ISO."""
    if isinstance(value, str):
        if not value.isascii():
            value = unicodedata.normalize("NFC", value.translate(_AS_SEEN))
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


def typed(value: Value) -> str:
    """The text of a cell that holds an id, a date or a rating: as `text_of`, with full-width letters and digits as others."""
    text = text_of(value)
    return text if text.isascii() else text.translate(_HALF_WIDTH).strip()


@lru_cache(maxsize=65536)
def comparable(text: str) -> str:
    """A text without what copying and typing change: case, width, curly quotes, kinds of dash, spaces, a final colon."""
    folded = unicodedata.normalize("NFKC", text.translate(_AS_SEEN)).casefold().translate(_ALIKE)
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
