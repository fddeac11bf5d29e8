"""All instruments side by side: which element each speaks to, by which items. Printed, and kept in docs/instruments.md."""

from __future__ import annotations

from collections.abc import Sequence

from flows.forms.describe import coverage
from schemas.catalog import Catalog
from schemas.instrument import Element, Instrument

NOTHING = "–"
HEAD = """\
# The instruments side by side

Made by `fidelity instruments compare`; a test keeps this page equal to what it prints.

A number is the item that speaks to an element; *(partly)* that it says only part of it; *not rated* that it is listed and
left out by design; – that the instrument does not have the element or has no item for it. Instruments are never pooled and no
score is converted: the same element in two of them is the same idea, rated in two ways.
"""


def compare_instruments(catalog: Catalog) -> list[str]:
    """The comparison as lines of Markdown: what each instrument is, then a table a domain with a row an element."""
    instruments = [catalog.latest(i) for i in sorted({i for i, _ in catalog.instruments})]
    lines = [*HEAD.splitlines(), "", *_about(instruments)]
    for domain in _domains(instruments, catalog):
        lines += ["", *_domain_table(domain, instruments, catalog)]
    return lines


def _about(instruments: Sequence[Instrument]) -> list[str]:
    lines = ["| instrument | what is rated | items | scales |", "|---|---|---|---|"]
    for i in instruments:
        scales = ", ".join(s.title.lower() for s in i.scales)
        lines.append(f"| `{i.id}` {i.version}: {i.title} | {i.modality} {i.unit} | {len(i.items)} | {scales} |")
    return lines


def _domains(instruments: Sequence[Instrument], catalog: Catalog) -> list[str]:
    """Ids of all domains, in the order in which the instruments' elements name them."""
    return list(dict.fromkeys(e.domain for i in instruments for e in catalog.elements_of(i)))


def _domain_table(domain: str, instruments: Sequence[Instrument], catalog: Catalog) -> list[str]:
    having = [i for i in instruments if any(e.domain == domain for e in catalog.elements_of(i))]
    of_each = [[e for e in catalog.elements_of(i) if e.domain == domain] for i in having]
    elements: dict[str, Element] = {}
    for element in (
        e for found in sorted(of_each, key=len, reverse=True) for e in found
    ):  # the fullest gives the order
        elements.setdefault(element.id, element)
    lines = [f"## {_title(domain, instruments)}", ""]
    lines.append(f"| element | {' | '.join(f'`{i.id}`' for i in having)} |")
    lines.append(f"|---|{'---|' * len(having)}")
    for element in elements.values():
        cells = [_said(i, element, catalog) for i in having]
        lines.append(f"| `{element.id}`: {element.title} | {' | '.join(cells)} |")
    return lines


def _title(domain: str, instruments: Sequence[Instrument]) -> str:
    return next(d.title for i in instruments for d in i.domains if d.id == domain)


def _said(instrument: Instrument, element: Element, catalog: Catalog) -> str:
    """How an instrument speaks to an element: its items, or why there are none."""
    if element.id not in {e.id for e in catalog.elements_of(instrument)}:
        return NOTHING
    items = [i for i in instrument.items if any(s.element == element.id for s in i.speaks_to)]
    if items and not any(i.scales for i in items):
        return "not rated"
    numbers = ", ".join(str(i.number) for i in items) or NOTHING
    return f"{numbers} *(partly)*" if coverage(instrument, [element])[element.id] == "partly" else numbers
