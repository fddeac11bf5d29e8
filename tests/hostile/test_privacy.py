"""What stood in a hostile sheet is told nowhere: not on the terminal, not in an exception, not in Prefect's records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.hostile.books import parts, rating
from tests.hostile.containers import zip_bytes
from tests.hostile.olds import with_password
from tests.hostile.packages import absent_shared_strings, external_entity, stray
from tests.support.lab import Lab
from tests.support.workbooks import anything_in

ROOT = Path(__file__).resolve().parents[2]
FIDELITY = "import sys; from flows.cli import main; sys.exit(main())"
CANARY = "canary-5c1d"
REMARK = "remark-5c1d"  # stands beside a rating that is taken in: it may reach that therapist's own sheet
FILE = "named-5c1d"  # a file's name is told in the ledger, which is no log


def make_home(home: Path) -> None:
    """A home whose sheets hold the canary in every place from which it could travel."""
    lab = Lab(home, validates=True).draws()
    lab.settings.raw.mkdir(parents=True)
    lab.has_roster(therapists="T-1 T-2", raters="R-1 R-2")
    (home / "fidelity.toml").write_text("settle_seconds = 0\nprocesses = 1\n")
    lab.sends(
        f"{FILE}.csv",
        f"""
        session  | rater    | therapist | adherence | competence | remark
        S-1      | R-1      | T-1       | 4         | 5          | {REMARK}
        S-2      | R-1      | T-1       | {CANARY}  | 4 {CANARY} | {CANARY}
        S-3      | {CANARY} | T-1       | 4         | 5          | {CANARY}
        S-4      | R-1      | {CANARY}  | 4         | 5          | {CANARY}
        {CANARY * 9} | R-1  | T-1       | 4         | 5          | {CANARY}
        """,
    )
    table = rating("S-5")
    table[1][3], table[1][4] = f"={CANARY}()", "#N/A"
    lab.sends("formula.xlsx", content=zip_bytes(parts(table)))
    for name, content in {
        "nobody describes.csv": f"{CANARY},{CANARY}\n{CANARY},4\n".encode(),
        "prose.xlsx": f"{CANARY} said this".encode(),
        "stray.xlsx": stray(),
        "password.xls": with_password(),
        "entity.xlsx": external_entity().replace(b"T-1", CANARY[:3].encode()),
        "absent.xlsx": absent_shared_strings(),
        "damaged.xlsx": zip_bytes(parts([[CANARY]]), level=0).replace(CANARY[:3].encode(), b"xxx"),
        "many.csv": (CANARY + ",").encode() * 300_000 * 8,
        "quote.csv": b'session,"' + CANARY.encode() * 20_000,
    }.items():
        lab.sends(name, content=content)


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file's bytes."""
    yield from ((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file())


def published_rows(home: Path) -> Iterator[str]:
    """Every row of every published table."""
    for path in (home / "warehouse" / "published").rglob("*.duckdb"):
        with duckdb.connect(path, read_only=True) as con:
            for schema, table in con.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield from (str(row) for row in con.execute(f'select * from "{schema}"."{table}"').fetchall())


@pytest.mark.parametrize("engine", [False, pytest.param(True, marks=pytest.mark.engine)], ids=["plain", "engine"])
def test_a_night_over_hostile_sheets_tells_nothing_of_what_stood_in_them(tmp_path: Path, engine: bool) -> None:
    home = tmp_path / "home"
    make_home(home)
    how = [] if engine else ["--plain"]
    ended = subprocess.run(
        [sys.executable, "-c", FIDELITY, "nightly", *how, "--home", str(home), "--date", "2026-07-01"],
        cwd=ROOT, capture_output=True, text=True, timeout=560, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = ended.stdout + ended.stderr + (home / "warehouse" / "last-night.json").read_text()
    assert not any(word in told for word in (CANARY, REMARK, FILE, "Traceback", "panicked"))
    records = dict(files_below(home / "warehouse" / "prefect")) if engine else {}
    assert bool(records) == engine
    for path, content in records.items():
        for word in (CANARY, REMARK, FILE):
            assert word.encode() not in content, path
    for row in published_rows(home):
        assert CANARY not in row
        assert REMARK not in row
    for path in (home / "warehouse" / "published").rglob("*.xlsx"):
        assert CANARY not in anything_in(path), path
        assert REMARK not in anything_in(path) or path.name == "T-1.xlsx", path
    assert list((home / "warehouse" / "spool").glob("*")) == []
