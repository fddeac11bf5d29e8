"""Columns of ids as levels from 0 on, the form in which the arithmetic takes them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


def level_of(column: pl.Series) -> NDArray[np.int64]:
    """Levels 0, 1, … of a column of ids, in the order of the ids."""
    return column.rank("dense").to_numpy().astype(np.int64) - 1
