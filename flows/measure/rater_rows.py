"""The ratings that raters' figures rest on, group by group: one instrument, element or item, and scale at a time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from flows.measure.agreement import Codes, Numbers
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
    ) as fingerprint
from measure.judged
left join steps using (instrument_id, scale)
group by all
order by instrument_id, role, level, element, item, scale
"""
_ROWS = """
select session, rater, therapist, patient, period, state = 'no_opportunity' as is_no_opportunity, value
from measure.judged
where instrument_id = $instrument_id and level = $level and coalesce(element, item) = $name and scale = $scale
order by session, rater, rating_id
"""
_FIT = """
select fit_id from measure.fit
where instrument_id = $instrument_id and role = $role and kind = 'element' and name = $name and scale = $scale and n_ratings = $n
    and not contains(coalesce(note, ''), $together)
"""
_COMPONENTS = "select facet, variance from measure.fit_component where fit_id = $1 order by position"
_SEVERITIES = "select severity from measure.fit_rater where fit_id = $1 order by rater_id"


@dataclass(frozen=True, slots=True)
class Group:
    """Ratings of one element or item on one scale, and the fingerprint of all that its figures rest on."""

    instrument_id: str
    role: str
    level: str
    domain: str | None
    element: str | None
    item: str | None
    scale: str
    step: float
    fingerprint: str

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


def read_rows(con: DuckDBPyConnection, group: Group, periods: Sequence[str]) -> Rows:
    """The judgements of one group, by session and rater; `periods` lists the quarters in order."""
    asked = {k: getattr(group, k) for k in ("instrument_id", "level", "name", "scale")}
    found: dict[str, Any] = con.execute(_ROWS, asked).fetchnumpy()
    place = {period: n for n, period in enumerate(periods)}
    told = np.ma.filled(np.ma.asarray(found["period"]), "")
    session, rater, therapist, patient = (
        np.asarray(found[name]).astype(np.int64) for name in ("session", "rater", "therapist", "patient")
    )
    period = np.array([place.get(str(period), -1) for period in told], dtype=np.int64)
    value = np.ma.filled(np.ma.asarray(found["value"]).astype(np.float64), np.nan)
    return Rows(session, rater, therapist, patient, period, np.asarray(found["is_no_opportunity"]).astype(bool), value)


def read_fit(con: DuckDBPyConnection, group: Group, n_rated: int) -> Fitted | None:
    """The fit that tonight's model of variance made of these very ratings; None where there is none.

    Where several therapists led sessions it tells of therapists one by one, and not of the sessions as they were led, which is
    what raters agree about: then there is none.
    """
    asked = {k: getattr(group, k) for k in ("instrument_id", "role", "name", "scale")}
    asked |= {"n": n_rated, "together": ModelNote.LED_TOGETHER.value}
    found = con.execute(_FIT, asked).fetchone() if group.level == "element" else None
    if found is None:
        return None
    components = con.execute(_COMPONENTS, [found[0]]).fetchall()
    severities = con.execute(_SEVERITIES, [found[0]]).fetchall()
    if not severities or RATER not in {name for name, _ in components}:
        return None
    return Fitted({str(name): float(v) for name, v in components}, np.array([float(s) for (s,) in severities]))


def seed_of(fingerprint: str) -> int:
    """A seed for chance that is the same whenever the ratings are."""
    return zlib.crc32(fingerprint.encode())
