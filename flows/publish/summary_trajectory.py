"""The table of the Excel summary that asks where the lab's sessions break, and how sure raters are of it. No names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.publish.summary_tables import INSTRUMENT, ROLES, Column, Table, limited
from flows.publish.workbook import NOT_APPLICABLE
from schemas.codes import Role

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTE = "Described, never scored: no departure from the order of the steps is a fault. Timelines and scores stand apart."
BASES = {"timeline": "timelines", "scores": "scores alone"}


def trajectory_table(con: DuckDBPyConnection) -> Table:
    """Where do our sessions break: one row per instrument, role, basis and step, and one for every step reached."""
    rows = [_shown(row) for row in con.execute(TRAJECTORY_SQL, {"roles": ROLES}).fetchall()]
    return limited("Trajectory", "Where do our sessions break? [note 11]", NOTE, TRAJECTORY_COLUMNS, rows)


TRAJECTORY_SQL = """
select t.instrument_id, t.role, t.basis, coalesce(e.title, 'Every step in order'), t.n_sessions, t.n_raters, t.n_episodes,
       t.n_unknown, t.episodes, t.breaks, t.share_breaks, t.breaks_low, t.breaks_high, t.opportunities, t.reached,
       t.share_reached, t.reached_low, t.reached_high, t.is_experimental, a.n_pairs, a.alpha
from quality.trajectory t
left join about.element e on e.instrument_id = t.instrument_id and e.element = t.breaks_at
left join quality.trajectory_agreement a on (a.instrument_id, a.role, a.basis) = (t.instrument_id, t.role, t.basis)
order by t.instrument_id, list_position($roles, t.role), t.basis desc, t.position
"""
TRAJECTORY_COLUMNS = (
    INSTRUMENT,
    Column("Role", f"Role of the raters: {', '.join(Role)}. Roles are never pooled.", 12),
    Column("Known from", "Timelines, or scores alone where no timeline was kept; never counted together.", 14),
    Column("Step", "Step in the expected order; the last row counts those that reached every step in order.", 26),
    Column("In words", "How sure raters are: experimental until they agree on where sessions break.", 34),
    Column("Sessions", "Sessions in the window behind the row.", 10, "Whole"),
    Column("Raters", "Raters who followed them.", 9, "Whole"),
    Column("Episodes", "Runs through the steps of which it is known where the order ended.", 10, "Whole"),
    Column("Not known", "Further runs of which it is not.", 10, "Whole"),
    Column("Weighed", "The known runs, the raters of one session sharing its weight.", 10, "Mean"),
    Column("Ends here", "Of these, those whose order came to its end at this step.", 10, "Mean"),
    Column("Share", "Their share.", 9, "Share"),
    Column("Share from", "Lower end of its 95 per cent interval (Wilson).", 9, "Share"),
    Column("Share to", "Upper end of its 95 per cent interval (Wilson).", 9, "Share"),
    Column(
        "Opportunities",
        "Runs that reached the step before, and in which this one was called for; [z] for the end of the order.",
        14,
        "Mean",
        NOT_APPLICABLE,
    ),
    Column("Reached", "Of these, those that reached this step in order.", 10, "Mean", NOT_APPLICABLE),
    Column("Share reached", "Their share; [z] without an opportunity.", 10, "Share", NOT_APPLICABLE),
    Column("Reached from", "Lower end of its 95 per cent interval (Wilson).", 10, "Share", NOT_APPLICABLE),
    Column("Reached to", "Upper end of its 95 per cent interval (Wilson).", 10, "Share", NOT_APPLICABLE),
)


def _shown(row: tuple[Any, ...]) -> tuple[Any, ...]:
    instrument, role, basis, step, *counts, is_experimental, n_pairs, alpha = row
    return instrument, role, BASES[basis], step, _agreement(is_experimental, n_pairs, alpha), *counts


def _agreement(is_experimental: bool, n_pairs: int | None, alpha: float | None) -> str:
    """How far raters of one session agree on where it broke."""
    if n_pairs is None:
        return "experimental: no session was followed by two raters"
    pairs = f"{n_pairs} {'pair' if n_pairs == 1 else 'pairs'} of raters"
    said = f"alpha {alpha:.2f} from {pairs}" if alpha is not None else f"no alpha from {pairs}: they never differ"
    return f"experimental: {said}" if is_experimental else said
