"""People who were erased are nowhere in a home, and everybody else is where they were."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment

from tests.keeping.homes import Home, Rows, reads_here, without_workbooks
from tests.support.intake_sheets import drawn, xlsx_bytes

PATIENT, THERAPIST, RATER, SPELT = "PAT4c1d9be07a55", "Thera9f02b7c1de", "RATE77aa01bb23", "Anna Written 5f5f5f"
CANARIES = (PATIENT, THERAPIST, RATER, SPELT)
XLS = Path(__file__).parent / "saved" / "old.xls"
HEAD = "session | rater | therapist | patient | date | adherence | competence | remark"

# the person's line, and what a home that never had the person has in its place
WIDE = [
    ("S-1 | R-1 | T-1 | P-1 | 2026-06-01 | 4 | 5 | calm", None),
    (f"S-2 | R-1 | T-1 | {PATIENT} | 2026-06-02 | 3 | 4 | said by {PATIENT}", ""),
    (f"S-3 | {RATER} | T-2 | P-2 | 2026-06-03 | 6 | 6 | hers", ""),
    (f"S-3 | {SPELT} | T-2 | P-2 | 2026-06-03 | 6 | 5 | hers as well", ""),
    ("S-3 | R-2 | T-2 | P-2 | 2026-06-03 | 5 | 5 | good", None),
    (f"S-4 | R-2 | {THERAPIST} | P-3 | 2026-06-04 | 2 | 2 | .", ""),
    (
        f"S-5 | R-2 | {THERAPIST}+T-2 | P-2 | 2026-06-05 | 7 | 6 | both",
        "S-5 | R-2 | T-2 | P-2 | 2026-06-05 | 7 | 6 | both",
    ),
    (
        f"S-6 | R-2 | T-1 | P-1 | 2026-06-06 | 4 | 4 | unlike {PATIENT}",
        "S-6 | R-2 | T-1 | P-1 | 2026-06-06 | 4 | 4 | .",
    ),
    (f"S-7 | R-1 | T-1 | {PATIENT} | 2026-06-07 | 9 | 4 | held", ""),
    ("S-8 | R-1 | T-1 | P-1 | 2026-06-08 | 9 | 4 | held too", None),
]
LONG = f"""
session | rater   | therapist | patient   | date       | item        | adherence | competence
S-11    | R-1     | T-1       | {PATIENT} | 2026-06-01 | not_knowing | 4         | 5
S-11    | R-1     | T-1       | {PATIENT} | 2026-06-01 | differences | 4         | 5
S-12    | R-2     | T-2       | P-2       | 2026-06-02 | not_knowing | 5         | 5
S-12    | R-2     | T-2       | P-2       | 2026-06-02 | differences | 3         | 2
"""
BLANK = " | ".join(["."] * 8)
OLD = f"{HEAD}\n{BLANK}\nS-62 | R-2 | T-2 | P-2 | 2026-06-02 | 3 | 4 | calm"


def wide(*, with_people: bool) -> str:
    """The wide table, or the same without the people, every other line in its place."""
    lines = [said if with_people or other is None else (other or BLANK) for said, other in WIDE]
    return "\n".join([HEAD, *lines])


def noted(table: str) -> bytes:
    """A workbook that also mentions people where no reader looks: a cell's note and its writer, the file's properties."""
    book = load_workbook(io.BytesIO(xlsx_bytes({"Sheet1": drawn(table)})))
    book.worksheets[0]["A1"].comment = Comment(f"ask {PATIENT}", SPELT)
    book.properties.creator = RATER
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(text: str) -> bytes:
    """A zip that is no spreadsheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.txt", text)
    return out.getvalue()


def make(home: Home, *, with_people: bool) -> None:
    """A home with two nights, with the people or as if they had never been there."""
    lab = home.lab
    people = with_people
    lab.has_roster(
        therapists="T-1 T-2" + (f" {THERAPIST}" if people else ""),
        raters="R-1 R-2" + (f" {RATER}={SPELT.replace(' ', '_')}" if people else ""),
    )
    lab.sends("monday.xlsx", content=noted(wide(with_people=True)) if people else None, drawing=wide(with_people=False))
    kept = "\n".join(BLANK if "S-11" in line else line for line in LONG.splitlines())
    lab.sends("table.ods", LONG if people else kept)
    if people:
        lab.sends(
            f"north/{PATIENT}.csv", "\n".join([HEAD, f"S-21 | R-1 | T-1 | {PATIENT} | 2026-06-01 | 4 | 5 | whole"])
        )
        lab.sends("letter.xlsx", content=f"Dear {PATIENT}".encode())
        lab.sends("packed.xlsx", content=packed(f"Dear {SPELT}"))
        lab.sends(f"~${RATER}.xlsx", content=b"lock")
        sheets = {THERAPIST: f"{HEAD}\nS-31 | R-1 | {THERAPIST} | P-1 | 2026-06-03 | 4 | 5 | ."}
        lab.sends("two.xlsx", sheets={**sheets, "Other": f"{HEAD}\nS-32 | R-1 | T-1 | P-1 | 2026-06-04 | 2 | 3 | ."})
    else:
        lab.sends("two.xlsx", sheets={"Other": f"{HEAD}\nS-32 | R-1 | T-1 | P-1 | 2026-06-04 | 2 | 3 | ."})
    home.night()
    if people:
        lab.sends("old.xls", content=XLS.read_bytes())
    else:
        lab.sends("old.xls", content=xlsx_bytes({"Sheet1": drawn(OLD)}))
    home.night()


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Home, list[str], list[str]]]:
    """A home after its people were erased, with where they had been and what the command said; and one without them."""
    with pytest.MonkeyPatch.context() as patch:
        reads_here(patch)
        folder = tmp_path_factory.mktemp("erase")
        for name in ("with", "without"):
            (folder / name / "raw").mkdir(parents=True)
        erased, never = Home(folder / "with", validates=True), Home(folder / "without")
        make(erased, with_people=True)
        with patch.context() as tables_alone:  # nobody looks at any other file of hers
            without_workbooks(tables_alone)
            make(never, with_people=False)
        erased.lab.sends("waits.csv", f"{HEAD}\nS-41 | R-1 | T-1 | {PATIENT} | 2026-06-03 | 4 | 5 | .")
        write_into_returned(erased)
        (erased.settings.published / "as-of" / "2026-01-01").mkdir(parents=True)
        (erased.settings.published / "as-of" / "2026-01-01" / "x.txt").write_text(PATIENT)
        before = erased.where(*CANARIES)
        said = erased.erases(patients=[PATIENT], therapists=[THERAPIST], raters=[RATER])
        yield erased, never, before, said


def write_into_returned(home: Home) -> None:
    """A rater begins to mend her copy where it lies."""
    (copy,) = (home.settings.raw / "returned").rglob("monday*.xlsx")
    book = load_workbook(copy)
    book["Sheet1"]["H9"] = "I shall look again"
    book.save(copy)


def test_before_it_they_were_everywhere(homes: tuple[Home, Home, list[str], list[str]]) -> None:
    _, _, before, _ = homes
    for part in (
        "archive",
        "inbox",
        "returned",
        "therapists.csv",
        "working.duckdb",
        "fidelity.duckdb",
        "supervision",
        "as-of",
    ):
        assert any(part in place for place in before), part


def test_nothing_of_them_is_anywhere(homes: tuple[Home, Home, list[str], list[str]]) -> None:
    home, _, _, said = homes
    assert home.where(*CANARIES) == []
    assert said[-1].endswith("found nothing.")


def told(home: Home, table: str, left_out: str = "") -> Rows:
    """All rows of a published table, without ids that are made of a workbook's bytes."""
    return home.asks(f"select * {f'exclude ({left_out})' if left_out else ''} from {table} order by all")


def test_all_others_are_told_as_in_a_home_that_never_had_them(homes: tuple[Home, Home, list[str], list[str]]) -> None:
    erased, never, _, _ = homes
    for table in (
        "therapist_element", "session_element", "session_item", "session_therapist", "item_element",
    ):  # fmt: skip
        assert told(erased, f"supervision.{table}") == told(never, f"supervision.{table}"), table
    assert told(erased, "quality.coverage") == told(never, "quality.coverage")
    assert told(erased, "quality.held_rating", "rating_id") == told(never, "quality.held_rating", "rating_id")
    left = "select code, workbook, sheet, cell, session_id, rater_id, message from quality.finding order by all"
    assert erased.asks(left) == never.asks(left)


def test_every_workbook_keeps_its_line_in_the_ledger_and_its_sums(
    homes: tuple[Home, Home, list[str], list[str]],
) -> None:
    home, _, _, _ = homes
    rows = home.asks("select workbook, outcome, n_ratings, n_accepted, n_held, n_duplicate from quality.workbook")
    ledger = {row[0]: row[1:] for row in rows}
    assert ledger["monday.xlsx"] == ("partly_held", 5, 4, 1, 0)
    assert ledger["table.ods"] == ("accepted", 1, 1, 0, 0)
    assert ledger["old.xls"] == ("accepted", 1, 1, 0, 0)
    assert ledger["letter.xlsx"][0] == ledger["packed.xlsx"][0] == "ignored"
    names = [name for name in ledger if "erased-" in name]
    assert sorted(ledger[name][0] for name in names) == ["ignored", "ignored"]
    assert sum(name.startswith("north/erased-") for name in names) == 1


def test_every_original_is_the_bytes_that_its_hash_says(homes: tuple[Home, Home, list[str], list[str]]) -> None:
    home, _, _, _ = homes
    kept = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in home.settings.archive.glob("??/*")}
    assert all(name == sha256 for name, sha256 in kept.items())
    wanted = {sha for (sha,) in home.asks("select sha256 from quality.workbook where sha256 <> ''")}
    assert wanted == set(kept)


def test_the_next_night_finds_nothing_new(homes: tuple[Home, Home, list[str], list[str]]) -> None:
    home, _, _, _ = homes
    before = home.published()
    counts = home.night()
    assert (counts["ratings"], counts["workbooks"]) == (0, 0)
    assert home.published() == before
    assert home.where(*CANARIES) == []
