"""`python -m tests.measure.whole_labs`: simulated labs as whole nights, sheets to published file, held against the truth.

Twelve therapists of six sessions, three patients each, six raters, two raters on seven sessions of ten, thirteen elements in
whole points from 1 to 7. The truth is the mean rating that a therapist would get from all such raters, patients and sessions.
The table in docs/decisions/numbers.md is this program's.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.console import Silence
from flows.load.connection import open_published
from flows.nightly import run_night
from flows.settings import load_settings
from flows.steps import do_plainly
from schemas.catalog import load_catalog

Numbers = NDArray[np.float64]
N_THERAPISTS, N_SESSIONS, N_PATIENTS, N_RATERS = 12, 6, 3, 6
SDS = {"patient": 0.3, "session": 0.4, "rater": 0.4, "rater by therapist": 0.25, "residual": 0.7}
THRESHOLD = 4.0
NIGHT_ON = date(2026, 7, 1)
HEADS = ("session", "date", "therapist", "patient", "rater")
INSTRUMENT = """
id = "simulated"
version = "1.0"
title = "Simulated"
about = "For trials."
source = "None."
modality = "individual"
domains = [{ id = "stance", title = "Stance" }]

[[scales]]
id = "competence"
title = "Competence"
short = "C"
question = "How well?"
lowest = 1
highest = 7
threshold = 4
threshold_word = "good enough"
"""
LAYOUT = """
id = "simulated-wide"
version = "1"
title = "Simulated"
instrument = "simulated"
shape = "wide"

[fields]
session_id = { column = "session" }
session_on = { column = "date" }
therapist_id = { column = "therapist" }
patient_id = { column = "patient" }
rater_id = { column = "rater" }
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lab: between which points its elements' means lie, and what is odd about it."""

    name: str
    means: tuple[float, float] = (3.2, 4.8)
    is_heavy_tailed: bool = False
    one_rates_most: bool = False
    is_split: bool = False


KINDS = (
    Kind("ordinary"),
    Kind("means of 5.6 to 6.6, at the scale's end", (5.6, 6.6)),
    Kind("means of 1.8 to 2.8", (1.8, 2.8)),
    Kind("therapists with heavy tails (t with 3 degrees of freedom)", is_heavy_tailed=True),
    Kind("three raters, of whom one rates three in four", one_rates_most=True),
    Kind("two halves without a rater in common", is_split=True),
)


@dataclass(slots=True)
class Count:
    """What came of the labs of one kind."""

    held: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    told: int = 0  # statuses that say something: below, adequate, strength
    wrong: int = 0
    named: int = 0  # elements that the focus names to work on
    good_enough: int = 0


def draw(kind: Kind, elements: tuple[str, ...], rng: np.random.Generator) -> tuple[list[list[object]], Numbers]:
    """The rows of a lab's sheet, and the true mean rating of each therapist (rows) on each element (columns)."""
    n = len(elements)
    raters = 3 if kind.one_rates_most else N_RATERS
    means = rng.uniform(*kind.means, n) + _therapists(kind, n, rng)
    rater, both = (
        rng.normal(0, SDS["rater"], (raters, n)),
        rng.normal(0, SDS["rater by therapist"], (raters, N_THERAPISTS, n)),
    )
    rows: list[list[object]] = []
    for t in range(N_THERAPISTS):
        patients = rng.normal(0, SDS["patient"], (N_PATIENTS, n))
        for s in range(N_SESSIONS):
            seen = means[t] + patients[s % N_PATIENTS] + rng.normal(0, SDS["session"], n)
            for r in _who_rates(kind, t, rng):
                points = seen + rater[r] + both[r, t] + rng.normal(0, SDS["residual"], n)
                named = [f"S-{t}-{s}", f"2026-{1 + s:02}-{1 + t:02}", f"T-{t}", f"P-{t}-{s % N_PATIENTS}", f"R-{r}"]
                rows.append([*named, *np.clip(np.round(points), 1, 7).astype(int)])
    spread = rng.normal(0, np.sqrt(sum(sd**2 for sd in SDS.values())), 20_000)
    truth = [[np.clip(np.round(mean + spread), 1, 7).mean() for mean in of_one] for of_one in means]
    return rows, np.array(truth)


def _therapists(kind: Kind, n: int, rng: np.random.Generator) -> Numbers:
    if kind.is_heavy_tailed:
        return 0.35 * rng.standard_t(3, (N_THERAPISTS, 1)) + 0.3 * rng.standard_t(3, (N_THERAPISTS, n))
    return rng.normal(0, 0.5, (N_THERAPISTS, 1)) + rng.normal(0, 0.5, (N_THERAPISTS, n))


def _who_rates(kind: Kind, therapist: int, rng: np.random.Generator) -> list[int]:
    shares = np.array([6.0, 1.0, 1.0]) if kind.one_rates_most else np.ones(N_RATERS)
    if kind.is_split:
        first_half = np.arange(N_RATERS) < N_RATERS // 2
        shares = np.where(first_half == (therapist < N_THERAPISTS // 2), 1.0, 0.0)
    n = 2 if rng.random() < 0.7 else 1
    return sorted(rng.choice(len(shares), n, replace=False, p=shares / shares.sum()).tolist())


def make_home(home: Path, elements: tuple[str, ...], rows: list[list[object]]) -> None:
    """A home whose one sheet holds the rows, with the instrument, the layout and the roster that go with it."""
    for folder in ("raw/inbox", "schemas/instruments", "schemas/layouts"):
        (home / folder).mkdir(parents=True)
    told = [f'[[elements]]\nid = "{e}"\ndomain = "stance"\ntitle = "{e}"\nguidance = "None."\n' for e in elements]
    asked = [
        f'[[items]]\nid = "{e}"\nnumber = {n}\ntitle = "{e}"\nscales = ["competence"]\nspeaks_to = [{{ element = "{e}" }}]\n'
        for n, e in enumerate(elements, 1)
    ]
    scores = [f'[[table.scores]]\nheader = "{e}"\nitem = "{e}"\nscale = "competence"\n' for e in elements]
    (home / "schemas/instruments/simulated.toml").write_text("\n".join([INSTRUMENT, *told, *asked]))
    (home / "schemas/layouts/simulated.toml").write_text("\n".join([LAYOUT, *scores]))
    roster = [f"T-{t},team,SV-1" for t in range(N_THERAPISTS)]
    (home / "raw/therapists.csv").write_text("\n".join(["therapist_id,team,supervisor_id", *roster]))
    raters = [f"R-{r},team," for r in range(N_RATERS)]
    (home / "raw/raters.csv").write_text("\n".join(["rater_id,team,also_written", *raters]))
    with (home / "raw/inbox/simulated.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([[*HEADS, *elements], *rows])


def add(found: Count, published: Path, elements: tuple[str, ...], truth: Numbers) -> None:
    """Hold what a night published against the truth."""

    def true_of(therapist_id: str, element: str) -> float:
        return float(truth[int(therapist_id.removeprefix("T-")), elements.index(element)])

    with open_published(published) as con:
        rows = con.execute(
            "select therapist_id, element, estimate, low, high, status from supervision.therapist_element"
        ).fetchall()
        named = con.execute("select therapist_id, element from supervision.focus where kind <> 'strength'").fetchall()
    for therapist_id, element, estimate, low, high, status in rows:
        true = true_of(therapist_id, element)
        found.held.append(low <= true <= high)
        found.errors.append(estimate - true)
        is_wrong: Mapping[str, bool] = {
            "below": true >= THRESHOLD, "adequate": true < THRESHOLD, "strength": true < THRESHOLD + 1
        }  # fmt: skip
        found.told += status in is_wrong
        found.wrong += is_wrong.get(status, False)
    found.named += len(named)
    found.good_enough += sum(true_of(*one) >= THRESHOLD for one in named)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.whole_labs", description=__doc__)
    parser.add_argument("--labs", type=int, default=3, help="simulated labs of each kind [3]")
    labs = parser.parse_args().labs
    elements = tuple(e.id for e in load_catalog(()).latest("mbt-session").elements)
    print("| labs | coverage, % | error | statuses told | wrong | named to work on | good enough |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for kind in KINDS:
        rng, found = np.random.default_rng(2026), Count()
        for _ in range(labs):
            rows, truth = draw(kind, elements, rng)
            with tempfile.TemporaryDirectory() as folder:
                make_home(Path(folder), elements, rows)
                settings = load_settings(Path(folder), settle_seconds=0)
                run_night(settings, datetime.now(UTC), NIGHT_ON, do_plainly, Silence())
                add(found, settings.published / "fidelity.duckdb", elements, truth)
        print(
            f"| {kind.name} | {100 * np.mean(found.held):.1f} | {np.mean(found.errors):+.2f} | {found.told} | {found.wrong} "
            f"| {found.named} | {found.good_enough} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
