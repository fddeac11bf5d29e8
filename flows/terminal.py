"""What all commands share: where the home is, how they speak, and how they ask."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.errors import UsageError

if TYPE_CHECKING:
    from flows.settings import Settings

Home = Annotated[
    Path | None,
    Parameter(help="The folder that holds raw/ and warehouse/ [FIDELITY_HOME, else the current directory]."),
]


def settings_at(home: Path | None, **given: object) -> Settings:
    """The settings of the home that a command was given."""
    from flows.settings import load_settings

    return load_settings(home, **given)


def tell(lines: Iterable[str]) -> None:
    """Print what a command has to say, at once."""
    print("\n".join(lines), flush=True)


def confirm(word: str) -> None:
    """Ask for the word to be typed.

    Raises:
        UsageError: nobody can be asked, or something else was typed.
    """
    if not sys.stdin.isatty():
        raise UsageError(f"Nobody can be asked here. To {word} without being asked, add --yes.")
    if input(f"This cannot be undone. Type {word} to go on: ").strip() != word:
        raise UsageError("Nothing was changed.")
