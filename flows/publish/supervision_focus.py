"""The two-and-two of a supervision sheet: what stands out and what to work on, with the session and cell to look at."""

from __future__ import annotations

from collections.abc import Sequence

from flows.publish.supervision_facts import Named
from flows.publish.supervision_profile import short_title
from flows.publish.supervision_rows import PageRow, line_of, row_of
from schemas.advice_codes import FocusKind

NONE_NAMED = "Nothing is named: these sessions settle of no element that it is a strength, or one to work on."
BY_KIND: dict[str, str] = {FocusKind.STRENGTH: "Strength", FocusKind.WORK_ON: "To work on"}


def focus_rows(focus: Sequence[Named]) -> list[PageRow]:
    """The heading and a row for each named element, strengths first; a sentence where none is named."""
    heading = line_of("Strengths, and what to work on", "Heading 2", 22)
    if not focus:
        return [heading, line_of(NONE_NAMED)]
    head = row_of(("Element", "Scale", "Session that shows it", "What was seen, and where it stands"), "Head")
    return [heading, head, *(row_of(_texts(named)) for named in focus)]


def _texts(named: Named) -> tuple[str, ...]:
    day = named.session_on.isoformat() if named.session_on else "no date"
    name = f"{BY_KIND[named.kind]}: {short_title(named.element)}"
    return (
        name,
        named.scale,
        f"{named.session_id}, {day}",
        f"{named.reason} ({named.place})" if named.place else named.reason,
    )
