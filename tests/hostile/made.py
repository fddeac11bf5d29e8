"""How a hostile file is told: its name, what makes it, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.codes import Code

Maker = Callable[[], bytes]
READ = "accepted"  # in place of a code: nothing is wrong after all, and its one rating is taken in
MADE: list[Hostile] = []


@dataclass(frozen=True)
class Hostile:
    """A file by its name, the codes any of which fits it (READ: it is read), and what is wrong with it in words."""

    name: str
    make: Maker
    codes: tuple[Code | str, ...]

    @property
    def wrong(self) -> str:
        """The first line of its maker's docstring."""
        return (self.make.__doc__ or "").strip().splitlines()[0]


def hostile(name: str, *codes: Code | str) -> Callable[[Maker], Maker]:
    """Note what a function makes as a file of this name that must end in one of these ways."""

    def note(make: Maker) -> Maker:
        MADE.append(Hostile(name, make, codes))
        return make

    return note
