"""An erasure that is killed anywhere is finished by the same command, or by the next night."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.failpoints import KEEPING_FAILPOINTS, FailpointReached
from flows.load.tombstones import write_keys
from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT, RATER, SPELT
from tests.support.intake_sheets import drawn, xlsx_bytes

SENT = f"""
{HEAD}
S-1 | R-1 | T-1 | P-1       | 2026-06-01 | 4 | 5 | calm
S-2 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | upset
S-3 | R-2 | T-2 | P-2       | 2026-06-03 | 9 | 4 | held
"""
MONDAY = xlsx_bytes({"Sheet1": drawn(SENT)})
# Each chain ends one home's erasure at all of these places, one after the other, before it is let through.
CHAINS = (
    (
        *("tombstones laid", "roster swept", "between files swept", "between redactions", "originals redacted"),
        *("before history commits", "history rewritten", "between published files removed", "published without"),
        *("working file rewritten", "before erasure is done"),
    ),
    ("between originals deleted", "originals deleted", "working file rewritten"),
)
Copy = Callable[[str, Callable[[Home], None]], Home]


def filled(home: Home) -> None:
    """A home with sheets kept, held, published and waiting."""
    home.settings.warehouse.mkdir()
    write_keys(home.settings, [bytes(range(32))])  # marks in redacted copies are made with it
    home.lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    home.lab.sends("monday.xlsx", content=MONDAY)
    home.lab.sends("whole.csv", f"{HEAD}\nS-5 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | .")
    home.night()
    home.lab.sends("waits.xlsx", f"{HEAD}\nS-6 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | .")
    # as if a person had left it there
    (home.settings.published / "notes.txt").write_text(PATIENT)


def finished(home: Home) -> None:
    """The same home after an erasure that nobody disturbed."""
    filled(home)
    home.erases(patients=[PATIENT])


@pytest.mark.parametrize("chain", CHAINS, ids=" - ".join)
def test_an_erasure_that_dies_anywhere_is_finished(copy_of: Copy, chain: tuple[str, ...]) -> None:
    home, undisturbed = copy_of("filled-to-kill", filled), copy_of("finished", finished)
    for place in chain:
        with pytest.raises(FailpointReached):
            home.erases(patients=[PATIENT], failpoint=f"{place}: raise")
    if len(chain) > 3:
        home.erases(patients=[PATIENT])
    else:
        home.night()
    assert home.where(PATIENT) == []
    assert not (home.settings.warehouse / "erasing").exists()
    assert home.published() == undisturbed.published()


def test_whoever_runs_it_again_finds_a_raters_other_spellings_though_the_roster_has_lost_them(
    home_of: Callable[..., Home],
) -> None:
    home = home_of()
    home.lab.has_roster(therapists="T-1", raters=f"R-1 {RATER}={SPELT.replace(' ', '_')}")
    home.lab.sends("hers.csv", f"{HEAD}\nS-1 | {SPELT} | T-1 | P-1 | 2026-06-01 | 4 | 5 | .")
    home.lab.sends("others.csv", f"{HEAD}\nS-2 | R-1 | T-1 | P-1 | 2026-06-01 | 4 | 5 | as {SPELT} said")
    home.night()
    for place in ("tombstones laid", "roster swept", "originals redacted"):
        with pytest.raises(FailpointReached):
            home.erases(raters=[RATER], failpoint=f"{place}: raise")
    home.erases(raters=[RATER])
    assert home.where(RATER, SPELT) == []
    assert home.asks("select distinct session_id from supervision.session_item") == [("S-2",)]


def test_every_place_to_die_in_is_tried() -> None:
    tried = {place for chain in CHAINS for place in chain}
    assert tried == {p for p in KEEPING_FAILPOINTS if not p.startswith(("backup", "restore", "home"))}
