"""The data sets that lme4's documentation fits, as they ship with mixedlm (from lme4's own repository, GPL), row for row."""

from __future__ import annotations

import csv
import gzip
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from flows.measure.facets import Codes, levels


def lme4_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of lme4's data sets, as text."""
    packed = files("mixedlm.datasets").joinpath("data", f"{name}.csv.gz").read_bytes()
    return list(csv.DictReader(gzip.decompress(packed).decode().splitlines()))


def lme4_columns(name: str, value: str, **facets: str) -> tuple[NDArray[np.float64], dict[str, Codes]]:
    """The values and the facets' levels of one of lme4's data sets: facet name = its column."""
    rows = lme4_rows(name)
    codes = {facet: levels(np.array([row[column] for row in rows])) for facet, column in facets.items()}
    return np.array([float(row[value]) for row in rows]), codes
