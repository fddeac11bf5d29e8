"""A guarded call that dies, hangs, outgrows its memory or raises has no answer; the others have theirs."""

from __future__ import annotations

import os
import time

from flows.intake.guarded import guarded_calls

MIB = 1024 * 1024


def act(order: str) -> str:
    """What a child is asked to do."""
    match order:
        case "abort":
            os.abort()
        case "hang":
            time.sleep(60)
        case "grow":
            return str(len(bytearray(2048 * MIB)))
        case "raise":
            raise ValueError("canary")
    return order.upper()


def test_each_call_stands_for_itself() -> None:
    with guarded_calls(1024 * MIB, 2, 2) as calls:
        answers = calls.answers(act, ["one", "abort", "hang", "grow", "raise", "two"])
    assert answers == ["ONE", None, None, None, None, "TWO"]
