"""Drawn timelines and scores of mbt-session: what the models make of them, asked in a few words."""

from __future__ import annotations

from typing import Any

from schemas.catalog import load_catalog
from tests.support.drawn_ratings import Ratings

CATALOG = load_catalog(())
STEPS = ("joint_focus", "arousal", "mode", "validation", "restoring")
HEAD = "session | therapist | patient | on | rater | role | instrument | item | adherence | competence"
NOTE_HEAD = "session | rater | role | instrument | episode | minute | step | mode | arousal | intervention | followed"


class Trajectories(Ratings):
    """Ratings with mbt-session, an item of scores at a time, and the timelines that go with them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(catalog=CATALOG, **settings)

    def rated(
        self,
        session: str,
        rater: str = "R-1",
        scores: dict[str, str] | None = None,
        *,
        therapist: str = "T-1",
        role: str = "observer",
        on: str = "2026-03-01",
    ) -> None:
        """A rating with these scores (item -> adherence and competence alike)."""
        lines = [
            f"{session} | {therapist} | P-1 | {on} | {rater} | {role} | mbt-session 1.0 | {item} | {said} | {said}"
            for item, said in {"humility": "4", **(scores or {})}.items()
        ]
        self.counts("\n".join((HEAD, *lines)))

    def noted(self, session: str, steps: str, rater: str = "R-1", *, episode: int = 1, role: str = "observer") -> None:
        """An episode of that rating: its steps in the order noted, apart by spaces."""
        lines = [
            f"{session} | {rater} | {role} | mbt-session | {episode} | . | {step} | . | . | . | ."
            for step in steps.split()
        ]
        self.notes("\n".join((NOTE_HEAD, *lines)))

    def rows_of(self, table: str, where: str = "true", order: str = "all") -> list[dict[str, Any]]:
        """Rows of a table as dictionaries."""
        found = self.con.execute(f"from {table} where {where} order by {order}")
        names = [d[0] for d in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
