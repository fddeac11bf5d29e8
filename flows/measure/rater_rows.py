"""The ratings that raters' figures rest on, group by group: one instrument, element or item, and scale at a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from flows.measure.agreement import Codes, Numbers
from flows.measure.batches import batches
from flows.measure.facets import RATER
from flows.measure.rater_model import Fitted
from schemas.figure_codes import ModelNote

VERSION = "2"  # of the figures: raise it when their arithmetic changes, so that kept ones are worked out anew

# Sums over hashes do not depend on the order of the rows.
_GROUPS = """
with
steps as (
    select scale.instrument_id, scale.scale, scale.step
    from reference.scale as scale
    inner join reference.instrument as instrument using (instrument_id, version)
    qualify row_number() over (partition by scale.instrument_id, scale.scale order by version_order desc) = 1
)
select
    instrument_id, role, level, domain, element, item, scale, coalesce(any_value(step), 1) as step,
    concat_ws(
        '-', $version, count(*), sum(fingerprint::hugeint), bit_xor(fingerprint), coalesce(any_value(step), 1)
    ) as fingerprint,
    count(*) as n_judged
from measure.judged
left join steps using (instrument_id, scale)
group by all
order by instrument_id, role, level, element, item, scale
"""
_ROWS = """
with
wanted as (
    select
        unnest(range(len($names))) as number, unnest($instruments::varchar[]) as instrument_id,
        unnest($levels::varchar[]) as level, unnest($names::varchar[]) as name, unnest($scales::varchar[]) as scale
),
judged as (select *, coalesce(element, item) as name from measure.judged)
select
    number, session, rater, therapist, patient, coalesce(list_position($periods::varchar[], period), 0) - 1 as period,
    state = 'no_opportunity' as is_no_opportunity, value
from judged
inner join wanted using (instrument_id, level, name, scale)
order by number, session, rater, rating_id
"""
_FITS = """
with
components as (
    select fit_id, list(facet order by position) as facets, list(variance order by position) as variances
    from measure.fit_component
    group by fit_id
),
severities as (
    select fit_id, list(severity order by rater_id) as severities
    from measure.fit_rater
    group by fit_id
)
select instrument_id, role, name, scale, n_ratings, facets, variances, severities
from measure.fit
inner join components using (fit_id)
inner join severities using (fit_id)
where kind = 'element' and list_contains(facets, $rater) and not contains(coalesce(note, ''), $together)
"""


_LEVELS = ("session", "rater", "therapist", "patient", "period")


@dataclass(frozen=True, slots=True)
class Group:
    """Ratings of one element or item on one scale, and the fingerprint of all that its figures rest on; how many."""

    instrument_id: str
    role: str
    level: str
    domain: str | None
    element: str | None
    item: str | None
    scale: str
    step: float
    fingerprint: str
    n_judged: int

    @property
    def name(self) -> str:
        """The element's or item's id."""
        return self.element or self.item or ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The judgements of one group, one entry a rating; numbers are those of measure.rater_rating, nan is no value.

    `period` is the place of the quarter in the list of all quarters, -1 where it is not known.
    """

    session: Codes
    rater: Codes
    therapist: Codes
    patient: Codes
    period: Codes
    is_no_opportunity: NDArray[np.bool_]
    value: Numbers

    def where(self, kept: NDArray[np.bool_]) -> Rows:
        """The entries that are kept."""
        return Rows(
            self.session[kept], self.rater[kept], self.therapist[kept], self.patient[kept], self.period[kept],
            self.is_no_opportunity[kept], self.value[kept],
        )  # fmt: skip

    @property
    def rated(self) -> Rows:
        """The entries that have a value."""
        return self.where(~np.isnan(self.value))


def read_groups(con: DuckDBPyConnection) -> list[Group]:
    """Every element and item on every scale that some observer judged in the window."""
    return [Group(*row) for row in con.execute(_GROUPS, {"version": VERSION}).fetchall()]


def read_rows(con: DuckDBPyConnection, groups: Sequence[Group], periods: Sequence[str]) -> Iterator[tuple[Group, Rows]]:
    """The judgements of each group, by session and rater; `periods` lists the quarters in order. Small ones are read at once."""
    for some in batches(groups, lambda group: group.n_judged):
        asked = {
            "instruments": [group.instrument_id for group in some],
            "levels": [group.level for group in some],
            "names": [group.name for group in some],
            "scales": [group.scale for group in some],
            "periods": list(periods),
        }
        found: dict[str, Any] = con.execute(_ROWS, asked).fetchnumpy()
        columns = [np.asarray(found[name]).astype(np.int64) for name in _LEVELS]
        is_no_opportunity = np.asarray(found["is_no_opportunity"]).astype(bool)
        value = np.ma.filled(np.ma.asarray(found["value"]).astype(np.float64), np.nan)
        ends = np.searchsorted(found["number"], np.arange(len(some) + 1)).tolist()
        for group, begin, end in zip(some, ends, ends[1:], strict=False):
            session, rater, therapist, patient, period = (column[begin:end] for column in columns)
            yield (
                group,
                Rows(session, rater, therapist, patient, period, is_no_opportunity[begin:end], value[begin:end]),
            )


def read_fits(con: DuckDBPyConnection) -> Callable[[Group, int], Fitted | None]:
    """The fit that tonight's model of variance made of a group's very ratings (so many of them); None where there is none.

    Where several therapists led sessions it tells of therapists one by one, and not of the sessions as they were led, which is
    what raters agree about: then there is none.
    """
    kept = {}
    for *key, facets, variances, severities in con.execute(
        _FITS, {"rater": RATER, "together": ModelNote.LED_TOGETHER.value}
    ).fetchall():
        kept[tuple(key)] = Fitted(dict(zip(facets, variances, strict=True)), np.array(severities, dtype=np.float64))

    def fit_of(group: Group, n_rated: int) -> Fitted | None:
        is_element = group.level == "element"
        return kept.get((group.instrument_id, group.role, group.name, group.scale, n_rated)) if is_element else None

    return fit_of


def seed_of(fingerprint: str) -> int:
    """A seed for chance that is the same whenever the ratings are."""
    return zlib.crc32(fingerprint.encode())
