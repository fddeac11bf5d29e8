"""Instruments in plain words: what `fidelity instruments list`, `show` and `check` print, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from flows.errors import InstrumentWrong
from flows.forms.form_layout import MARK_WORDS
from schemas.catalog import Catalog, check_crosswalk, plain_words, read_instrument
from schemas.instrument import Element, Instrument, Item, Scale

OK = "ok: "


def list_instruments(catalog: Catalog) -> list[str]:
    """One line an instrument and version: name, title, modality, items and scales."""
    found = [catalog.instruments[key] for key in sorted(catalog.instruments)]
    width = max((len(i.name) for i in found), default=0)
    return [f"{i.name:<{width}}  {i.title} ({_size(i)})" for i in found]


def show_instrument(instrument: Instrument, catalog: Catalog) -> list[str]:
    """Everything about one instrument: scales, elements and how they are covered, items with their marks."""
    lines = [f"{instrument.name}: {instrument.title}", instrument.about, f"Source: {instrument.source}"]
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


def coverage(instrument: Instrument, elements: Iterable[Element]) -> dict[str, str]:
    """For each element `covered`, `partly` (every item that speaks to it does so partly) or `not covered`."""
    found: dict[str, str] = {}
    for element in elements:
        partly = [s.partly for item in instrument.items for s in item.speaks_to if s.element == element.id]
        found[element.id] = "not covered" if not partly else "partly" if all(partly) else "covered"
    return found


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
    for word in ("partly", "not covered"):
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
        return f"{scale.id}: {scale.question} {scale.kind}; {scale.range_words()}"
    anchors = ", ".join(f"{point} {word}" for point, word in scale.anchors.items())
    threshold = "no threshold"
    if scale.threshold is not None:
        word = f" ({scale.threshold_word})" if scale.threshold_word else ""
        threshold = f"threshold {scale.threshold:g}{word}"
    step = "" if scale.step == 1 else f" in steps of {scale.step:g}"
    parts = [f"{scale.lowest:g} to {scale.highest:g}{step}", threshold, anchors]
    return f"{scale.id}: {scale.question} {'; '.join(part for part in parts if part)}"


def _element_lines(instrument: Instrument, catalog: Catalog) -> list[str]:
    elements = catalog.elements_of(instrument)
    if not elements:
        return []
    lines = ["", "Elements"]
    if instrument.crosswalk is not None:
        other = f"{instrument.crosswalk.instrument} {instrument.crosswalk.version}"
        lines = ["", f"Elements, most of them those of {other} (crosswalk; no status is given)"]
    covered = coverage(instrument, elements)
    width = max(len(element.id) for element in elements)
    for element in elements:
        items = _speaking(instrument, element.id)
        lines.append(f"  {element.id:<{width}}  {covered[element.id]:<11}  {element.title}{items}")
    return lines


def _speaking(instrument: Instrument, element: str) -> str:
    items = [i for i in instrument.items if any(s.element == element for s in i.speaks_to)]
    if not items or [i.id for i in items] == [element]:
        return ""
    scales = [s.id for s in instrument.scales if any(s.id in i.scales for i in items)]
    only = f"; {', '.join(scales)} only" if len(scales) < len(instrument.scales) else ""
    return f" (item{'s' if len(items) > 1 else ''} {', '.join(str(i.number) for i in items)}{only})"


def _item_lines(instrument: Instrument, item: Item) -> list[str]:
    need = "" if item.required else "; may stay blank"
    lines = [f"{item.number:>2}  {item.title} [{item.id}]{need}"]
    for scale in instrument.scales:
        marks = ", ".join(MARK_WORDS[state] for state in instrument.marks(item, scale))
        said = marks if scale.id in item.scales else "not rated by design"
        if said:
            lines.append(f"      {scale.id}: {said}")
    return lines
