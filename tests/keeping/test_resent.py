"""Sheets that come after an erasure do not bring anyone back, and bring everybody else as usual."""

from __future__ import annotations

from collections.abc import Callable

from tests.keeping.homes import Home
from tests.keeping.test_erase import HEAD, PATIENT, RATER, SPELT, THERAPIST
from tests.support.intake_sheets import drawn, xlsx_bytes
from tests.support.lab import LONG

SENT = f"""
{HEAD}
S-1 | R-1 | T-1 | P-1       | 2026-06-01 | 4 | 5 | calm
S-2 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | upset
"""
MONDAY = xlsx_bytes({"Sheet1": drawn(SENT)})
AGAIN = f"""
{HEAD}
S-1 | R-1     | T-1                | P-1       | 2026-06-01 | 4 | 5 | calm
S-2 | R-1     | T-1                | {PATIENT} | 2026-06-02 | 3 | 4 | upset
S-3 | {SPELT} | T-1                | P-1       | 2026-06-03 | 2 | 2 | .
S-4 | R-1     | {THERAPIST}        | P-1       | 2026-06-03 | 2 | 2 | .
S-5 | R-1     | {THERAPIST} + T-1  | P-1       | 2026-06-03 | 5 | 5 | .
S-6 | R-1     | T-1                | P-1       | 2026-06-03 | 6 | 6 | as {PATIENT}
"""
WHO = {"patients": [PATIENT], "therapists": [THERAPIST], "raters": [RATER]}


Copy = Callable[[str, Callable[[Home], None]], Home]


def erased(home: Home) -> None:
    """A home with one workbook, whose patient was erased."""
    home.lab.has_roster(therapists=f"T-1 {THERAPIST}", raters=f"R-1 {RATER}={SPELT.replace(' ', '_')}")
    home.lab.sends("monday.xlsx", content=MONDAY)
    home.night()
    home.erases(**WHO)


def test_a_sheet_sent_again_brings_no_erased_person_back(copy_of: Copy) -> None:
    home = copy_of("erased", erased)
    home.lab.sends("monday.xlsx", content=MONDAY)
    home.lab.sends(f"{PATIENT} again.xlsx", AGAIN)
    home.lab.sends(f"~${RATER}.xlsx", content=b"lock")
    home.night()
    assert [p.name for p in home.settings.inbox.iterdir()] == [f"~${RATER}.xlsx"]
    (home.settings.inbox / f"~${RATER}.xlsx").unlink()
    assert home.where(PATIENT, THERAPIST, RATER, SPELT) == []
    rows = home.asks(
        "select session_id, rater_id, value from supervision.session_item where scale = 'adherence' and value is not null "
        "order by all"
    )
    assert rows == [("S-1", "R-1", 4.0), ("S-5", "R-1", 5.0), ("S-6", "R-1", 6.0)]
    told = home.asks(
        "select workbook like 'erased-%', sheet, cell, message like '%erased at request%' from quality.finding"
    )
    assert sorted(told) == [
        (False, "Sheet1", "F3", True),
        (True, "Sheet1", "F3", True), (True, "Sheet1", "F4", True), (True, "Sheet1", "F5", True),
    ]  # fmt: skip
    ledger = home.asks(
        "select outcome, n_ratings, n_accepted, n_duplicate from quality.workbook where n_ratings > 0 order by all"
    )
    assert ledger == [("accepted", 1, 1, 0), ("accepted", 3, 2, 1)]


def test_the_same_sheet_every_night_is_the_same_one_line_in_the_ledger(copy_of: Copy) -> None:
    home = copy_of("erased", erased)
    content = xlsx_bytes({"Sheet1": drawn(AGAIN)})
    for _ in range(2):
        home.lab.sends("again.xlsx", content=content)
        home.night()
    assert home.asks("select count(*) from quality.workbook where workbook = 'again.xlsx'") == [(1,)]
    assert home.night()["workbooks"] == 0


def test_a_form_that_is_wholly_an_erased_persons_is_ignored_with_its_reason(copy_of: Copy) -> None:
    home = copy_of("erased", erased)
    home.lab.sends("hers.csv", f"{HEAD}\nS-9 | {RATER} | T-1 | P-1 | 2026-06-09 | 3 | 3 | mine")
    home.night()
    ((outcome, reason, n),) = home.asks(
        "select outcome, reason, n_ratings from quality.workbook where workbook = 'hers.csv'"
    )
    assert (outcome, n) == ("ignored", 0)
    assert "erased at request" in reason
    assert home.where(RATER) == []


def test_an_erased_id_in_the_roster_is_left_out_and_told_as_long_as_it_stands_there(copy_of: Copy) -> None:
    home = copy_of("erased", erased)
    home.lab.has_roster(therapists=f"T-1 {THERAPIST}", raters="R-1")
    home.lab.sends("new.csv", f"{HEAD}\nS-9 | R-1 | T-1 | P-1 | 2026-06-09 | 3 | 3 | .")
    home.night()
    assert home.asks("select count(*) from quality.finding where code = 'erased_in_roster'") == [(1,)]
    assert home.asks("select distinct therapist_id from supervision.therapist_element") == [("T-1",)]
    home.lab.has_roster(therapists="T-1", raters="R-1")
    home.night()
    assert home.asks("select closed_at is not null from quality.finding where code = 'erased_in_roster'") == [(True,)]


def test_a_short_id_in_a_sheet_that_can_be_read_only_later_stays_out_as_well(copy_of: Copy) -> None:
    home = copy_of("erased", erased)
    home.erases(patients=["7"])
    other = LONG.replace("drawn-long", "later").replace('"session"', '"sitting"').replace('"patient"', '"client"')
    head = "sitting | rater | therapist | client | date | item | adherence | competence"
    lines = (
        "S-8 | R-1 | T-1 | 7 | 2026-06-03 | not_knowing | 3 | 3\nS-9 | R-1 | T-1 | 8 | 2026-06-03 | not_knowing | 4 | 4"
    )
    home.lab.sends("later.xlsx", f"{head}\n{lines}")
    home.night()
    assert home.asks("select outcome from quality.workbook where workbook = 'later.xlsx'") == [("refused",)]
    home.lab.describes(other)
    home.night()
    home.night()
    assert home.asks("select outcome, n_ratings from quality.workbook where workbook = 'later.xlsx'") == [
        ("accepted", 1)
    ]
    assert home.asks("select distinct patient_id from supervision.session_item order by all") == [("8",), ("P-1",)]
