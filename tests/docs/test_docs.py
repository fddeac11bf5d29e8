"""What the documentation prints is run as printed: commands, SQL, and the TOML of layouts, instruments and settings."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from flows.cli import EXIT_CODES, app, main
from flows.settings import Settings, load_settings
from schemas.catalog import check_layout, load_catalog, read_layout
from schemas.codes import Role, Selection
from schemas.guidance import Condition, Rule
from schemas.instrument import Domain, Element, Instrument, Item, Scale, Speaks
from schemas.layout import (
    EventField,
    FieldName,
    FieldSource,
    Layout,
    ScoreColumn,
    SheetChoice,
    Table,
    Timeline,
)
from schemas.session_codes import Diagnosis, Phase, Setting
from schemas.timeline_codes import Arousal, Followed, Intervention, Mode

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
KINDS = {"bash", "sql", "console", "toml layout", "toml timeline", "toml log", "toml instrument", "toml settings"}


def blocks(kind: str) -> list[str]:
    """The fenced blocks of one kind in the README."""
    return [text for said, text in re.findall(r"^```([^\n]*)\n(.*?)^```", README, re.M | re.S) if said == kind]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home as a clone has it, with sheets of two example labs dropped and their rosters and layouts in place.

    They have an answer to every question; all sheets of all three labs are had in tests/flow/test_demo.py.
    """
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "raw" / "examples", home / "raw" / "examples")
    examples = home / "raw" / "examples"
    shutil.copytree(examples / "schemas", home / "schemas")
    for roster in ("therapists.csv", "raters.csv"):
        lines = (examples / roster).read_text(encoding="utf-8").splitlines(keepends=True)
        (home / "raw" / roster).write_text("".join(line for line in lines if ",east," not in line), encoding="utf-8")
    shutil.copytree(examples / "night1" / "west", home / "raw" / "inbox" / "west")
    (home / "raw" / "inbox" / "north").mkdir()
    for sheet in (examples / "night1" / "north").glob("OPPTAK-10*"):
        shutil.copy2(sheet, home / "raw" / "inbox" / "north")
    (home / "schemas" / "instruments").mkdir(exist_ok=True)
    (home / "schemas" / "instruments" / "our-scale.toml").write_text(blocks("toml instrument")[0], encoding="utf-8")
    yield home


@pytest.fixture(scope="module")
def published(home: Path) -> Path:
    """The published folder after every command of the README was run, in order, as printed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("FIDELITY_SETTLE_SECONDS", "0")
        patch.setenv("FIDELITY_CONSENSUS", "always")  # so that a session waits for one
        patch.delenv("FIDELITY_HOME", raising=False)
        for line in "".join(blocks("bash")).splitlines():
            words = shlex.split(line, comments=True)
            assert words[0] == "fidelity", f"the README's bash blocks hold fidelity commands only: {line}"
            assert main(words[1:]) == 0, line
    return home / "warehouse" / "published"


def test_every_block_of_the_readme_says_what_it_is() -> None:
    assert set(re.findall(r"^```([^\n]+)$", README, re.M)) <= KINDS


def test_every_query_of_the_readme_answers_on_the_labs_file(published: Path) -> None:
    with duckdb.connect(str(published / "fidelity.duckdb"), read_only=True) as con:
        for query in blocks("sql"):
            assert con.execute(query).fetchall(), query


def test_every_query_of_the_readme_runs_on_a_supervisors_file(published: Path) -> None:
    with duckdb.connect(str(published / "supervision" / "SV-N1" / "fidelity.duckdb"), read_only=True) as con:
        for query in blocks("sql"):
            con.execute(query).fetchall()


def test_the_readmes_layout_and_settings_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "clinic-wide.toml"
    path.write_text(blocks("toml layout")[0], encoding="utf-8")
    check_layout(read_layout(path), load_catalog(()))
    path.write_text("\n".join(blocks("toml layout") + blocks("toml timeline")), encoding="utf-8")
    layout = read_layout(path)
    check_layout(layout, load_catalog(()))
    assert layout.timeline is not None
    assert layout.timeline.is_log
    path.write_text(blocks("toml log")[0], encoding="utf-8")
    log = read_layout(path)
    check_layout(log, load_catalog(()))
    assert log.is_log
    (tmp_path / "fidelity.toml").write_text(blocks("toml settings")[0], encoding="utf-8")
    settings = load_settings(tmp_path)
    assert settings.time_zone == "Europe/Oslo"
    assert settings.since == date(2026, 5, 20)


def test_the_three_terminals_of_a_scheduled_night_name_what_prefect_yaml_deploys() -> None:
    terminals = "".join(blocks("console"))
    deployed = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert "--pool nightly" in terminals
    assert "prefect server start" in terminals
    assert "prefect deploy --all" in terminals
    assert re.search(r"^\s+name: nightly$", deployed, re.M)
    assert "15 4 * * *" in deployed
    assert "04:15" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    for link in linked:
        assert (page.parent / link).exists(), link
    named = re.findall(r"`((?:flows|schemas|sql|tests|docs|raw/examples)/[^`<>* ]*)`", text)
    for name in named:
        assert (ROOT / name).exists(), name


MODELS = (
    Instrument,
    Scale,
    Domain,
    Element,
    Item,
    Speaks,
    Layout,
    FieldSource,
    Table,
    ScoreColumn,
    SheetChoice,
    Timeline,
    Rule,
    Condition,
)
LISTS = (Role, Selection, Phase, Diagnosis, Setting)


def test_the_page_about_instruments_and_layouts_names_every_key_field_and_word() -> None:
    page = (ROOT / "docs" / "describing.md").read_text(encoding="utf-8")
    named = (
        {key for model in MODELS for key in model.model_fields} | set(get_args(FieldName)) | set(get_args(EventField))
    )
    words = {str(word) for words in LISTS for word in words}
    assert [name for name in sorted(named | words) if not re.search(rf"[`{{ ]{name}[` =]", page)] == []


def test_the_rule_on_the_page_about_rules_is_one_that_a_home_may_hold(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "describing.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"^```toml rule\n(.*?)^```", page, re.M | re.S)
    (tmp_path / "guidance").mkdir()
    (tmp_path / "guidance" / "ours.toml").write_text(written, encoding="utf-8")
    assert "affect-focus-while-flooded" in load_catalog((tmp_path,)).rules


def test_the_page_about_the_trajectory_names_every_word_of_a_line() -> None:
    page = (
        (ROOT / "docs" / "decisions" / "trajectory.md")
        .read_text(encoding="utf-8")
        .partition("## The words of a line")[2]
    )
    for words in (Mode, Arousal, Intervention, Followed):
        assert [word for word in words if f"`{word}`" not in page] == []


def test_every_dependency_is_defended_in_one_line_and_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for wanted in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        name = re.split(r"[\[<>=]", wanted)[0]
        assert name in page or (name.startswith("types-") and "types-" in page), name
        assert re.search(rf"^{re.escape(name)}==", lock, re.M), name


def test_help_names_every_command_and_the_readme_every_setting_it_shows() -> None:
    commands = {name for name in app if not name.startswith("-")}
    assert {"demo", "form", "nightly", "status", "instruments", "layout"} <= commands
    assert set(tomllib.loads(blocks("toml settings")[0])) <= set(Settings.model_fields)
    assert {0, 2, 7, 8, 11, 12} <= set(EXIT_CODES)
