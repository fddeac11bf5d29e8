"""What follows from the fitted models for the plan of rating, and for teams: the planner's tables and the changes."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from flows.measure.planning import Components, plan
from flows.measure.team_change import tell_changes

COMPONENTS = """
select instrument_id, role, name, scale, facet, variance
from measure.fit
inner join measure.fit_component using (fit_id)
where kind = 'element'
order by instrument_id, role, name, scale, position
"""


def advise(con: DuckDBPyConnection) -> None:
    """Write measure.d_study, measure.next_rating and measure.change from tonight's fits and observations."""
    components = read_components(con)
    plan(con, components)
    tell_changes(con, components)


def read_components(con: DuckDBPyConnection) -> Components:
    """The fitted variance of each facet, by instrument, role, element and scale."""
    found: dict[tuple[str, str, str, str], dict[str, float]] = {}
    for instrument_id, role, element, scale, facet, variance in con.execute(COMPONENTS).fetchall():
        found.setdefault((instrument_id, role, element, scale), {})[facet] = variance
    return found
