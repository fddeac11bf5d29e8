"""The rules of docs/decisions/what-counts.md a second time: slow, obvious, and in Python.

One session, night after night. A row is a rating found in a sheet; a night is a list of rows in the order of their sheets'
names. What the real judgement says of drawn sheets is held against what is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FACTS = ("therapist", "patient", "date")


class Row(NamedTuple):
    """One rating as a sheet has it; "" is not said. An adherence of 9 is outside the scale."""

    rater: str
    therapist: str
    patient: str
    date: str
    revision: str
    rated_on: str
    adherence: int


@dataclass(eq=False)
class Known:
    """A rating and what became of it."""

    row: Row
    night: int
    verdict: str = ""
    code: str = ""
    is_released: bool = False
    counts: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether nothing in the sheet itself holds it."""
        return self.row.adherence != 9

    @property
    def says(self) -> tuple[object, ...]:
        """All that it says but revision and rated-on date."""
        row = self.row
        return row.therapist, row.patient, row.date, row.adherence

    @property
    def ordered_by(self) -> tuple[str, str]:
        """Nothing given comes before anything given."""
        return self.row.revision, self.row.rated_on

    @property
    def is_in(self) -> bool:
        """Whether it was taken in."""
        return self.verdict == "accepted" or self.is_released


class SlowSession:
    """One session's ratings, judged night by night."""

    def __init__(self) -> None:
        self.ratings: list[Known] = []
        self._night = 0

    def night(self, rows: Sequence[Row]) -> None:
        """Judge what arrives in one night."""
        self._night += 1
        new = [Known(row, self._night) for row in rows]
        if not any(one.is_valid for one in new):
            _hold([one for one in new if not one.is_valid], "out_of_range")
            self.ratings += new
            return
        left_out = self._stepped_back(new)
        pool = [one for one in [*self.ratings, *new] if one.is_valid and one not in left_out]
        raters = sorted({one.row.rater for one in pool})
        last = {rater: self._last(pool, rater) for rater in raters}
        candidates = [one for one in (self._candidate(pool, last, rater) for rater in raters) if one]
        disputed: list[Known] = []
        while held := [
            one for one in candidates if not one.counts and one not in disputed and _is_disputed(one, candidates)
        ]:
            disputed += held  # what they would have replaced goes on counting, and has its say
            raters_held = {one.row.rater for one in held}
            candidates += [k for k in pool if k.counts and k.row.rater in raters_held and k not in candidates]
        waiting = {one.row.rater for one in disputed}
        for n, one in enumerate(new):
            # of one night, the earlier revision or date came before, whatever its place
            earlier = [k for m, k in enumerate(new) if k.is_valid and (k.ordered_by, m) < (one.ordered_by, n)]
            self._judge(one, [k for k in pool if k not in new] + earlier, last, waiting)
        for one in candidates:
            one.is_released |= one.verdict == "held" and one not in new and one not in disputed
        self.ratings += new
        self._count()

    def _stepped_back(self, new: Iterable[Known]) -> list[Known]:
        """Tied ratings of which one was sent again, alone."""
        back: list[Known] = []
        for rater in {one.row.rater for one in new}:
            tied = [k for k in self.ratings if k.row.rater == rater and k.code == "two_ratings" and not k.is_released]
            again = {k.says for k in tied} & {one.says for one in new if one.row.rater == rater and one.is_valid}
            back += tied if len(again) == 1 else []
        return back

    def _order(self, one: Known, pool: Iterable[Known]) -> tuple[str, str, int]:
        """Revision, rated-on date, then the night in which somebody first said the same with the same two."""
        same = [
            k.night
            for k in pool
            if k.row.rater == one.row.rater and (k.says, k.ordered_by) == (one.says, one.ordered_by)
        ]
        return (*one.ordered_by, min(same))

    def _last(self, pool: Sequence[Known], rater: str) -> list[Known]:
        """The ratings of a rater than which none is later: of several versions when they are tied."""
        mine = [one for one in pool if one.row.rater == rater]
        latest = max(self._order(one, pool) for one in mine)
        return [one for one in mine if self._order(one, pool) == latest]

    def _candidate(self, pool: Sequence[Known], last: dict[str, list[Known]], rater: str) -> Known | None:
        """What would count if the session's ratings agreed; of a tie, what counted before."""
        mine = [one for one in pool if one.row.rater == rater]
        versions = {one.says for one in last[rater]}
        standing = [one for one in mine if one.counts]
        if len(versions) > 1:
            return standing[0] if standing else None
        repeats = [one for one in mine if one.says in versions]
        return next((one for one in repeats if one.counts), last[rater][0])

    def _judge(self, one: Known, before: Sequence[Known], last: dict[str, list[Known]], waiting: set[str]) -> None:
        if not one.is_valid:
            _hold([one], "out_of_range")
        elif self._is_known(one, before):
            one.verdict = "duplicate"
        elif len({k.says for k in last[one.row.rater]}) > 1:
            _hold([one], "two_ratings")
        elif one.row.rater in waiting:
            _hold([one], "session_disagrees")
        else:
            one.verdict = "accepted"

    def _is_known(self, one: Known, before: Iterable[Known]) -> bool:
        copies = [k for k in before if (k.row.rater, k.says) == (one.row.rater, one.says)]
        return any(k.counts or k.ordered_by >= one.ordered_by for k in copies)

    def _count(self) -> None:
        """The latest version that was taken in counts; a known copy with a later revision or date carries it forward."""
        valid = [one for one in self.ratings if one.is_valid and (one.is_in or one.verdict == "duplicate")]
        for rater in {one.row.rater for one in valid}:
            mine = [one for one in valid if one.row.rater == rater]
            taken = {one.says for one in mine if one.is_in}
            standing = max(
                (one for one in mine if one.says in taken), key=lambda one: self._order(one, mine), default=None
            )
            for one in mine:
                one.counts = False
            for one in mine:
                if standing is not None and one.is_in and one.says == standing.says:
                    one.counts = True
                    break

    def counting(self) -> dict[str, int]:
        """Rater -> adherence of the rating that counts."""
        return {one.row.rater: one.row.adherence for one in self.ratings if one.counts}

    def facts(self) -> dict[str, set[str]]:
        """What the ratings that count say of each fact."""
        said = {fact: {getattr(one.row, fact) for one in self.ratings if one.counts} for fact in FACTS}
        return {fact: found - {""} for fact, found in said.items()}


def _hold(ratings: Iterable[Known], code: str) -> None:
    for one in ratings:
        one.verdict, one.code = "held", code


def _is_disputed(one: Known, candidates: Sequence[Known]) -> bool:
    """Whether it waits: it stands against two that agree, or nobody can tell who is right and it is a newcomer."""
    for fact in FACTS:
        mine = getattr(one.row, fact)
        said = [getattr(k.row, fact) for k in candidates if getattr(k.row, fact)]
        settled = {getattr(k.row, fact) for k in candidates if k.counts} - {""}
        if not mine or len(set(said)) == 1:
            continue
        agreed = [text for text in set(said) if said.count(text) >= 2]
        if not (agreed == [mine] and settled <= {mine}):
            return True
    return False
