"""All instruments side by side: which element each speaks to, by which items. Printed, and kept in docs/instruments.md."""

from __future__ import annotations

from collections.abc import Sequence

from flows.forms.coverage import coverage, domain_in_words, domains_of, items_in_words, scales_in_words
from flows.forms.form_layout import MARK_WORDS
from schemas.catalog import Catalog
from schemas.instrument import Element, Instrument, Scale

NOTHING = "–"
HEAD = """\
# The instruments side by side

Made by `fidelity instruments compare`; a test keeps this page equal to what it prints.

A number is the item that speaks to an element; *(partly)* that it says only part of it; *(competence only)* that it is not rated
on the other scales; *not rated* that it is listed and left out by design; – that the instrument does not have the element or has
no item for it. Instruments are never pooled and no score is converted: the same element in two of them is the same idea, rated
in two ways. A therapist whose sessions move from one to another keeps one line, with the change marked: `decisions/course.md`.
"""


def compare_instruments(catalog: Catalog) -> list[str]:
    """The comparison as lines of Markdown: what each instrument is, then a table a domain with a row an element."""
    instruments = [catalog.latest(i) for i in sorted({i for i, _ in catalog.instruments})]
    lines = [*HEAD.splitlines(), "", *_about(instruments)]
    for domain in _domains(instruments, catalog):
        lines += ["", *_domain_table(domain, instruments, catalog)]
    return lines


def _about(instruments: Sequence[Instrument]) -> list[str]:
    lines = ["| instrument | what is rated | items |", "|---|---|---|"]
    lines += [f"| `{i.id}` {i.version}: {i.title} | {i.modality} {i.unit} | {len(i.items)} |" for i in instruments]
    lines += [
        "",
        "| instrument | scale | from, to | good enough from | marks instead of a value |",
        "|---|---|---|---|---|",
    ]
    return lines + [f"| `{i.id}` | {' | '.join(_scale_cells(i, scale))} |" for i in instruments for scale in i.scales]


def _scale_cells(instrument: Instrument, scale: Scale) -> tuple[str, ...]:
    """A scale as cells: id, what it holds, its threshold, and the marks that some item allows on it."""
    step = "" if scale.step == 1 else f" in steps of {scale.step:g}"
    held = (
        f"{scale.lowest:g} to {scale.highest:g}{step}"
        if scale.kind == "rating"
        else f"{scale.kind}: {scale.range_words()}"
    )
    allowed = {mark for item in instrument.items if scale.id in item.scales for mark in instrument.marks(item, scale)}
    marks = ", ".join(words for state, words in MARK_WORDS.items() if state in allowed)
    return scale.id, held, NOTHING if scale.threshold is None else f"{scale.threshold:g}", marks or NOTHING


def _domains(instruments: Sequence[Instrument], catalog: Catalog) -> list[str]:
    """Ids of all domains: those that most instruments have first, and else as the instruments' elements name them."""
    having = [list(dict.fromkeys(e.domain for e in catalog.elements_of(i))) for i in instruments]
    named = list(dict.fromkeys(domain for domains in having for domain in domains))
    return sorted(named, key=lambda domain: -sum(domain in domains for domains in having))


def _domain_table(domain: str, instruments: Sequence[Instrument], catalog: Catalog) -> list[str]:
    having = [i for i in instruments if any(e.domain == domain for e in catalog.elements_of(i))]
    of_each = [[e for e in catalog.elements_of(i) if e.domain == domain] for i in having]
    elements: dict[str, Element] = {}
    for element in (
        e for found in sorted(of_each, key=len, reverse=True) for e in found
    ):  # the fullest gives the order
        elements.setdefault(element.id, element)
    lines = [f"## {_title(domain, instruments, catalog)}", ""]
    lines.append(f"| element | {' | '.join(f'`{i.id}`' for i in having)} |")
    lines.append(f"|---|{'---|' * len(having)}")
    for element in elements.values():
        cells = [_said(i, element, catalog) for i in having]
        lines.append(f"| `{element.id}`: {element.title} | {' | '.join(cells)} |")
    return lines


def _title(domain: str, instruments: Sequence[Instrument], catalog: Catalog) -> str:
    return next(domain_in_words(found[domain]) for i in instruments if domain in (found := domains_of(i, catalog)))


def _said(instrument: Instrument, element: Element, catalog: Catalog) -> str:
    """How an instrument speaks to an element: its items, in part or as a whole, on which scales; or why there are none."""
    if element.id not in {e.id for e in catalog.elements_of(instrument)}:
        return NOTHING
    how = coverage(instrument, [element])[element.id]
    if how in ("not covered", "not rated"):
        return NOTHING if how == "not covered" else how
    said = "; ".join(
        part for part in ("partly" if how == "partly" else "", scales_in_words(instrument, element.id)) if part
    )
    return items_in_words(instrument, element.id) + (f" *({said})*" if said else "")
