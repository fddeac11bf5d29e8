"""The ratings of one element (or domain) on one scale, as columns of numbers, in an order that does not hang on the file's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from flows.measure.batches import batches
from flows.measure.facets import PATIENT, RATER, RATER_THERAPIST, RATING, SESSION, THERAPIST, Codes, crossed
from flows.measure.membership import Membership, membership_of

Numbers = NDArray[np.float64]
ELEMENT, DOMAIN = "element", "domain"  # what a model is of


@dataclass(frozen=True, slots=True)
class Subject:
    """What one model is of: an element, or a domain by all its elements, of one instrument on one scale.

    `threshold` is the point that is good enough, None where there is none; `fit_id` is the hash of what it rests on,
    and `n_ratings` how many rows of them there are.
    """

    instrument_id: str
    role: str
    kind: str
    name: str
    scale: str
    threshold: float | None
    fit_id: str
    n_ratings: int


@dataclass(frozen=True, slots=True)
class Rows:
    """One rating's value a row. Levels count from 0 in the order of the ids; `days` are days since 2000, nan when not told.

    `therapist` is the level of the session's therapist, or where `membership` tells who leads together, of its team.
    """

    value: Numbers
    therapist: Codes
    patient: Codes | None  # None where no sheet names a patient
    session: Codes
    rater: Codes
    element: Codes
    days: Numbers
    therapist_ids: tuple[str, ...]
    rater_ids: tuple[str, ...]
    membership: Membership | None = None  # None where every session has one therapist

    @property
    def facets(self) -> dict[str, Codes]:
        """Every facet that these ratings have, in their order."""
        found = {THERAPIST: self.therapist, SESSION: self.session, RATER: self.rater}
        if self.patient is not None:
            found[PATIENT] = self.patient
        found[RATER_THERAPIST] = crossed(self.therapist, self.rater)
        if self.n_elements > 1:
            found[RATING] = crossed(self.session, self.rater)
        order = (THERAPIST, PATIENT, SESSION, RATER, RATER_THERAPIST, RATING)
        return {name: found[name] for name in order if name in found}

    @property
    def parts(self) -> tuple[Codes, Codes]:
        """Row and therapist of each time a therapist takes part in a row."""
        if self.membership is None:
            return np.arange(len(self.value)), self.therapist
        return self.membership.places(self.therapist)

    @property
    def n_elements(self) -> int:
        """How many elements are rated: one, unless a domain is told by several."""
        return int(self.element.max(initial=-1)) + 1

    @property
    def fingerprint(self) -> str:
        """A hash of all that these rows say."""
        found = hashlib.sha256(
            repr((self.therapist_ids, self.rater_ids, self.membership, self.patient is None)).encode()
        )
        for column in (self.value, self.days, self.element, *self.facets.values()):
            found.update(column.tobytes())
        return found.hexdigest()

    @property
    def columns(self) -> Numbers | None:
        """The fixed columns: the mean over elements, and each element's distance from it (adding up to zero); None for one."""
        n = self.n_elements
        if n < 2:
            return None
        distance = np.vstack([np.eye(n - 1), -np.ones(n - 1)])
        return np.column_stack([np.ones(len(self.value)), distance[self.element]])


# A patient who is not named is one of her own a session: two sessions without a name may be anyone's. An element that another
# instrument's items speak to says nothing of this instrument's own domain.
_OF_SUBJECTS = """
with
wanted as (
    select
        unnest(range(len($names))) as subject, unnest($instruments::varchar[]) as instrument_id,
        unnest($roles::varchar[]) as role, unnest($kinds::varchar[]) as kind, unnest($names::varchar[]) as name,
        unnest($scales::varchar[]) as scale
),
rows as (
    select subject, observation.*
    from measure.observation as observation
    inner join wanted using (instrument_id, role, scale)
    where if(kind = 'element', element = name, domain = name and not is_crosswalked)
)
"""
_ROWS = (
    _OF_SUBJECTS
    + """
select
    subject,
    dense_rank() over (partition by subject order by therapist_ids) - 1 as therapist,
    dense_rank() over (
        partition by subject order by therapist_ids, patient_id is null, coalesce(patient_id, session_id)
    ) - 1 as patient,
    dense_rank() over (partition by subject order by session_id) - 1 as session,
    dense_rank() over (partition by subject order by rater_id) - 1 as rater,
    dense_rank() over (partition by subject order by element) - 1 as element,
    value,
    (session_on - date '2000-01-01')::double as days,
from rows
order by subject, session, rater, element
"""
)
_IDS = (
    _OF_SUBJECTS
    + """
select
    list_sort(list(distinct therapist_ids)),
    list_sort(list(distinct rater_id)),
    count(patient_id)
from rows
group by subject
order by subject
"""
)


def read_rows(con: DuckDBPyConnection, subjects: Sequence[Subject]) -> Iterator[tuple[Subject, Rows]]:
    """The observers' ratings of each subject; those of several small ones are read at once."""
    for some in batches(subjects, lambda subject: subject.n_ratings):
        key = {
            "instruments": [subject.instrument_id for subject in some],
            "roles": [subject.role for subject in some],
            "kinds": [subject.kind for subject in some],
            "names": [subject.name for subject in some],
            "scales": [subject.scale for subject in some],
        }
        ids = con.execute(_IDS, key).fetchall()
        found = con.execute(_ROWS, key).fetchnumpy()
        ends = np.searchsorted(found["subject"], np.arange(len(some) + 1))
        for n, subject in enumerate(some):
            own = slice(int(ends[n]), int(ends[n + 1]))
            yield subject, _rows({name: column[own] for name, column in found.items()}, *ids[n])


def _rows(
    found: Mapping[str, NDArray[Any]], teams: Sequence[Sequence[str]], rater_ids: Sequence[str], n_named: int
) -> Rows:
    """One subject's ratings, from its columns, its teams of therapists, its raters and how many ratings name a patient."""
    levels = {name: np.asarray(found[name], dtype=np.int64) for name in (THERAPIST, PATIENT, SESSION, RATER, ELEMENT)}
    therapists = sorted({therapist for team in teams for therapist in team})
    place = {therapist: level for level, therapist in enumerate(therapists)}
    return Rows(
        value=np.array(found["value"], dtype=np.float64),
        therapist=levels[THERAPIST],
        patient=levels[PATIENT] if n_named else None,
        session=levels[SESSION],
        rater=levels[RATER],
        element=levels[ELEMENT],
        days=np.ma.filled(np.ma.asarray(found["days"], dtype=np.float64), np.nan),
        therapist_ids=tuple(therapists),
        rater_ids=tuple(rater_ids),
        membership=membership_of([[place[therapist] for therapist in team] for team in teams]),
    )
