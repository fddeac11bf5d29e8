"""From the ratings that count to the numbers about them: counts, one model of variance per element and scale, estimates.

The arithmetic of counting is DuckDB SQL, in sql/40_measure; the models are fitted in between, by `flows.measure.fits`; what
follows from both, in sql/45_estimate, is SQL again. Raters and the plan of rating have their own parts.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from flows.load.models import run_models
from flows.measure.advice import advise
from flows.measure.fits import renew_fits
from flows.measure.raters import measure_raters

MEASURE_FOLDER = "40_measure"
ESTIMATE_FOLDER = "45_estimate"


def measure(con: DuckDBPyConnection) -> list[str]:
    """Rebuild the measure.* tables from current.* and reference.*; gives back the names of the tables made.

    Models whose ratings and settings are those of an earlier night are not fitted again.
    """
    made = run_models(con, [MEASURE_FOLDER])
    renew_fits(con)
    measure_raters(con)
    advise(con)
    return [*made, *run_models(con, [ESTIMATE_FOLDER])]
