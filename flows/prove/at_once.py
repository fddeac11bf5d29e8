"""Nights that begin while another one runs: each says who holds the lock, and changes nothing."""

from __future__ import annotations

from flows.errors import NightRunning
from flows.prove.state import SECOND
from flows.prove.trial import Bench, Figures, figures_of, made_up_for

PLACES = ("lock taken", "loaded", "between swaps")  # where the first night stands still meanwhile
N_OTHERS = 2
SAYS = "A night is running in this home already (process "


def try_at_once(bench: Bench) -> Figures:
    """Let nights begin while a first one stands still here and there; then that one goes on to its end."""
    return figures_of(one for place in PLACES for one in _try(bench, place))


def _try(bench: Bench, place: str) -> list[tuple[list[str], int]]:
    with bench.home(f"at-once-{place}") as home:
        first = bench.nights.have(home, SECOND, failpoint=f"{place}: stop", n_meanwhile=N_OTHERS)
        wrong, n_lost = made_up_for(bench, home)
        wrong += [] if first.exit_code == 0 else [f"the first night ended with exit code {first.exit_code}"]
        wrong += [] if len(first.meanwhile) == N_OTHERS else ["not every night could be begun meanwhile"]
    told = [_told_so(code, said) for code, said in first.meanwhile]
    return [(one, 0) for one in told] + [(wrong, n_lost)]


def _told_so(code: int, said: str) -> list[str]:
    if code != NightRunning.exit_code:
        return [f"a second night ended with exit code {code}"]
    return [] if said.startswith(SAYS) and ", since " in said else ["a second night did not say who holds the lock"]
