"""pandera's polars side, imported without pandas.

`import pandera` brings pandas along wherever it is installed, and it is here, for `mixedlm`. Nobody hands pandera a pandas frame,
and pandas is half of what a reading child takes to start, in seconds and in memory. pandera does without when there is none,
so while it is imported, and while it looks for the way to check a frame, at which it would import pandas, there is none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

import polars as pl


class _NoPandas(MetaPathFinder):
    """Says of pandas what Python says of a package that is not installed."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


@contextmanager
def _without_pandas() -> Iterator[None]:
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with _without_pandas():
    import pandera.polars as pa
    from pandera.engines.polars_engine import List as ListOf
    from pandera.errors import SchemaError, SchemaErrors

    # Nothing is checked here: polars would begin threads, and children that are forked from this process would wait for them.
    pa.Check.get_backend(pl.LazyFrame())

__all__ = ["ListOf", "SchemaError", "SchemaErrors", "pa"]
