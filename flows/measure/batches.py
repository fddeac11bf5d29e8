"""Several small things read at once, large ones apart: a query each is slow for many, and all in one too much to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 20_000  # rows


def batches(things: Sequence[T], size: Callable[[T], int], at_once: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Consecutive things, in their order, that have at most so many rows together; one that has more stands alone."""
    batch: list[T] = []
    held = 0
    for thing in things:
        if batch and held + size(thing) > at_once:
            yield batch
            batch, held = [], 0
        batch.append(thing)
        held += size(thing)
    if batch:
        yield batch
