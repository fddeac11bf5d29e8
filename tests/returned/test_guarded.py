"""A guarded call that dies, hangs, outgrows its memory or raises has no answer; the others have theirs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

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


def be_killed_once(order: str) -> str:
    """What a child answers that was killed from outside the first time."""
    killed = Path(order)
    if not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "made"


def test_a_call_whose_child_was_killed_from_outside_is_made_again(tmp_path: Path) -> None:
    with guarded_calls(1024 * MIB, 20, 1) as calls:
        assert calls.answers(be_killed_once, [str(tmp_path / "a"), str(tmp_path / "b")]) == ["made", "made"]


def test_each_call_stands_for_itself() -> None:
    with guarded_calls(1024 * MIB, 2, 2) as calls:
        answers = calls.answers(act, ["one", "abort", "hang", "grow", "raise", "two"])
    assert answers == ["ONE", None, None, None, None, "TWO"]
