"""Everything is dropped at once; after the night each file has one outcome and a reason that fits it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from schemas.codes import Code, Outcome
from tests.hostile.corpus import CORPUS, MAKERS
from tests.hostile.inbox import Expected, make_home
from tests.hostile.made import READ, Hostile

ROOT = Path(__file__).resolve().parents[2]
GIB_IN_KIB = 1 << 20
Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class Ledger:
    """What two nights over the full inbox came to."""

    home: Path
    outside: Path
    expected: dict[str, Expected]
    dropped: int
    first: dict[str, Rows]
    second: dict[str, Rows]
    told: str  # what both nights wrote to the terminal
    peak_kib: int

    def of(self, workbook: str) -> tuple[str, str | None, str | None]:
        """Outcome, reason code and reason of a workbook."""
        ((outcome, code, reason),) = [row[1:4] for row in self.first["history.workbook"] if row[0] == workbook]
        return str(outcome), code, reason  # type: ignore[return-value]

    def sessions(self) -> dict[str, list[tuple[object, ...]]]:
        """Session -> workbook, item, scale and value of what counts."""
        found: dict[str, list[tuple[object, ...]]] = {}
        for session, *rest in self.first["ratings"]:
            found.setdefault(str(session), []).append(tuple(rest))
        return found


TABLES = {
    "history.workbook": "select workbook, outcome, reason_code, reason, sha256, n_ratings from history.workbook order by all",
    "history.finding": "select * from history.finding order by all",
    "history.rating": "select * from history.rating order by all",
    "ratings": (
        "select session_id, workbook, item, scale, value from current.rating join current.score using (rating_id)"
        " where state = 'rated' order by all"
    ),
}


def have_night(home: Path, night_on: str) -> tuple[dict[str, Rows], str, int]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.hostile.night", str(home), night_on],
        cwd=ROOT, capture_output=True, text=True, errors="backslashreplace", timeout=200, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    with duckdb.connect(home / "warehouse" / "working.duckdb", read_only=True) as con:
        tables = {name: con.execute(query).fetchall() for name, query in TABLES.items()}
    return tables, ended.stdout + ended.stderr, int((home / "peak-kib").read_text())


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("hostile")
    home, outside = folder / "home", folder / "outside"
    expected = make_home(home, outside)
    dropped = sum(1 for path in (home / "raw" / "inbox").rglob("*") if path.is_symlink() or not path.is_dir())
    first, told, peak = have_night(home, "2026-07-01")
    second, told_again, _ = have_night(home, "2026-07-02")
    return Ledger(home, outside, expected, dropped, first, second, told + told_again, peak)


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_a_hostile_file_ends_as_its_fault_asks(ledger: Ledger, hostile: Hostile) -> None:
    outcome, code, reason = ledger.of(f"hostile/{hostile.name}")
    told = code or outcome
    assert told in hostile.codes, f"{hostile.wrong} It was {outcome}: {reason}"
    assert outcome == ("accepted" if told == READ else "refused")
    assert (reason is None) == (told == READ)


def test_every_maker_says_what_is_wrong_with_its_file() -> None:
    assert all(hostile.wrong.endswith(".") for hostile in CORPUS)
    assert len({hostile.name for hostile in CORPUS}) == len(CORPUS) > 100
    assert len(MAKERS) == 3


def test_every_file_has_exactly_one_outcome(ledger: Ledger) -> None:
    names = [row[0] for row in ledger.first["history.workbook"]]
    assert len(names) == len(set(names)) == ledger.dropped
    assert {row[1] for row in ledger.first["history.workbook"]} <= set(Outcome)


def test_what_lies_beside_hostile_files_ends_as_it_should(ledger: Ledger) -> None:
    found = {name: ledger.of(name) for name in ledger.expected}
    for name, expected in ledger.expected.items():
        outcome, _, reason = found[name]
        assert (name, outcome) == (name, expected.outcome)
        assert (reason or "") == expected.reason or not expected.reason


def test_every_good_sheet_among_them_is_taken_in_with_its_own_values(ledger: Ledger) -> None:
    sessions = ledger.sessions()
    for name, expected in ledger.expected.items():
        if expected.session:
            assert sessions[expected.session] == [
                (name, "not_knowing", "adherence", 4.0),
                (name, "not_knowing", "competence", 5.0),
            ]


def test_nothing_of_a_file_that_was_refused_counts(ledger: Ledger) -> None:
    assert {"S-lost", "S-secret"}.isdisjoint(ledger.sessions())


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("stray.xlsx", "XFD1048576"),
        ("stray without places.xlsx", "XFD1000000"),
        ("stray in a prefix.xlsx", "XFD1048576"),
        ("stray.xlsb", "XFD1048576"),
        ("stray.xls", "IV65536"),
        ("stray.ods", "XFD1048576"),
    ],
)
def test_a_stray_cell_is_named(ledger: Ledger, name: str, cell: str) -> None:
    assert f"far away, in cell {cell}." in str(ledger.of(f"hostile/{name}")[2])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("report.xlsx", "a PDF document"),
        ("photo.xlsx", "a picture"),
        ("letter.xlsx", "a text document"),
        ("slides.xlsx", "a presentation"),
        ("page.xls", "a web page"),
        ("of 2003.xls", "a workbook in the XML of Excel 2003"),
        ("excel 4.xls", "a worksheet of Excel 4 or older"),
        ("letter.xls", "a document of an older Office program"),
        ("flat.fods", "an OpenDocument file in one piece"),
        ("prose.xlsx", "plain text"),
        ("book.xlsx.gz", "a packed file: unpack it first"),
    ],
)
def test_what_is_no_spreadsheet_is_told_what_it_is(ledger: Ledger, name: str, what: str) -> None:
    assert f"By its bytes it is {what}." in str(ledger.of(f"hostile/{name}")[2])


def test_a_fuzzed_file_has_an_outcome_and_harms_no_other(ledger: Ledger) -> None:
    outcomes = {row[1] for row in ledger.first["history.workbook"] if str(row[0]).startswith("fuzzed/")}
    assert outcomes <= {"accepted", "partly_held", "held", "refused", "ignored"}
    codes = {row[2] for row in ledger.first["history.workbook"] if str(row[0]).startswith("fuzzed/")}
    assert Code.DAMAGED in codes


def test_a_second_night_changes_nothing(ledger: Ledger) -> None:
    for table in TABLES:
        assert ledger.second[table] == ledger.first[table], table


def test_what_was_taken_in_or_refused_leaves_the_inbox_and_the_rest_stays(ledger: Ledger) -> None:
    inbox = ledger.home / "raw" / "inbox"
    left = {path.relative_to(inbox).as_posix() for path in inbox.rglob("*") if path.is_symlink() or not path.is_dir()}
    stays = {name for name, expected in ledger.expected.items() if expected.outcome == "ignored"}
    assert left == stays | {"sparse.xlsx", "hostile/too large.csv"}


def test_nothing_outside_the_home_is_read_or_written(ledger: Ledger) -> None:
    assert [path.name for path in ledger.outside.rglob("*")] == ["secret.csv"]
    assert sorted(path.name for path in ledger.home.parent.iterdir()) == ["home", "outside"]
    assert not Path("/tmp/evil").exists()  # noqa: S108 - where a member of a zip would have liked to go
    assert not Path("/etc/evil").exists()


def test_the_night_itself_stays_below_a_gibibyte(ledger: Ledger) -> None:
    assert ledger.peak_kib < GIB_IN_KIB


def test_names_are_shown_without_characters_that_act(ledger: Ledger) -> None:
    names = [str(row[0]) for row in ledger.first["history.workbook"]]
    assert all(name.isprintable() for name in names)
    assert all(character.isprintable() or character == "\n" for character in ledger.told)
    told = [str(cell) for row in ledger.first["history.finding"] for cell in row]
    assert all(text.isprintable() for text in told)
