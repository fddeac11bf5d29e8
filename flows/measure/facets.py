"""Which sources of variance a design can tell apart: facets are merged, left out, or kept, and every choice is told.

A facet is a way of grouping ratings: by therapist, by patient, by session, by rater, by rater and therapist, or each alone
(the residual). Two facets that group the ratings in the same way have the same covariance structure, so that no data of
this design can tell their variances apart: they are fitted as one and named by both, as `session+residual`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]

THERAPIST, PATIENT, SESSION, RATER = "therapist", "patient", "session", "rater"
RATER_THERAPIST, RATING, RESIDUAL = "rater_therapist", "rating", "residual"
ORDER = (
    THERAPIST,
    PATIENT,
    SESSION,
    RATER,
    RATER_THERAPIST,
    RATING,
    RESIDUAL,
)  # a rating is one rater's of one session
DEPENDENT = 1e-9  # what is less than this of the largest is none


@dataclass(frozen=True, slots=True)
class Design:
    """The facets to fit, each with a level per row; what the residual is called; and what could not be told apart.

    `facets` maps a name (`therapist`, `patient+session`) to levels 0 … n_levels - 1, in the order of `ORDER`. `notes` are
    `word: facets`, with the words of `schemas.codes.ModelNote`.
    """

    facets: Mapping[str, Codes]
    residual: str
    notes: tuple[str, ...]

    def holding(self, facet: str) -> str | None:
        """The fitted facet that holds this one, alone or merged; None when it is left out or part of the residual."""
        return next((name for name in self.facets if facet in name.split("+")), None)


def levels(codes: NDArray[np.generic]) -> Codes:
    """Levels 0, 1, … of a column of anything that sorts, in sorted order."""
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64).reshape(-1)


def crossed(one: Codes, other: Codes) -> Codes:
    """A level for each combination of two facets that occurs."""
    return levels(one * (int(other.max(initial=0)) + 1) + other)


def tell_apart(facets: Mapping[str, Codes], woven: Mapping[str, Any] | None = None) -> Design:
    """What can be fitted of these facets, given in `ORDER` or in any other, without the residual.

    A facet of one level is left out: its variance cannot be seen. A facet that groups the rows as another does is merged with
    it, and one whose every level is a single row is merged with the residual. Rater-by-therapist is an interaction that is asked
    about only where the design can tell it apart: it is left out rather than merged.

    `woven` are facets that do not group the rows, since a row has a share in several of their levels: their columns Z, sparse
    (`flows.measure.membership`). Such a facet has the covariance structure of no other and is merged with none.
    """
    woven = woven or {}
    kept: dict[tuple[str, ...], Codes] = {}
    residual: list[str] = []
    notes: list[str] = []
    for name, column in facets.items():
        codes = levels(column)
        n_levels = int(codes.max(initial=-1)) + 1
        alike = _alike(codes, kept, woven)
        if n_levels < 2:
            notes.append(f"one_level: {name}")
        elif name == RATER_THERAPIST and not _is_of_its_own(name, codes, kept, woven):
            notes.append(f"not_told_apart: {name}")
        elif name in woven:
            kept[name,] = codes
        elif n_levels == len(codes):
            residual.append(name)
        elif alike:
            kept[*alike, name] = kept.pop(alike)
        else:
            kept[name,] = codes
    merged = [*(names for names in kept if len(names) > 1), *([(*residual, RESIDUAL)] if residual else [])]
    notes += [f"merged: {_joined(names)}" for names in merged]
    place = {name: n for n, name in enumerate(facets)}
    ordered = sorted(kept, key=lambda names: min(place[name] for name in names))
    fitted = {_joined(names): kept[names] for names in ordered}
    return Design(fitted, _joined((*residual, RESIDUAL)), (*notes, *_dependent(fitted, woven)))


def comparison_groups(one: Codes, other: Codes) -> Codes:
    """The connected parts of the network in which rows join levels of two facets (therapists and raters).

    Gives the part (0, 1, … in the order of its first level) of each level of `one`. Between parts nobody has rated in common,
    so a difference between therapists cannot be told from one between raters.
    """
    n_one = int(one.max(initial=-1)) + 1
    parent = list(range(n_one + int(other.max(initial=-1)) + 1))

    def root(level: int) -> int:
        while parent[level] != level:
            parent[level] = parent[parent[level]]
            level = parent[level]
        return level

    for a, b in np.unique(np.stack([one, other + n_one], axis=1), axis=0).tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return levels(np.array([root(level) for level in range(n_one)], dtype=np.int64))


def _joined(names: Sequence[str]) -> str:
    """Names in their order, joined by a plus; names that the order does not know keep theirs."""
    place = {name: n for n, name in enumerate(ORDER)}
    return "+".join(sorted(names, key=lambda name: place.get(name, -1)))


def _same_groups(one: Codes, other: Codes) -> bool:
    """Whether two facets group the rows in the same way: as many pairs as levels, on either side."""
    n = int(one.max()) + 1
    return n == int(other.max()) + 1 and len(np.unique(one * n + other)) == n


def _dependent(facets: Mapping[str, Codes], woven: Mapping[str, Any]) -> tuple[str, ...]:
    """A note when the covariance structures of all facets and the residual, beside the mean, are linearly dependent."""
    return () if _smallest(facets, woven) > DEPENDENT else (f"dependent: {', '.join(facets)}",)


def _is_of_its_own(name: str, codes: Codes, kept: Mapping[tuple[str, ...], Codes], woven: Mapping[str, Any]) -> bool:
    """Whether a facet groups the rows as no other does, and not one by one; a woven one, whether it is no sum of the others."""
    if name not in woven:
        return int(codes.max()) + 1 < len(codes) and _alike(codes, kept, woven) is None
    facets = {names[0]: other for names, other in kept.items()} | {name: codes}
    return _smallest(facets, woven) > DEPENDENT


def _alike(codes: Codes, kept: Mapping[tuple[str, ...], Codes], woven: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The kept facets that group the rows in the same way; a woven one groups them in none."""
    return next((names for names, other in kept.items() if names[0] not in woven and _same_groups(codes, other)), None)


def _smallest(facets: Mapping[str, Codes], woven: Mapping[str, Any]) -> float:
    """How far the covariance structures of all facets and the residual are from being linearly dependent, 0 to 1.

    With P = I - 11'/n and K = ZZ', the structures are dependent when the matrix of tr(P K P K') is singular; it is the
    information of the variances at unit values (Searle, Casella & McCulloch 1992, Variance Components, section 6.6).
    """
    n = max((len(codes) for codes in facets.values()), default=0)
    columns: list[Any] = [*facets.values(), np.arange(n, dtype=np.int64)]
    trace = _trace
    if woven:
        columns = [woven[name] if name in woven else _marks(codes) for name, codes in facets.items()]
        columns, trace = [*columns, _marks(np.arange(n))], _trace_of_columns
    gram = np.array([[trace(one, other, n) for other in columns] for one in columns]) if n else np.eye(1)
    scale = np.sqrt(np.diag(gram).clip(min=1e-300))
    return float(np.linalg.eigvalsh(gram / np.outer(scale, scale))[0])


def _marks(codes: Codes) -> Any:
    """The sparse columns Z of a facet that groups the rows."""
    from scipy import sparse

    return sparse.csc_matrix((np.ones(len(codes)), (np.arange(len(codes)), codes)))


def _trace_of_columns(one: Any, other: Any, n: int) -> float:
    """tr(P K P K') from sparse columns: the squares of Z'PZ' = Z'Z' - (Z'1)(Z'1)'/n, summed."""
    between, of_one, of_other = one.T @ other, one.sum(axis=0).A1, other.sum(axis=0).A1
    squares = float(between.power(2).sum()) - 2 * float(of_one @ (between @ of_other)) / n
    return squares + float(of_one @ of_one) * float(of_other @ of_other) / n**2


def _trace(one: Codes, other: Codes, n: int) -> float:
    """tr(P K P K') from the counts of each pair of levels."""
    pairs, counts = np.unique(one * (int(other.max()) + 1) + other, return_counts=True)
    n_one, n_other = np.bincount(one), np.bincount(other)
    a, b = np.divmod(pairs, int(other.max()) + 1)
    through = float(np.sum(n_one[a] * counts * n_other[b].astype(float)))
    squares = float(np.sum(n_one.astype(float) ** 2)) * float(np.sum(n_other.astype(float) ** 2))
    return float(np.sum(counts.astype(float) ** 2)) - 2 * through / n + squares / n**2
