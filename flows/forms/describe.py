"""Instruments in plain words: what `fidelity instruments list`, `show` and `check` print, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from pydantic import ValidationError

from flows.errors import InstrumentWrong
from flows.forms.coverage import (
    coverage,
    domain_in_words,
    domains_of,
    items_in_words,
    scales_in_words,
    speaking,
)
from flows.forms.form_layout import MARK_WORDS
from schemas.catalog import Catalog, check_crosswalk, plain_words, read_instrument
from schemas.instrument import Instrument, Item, Scale

OK = "ok: "


def list_instruments(catalog: Catalog) -> list[str]:
    """One line an instrument and version: name, title, modality, items and scales."""
    found = [catalog.instruments[key] for key in sorted(catalog.instruments)]
    width = max((len(i.name) for i in found), default=0)
    return [f"{i.name:<{width}}  {i.title} ({_size(i)})" for i in found]


def show_instrument(instrument: Instrument, catalog: Catalog) -> list[str]:
    """Everything about one instrument: scales, elements and how they are covered, items with their marks."""
    lines = [f"{instrument.name}: {instrument.title}", instrument.about, f"Source: {instrument.source}"]
    lines.append(f"What is rated: {instrument.modality} {instrument.unit}s.")
    if not instrument.clinical:
        lines.append("For demonstration, not for clinical use.")
    lines += ["", "Scales", *(f"  {_scale_words(scale)}" for scale in instrument.scales)]
    lines += _element_lines(instrument, catalog)
    lines += [
        "",
        "Items",
        *(f"  {line}" for item in instrument.items for line in _item_lines(instrument, item)),
    ]
    return lines


def check_instrument(path: Path, catalog: Catalog) -> list[str]:
    """What is wrong with an instrument file, a sentence each; or what it holds, beginning with `ok: `.

    Args:
        path: the TOML file.
        catalog: the instruments that are active, to which a crosswalk may lead. The file may be one of them.
    """
    try:
        instrument = read_instrument(path)
        instruments = {**catalog.instruments, (instrument.id, instrument.version): instrument}
        check_crosswalk(instrument, instruments)
    except InstrumentWrong as wrong:
        return _mistakes(path, wrong)
    released = catalog.texts.get(f"instrument {instrument.name}")
    if released is not None and released != path.read_text(encoding="utf-8"):
        return [
            f"{path.name}: {instrument.name} is there already and says something else. A released version "
            "never changes; give this one a new version."
        ]
    grown = Catalog(instruments, catalog.layouts, catalog.texts)
    return [f"{OK}{instrument.name} has {_size(instrument)}.", *_notes(instrument, grown)]


def is_ok(lines: Sequence[str]) -> bool:
    """True when `check_instrument` found nothing wrong."""
    return bool(lines) and lines[0].startswith(OK)


def _mistakes(path: Path, wrong: InstrumentWrong) -> list[str]:
    # The error joins all mistakes into its one line; what pydantic found is still behind it, one by one.
    if isinstance(wrong.__context__, ValidationError):
        return [f"{path.name}: {sentence}." for sentence in plain_words(wrong.__context__)]
    return [str(wrong)]


def _notes(instrument: Instrument, catalog: Catalog) -> list[str]:
    """What is allowed and yet worth a second look."""
    silent = [str(item.number) for item in instrument.items if not item.speaks_to]
    covered = coverage(instrument, catalog.elements_of(instrument))
    without = [s.id for s in instrument.scales if s.threshold is None and s.kind == "rating"]
    notes = []
    if silent:
        notes.append(f"Items that speak to no element, and are shown by item only: {', '.join(silent)}.")
    for word in ("partly", "not rated", "not covered"):
        these = [element for element, how in covered.items() if how == word]
        if these:
            notes.append(f"Elements {word}: {', '.join(these)}.")
    if without:
        notes.append(f"Scales without a threshold, so without a share of adequate sessions: {', '.join(without)}.")
    return notes


def _size(instrument: Instrument) -> str:
    scales = ", ".join(_span(s) for s in instrument.scales)
    items = "1 item" if len(instrument.items) == 1 else f"{len(instrument.items)} items"
    kind = "" if instrument.clinical else "; demonstration"
    return f"{items}; {scales}; {instrument.modality} {instrument.unit}s{kind}"


def _span(scale: Scale) -> str:
    if scale.kind == "rating":
        return f"{scale.id} {scale.lowest:g} to {scale.highest:g}"
    return f"{scale.id} ({scale.kind})"


def _scale_words(scale: Scale) -> str:
    if scale.kind != "rating":
        blank = "" if scale.required else "; may stay blank"
        return f"{scale.id}: {scale.question} {scale.kind}; {scale.range_words()}{blank}"
    anchors = ", ".join(f"{point} {word}" for point, word in scale.anchors.items())
    threshold = "no threshold"
    if scale.threshold is not None:
        word = f" ({scale.threshold_word})" if scale.threshold_word else ""
        threshold = f"threshold {scale.threshold:g}{word}"
    step = "" if scale.step == 1 else f" in steps of {scale.step:g}"
    parts = [f"{scale.lowest:g} to {scale.highest:g}{step}", threshold, anchors]
    return f"{scale.id}: {scale.question} {'; '.join(part for part in parts if part)}"


def _element_lines(instrument: Instrument, catalog: Catalog) -> list[str]:
    """The elements under their domains: id, how it is covered, title, and by what."""
    elements = catalog.elements_of(instrument)
    if not elements:
        return []
    lines = ["", _elements_heading(instrument)]
    covered = coverage(instrument, elements)
    width, domains = max(len(element.id) for element in elements), domains_of(instrument, catalog)
    for domain, of_domain in groupby(elements, key=lambda element: element.domain):
        lines.append(f"  {domain_in_words(domains[domain])}")
        lines += [f"    {e.id:<{width}}  {covered[e.id]:<11}  {e.title}{_told_by(instrument, e.id)}" for e in of_domain]
    return lines


def _elements_heading(instrument: Instrument) -> str:
    if instrument.crosswalk is None:
        return "Elements"
    other = f"{instrument.crosswalk.instrument} {instrument.crosswalk.version}"
    own = ", ".join(element.id for element in instrument.elements)
    of_its_own = f"; its own: {own}" if own else ""
    return f"Elements: those of {other} through a crosswalk, without a status or focus{of_its_own}"


def _told_by(instrument: Instrument, element: str) -> str:
    """By which items and on which scales; nothing where that goes without saying."""
    items = [item.id for item, _ in speaking(instrument, element)]
    several = "s" if len(items) > 1 else ""
    numbers = f"item{several} {items_in_words(instrument, element)}" if items and items != [element] else ""
    told = "; ".join(part for part in (numbers, scales_in_words(instrument, element)) if part)
    return f" ({told})" if told else ""


def _item_lines(instrument: Instrument, item: Item) -> list[str]:
    need = "" if item.required else "; may stay blank"
    silent = "" if item.speaks_to else "; speaks to no element"
    lines = [f"{item.number:>2}  {item.title} [{item.id}]{need}{silent}"]
    for scale in instrument.scales:
        marks = ", ".join(MARK_WORDS[state] for state in instrument.marks(item, scale))
        said = marks if scale.id in item.scales else "not rated by design"
        if said:
            lines.append(f"      {scale.id}: {said}")
    return lines
