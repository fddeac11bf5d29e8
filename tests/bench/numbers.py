"""`python -m tests.bench.numbers`: the time of all models against the time of one plain fit of the same rows, in one run.

A plain fit is what lme4 would do: REML of therapist, patient, session, rater, rater-by-therapist and residual. A model is
that and everything told from it: components, estimates with intervals, reliabilities, severities, trends. Times are of the
processor, because what else the machine does would be measured with them otherwise.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from statistics import mean

import numpy as np

from flows.measure.estimates import Asked
from flows.measure.facets import levels, tell_apart
from flows.measure.model import answer
from flows.measure.rows import Rows
from flows.measure.variance import fit

ELEMENTS, SCALES = 13, 2
AT_MOST = 30  # plain fits an element and scale
LARGE = 50_000  # ratings from which a model takes minutes, and two of them tell as much as 26
ASKED = Asked(4.0, 5.0, 8, 270)


def rows_of(ratings: int, seed: int) -> Rows:
    """Ratings of a lab: two raters a session, two sessions a patient, 100 sessions a therapist (200 in a large lab)."""
    rng = np.random.default_rng(seed)
    sessions = ratings // 2
    per_therapist = 200 if ratings > LARGE else 100
    n_therapists, n_raters = max(1, sessions // per_therapist), 40 if ratings > LARGE else 20
    session = np.repeat(np.arange(sessions), 2)
    therapist = session // per_therapist
    first = rng.integers(0, n_raters, sessions)
    other = (first + rng.integers(1, n_raters, sessions)) % n_raters
    rater = np.column_stack([first, other]).ravel()
    patient = session // 2
    value = (
        4.2 + rng.normal(0, 0.6, n_therapists + 1)[therapist] + rng.normal(0, 0.3, sessions)[patient]
        + rng.normal(0, 0.4, sessions)[session] + rng.normal(0, 0.4, n_raters)[rater]
        + rng.normal(0, 0.3, (n_therapists + 1, n_raters))[therapist, rater] + rng.normal(0, 0.7, len(session))
    )  # fmt: skip
    named = tuple(f"T-{k}" for k in range(int(therapist.max()) + 1))
    raters = tuple(f"R-{k}" for k in range(n_raters))
    days = np.repeat(rng.integers(0, 720, sessions), 2).astype(float)
    value = np.clip(np.round(value), 1, 7)
    return Rows(value, therapist, levels(patient), session, rater, np.zeros_like(session), days, named, raters)


def rated_again(rows: Rows, times: int, seed: int) -> Rows:
    """The same therapists, patients, sessions and raters with so many times the ratings: what growth with ratings alone is."""
    chance = np.random.default_rng(seed).normal(0, 0.7, len(rows.value) * times)
    fields = ("therapist", "patient", "session", "rater", "element", "days")
    more = {name: np.tile(getattr(rows, name), times) for name in fields}
    return replace(rows, value=np.tile(rows.value, times) + chance, **more)


def plain_seconds(rows: Rows) -> float:
    """Processor seconds of one plain fit."""
    design = tell_apart(rows.facets)
    began = time.process_time()
    fit(rows.value, design.facets, design.residual)
    return time.process_time() - began


def model_seconds(rows: Rows) -> float:
    """Processor seconds of one model, its fit included."""
    began = time.process_time()
    answer(rows, ASKED)
    return time.process_time() - began


def main() -> None:
    """Print, for each size, the plain fit, the models, their ratio, and the most memory held."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.numbers", description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[12_000, 200_000], help="sizes [12000 200000]")
    parser.add_argument(
        "--models",
        type=int,
        default=ELEMENTS * SCALES,
        help="how many element-scale pairs to time, of large labs two [26]",
    )
    asked = parser.parse_args()
    plain_seconds(rows_of(2_000, 1))  # imports are no part of a fit
    for ratings in asked.ratings:
        plain = plain_seconds(rows_of(ratings, 0))
        n_models = min(asked.models, 2 if ratings > LARGE else asked.models)
        each = [model_seconds(rows_of(ratings, seed)) for seed in range(n_models)]
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if ratings <= LARGE:
            grown = [(k, model_seconds(rated_again(rows_of(ratings, 0), k, 1))) for k in (1, 2, 4)]
            told = ", ".join(f"{k} times the ratings {seconds:.1f} s" for k, seconds in grown)
            print(f"{ratings} ratings, the same levels: {told}", flush=True)
        print(
            f"{ratings} ratings: one plain fit {plain:.2f} s; {len(each)} models {sum(each):.1f} s, that is "
            f"{mean(each) / plain:.1f} plain fits each (at most {AT_MOST}); memory {mib:.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
