"""From the ratings that count to the numbers about them: one value per rating and element.

The arithmetic is DuckDB SQL, in sql/40_measure; what a model of variance adds will stand beside it.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from flows.load.models import run_models
from flows.measure.raters import measure_raters

MEASURE_FOLDER = "40_measure"


def measure(con: DuckDBPyConnection) -> list[str]:
    """Rebuild the measure.* tables from current.* and reference.*; gives back the names of the tables made."""
    made = run_models(con, [MEASURE_FOLDER])
    measure_raters(con)
    return made
