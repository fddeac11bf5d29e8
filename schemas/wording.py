"""What raters are told, in the languages there are: one TOML file each, with the closed lists' sentences and headings.

English is whole by itself: its findings are those of `schemas.codes`. Another language says what it can; English fills in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError, model_validator

from flows.errors import LayoutWrong
from schemas.codes import FINDING_KINDS, Code, State
from schemas.instrument import Part, Text

SHIPPED = Path(__file__).parent / "sentences"
ENGLISH = "en"
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]


class Headings(Part):
    """The words of the sheet "What to mend". `{…}` is filled in."""

    sheet: Annotated[str, StringConstraints(min_length=1, max_length=28, pattern=r"^[^\[\]:*?/\\']+$")]
    title: Text
    workbook: Text
    waits: Text
    mend: Text
    stays: Text
    new_copy: Text
    pictures: Text
    list_only: Text
    place_sheet: Text
    place_cell: Text
    problem: Text
    to_do: Text
    whole_sheet: Text
    note: Text


class Phrases(Part):
    """What fills the gaps of sentences, piece by piece; English is what `flows.intake` says, other languages render it."""

    item: Text
    points: Text
    steps: Text
    or_marks: Text
    did_you_mean: Text


class Sentences(Part):
    """All that is said to raters in one language."""

    language: Language
    headings: Headings
    phrases: Phrases
    fields: dict[str, Text]
    states: dict[State, Text]
    findings: dict[Code, Annotated[str, Field(min_length=1, max_length=600)]] = {}

    @model_validator(mode="after")
    def _has_the_same_gaps(self) -> Sentences:
        for code, sentence in self.findings.items():
            wanted, given = gaps(FINDING_KINDS[code].sentence), gaps(sentence)
            if wanted != given:
                raise ValueError(
                    f"findings.{code.value} fills in {_listed(given)}, where English fills in {_listed(wanted)}"
                )
        return self

    def sentence(self, code: Code) -> str:
        """The sentence of a finding, with its gaps; the English one where this language has none."""
        return self.findings.get(code, FINDING_KINDS[code].sentence)


def gaps(sentence: str) -> frozenset[str]:
    """The names in `{…}`."""
    return frozenset(re.findall(r"\{([^{}]*)\}", sentence))


def load_sentences(homes: Iterable[Path] = ()) -> Mapping[str, Sentences]:
    """Sentences by language: those that ship, then `sentences/*.toml` below each folder of `homes`, which come before them.

    Raises:
        LayoutWrong: a file breaks a rule; the message names it.
    """
    folders = [SHIPPED, *(home / "sentences" for home in homes)]
    read = {path: _read(path) for folder in folders for path in sorted(folder.glob("*.toml"))}
    english = read[SHIPPED / "en.toml"]
    for path, sentences in read.items():
        for part in ("headings", "phrases"):
            _check_gaps(f"sentences/{path.name}: {part}", getattr(english, part), getattr(sentences, part))
    return {sentences.language: sentences for sentences in read.values()}


def _check_gaps(where: str, english: Part, own: Part) -> None:
    """A phrase may leave out what English fills in, as a title in another language, and may not ask for more."""
    for name, text in own:
        more = gaps(text) - gaps(getattr(english, name))
        if more:
            raise LayoutWrong(f"{where}.{name} asks for {_listed(more)}, which is never filled in there.")


def _read(path: Path) -> Sentences:
    try:
        return Sentences.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise LayoutWrong(f"sentences/{path.name} is not valid TOML: {wrong}.") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise LayoutWrong(f"sentences/{path.name}: {place + ': ' if place else ''}{message}.") from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
