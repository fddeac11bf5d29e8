"""`fidelity …`: what it answers, what it exits with, and what it does not import."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows import cli, errors
from flows.settings import load_settings
from flows.status import LastNight, write_last_night

ROOT = Path(__file__).resolve().parents[2]
ENDED = datetime(2026, 11, 23, 3, 17, tzinfo=UTC)
COMMANDS = [
    ("demo",), ("form",), ("nightly",), ("withdraw",), ("as-of",), ("status",), ("prove",),
    ("erase",), ("backup",), ("restore",),
    ("instruments", "list"), ("instruments", "show"), ("instruments", "check"), ("layout", "try"),
]  # fmt: skip


def family(error: type[errors.FidelityError] = errors.FidelityError) -> set[type[errors.FidelityError]]:
    return {error}.union(*(family(kind) for kind in error.__subclasses__()))


def test_help_names_every_command_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert [words[0] for words in COMMANDS if words[0] not in told] == []
    assert {error.exit_code for error in family()} | {0, 130} == set(cli.EXIT_CODES)
    assert [code for code, meaning in cli.EXIT_CODES.items() if f"{code}  {meaning}" not in told] == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_shows_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*words, "--help"]) == 0
    told = capsys.readouterr().out
    assert f"fidelity {' '.join(words)}" in told.partition("\n")[2]


@pytest.mark.parametrize(
    ("words", "exit_code", "line"),
    [
        (["dance"], 2, 'Unknown command "dance"'),
        (["nightly", "--date", "yesterday"], 2, "Invalid value for --date"),
        (["form", "mbt-session"], 2, "--out"),
        (["form", "no-such", "--out", "x.xlsx"], 4, "There is no instrument no-such."),
        (["instruments", "check", "no-such.toml"], 4, "no-such.toml"),
        (["erase", "--yes"], 2, "Name whom to erase"),
        (["erase", "--patient", "P-1"], 2, "To erase without being asked, add --yes."),
        (["backup", "raw/backups"], 14, "lies in the home itself"),
        (["restore", "."], 14, "There is no whole backup"),
        (["status"], 12, "No night has run in this home yet. Run `fidelity nightly`."),
    ],
)
def test_trouble_is_one_line_on_stderr_and_an_exit_code(
    words: list[str],
    exit_code: int,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert cli.main(words) == exit_code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert line in told


def test_what_nobody_foresaw_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("T-07 cried")

    monkeypatch.setattr("schemas.catalog.load_catalog", breaks)

    assert cli.main(["instruments", "list", "--home", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("fidelity broke off: ValueError at flows/cli.py line ")
    assert "T-07" not in told


def test_ctrl_c_ends_with_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("schemas.catalog.load_catalog", stopped)

    assert cli.main(["instruments", "list"]) == 130
    assert capsys.readouterr().err == "Stopped. What was published before stays.\n"


def test_the_home_is_the_option_then_the_environment_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    homes = {name: tmp_path / name for name in ("option", "environment", "here")}
    for day, home in enumerate(homes.values(), start=1):
        home.mkdir()
        write_last_night(load_settings(home), LastNight(date(2026, 1, day), ENDED, ENDED, "published"))
    monkeypatch.chdir(homes["here"])

    cli.main(["status"])
    monkeypatch.setenv("FIDELITY_HOME", str(homes["environment"]))
    cli.main(["status"])
    cli.main(["status", "--home", str(homes["option"])])
    nights = [line.split()[2] for line in capsys.readouterr().out.splitlines() if line.startswith("Last night")]
    assert nights == ["2026-01-03:", "2026-01-02:", "2026-01-01:"]


@pytest.mark.parametrize(
    ("outcome", "age", "exit_code", "line"),
    [
        ("published", timedelta(hours=1), 0, ""),
        ("published", timedelta(hours=31), 12, "The last night ended 31 hours ago."),
        ("failed", timedelta(hours=1), 12, "The night of 2026-11-23 failed: The disk is too full."),
    ],
)
def test_status_is_non_zero_when_the_night_failed_or_is_stale(
    outcome: str, age: timedelta, exit_code: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = datetime.now(UTC) - age
    began = ended - timedelta(seconds=42)
    night = LastNight(date(2026, 11, 23), began, ended, outcome, "load", "The disk is too full.", {"workbooks": 3})
    write_last_night(load_settings(tmp_path), night)

    assert cli.main(["status", "--home", str(tmp_path)]) == exit_code
    told = capsys.readouterr()
    assert f"Last night  2026-11-23: {outcome}, {age.total_seconds() / 3600:.0f} hours ago, in 42 s" in told.out
    assert "3 workbooks" in told.out
    assert line in told.err


def test_a_torn_record_is_not_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_last_night(load_settings(tmp_path), LastNight(date(2026, 11, 23), ENDED, ENDED, "published"))
    (tmp_path / "warehouse" / "last-night.json").write_text('{"night_on": "2026', encoding="utf-8")

    assert cli.main(["status", "--home", str(tmp_path)]) == 12
    assert "Run `fidelity nightly` again." in capsys.readouterr().err


def test_a_form_is_written_where_it_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "S-001.xlsx"

    words = ["form", "mbt-session", "--out", str(out), "--session", "S-001", "--role", "self", "--date", "2026-11-20"]
    assert cli.main(words) == 0
    assert out.exists()
    assert capsys.readouterr().out == f"{out} is ready. Fill it in and drop it in raw/inbox/.\n"


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--help"], {"prefect", "polars", "duckdb", "openpyxl", "pydantic"}),
        (["status"], {"prefect", "polars", "duckdb", "openpyxl"}),
        (["instruments", "list"], {"prefect", "polars", "duckdb", "openpyxl"}),
        (["nightly", "--plain", "--date", "2026-11-23"], {"prefect"}),
    ],
    ids=lambda words: " ".join(sorted(words)),
)
def test_a_command_imports_no_more_than_it_needs(words: list[str], spared: set[str], tmp_path: Path) -> None:
    asked = (
        "import sys; from flows.cli import main; code = main(sys.argv[2:]);"
        "print(code, sorted(set(sys.argv[1].split(',')) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, ",".join(spared), *words],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    expected = 12 if words == ["status"] else 0
    assert done.stdout.splitlines()[-1] == f"{expected} []"


def test_the_version_is_the_one_that_was_installed(capsys: pytest.CaptureFixture[str]) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == declared
