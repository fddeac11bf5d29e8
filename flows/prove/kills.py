"""Nights killed at moments drawn at random, wherever they happen to be: reading, loading, publishing, sending back."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.errors import NightFailed
from flows.prove.nights import Ended
from flows.prove.state import SECOND, THIRD
from flows.prove.trial import Bench, Figures, figures_of, made_up_for

# One night in so many works in guarded children, as a lab's do; the others have no time in which they only start them.
WITH_CHILDREN_EVERY = 5


@dataclass(frozen=True, slots=True)
class Kill:
    """How one home's nights are killed: each at a share of the time that such a night takes."""

    moments: tuple[float, ...]  # several: one night after the other
    with_children: bool
    kill_child: bool  # a child instead of the night, which must then go on
    next_on: str  # date of the night that is let through


def draw_kills(n: int, seed: int) -> list[Kill]:
    """`n` kills, spread over the whole of the night so that few of them are not all in one place."""
    return [_draw(random.Random(f"{seed} {k}"), k, n) for k in range(n)]  # noqa: S311 - moments, not secrets


def _draw(draw: random.Random, k: int, n: int) -> Kill:
    with_children = k % WITH_CHILDREN_EVERY == 0
    first = (k + draw.random()) / n
    again = (draw.random(),) if draw.random() < 0.25 else ()
    kill_child = with_children and draw.random() < 0.25
    return Kill((first, *again), with_children, kill_child, draw.choice((SECOND, THIRD)))


def try_kills(bench: Bench) -> Figures:
    """Kill as many nights as asked for, each in a home of its own, and let the next one make up for it."""
    kills = draw_kills(bench.n_kills, bench.seed)
    seconds = {kind: _night_seconds(bench, kind) for kind in sorted({kill.with_children for kill in kills})}
    tries = []
    for k, kill in enumerate(kills, start=1):
        tries.append(try_kill(bench, kill, seconds[kill.with_children], f"kill-{k}"))
        bench.say(f"kills: {k} of {len(kills)}")
    n_children = sum(kill.with_children for kill in kills)
    return figures_of(tries, f"{n_children} of them with children at work")


def try_kill(bench: Bench, kill: Kill, night_seconds: float, name: str) -> tuple[list[str], int]:
    """Kill the nights of one home and let the next one through: what went wrong, and how much was lost."""
    with bench.home(name) as home:
        wrong = list(_killed(bench, home, kill, night_seconds))
        after, n_lost = made_up_for(bench, home, kill.next_on)
        told = [f"{kill}: {sentence}" for sentence in wrong + after]
        if told or n_lost:
            bench.say("; ".join(told) or f"{kill}: {n_lost} lost")
        return told, n_lost


def _killed(bench: Bench, home: Path, kill: Kill, night_seconds: float) -> Iterator[str]:
    night_on = SECOND
    for moment in kill.moments:
        ended = bench.nights.have(
            home, night_on, with_children=kill.with_children, kill_child=kill.kill_child,
            kill_after_seconds=moment * night_seconds,
        )  # fmt: skip
        yield from _ended_badly(ended, kill)
        night_on = kill.next_on


def _ended_badly(ended: Ended, kill: Kill) -> Iterator[str]:
    # without what starts its children a night fails in so many words; one that lost a child goes on
    if ended.exit_code not in (0, NightFailed.exit_code if kill.kill_child else -signal.SIGKILL):
        yield f"the night ended with exit code {ended.exit_code}"
    if ended.n_left:
        yield f"{ended.n_left} processes outlived the night"


def _night_seconds(bench: Bench, with_children: bool) -> float:
    """How long such a night takes here and now."""
    with bench.home(f"timed-{with_children}") as home:
        began = time.perf_counter()
        bench.nights.have(home, SECOND, with_children=with_children)
        return time.perf_counter() - began
