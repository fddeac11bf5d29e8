"""Ratings of sessions older than the lab keeps go by themselves, and do not come back."""

from __future__ import annotations

from collections.abc import Callable

from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD

OLD = "S-OLD-canary-77 | R-1 | T-1 | P-1 | 2026-01-10 | 4 | 5 | long ago 5d1f"
NEW = "S-2 | R-1 | T-1 | P-1 | 2026-06-02 | 3 | 4 | lately"


def test_what_is_older_than_is_kept_goes_and_stays_out(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.lab.sends("both.xlsx", f"{HEAD}\n{OLD}\n{NEW}")
    home.lab.sends("old.csv", f"{HEAD}\n{OLD.replace('R-1', 'R-2')}")
    home.lab.sends("no sheet.xlsx", content=b"Dear all")
    home.night()
    kept = Home(home.path, n_nights=1, keep_months=3)
    assert kept.night()["ratings kept no longer"] == 2
    assert kept.where("S-OLD-canary-77", "long ago 5d1f") == []
    ledger = "select workbook, outcome, n_ratings from quality.workbook order by all"
    assert kept.asks(ledger) == [
        ("both.xlsx", "accepted", 1),
        ("no sheet.xlsx", "refused", 0),
        ("old.csv", "ignored", 0),
    ]
    # a sheet of an old session that comes now is told, and not kept
    kept.lab.sends("again.csv", f"{HEAD}\n{OLD}\nS-3 | R-1 | T-1 | P-1 | 2026-06-03 | 2 | 2 | .")
    assert "ratings kept no longer" not in kept.night()
    assert kept.where("S-OLD-canary-77", "long ago 5d1f") == []
    assert kept.asks("select workbook, cell, message from quality.finding where code = 'too_old'") == [
        (
            "again.csv",
            "F2",
            "The session lies further back than ratings are kept here (keep_months). It was not taken in and not kept.",
        )
    ]
    # workbooks of which nothing is kept leave the ledger and the archive when they have grown as old themselves
    later = Home(home.path, n_nights=16, keep_months=3)
    later.night()
    assert later.asks(ledger) == []
    assert [p for p in later.settings.archive.rglob("*") if p.is_file()] == []
