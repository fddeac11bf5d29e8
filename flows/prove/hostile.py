"""Hostile files among good sheets: each must have one outcome with a reason that fits, and no good sheet may suffer."""

from __future__ import annotations

from pathlib import Path

from flows.intake.inbox import shown
from flows.prove.hostile_files import HOSTILE, Hostile
from flows.prove.material import inbox_of, make_home, send_first
from flows.prove.state import FIRST, SECOND, State, differences, state_of
from flows.prove.trial import Bench, Figures, figures_of
from schemas.codes import Outcome

OUTSIDE = "outside.csv"  # a file beside the home, which only a link in the inbox leads to


def try_hostile(bench: Bench) -> Figures:
    """A night over the first evening's sheets with a dozen hostile files among them, and a second night after it."""
    home = make_home(bench.folder / "hostile")
    send_first(home)
    _send_hostile(home)
    ended = bench.nights.have(home, FIRST, with_children=True)
    if ended.exit_code:
        return Figures(len(HOSTILE), 0, wrong=(f"the night ended with exit code {ended.exit_code}",))
    state = state_of(home)
    tries = [(_judge(state, hostile), 0) for hostile in HOSTILE]
    tries += [(_link_not_followed(state), 0), (_again(bench, home, state), 0)]
    figures = figures_of(tries, "the last two: a link out of the home, and a second night that changes nothing")
    n_lost = _n_lost(state, bench.evening.before)
    return Figures(figures.tried, figures.survived, n_lost, figures.note, figures.wrong)


def _send_hostile(home: Path) -> None:
    for hostile in HOSTILE:
        (inbox_of(home) / hostile.name).write_bytes(hostile.make())
    outside = home.parent / OUTSIDE
    outside.write_text("session,rater\n1,2\n", encoding="utf-8")
    (inbox_of(home) / "link.csv").symlink_to(outside)


def _judge(state: State, hostile: Hostile) -> list[str]:
    """workbook, sha256, received_at, outcome, reason_code … are the first columns of the ledger."""
    rows = [row for row in state.history["workbook"] if row[0] == shown(hostile.name)]
    if len(rows) != 1:
        return [f"{hostile.name!r} has {len(rows)} outcomes"]
    outcome, code, reason = rows[0][3:6]
    if not hostile.reasons:
        return [] if outcome == Outcome.IGNORED else [f"{hostile.name!r} is not ignored but {outcome}"]
    fits = outcome == Outcome.REFUSED and code in hostile.reasons and reason
    return [] if fits else [f"{hostile.name!r} is {outcome} ({code})"]


def _link_not_followed(state: State) -> list[str]:
    outcomes = {row[0]: row[3] for row in state.history["workbook"]}
    is_followed = outcomes.get("link.csv") != Outcome.IGNORED or OUTSIDE in outcomes
    return ["a link out of the home was followed"] if is_followed else []


def _again(bench: Bench, home: Path, state: State) -> list[str]:
    if bench.nights.have(home, SECOND).exit_code:
        return ["the second night did not end well"]
    second = state_of(home)
    return differences(
        State({}, {}, second.history, second.kept, {}), State({}, {}, state.history, state.kept, {}), dated=True
    )


def _n_lost(state: State, clean: State) -> int:
    """Workbooks, ratings and scores of good sheets that are not as they are without hostile files beside them."""
    return sum(
        len(set(map(repr, clean.history[table])) - set(map(repr, state.history[table])))
        for table in ("workbook", "rating", "score")
    )
