"""A finding said to the rater: split into what is wrong and what to do, in her language where there is one.

The database keeps the English sentence. Its gaps are read back out of it by the sentence's own pattern, put into her
language, and filled into that language's sentence; what does not fit the pattern is told in English as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from flows.load.returns import Place, WaitingWorkbook
from schemas.catalog import Catalog
from schemas.instrument import Instrument
from schemas.layout import Layout
from schemas.wording import ENGLISH, Sentences

_FIRST_SENTENCE = re.compile(r"(.+?\.)(?=\s|\{)(.*)", re.DOTALL)


class Wording:
    """How findings in one workbook are told: by the layouts it was read with, and in their language."""

    def __init__(self, languages: Mapping[str, Sentences], catalog: Catalog, waiting: WaitingWorkbook) -> None:
        named = {layout.name: layout for layout in catalog.layouts.values()}
        self.layouts = [named[name] for name in waiting.layouts if name in named]
        self._instruments = [catalog.instruments[key] for key in waiting.instruments if key in catalog.instruments]
        self._english = languages[ENGLISH]
        self.sentences = _first_known(languages, self.layouts, self._instruments) or self._english

    def problem_and_deed(self, found: Place) -> tuple[str, str]:
        """What is wrong, and what to do about it."""
        english = self._english.sentence(found.code)
        said = gaps_of(english, found.message)
        if said is None:
            return _capital(found.message), ""
        problem, deed = _halves(self.sentences.sentence(found.code))
        if self.sentences is not self._english:
            said = {gap: self._render(gap, text) for gap, text in said.items()}
        return _capital(problem.format_map(said)), _capital(deed.format_map(said).strip())

    def _render(self, gap: str, text: str) -> str:
        if not text:
            return text
        match gap:
            case "item":
                return self._item(text)
            case "scale":
                return self._scale(text)
            case "expected":
                return self._expected(text)
            case "field":
                known = {
                    english: self.sentences.fields.get(name, english) for name, english in self._english.fields.items()
                }
                return ", ".join(known.get(part, part) for part in text.split(", "))
            case "suggestion":
                nearest = gaps_of(self._english.phrases.did_you_mean, text.strip())
                return text if nearest is None else f" {self.sentences.phrases.did_you_mean.format_map(nearest)}"
        return text

    def _item(self, text: str) -> str:
        """An item as her sheet calls it, else by its number."""
        numbered = gaps_of(self._english.phrases.item, text)
        title = numbered["title"] if numbered else text
        for instrument in self._instruments:
            for item in instrument.items:
                if title in (item.title, item.id) and (own := _own_word(self.layouts, "items", item.id)):
                    return own
        return self.sentences.phrases.item.format_map(numbered) if numbered else text

    def _scale(self, text: str) -> str:
        for instrument in self._instruments:
            for scale in instrument.scales:
                if text == scale.title.lower() and (own := _own_word(self.layouts, "scales", scale.id)):
                    return own
        return text

    def _expected(self, text: str) -> str:
        """The range and the marks: the marks stay as they are typed, what they mean is said in her language."""
        parts = gaps_of(self._english.phrases.or_marks, text)
        if parts is not None:
            marks = parts["marks"]
            for state, meaning in self._english.states.items():
                marks = marks.replace(f"({meaning})", f"({self.sentences.states.get(state, meaning)})")
            said = {"points": self._points(parts["points"]), "marks": marks}
            return self.sentences.phrases.or_marks.format_map(said)
        return self._points(text)

    def _points(self, text: str) -> str:
        english, own = self._english.phrases, self.sentences.phrases
        for template, rendered in ((english.points, own.points), (english.steps, own.steps)):
            said = gaps_of(template, text)
            if said is not None:
                return rendered.format_map(said)
        return text


def gaps_of(template: str, text: str) -> dict[str, str] | None:
    """What stands in a template's gaps when it says `text`; None when it cannot say that."""
    found = _pattern(template).fullmatch(text)
    return None if found is None else found.groupdict()


@lru_cache(maxsize=256)
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    # a suggestion may be missing; nothing else may
    named = [f"(?P<{p}>.{'*' if p == 'suggestion' else '+'})" if n % 2 else re.escape(p) for n, p in enumerate(parts)]
    return re.compile("".join(named), re.DOTALL)


def _halves(sentence: str) -> tuple[str, str]:
    """The first sentence, which says what is wrong, and the rest, which says what to do."""
    found = _FIRST_SENTENCE.fullmatch(sentence)
    return (found[1], found[2]) if found else (sentence, "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _own_word(layouts: Iterable[Layout], kind: str, meant: str) -> str | None:
    words: Iterable[Mapping[str, str]] = (getattr(layout, kind) for layout in layouts)
    return next((text for known in words for text, means in known.items() if means == meant), None)


def _first_known(
    languages: Mapping[str, Sentences], layouts: Sequence[Layout], instruments: Sequence[Instrument]
) -> Sentences | None:
    spoken = [*(layout.language for layout in layouts), *(instrument.language for instrument in instruments)]
    exact_or_wider = (
        tag for language in spoken if language != ENGLISH for tag in (language, language.partition("-")[0])
    )
    return next((languages[tag] for tag in exact_or_wider if tag in languages), None)


def whole_message(problem: str, deed: str) -> str:
    """Both halves as one text, for a note."""
    return f"{problem} {deed}".strip()
