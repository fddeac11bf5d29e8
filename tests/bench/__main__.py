"""`python -m tests.bench`: a night over 10,000 forms, phase by phase, against the least that reading them could take.

It prints what was aimed at beside what was measured and judges nothing: how long a night takes is the machine's word.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.table import Table

from flows.settings import ROOT, load_settings
from schemas.catalog import load_catalog
from tests.bench.floor import floor_seconds
from tests.bench.memory import watch
from tests.bench.sheets import make_lab

PHASES = (
    "imports",
    "Prefect",
    "receive",
    "read and validate",
    "load",
    "models",
    "publish",
    "Excel",
    "send back",
    "clear inbox",
    "between steps",
)
INTAKE_AND_LOAD = ("receive", "read and validate", "load")
Seconds = Mapping[str, float]


def main() -> None:
    """Make the lab, measure the floor before and after a night with Prefect, then a plain night with nothing new."""
    asked = _arguments()
    home = asked.home or Path(tempfile.mkdtemp(prefix="fidelity-bench-"))
    console = Console(highlight=False)
    home.mkdir(parents=True, exist_ok=True)
    if any(home.iterdir()):
        sys.exit(f"{home} is not empty. Name a folder that is, or one that is not there yet.")
    try:
        _measure(home, asked.forms, console)
    finally:
        if not asked.keep:
            shutil.rmtree(home)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--forms", type=int, default=10_000, help="how many filled forms [10000]")
    parser.add_argument("--home", type=Path, help="an empty folder for the scratch home [a new temporary one]")
    parser.add_argument("--keep", action="store_true", help="leave the scratch home in place")
    return parser.parse_args()


def _measure(home: Path, n_forms: int, console: Console) -> None:
    n_processes = load_settings(home).n_processes
    began = time.perf_counter()
    make_lab(home, load_catalog(()), n_forms)
    console.print(f"{n_forms} forms written in {time.perf_counter() - began:.0f} s; {n_processes} processes")
    os.sync()  # else the disk is still busy with the forms while the first floor is measured
    before = floor_seconds(_files(home / "raw" / "inbox"), home, n_processes)
    night, kib = _night(home)
    after = floor_seconds(_files(home / "raw" / "archive"), home, n_processes)
    idle, _ = _night(home, "--plain")
    console.print(_phases(night, idle))
    console.print(_aims(night, kib, idle, [before, after]))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _night(home: Path, *options: str) -> tuple[Seconds, int]:
    """Run one night in a new process: seconds by phase, and the most KiB that its processes held together."""
    command = [sys.executable, "-m", "tests.bench.night", str(home), str(time.monotonic()), *options]
    told, complaints = home / "told.json", home / "complaints.txt"
    # what DuckDB's binding says of itself when Prefect's threads outlive it is of interest only when the night broke off
    with told.open("wb") as out, complaints.open("wb") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=errors)
        kib = watch(process)
    if process.returncode:
        sys.exit(f"{complaints.read_text()}\nThe night broke off; see above.")
    return json.loads(told.read_text().splitlines()[-1]), kib


def _phases(night: Seconds, idle: Seconds) -> Table:
    table = Table("seconds", title_justify="left")
    table.add_column("a night", justify="right")
    table.add_column("nothing new, --plain", justify="right")
    for phase in PHASES:
        table.add_row(phase, f"{night.get(phase, 0):.2f}", f"{idle.get(phase, 0):.2f}")
    table.add_row(
        "together", f"{sum(night.get(p, 0) for p in PHASES):.2f}", f"{sum(idle.get(p, 0) for p in PHASES):.2f}"
    )
    return table


def _aims(night: Seconds, kib: int, idle: Seconds, floors: list[float]) -> Table:
    work = sum(night[phase] for phase in INTAKE_AND_LOAD)
    beyond = sum(idle.get(phase, 0) for phase in PHASES if phase != "imports")
    table = Table("", "measured", "aimed at")
    table.add_row("floor: copy, hash, read with calamine", " and ".join(f"{s:.2f} s" for s in floors), "")
    table.add_row(
        "intake and load, against the floor", f"{work:.2f} s, {work / mean(floors):.1f} times", "at most 4 times"
    )
    table.add_row("memory of the night's processes together", f"{kib / 1024:.0f} MiB", "under 1024 MiB")
    table.add_row("a plain night with nothing new, beyond imports", f"{beyond:.2f} s", "at most 2 s")
    table.add_row("ratings accepted", f"{night['n accepted']:.0f} of {night['n ratings']:.0f}", "all")
    return table


if __name__ == "__main__":
    main()
