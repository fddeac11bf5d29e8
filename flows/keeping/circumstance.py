"""What past nights rested on, told without erased people: rosters lose their lines, texts the words that mention one.

Rosters and texts are kept under hashes of all that they say. A hash of something that held an id would let anyone try ids
against it, so what is told anew has a new hash.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from flows.intake.erased import Erased
from flows.intake.text import comparable
from flows.load.circumstance import id_of, keep_roster, kept_roster
from flows.load.tombstones import without_erased

ROSTERS = ("history.roster_therapist", "history.roster_rater", "history.roster_plan")
MOST_MENTIONS = 1000  # in one line; a line of more is not kept


def rewrite_circumstance(con: DuckDBPyConnection, erased: Erased, under: str) -> None:
    """Tell every night's roster and texts without erased people, in the caller's transaction.

    `under` is the fingerprint of today's roster, layouts and instruments: workbooks judged under another one, which may have
    been made of an erased id, no longer say under which.
    """
    if not erased.stones:
        return
    _rewrite_rosters(con, erased)
    _rewrite_texts(con, erased)
    for table in ("workbook", "workbook_before"):
        con.execute(f"update history.{table} set judged_under = '' where judged_under <> $under", {"under": under})


def _rewrite_rosters(con: DuckDBPyConnection, erased: Erased) -> None:
    for (old,) in con.execute("select distinct roster_id from history.circumstance where has_roster").fetchall():
        roster = kept_roster(con, old)
        left, _n_left_out = without_erased(roster, erased)
        if left != roster:
            new = keep_roster(con, left)
            con.execute(
                "update history.circumstance set roster_id = $new where roster_id = $old", {"new": new, "old": old}
            )
            for table in ROSTERS:
                con.execute(f"delete from {table} where roster_id = $old", {"old": old})


def _rewrite_texts(con: DuckDBPyConnection, erased: Erased) -> None:
    for old, name, text in con.execute("select text_id, name, text from history.text").fetchall():
        told, called = without_words(text, erased), without_words(name, erased)
        if (told, called) != (text, name):
            one = {"old": old, "new": id_of(told), "name": name, "called": called, "text": told}
            con.execute("delete from history.text where text_id = $old and name = $name", _only(one, "old", "name"))
            con.execute(
                "insert into history.text by name select $new as text_id, $called as name, $text as text "
                "where ($new, $called) not in (select (text_id, name) from history.text)",
                _only(one, "new", "called", "text"),
            )
            con.execute(
                "update history.circumstance set settings_id = if(settings_id = $old, $new, settings_id), "
                "text_ids = list_transform(text_ids, lambda one: if(one = $old, $new, one))",
                _only(one, "old", "new"),
            )


def _only(given: dict[str, str], *names: str) -> dict[str, str]:
    return {name: given[name] for name in names}


def without_words(text: str, erased: Erased) -> str:
    """A text in which words that may stand in any string take the place of every mention; the same mention, the same word."""
    if not erased.mentions(text):
        return text
    return "".join(_line_without(line, erased) for line in text.splitlines(keepends=True))


def _line_without(line: str, erased: Erased) -> str:
    for _ in range(MOST_MENTIONS):
        if not erased.mentions(line):
            return line
        first, end = _mention(line, erased)
        line = f"{line[:first]}erased-{erased.mark(comparable(line[first:end]))[:8]}{line[end:]}"
    return "\n"


def _mention(line: str, erased: Erased) -> tuple[int, int]:
    """Where a mention begins and ends: halving finds an end, and then a beginning, at which it is one and just was none."""
    low, end = 0, len(line)
    while end - low > 1:
        middle = (low + end) // 2
        low, end = (low, middle) if erased.mentions(line[:middle]) else (middle, end)
    first, high = 0, end
    while high - first > 1:
        middle = (first + high) // 2
        first, high = (middle, high) if erased.mentions(line[middle:end]) else (first, middle)
    return first, end
