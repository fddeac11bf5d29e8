"""How an instrument's items speak to elements: by which items, with what weight, on which scales, in part or as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.catalog import Catalog
from schemas.instrument import Domain, Element, Instrument, Item, Speaks


def speaking(instrument: Instrument, element: str) -> list[tuple[Item, Speaks]]:
    """The items that speak to an element, in the order of the form."""
    return [(item, speaks) for item in instrument.items for speaks in item.speaks_to if speaks.element == element]


def coverage(instrument: Instrument, elements: Iterable[Element]) -> dict[str, str]:
    """For each element `covered`, `partly` (every item says only part of it), `not rated` (by design) or `not covered`."""
    return {element.id: _how(speaking(instrument, element.id)) for element in elements}


def _how(found: list[tuple[Item, Speaks]]) -> str:
    if not found:
        return "not covered"
    rated = [speaks.partly for item, speaks in found if item.scales]
    if not rated:
        return "not rated"
    return "partly" if all(rated) else "covered"


def items_in_words(instrument: Instrument, element: str) -> str:
    """Numbers of the items that speak to an element, `8, 9`; with weights where these differ, `1 (weight 2), 2 (reversed)`."""
    found = speaking(instrument, element)
    differ = len({speaks.weight for _, speaks in found}) > 1
    return ", ".join(f"{item.number}{_marked(speaks, differ)}" for item, speaks in found)


def _marked(speaks: Speaks, differ: bool) -> str:
    weight = [f"weight {speaks.weight:g}"] if differ and speaks.weight != 1 else []
    marks = [*weight, "reversed"] if speaks.reversed else weight
    return f" ({', '.join(marks)})" if marks else ""


def scales_in_words(instrument: Instrument, element: str) -> str:
    """`competence only` where the items that speak to an element do not use all scales of the instrument; else empty."""
    used = {scale for item, _ in speaking(instrument, element) for scale in item.scales}
    told = [scale.id for scale in instrument.scales if scale.id in used]
    return f"{', '.join(told)} only" if told and len(told) < len(instrument.scales) else ""


def domains_of(instrument: Instrument, catalog: Catalog) -> Mapping[str, Domain]:
    """The domains of all elements that an instrument reports on, those of its crosswalk included."""
    borrowed: tuple[Domain, ...] = ()
    if instrument.crosswalk is not None:
        borrowed = catalog.instruments[instrument.crosswalk.instrument, instrument.crosswalk.version].domains
    return {domain.id: domain for domain in (*borrowed, *instrument.domains)}


def domain_in_words(domain: Domain) -> str:
    """The domain's title; of an ordered one, that its elements are steps."""
    return f"{domain.title}, in order" if domain.ordered else domain.title
