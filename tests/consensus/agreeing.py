"""A lab whose raters agree consensus ratings, and whose supervisor SV-1 signs them off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.intake.roster import read_roster
from flows.load.connection import one_transaction, open_working
from flows.load.ground import spool_folder
from flows.load.ledger import fingerprint
from flows.load.models import make_marts
from flows.load.night import begin_night, note_night, settle, working_file
from flows.load.withdraw import Meant, withdraw_rating
from flows.measure import measure
from schemas.catalog import load_catalog
from tests.support.lab import Lab

OBSERVED = "session | rater | rated on | adherence | competence\n"
AGREED = "session | rater | role | rated on | settles | signed by | signed on | adherence | competence\n"


class Agreeing(Lab):
    """Four raters and a night a week; a row a rating, both scales of one item."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.draws()
        self.settings.raw.mkdir(parents=True)
        self.has_roster(therapists="T-1 T-2", raters="R-1=Anna R-2 R-3 R-4")

    def observes(self, name: str, *rows: str, head: str = OBSERVED) -> None:
        """Send observers' ratings: session, rater, rated on, adherence, competence."""
        self.sends(name, head + "\n".join(rows))

    def agrees(self, name: str, *rows: str) -> None:
        """Send consensuses: session, rater, rated on, settles, signed by, signed on, adherence, competence."""
        with_role = [" | ".join([*row.split(" | ", 2)[:2], "consensus", row.split(" | ", 2)[2]]) for row in rows]
        self.sends(name, AGREED + "\n".join(with_role))

    def takes_back(self, session: str, rater: str, role: str) -> None:
        """Withdraw a rating the day after the last night, as far as the working file goes."""
        self.leaves()
        settings, on = self.settings, self.next_on - dt.timedelta(days=6)
        catalog, roster = load_catalog((settings.own_schemas,)), read_roster(settings.raw)
        with working_file(settings) as con:
            night = begin_night(con, dt.datetime.combine(on, dt.time(9), dt.UTC), on, fingerprint(catalog, roster))
            with one_transaction(con):
                meant = Meant(session, rater, "rated the wrong recording", role=role)
                withdraw_rating(con, meant, night.stamp, night.night_id, spool_folder(settings))
                note_night(con, night, catalog, roster, settings)
                settle(con, night)

    def consensuses(self) -> list[tuple[object, ...]]:
        """Session, who wrote it, whose ratings it settles, how far it has come, who signed."""
        return self.rows(
            "select session_id, written_by, array_to_string(settles, ' '), standing, signed_by "
            "from current.consensus order by all"
        )

    @contextmanager
    def made(self) -> Iterator[DuckDBPyConnection]:
        """The working file with every published table made."""
        self.leaves()
        with open_working(self.settings) as con:
            measure(con)
            make_marts(con)
            yield con
