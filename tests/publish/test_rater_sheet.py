"""A rater's own sheet: her figures in her folder, nobody else's, under the purpose sentence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flows.publish.facts import NightFacts
from flows.publish.rater_sheet import write_rater_sheets
from schemas.codes import PURPOSE
from schemas.roster import Rater, Roster, Therapist
from tests.support.drawn_ratings import Ratings
from tests.support.workbooks import anything_in, open_book, table_of, texts_of

FACTS = NightFacts(dt.date(2026, 7, 1), "=Lab", "quality@lab.example", True, dt.date(2026, 4, 2), "0.1.0")


def lab_with(*raters: str) -> Ratings:
    """Eight sessions rated by R-1 and =R-2; R-9 rates alone."""
    roster = Roster((Therapist("T-1", None, "SV-1"),), tuple(Rater(r) for r in raters), (), is_present=True)
    ratings = Ratings(roster)
    rows = ["session | therapist | patient | on | rater | item | adherence | competence"]
    for i in range(8):
        for higher, rater in enumerate(("R-1", "=R-2")):
            rows.append(
                f"S-{i} | T-1 | P-1 | 2026-03-0{1 + i} | {rater} | humility | {2 + i % 4 + higher * (i % 2)} | 4"
            )
    ratings.counts("\n".join([*rows, "S-9 | T-1 | P-1 | 2026-03-01 | R-9 | humility | 5 | 5"]))
    ratings.rebuild()
    return ratings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raters")
    assert write_rater_sheets(lab_with("R-1", "=R-2", "R-5").con, folder, FACTS) == 2
    return folder


def test_only_raters_of_the_roster_with_ratings_have_a_folder(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 2
    assert "R-1" in names
    assert not any("R-9" in name or "R-5" in name for name in names)


def test_a_sheet_says_what_it_is_for_and_holds_her_figures_alone(folder: Path) -> None:
    path = folder / "R-1" / "R-1.xlsx"
    book = open_book(path)
    assert book.sheetnames == ["Beside others", "Over time"]
    assert PURPOSE in texts_of(book["Beside others"])
    assert any("cannot be seen here" in text for text in texts_of(book["Beside others"]))
    assert not any(other in anything_in(path) for other in ("R-2", "R-9", "T-1", "P-1", "SV-1", "S-1"))
    rows = [row for row in table_of(book["Beside others"]) if row["Scale"] == "adherence"]
    assert [(row["Period"], row["Element"], row["Ratings"], row["Co-rated"]) for row in rows] == [
        ("all", "humility title", 8, 8),
        ("2026-Q1", "humility title", 8, 8),
    ]
    assert rows[0]["From"] < rows[0]["Points apart"] < rows[0]["To"]
    assert rows[0]["Points apart"] < 0  # the other one gives half a point more


def test_a_missing_number_is_marked_and_explained(folder: Path) -> None:
    rows = table_of(open_book(folder / "R-1" / "R-1.xlsx")["Beside others"])
    row = next(row for row in rows if row["Scale"] == "competence")
    assert (row["Points apart"], row["From"], row["To"]) == (0, "[x]", "[x]")
    assert row["Note"]


def test_text_never_becomes_a_formula(folder: Path) -> None:
    (other,) = (path for path in folder.iterdir() if path.name != "R-1")
    (sheet,) = other.glob("*.xlsx")
    book = open_book(sheet)
    assert all(cell.data_type != "f" for page in book for row in page.iter_rows() for cell in row)


def test_a_sheet_that_says_the_same_stays_and_who_leaves_the_roster_loses_hers(tmp_path: Path) -> None:
    both = lab_with("R-1", "=R-2")
    assert write_rater_sheets(both.con, tmp_path, FACTS) == 2
    before = (tmp_path / "R-1" / "R-1.xlsx").read_bytes()
    assert write_rater_sheets(both.con, tmp_path, FACTS) == 0
    assert (tmp_path / "R-1" / "R-1.xlsx").read_bytes() == before
    both.con.execute("delete from reference.rater where rater_id = 'R-1'")
    assert write_rater_sheets(both.con, tmp_path, FACTS) == 0
    assert not (tmp_path / "R-1" / "R-1.xlsx").exists()
