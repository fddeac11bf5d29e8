"""What a rule of guidance is: a caution of the field, turned into conditions on one session and a plain question.

A rule is a TOML file in `schemas/guidance/` (of the home, beside those that ship; the home's own wins where the id is the
same). What it finds is a prompt for a conversation, never a finding about a person.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from schemas.instrument import Id, Part, Text
from schemas.session_codes import Phase


class Condition(Part):
    """One thing that must hold of a session (or case): its phase, or an observer's rating of an element, a domain or an item.

    A rating holds when its value is `at_least`, `at_most` or `more_than` a number, or says the words of a choice (`said`).
    Where `more_than` is a word, the number is the lab's setting of that name.
    """

    phase: Phase | None = None
    element: Id | None = None
    domain: Id | None = None
    item: Id | None = None
    scales: tuple[Id, ...] = ()  # on any of these; on any scale when none is named
    at_least: float | None = None
    at_most: float | None = None
    more_than: float | Annotated[str, Field(pattern="^crisis_plan_by_session$")] | None = None
    said: Text | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Condition:
        about = [name for name in ("phase", "element", "domain", "item") if getattr(self, name) is not None]
        asked = [n for n in ("at_least", "at_most", "more_than", "said") if getattr(self, n) is not None]
        if len(about) != 1:
            raise ValueError("a condition names one of phase, element, domain, item")
        if (about == ["phase"]) != (not asked) or len(asked) > 1:
            raise ValueError(
                "a condition on a rating says one of at_least, at_most, more_than, said; one on the phase none"
            )
        return self


class Rule(Part):
    """A caution: when all its conditions hold of one session, its sentence is put to the supervisor."""

    id: Id
    sentence: Text
    why: Text
    when: tuple[Condition, ...] = Field(min_length=1)
