"""`fidelity demo`: small labs' sheets in a scratch home, two nights over them, and where to look."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console as Terminal
from rich.markup import escape
from rich.table import Table

from flows.console import Console
from flows.errors import UsageError
from flows.load.connection import open_published
from flows.settings import ROOT, Settings, load_settings
from flows.start import hold_night

EXAMPLES = ROOT / "raw" / "examples"
MARKER = ".fidelity-demo"
MADE_BY_DEMO = ("raw", "schemas", "warehouse", "fidelity.toml")
NIGHTS = (("night1", date(2026, 7, 1)), ("night2", date(2026, 7, 8)))
MODULES = EXAMPLES / "modules"
SHOWN_QUERIES = (
    "01_where_does_each_therapist_stand",
    "06_where_there_was_no_opportunity",
    "15_what_became_of_the_sheets",
)
SHOWN_OF_MODULES = (
    "10_what_is_in_place_for_each_case",
    "05_what_to_talk_about",
    "08_where_do_episodes_break",
)
SHOWN_ROWS = 6
COLUMN_WIDTH = 30  # in characters; what is longer ends in …
WIDTH = 200
TOML = """lab = "{lab}"
contact = "Nobody to ask: all of this is simulated."
settle_seconds = 0
"""


def run_demo(home: Path, plain: bool, console: Console, *, modules: bool = False) -> list[str]:
    """Make the scratch home, run both nights in it, and tell where to look; with `plain`, without Prefect's engine.

    With `modules` it is the home of one team that rates groups, cases, techniques and DBT sessions as well.

    Raises:
        UsageError: the folder is there and the demo did not make it, or the example sheets are missing.
    """
    examples = MODULES if modules else EXAMPLES
    _make_home(home, examples, "A demonstration team" if modules else "Three demonstration labs")
    settings = load_settings(home)
    told = []
    for night, night_on in NIGHTS:
        console.say(f"Sheets of {night_on} arrive")
        shutil.copytree(examples / night, settings.inbox, dirs_exist_ok=True)
        told.append(hold_night(settings, night_on, plain, console).line)
    return [
        *told,
        "",
        *_where_to_look(settings, home),
        *_answers(settings, SHOWN_OF_MODULES if modules else SHOWN_QUERIES),
    ]


def _make_home(home: Path, examples: Path, lab: str) -> None:
    """A fresh home; what an earlier demo made there is removed, and nothing else ever is."""
    if not examples.is_dir():
        raise UsageError("The example sheets are not installed. Run the demo in a clone of the project: `make demo`.")
    if home.exists() and not (home / MARKER).is_file() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is there already and was not made by the demo. Name another folder with --home.")
    for name in MADE_BY_DEMO:
        made = home / name
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink(missing_ok=True)
    (home / "raw").mkdir(parents=True)
    (home / MARKER).write_text("Made by `fidelity demo`, which may remove what is here and make it anew.\n")
    (home / "fidelity.toml").write_text(TOML.format(lab=lab), encoding="utf-8")
    shutil.copytree(examples / "schemas", home / "schemas")
    for roster in examples.glob("*.csv"):
        shutil.copy(roster, home / "raw")


def _where_to_look(settings: Settings, home: Path) -> Iterator[str]:
    published = settings.published
    shown = home / published.relative_to(settings.home)
    sheets = sorted(published.glob("supervision/*/*.xlsx"))
    places = [
        (shown / "fidelity.duckdb", "the labs' whole picture, for their quality lead"),
        *((shown / found.name, "the summary in Excel") for found in sorted(published.glob("fidelity-summary-*.xlsx"))),
        *(
            (shown / found.name, "raters' severity and drift")
            for found in sorted(published.glob("fidelity-raters-*.xlsx"))
        ),
        (shown / "supervision", "a folder for each supervisor: her therapists' figures and sheets"),
        *((shown / sheet.relative_to(published), "one of the sheets") for sheet in sheets[:1]),
    ]
    width = max(len(str(place)) for place, _ in places)
    yield "Where to look:"
    yield from (f"  {place!s:<{width}}  {what}" for place, what in places)
    yield f"  {f'fidelity status --home {home}':<{width}}  what waits for a person"


def _answers(settings: Settings, shown: Sequence[str]) -> Iterator[str]:
    """Questions that ship with every published file, their queries, and the first rows of the answers."""
    with open_published(settings.published / "fidelity.duckdb") as con:
        queries = dict(con.execute("select name, (question, query) from about.example_query").fetchall())
        for name in shown:
            question, query = queries[name]
            found = con.execute(query)
            columns = [str(column[0]) for column in found.description or ()]
            yield from ("", question, "", *(f"    {line}" for line in query.splitlines()), "")
            yield from _drawn(columns, found.fetchall())


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    table = Table(box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, no_wrap=True, max_width=COLUMN_WIDTH)
    for row in rows[:SHOWN_ROWS]:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    paper = io.StringIO()
    Terminal(file=paper, width=WIDTH, highlight=False).print(table)
    more = len(rows) - SHOWN_ROWS
    lines = [line.rstrip() for line in paper.getvalue().splitlines() if line.strip()]
    return [*lines, f"   … and {more} more"] if more > 0 else lines
