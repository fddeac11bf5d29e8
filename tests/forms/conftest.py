"""Instruments and freshly written forms for the tests of this folder."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from flows.forms.rating_form import Prefill, write_form
from schemas.catalog import Catalog, load_catalog
from schemas.instrument import Instrument

EXAMPLES = Path(__file__).parents[2] / "raw" / "examples"

# One scale in half points with commas in its words, an item without scale two, a mark-free item, one that may stay blank.
ODD_INSTRUMENT = """
id = "odd-one"
version = "2.1"
title = "=An odd instrument & more"
about = "Made for the tests."
source = "These tests."
unit = "case"
modality = "group"
domains = [{ id = "whole", title = "Whole" }]
elements = [{ id = "one", domain = "whole", title = "One", guidance = "=Look." }]

[[scales]]
id = "use"
title = "Use"
short = "U"
question = "How often?"
lowest = 0
highest = 1
step = 0.5
anchors = { "0" = "no, never", "0.5" = "now, and then", "1" = "yes" }

[[scales]]
id = "care"
title = "Care"
short = "C"
question = "How carefully?"
lowest = 1
highest = 2

[[scales]]
id = "pace"
title = "Pace"
short = "P"
question = "How fast?"
lowest = 1
highest = 3

[[items]]
id = "first"
number = 7
title = "First"
scales = ["use", "pace"]
states = []
speaks_to = [{ element = "one" }]

[[items]]
id = "second"
number = 9
title = "Second"
scales = ["use", "care", "pace"]
states = ["unjudgeable"]
required = false
"""


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The shipped instruments and the demonstration one."""
    return load_catalog([EXAMPLES / "osce" / "schemas"])


@pytest.fixture(scope="session")
def odd() -> Instrument:
    """An instrument that is unlike the others in every way a form cares about."""
    return Instrument.model_validate(tomllib.loads(ODD_INSTRUMENT))


@pytest.fixture
def written(catalog: Catalog, tmp_path: Path) -> Callable[..., Workbook]:
    """Writes the form of an instrument (an id of the catalog, or an instrument) and opens it."""

    def write(instrument: str | Instrument, prefill: Prefill | None = None) -> Workbook:
        chosen = catalog.latest(instrument) if isinstance(instrument, str) else instrument
        out = tmp_path / f"{chosen.id}.xlsx"
        write_form(chosen, catalog.elements_of(chosen), out, prefill)
        return load_workbook(out)

    return write
