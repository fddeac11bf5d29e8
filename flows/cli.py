"""The command line, `fidelity …`.

Each command imports what it needs and no more, so that help and status answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from datetime import date as Date  # noqa: N812 - the parameters of commands are called date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError, Parameter

from flows.cli_keeping import as_of, backup, erase, restore, withdraw
from flows.errors import FidelityError, InstrumentWrong, UsageError
from flows.steps import is_failure, what_broke
from flows.terminal import Home, settings_at, tell
from schemas.codes import PURPOSE, Role

if TYPE_CHECKING:
    pass

STOPPED = 130  # what a shell expects of a program that Ctrl-C ended
EXIT_CODES = {
    0: "done",
    1: "something unforeseen broke; the line names the place and no content",
    2: "the command does not make sense as given",
    3: "a setting cannot be used",
    4: "an instrument file is wrong",
    5: "a layout file is wrong",
    6: "the roster is wrong",
    7: "another night is running",
    8: "an audit stopped the publishing; what was published stays",
    9: "the disk is too full",
    10: "the night did not finish",
    11: "the file cannot be read",
    12: "status: the last night failed, is too old, or never was",
    13: "erase: something of the person is still there; the line names the files",
    14: "a backup is not whole, or cannot be made or restored there",
    16: "prove: something that was tried was not survived, or something was lost",
    STOPPED: "stopped by Ctrl-C",
}
HELP = f"""From raters' sheets in raw/inbox/ to what supervisors read in
warehouse/published/. Begin with `fidelity demo`. For a lab of your own:

$ fidelity form mbt-session --out S-001.xlsx   write a form, to be filled in
$ cp S-001.xlsx raw/inbox/                     drop it
$ fidelity nightly --plain                     run the night
$ fidelity status                              see how it went

{PURPOSE}
"""
EPILOGUE = "Exit codes:\n\n" + "\n".join(f"{code:>4}  {meaning}" for code, meaning in EXIT_CODES.items())

app = App(
    name="fidelity",
    help=HELP,
    help_format="plaintext",
    help_epilogue=EPILOGUE,
    version=partial(version, "session-fidelity"),
    version_flags=["--version"],
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
_instruments = App(name="instruments", help="The instruments that sheets may be filled in for.")
_layouts = App(name="layout", help="Descriptions of sheets that a lab already has.")
app.command(_instruments)
app.command(_layouts)


@app.command
def demo(*, plain: bool = False, modules: bool = False, home: Home = None) -> None:
    """Three small labs' sheets in a scratch home, two nights over them, and where to look.

    Example: fidelity demo

    Parameters
    ----------
    plain
        Run without Prefect's engine.
    modules
        Another team instead: a group with two therapists, a case at months 1, 6 and 18, techniques, a DBT session,
        an instrument of its own, and logs of events.
    home
        The scratch home to make [demo-home]. It must not be there, or must be one that the demo made.
    """
    from flows.console import Progress
    from flows.demo import run_demo

    tell(run_demo(home or Path("demo-home"), plain, Progress(), modules=modules))


@app.command
def form(
    instrument: str,
    /,
    *,
    out: Path,
    session: str | None = None,
    therapist: str | None = None,
    patient: str | None = None,
    rater: str | None = None,
    date: Date | None = None,
    role: Role | None = None,
    month: int | None = None,
    home: Home = None,
) -> None:
    """Write a rating form, blank or prefilled.

    Examples: fidelity form mbt-session --out S-001.xlsx --session S-001 --rater R-3
              fidelity form mbt-programme --out C-7.xlsx --session C-7 --month 6

    Parameters
    ----------
    instrument
        Which instrument; see `fidelity instruments list`.
    out
        The workbook to write, ending in .xlsx. One that is there already is not overwritten.
    session
        The session's id, to stand on the form; of a case, the case's id.
    therapist
        The therapist's id; of a group several, as "T-07, T-12".
    patient
        The patient's id.
    rater
        The rater's id.
    date
        When the session was, such as 2026-11-23.
    role
        Who rates.
    month
        Of a case: the month of its treatment at which it is assessed.
    """
    from flows.forms.rating_form import Prefill, write_form
    from schemas.catalog import load_catalog

    catalog = load_catalog((settings_at(home).own_schemas,))
    latest = catalog.latest(instrument)
    known = Prefill(session, therapist, patient, rater, date, role, month)
    write_form(latest, catalog.elements_of(latest), out, known)
    tell([f"{out} is ready. Fill it in and drop it in raw/inbox/."])


@app.command
def nightly(*, plain: bool = False, date: Date | None = None, since: Date | None = None, home: Home = None) -> None:
    """Run the night: read what was dropped, load, measure, publish.

    Without PREFECT_API_URL a temporary Prefect server runs for as long as the
    night; with it the night is a flow run on that server.

    Examples: fidelity nightly
              fidelity nightly --plain --date 2026-11-23

    Parameters
    ----------
    plain
        The same steps without Prefect's engine: for cron, and where no server may start.
    date
        Stands in for today (2026-11-23): windows, periods, plausibility of dates.
    since
        The last supervision meeting; `since last time` on the sheets counts from it.
    """
    from flows.console import Progress
    from flows.start import hold_night

    settings = settings_at(home, since=since) if since else settings_at(home)
    report = hold_night(settings, date, plain, Progress())
    tell([report.line, f"Published in {settings.published}"])


@app.command
def status(*, home: Home = None) -> None:
    """How the last night went, how fresh the publication is, what waits for a person.

    Exit code 12 when the last night failed, is too old (stale_hours in fidelity.toml) or never was.

    Example: fidelity status --home /srv/fidelity
    """
    from flows.status import check_fresh, describe, read_last_night

    settings, now = settings_at(home), datetime.now(UTC)
    night = read_last_night(settings)
    tell(describe(settings, night, now))
    check_fresh(settings, night, now)


@app.command
def prove(*, home: Home = None, kills: int = 25, seed: int = 1) -> None:
    """Try on this machine whether anything gets lost, and print one page of figures.

    In a scratch home: hostile files, nights that are killed, a full disk, duplicates,
    nights at once, readers with files open, and formulas typed into every field.
    Takes some three minutes. Your own home is not touched. Exit code 16 when
    anything did not hold; the scratch home is then kept.

    Examples: fidelity prove
              fidelity prove --kills 200 --seed 7

    Parameters
    ----------
    home
        The scratch home to make [a temporary folder, removed afterwards].
    kills
        How many nights to kill.
    seed
        Which moments to draw for that.
    """
    from flows.console import Progress
    from flows.prove.run import run_prove

    for line in run_prove(home, kills, seed, Progress()):
        tell([line])


for command in (withdraw, as_of, erase, backup, restore):
    app.command(command)


@_instruments.command(name="list")
def list_(*, home: Home = None) -> None:
    """The active instruments: those that ship and the lab's own in schemas/instruments/ of the home.

    Example: fidelity instruments list
    """
    from flows.forms.describe import list_instruments
    from schemas.catalog import load_catalog

    tell(list_instruments(load_catalog((settings_at(home).own_schemas,))))


@_instruments.command
def show(instrument: str, /, *, home: Home = None) -> None:
    """What an instrument rates: its items, scales, states and the elements they speak to.

    Example: fidelity instruments show mbt-session
    """
    from flows.forms.describe import show_instrument
    from schemas.catalog import load_catalog

    catalog = load_catalog((settings_at(home).own_schemas,))
    tell(show_instrument(catalog.latest(instrument), catalog))


@_instruments.command
def compare(*, home: Home = None) -> None:
    """All active instruments side by side, element by element, as a Markdown page.

    Example: fidelity instruments compare
    """
    from flows.forms.compare import compare_instruments
    from schemas.catalog import load_catalog

    tell(compare_instruments(load_catalog((settings_at(home).own_schemas,))))


@_instruments.command
def check(file: Path, /, *, home: Home = None) -> None:
    """Say in plain words what is wrong with an instrument file, if anything.

    Example: fidelity instruments check our-scale.toml
    """
    from flows.forms.describe import check_instrument, is_ok
    from schemas.catalog import load_catalog

    found = check_instrument(file, load_catalog((settings_at(home).own_schemas,)))
    tell(found)
    if not is_ok(found):
        raise InstrumentWrong(f"{file.name} cannot be used yet. Correct what is named above and check again.")


@_layouts.command(name="try")
def try_(file: Path, layout: Path, /, *, home: Home = None) -> None:
    """Show the first rows of a sheet as a layout reads them, and every problem. Nothing is loaded.

    Example: fidelity layout try ratings.xlsx schemas/layouts/our-ratings.toml

    Parameters
    ----------
    file
        The sheet.
    layout
        The layout that describes it.
    """
    from flows.intake.preview import try_layout

    settings = settings_at(home)
    tell(try_layout(file, layout, settings, settings.date_of(datetime.now(UTC))))


def main(tokens: Iterable[str] | None = None) -> int:
    """Run the command line; returns the exit code, after one line on stderr when it is not 0."""
    try:
        app(tokens, exit_on_error=False, print_error=False)
    except FidelityError as wrong:
        return _fail(str(wrong), wrong.exit_code)
    except CycloptsError as wrong:
        return _fail(f"{wrong} See `fidelity --help`.", UsageError.exit_code)
    except BrokenPipeError:  # the reader, `| head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _fail("Stopped. What was published before stays.", STOPPED)
    except BaseException as broken:  # the edge: an exception's own text may hold what a cell says
        if not is_failure(broken):
            raise
        return _fail(f"fidelity broke off: {what_broke(broken)}. Please report this line.", 1)
    return 0


def _fail(message: str, exit_code: int) -> int:
    print(" ".join(message.split()), file=sys.stderr)
    return exit_code
