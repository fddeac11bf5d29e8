"""Small things are read at once, in their order, and never more than is held."""

from __future__ import annotations

from flows.measure.batches import batches


def test_things_stay_in_their_order_and_what_is_large_stands_alone() -> None:
    found = [list(batch) for batch in batches([3, 4, 2, 30, 1, 9], lambda size: size, at_once=10)]
    assert found == [[3, 4, 2], [30], [1, 9]]


def test_of_nothing_there_is_no_batch() -> None:
    assert list(batches([], lambda size: size)) == []
