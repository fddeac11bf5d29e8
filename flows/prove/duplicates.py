"""Every sheet sent three times over, under other names and again a night later: each rating must count once."""

from __future__ import annotations

import shutil

from flows.prove.material import inbox_of
from flows.prove.state import SECOND, THIRD, State, lost, state_of
from flows.prove.trial import Bench, Figures, figures_of
from schemas.codes import Outcome

COPIES = ("again", "Copy of form (2)")
LATE = "late"


def try_duplicates(bench: Bench) -> Figures:
    """Send the second evening's sheets with two copies of each, and all of them once more for the night after."""
    with bench.home("duplicates") as home:
        inbox = inbox_of(home)
        sheets = [p for p in sorted(inbox.rglob("*")) if p.is_file() and not p.name.startswith("~$")]
        kept = shutil.copytree(inbox, home.parent / "sent")
        for folder in COPIES:
            shutil.copytree(kept, inbox / folder, copy_function=shutil.copy)  # their times of change are later
        bench.nights.have(home, SECOND)
        shutil.copytree(kept, inbox / LATE, copy_function=shutil.copy)
        bench.nights.have(home, THIRD)
        shutil.rmtree(kept)
        state = state_of(home)
    names = [sheet.relative_to(inbox).as_posix() for sheet in sheets]
    figures = figures_of((_counted_once(state, f"{folder}/{name}"), 0) for folder in (*COPIES, LATE) for name in names)
    return Figures(figures.tried, figures.survived, _n_lost(state, bench.evening.undisturbed), wrong=figures.wrong)


def _counted_once(state: State, name: str) -> list[str]:
    outcomes = [row[3] for row in state.history["workbook"] if row[0] == name]
    return [] if outcomes == [Outcome.DUPLICATE] else [f"a copy is {', '.join(outcomes) or 'not in the ledger'}"]


def _n_lost(state: State, undisturbed: State) -> int:
    """What is lost or counted twice of the sheets themselves; that the copies stand in the ledger is right."""
    names = {row[0] for row in undisturbed.history["workbook"]}
    mine = [row for row in state.history["workbook"] if row[0] in names]
    history = {**state.history, "workbook": mine}
    return lost(State({}, {}, history, state.kept, {}), undisturbed)
