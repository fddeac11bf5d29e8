"""The rules of the design hold in every module, and each rule bites."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture import rules
from tests.architecture.rules import Module

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    *("flows", "schemas", "sql", "raw", "warehouse", "tests", "docs", ".ci"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "pyproject.toml"),
    *("requirements.lock", "prefect.yaml", ".gitignore", ".gitattributes"),
}
SQL_CLOCK = re.compile(r"\b(current_date|current_timestamp|now\(|today\(|get_current_timestamp)", re.IGNORECASE)


def modules() -> list[Module]:
    paths = sorted(path for folder in ("flows", "schemas") for path in (ROOT / folder).rglob("*.py"))
    return [Module(PurePosixPath(p.relative_to(ROOT)), p.read_text(encoding="utf-8")) for p in paths]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule) -> None:
    broken = [place for module in modules() for place in rule(module)]
    assert broken == [], rule.__doc__


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.prefect_below_the_top, "flows/load/x.py", "from prefect import task"),
        (rules.prefect_below_the_top, "schemas/x.py", "import prefect.states"),
        (rules.duckdb_outside_load, "flows/publish/x.py", "import duckdb"),
        (rules.duckdb_outside_load, "flows/cli.py", "from duckdb import connect"),
        (rules.environment_outside_settings, "flows/cli.py", "import os\nhome = os.environ['HOME']"),
        (rules.environment_outside_settings, "flows/intake/x.py", "from os import getenv"),
        (rules.wall_clock_below_the_top, "flows/load/x.py", "now = datetime.now(UTC)"),
        (rules.wall_clock_below_the_top, "flows/load/x.py", "from time import time"),
        (rules.wall_clock_below_the_top, "schemas/x.py", "today = datetime.date.today()"),
        (rules.import_to_the_right, "flows/forms/x.py", "from flows.intake import cells"),
        (rules.import_to_the_right, "flows/load/x.py", "def f():\n    import flows.publish.excel"),
        (rules.import_to_the_right, "flows/load/x.py", "from ..measure import night"),
        (rules.import_to_the_right, "flows/publish/x.py", "from flows.nightly import run_book"),
        (rules.import_to_the_right, "schemas/x.py", "from flows.settings import Settings"),
        (rules.import_to_the_right, "flows/publish/x.py", "from flows.prove import run"),
        (rules.too_long, "flows/x.py", "x = 1\n" * 401),
        (rules.undocumented, "flows/x.py", '"""Words."""\ndef act():\n    return 1'),
        (rules.undocumented, "flows/x.py", '"""Words."""\nclass Noun:\n    """A noun."""\n    def act(self): ...'),
    ],
)
def test_a_rule_bites(rule, path: str, text: str) -> None:
    assert len(rule(Module(PurePosixPath(path), text))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (rules.prefect_below_the_top, "flows/tasks.py", "from prefect import task"),
        (rules.duckdb_outside_load, "flows/publish/x.py", "from duckdb import DuckDBPyConnection"),
        (rules.duckdb_outside_load, "flows/load/x.py", "import duckdb"),
        (rules.wall_clock_below_the_top, "flows/start.py", "now = datetime.now(UTC)"),
        (rules.import_to_the_right, "flows/load/x.py", "from flows.intake.findings import Finding"),
        (rules.import_to_the_right, "flows/load/x.py", "from . import connection"),
        (rules.import_to_the_right, "flows/prove/x.py", "from flows.nightly import run_night"),
        (rules.undocumented, "flows/x.py", '"""Words."""\ndef _act():\n    return 1'),
    ],
)
def test_a_rule_lets_pass_what_it_allows(rule, path: str, text: str) -> None:
    assert rule(Module(PurePosixPath(path), text)) == []


def test_no_sql_asks_the_time() -> None:
    asking = [str(path) for path in (ROOT / "sql").rglob("*.sql") if SQL_CLOCK.search(_sql(path))]
    assert asking == []


def test_the_lock_holds_names_versions_markers_and_hashes_only() -> None:
    requirement = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,-]+\])?==[\w.!+]+( ; [^/\\:]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    strange = [line for line in _lock() if not requirement.fullmatch(line) and not digest.fullmatch(line)]
    assert strange == []


def test_the_lock_pins_what_prefect_breaks_without() -> None:
    # fastapi 0.155 starts nothing; with sqlalchemy 2.1 flows run and schedules never fire.
    assert (0, 139) <= _locked("fastapi") < (0, 151)
    assert (2, 0) <= _locked("sqlalchemy") < (2, 1)


def test_the_lock_has_every_package_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~!; ]", line)[0].lower() for line in named}
    assert names - {line.split("==")[0].split("[")[0] for line in _lock()} == set()


def test_the_top_level_holds_what_a_newcomer_expects_and_nothing_else() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert found - TOP_LEVEL == set()


def _sql(path: Path) -> str:
    return "\n".join(line.partition("--")[0] for line in path.read_text(encoding="utf-8").splitlines())


def _lock() -> list[str]:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()


def _locked(name: str) -> tuple[int, ...]:
    version = next(line for line in _lock() if line.startswith(f"{name}==")).split("==")[1].split()[0]
    return tuple(int(part) for part in version.split(".")[:2])
