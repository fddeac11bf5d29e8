"""`fidelity prove`: all trials in a scratch home, and one page of figures."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from flows.console import Console
from flows.errors import FidelityError, ProofFailed, UsageError
from flows.prove.at_once import try_at_once
from flows.prove.disk import try_full_disk
from flows.prove.duplicates import try_duplicates
from flows.prove.hostile import try_hostile
from flows.prove.injection import try_injection
from flows.prove.kills import try_kills
from flows.prove.material import make_evening
from flows.prove.nights import Have, serving_nights
from flows.prove.readers import try_readers
from flows.prove.state import NotWhole
from flows.prove.trial import Bench, Evening, Figures, Trial

TRIALS = (
    Trial("hostile files", "damaged, bombs, passwords, stray cells, odd names", try_hostile),
    Trial("kills", "kill -9 of the night or its children at any moment", try_kills),
    Trial("disk full", "no room, or a file that may not grow", try_full_disk),
    Trial("duplicates", "every sheet four times, under other names", try_duplicates),
    Trial("nights at once", "two more begin while one runs", try_at_once),
    Trial("readers", "published files open while they are replaced", try_readers),
    Trial("injection", "formulas and links typed into every field", try_injection),
)
MARKER = ".fidelity-proof"


@dataclass(frozen=True, slots=True)
class Result:
    """A trial, what it came to, and how long it took."""

    trial: Trial
    figures: Figures
    seconds: float


def run_prove(home: Path | None, n_kills: int, seed: int, console: Console) -> Iterator[str]:
    """Have every trial, and tell the page of figures line by line.

    Raises:
        UsageError: the scratch home cannot be used, or there is nothing to try with.
        ProofFailed: a trial does not hold; the scratch home is kept, and named.
    """
    if n_kills < 1:
        raise UsageError("Nothing would be killed. Give --kills a number from 1.")
    folder = _scratch(home)
    try:
        with serving_nights() as nights:
            with console.step("an evening, and its night undisturbed"):
                evening = make_evening(folder, nights)
            results = have_trials(TRIALS, evening, folder, nights, n_kills, seed, console)
    except FidelityError:
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    yield from page(results, seed)
    failed = [result for result in results if not result.figures.holds]
    if failed:
        raise ProofFailed(_what_failed(failed, folder))
    if home is None:
        shutil.rmtree(folder)


def have_trials(
    trials: Sequence[Trial],
    evening: Evening,
    folder: Path,
    nights: Have,
    n_kills: int,
    seed: int,
    console: Console,
) -> list[Result]:
    """Try each trial on an evening, in a folder of its own that stays when the trial does not hold."""
    results = []
    for trial in trials:
        place = folder / trial.name.replace(" ", "-")
        place.mkdir()
        began = time.perf_counter()
        with console.step(trial.name):
            figures = carried_out(trial, Bench(place, nights, evening, n_kills, seed, console.say))
        results.append(Result(trial, figures, time.perf_counter() - began))
        if figures.holds:
            shutil.rmtree(place)
    return results


def carried_out(trial: Trial, bench: Bench) -> Figures:
    """The figures of a trial; one that meets a file that nobody can read has not been survived."""
    try:
        return trial.run(bench)
    except NotWhole as broken:
        return Figures(1, 0, wrong=(str(broken),))


def page(results: Sequence[Result], seed: int) -> Iterator[str]:
    """One page of figures."""
    yield f"Session Fidelity {version('session-fidelity')}: what was tried here, what was survived, what was lost (seed {seed})"
    yield ""
    yield f"{'':<16}{'tried':>7}{'survived':>10}{'lost':>6}{'seconds':>9}"
    for result in results:
        figures = result.figures
        counted = f"{figures.tried:>7}{figures.survived:>10}{figures.lost:>6}{result.seconds:>9.0f}"
        yield f"{result.trial.name:<16}{counted}  {result.trial.what}"
        if figures.note:
            yield f"{'':<48}  ({figures.note})"
    total = [sum(getattr(result.figures, name) for result in results) for name in ("tried", "survived", "lost")]
    yield f"{'together':<16}{total[0]:>7}{total[1]:>10}{total[2]:>6}{sum(result.seconds for result in results):>9.0f}"
    yield ""
    for result in results:
        yield from (f"{result.trial.name}: {sentence}" for sentence in result.figures.wrong)
    held = all(result.figures.holds for result in results)
    yield "Everything was survived and nothing was lost." if held else "Not everything was survived."


def _what_failed(failed: Sequence[Result], folder: Path) -> str:
    told = "; ".join(
        f"{result.trial.name} ({result.figures.survived} of {result.figures.tried} survived, {result.figures.lost} lost)"
        for result in failed
    )
    return (
        f"What was tried did not hold: {told}. The scratch home is kept in {folder}; please report it with this page."
    )


def _scratch(home: Path | None) -> Path:
    """An empty folder; what an earlier proof left in a folder of its own is removed, and nothing else ever is."""
    if home is None:
        return Path(tempfile.mkdtemp(prefix="fidelity-prove-"))
    if home.exists() and not (home / MARKER).is_file() and (not home.is_dir() or any(home.iterdir())):
        raise UsageError(f"{home} is there already and was not made by a proof. Name another folder with --home.")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / MARKER).write_text("Made by `fidelity prove`, which may remove what is here and make it anew.\n")
    return home.resolve()
