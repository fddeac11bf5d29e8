"""People who were erased, known again by keyed hashes alone: no id of theirs is kept anywhere.

A tombstone is an HMAC-SHA256 of one spelling of one id, with the home's own random key. Besides the hash it says how long
the spelling is and how it may be looked for. Long ids are found wherever they stand, glued to other letters or not; short
words where they stand alone; very short ids and short numbers collide with everything and are known in their fields only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from flows.intake.text import comparable

PATIENT, THERAPIST, RATER = "patient", "therapist", "rater"
ANYWHERE, NUMBER, WORD, FIELD = "anywhere", "number", "word", "field"  # how a spelling may be looked for in other texts
LONG, SHORTEST_WORD, HEAD = 6, 3, 3  # characters
MOST_REMEMBERED = 200_000  # texts whose answer is kept: forms share nearly all of theirs


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One spelling of one erased person's id: of what kind, its keyed hash, its length, how it may be looked for, which key."""

    kind: str  # patient, therapist or rater
    digest: str
    length: int  # characters, as `comparable` writes them
    found_as: str  # anywhere, number, word or field
    key_id: str
    head: str  # keyed hash of the first characters alone: nearly every part of other texts is told apart by it


def key_id(key: bytes) -> str:
    """The short name of a key."""
    return hashlib.sha256(b"key" + key).hexdigest()[:8]


def found_as(text: str) -> str:
    """How a spelling may be looked for in texts: the shorter it is, the more would be taken for it."""
    if len(text) >= LONG:
        return NUMBER if text.isdigit() else ANYWHERE
    return WORD if len(text) >= SHORTEST_WORD and not text.isdigit() else FIELD


def tombstone(kind: str, spelling: str, key: bytes) -> Tombstone:
    """The tombstone of one spelling; spellings that differ only in case, width or spaces share it."""
    plain = comparable(spelling)
    head = _digest(key, "head", plain[:HEAD])
    return Tombstone(kind, _digest(key, kind, plain), len(plain), found_as(plain), key_id(key), head)


def _digest(key: bytes, kind: str, plain: str) -> str:
    return hmac.digest(key, f"{kind}\0{plain}".encode("utf-8", "surrogatepass"), "sha256").hex()


@dataclass
class Erased:
    """Who was erased, and before which day sessions are kept no longer. An empty one is false."""

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # by their short names; the first marks names
    stones: frozenset[Tombstone] = frozenset()
    before: date | None = None

    def __post_init__(self) -> None:
        self._known: dict[tuple[str, str], bool] = {}
        self._digests = frozenset(stone.digest for stone in self.stones)
        self._heads = frozenset(stone.head for stone in self.stones)
        self._could_begin: dict[str, bool] = {}
        self._ways = sorted({(s.found_as, s.kind, s.length, s.key_id) for s in self.stones if s.key_id in self.keys})

    def __bool__(self) -> bool:
        return bool(self.stones) or self.before is not None

    @property
    def stamp(self) -> str:
        """One hash of all of it."""
        return hashlib.sha256(repr((sorted(self._digests), self.before)).encode()).hexdigest()

    def names(self, kind: str, text: str | None) -> bool:
        """Whether a field's text is an erased person's id of that kind."""
        return bool(text) and self._answer(kind, comparable(str(text)))

    def mentions(self, text: str) -> bool:
        """Whether a text holds an erased person's id of any kind, as far as its length allows to tell."""
        return bool(self._ways) and self._answer("", comparable.__wrapped__(text))

    def mark(self, text: str) -> str:
        """A keyed hash that may stand in a text's place: the same for the same text, and nobody else can work it out."""
        return _digest(next(iter(self.keys.values()), b""), "mark", text)

    def _answer(self, kind: str, plain: str) -> bool:
        if (kind, plain) not in self._known:
            if len(self._known) > MOST_REMEMBERED:
                self._known.clear()
            found = self._is_known(kind, plain) if kind else any(self._is_known(k, w) for k, w in self._parts(plain))
            self._known[kind, plain] = found
        return self._known[kind, plain]

    def _is_known(self, kind: str, plain: str) -> bool:
        return any(_digest(key, kind, plain) in self._digests for key in self.keys.values())

    def _parts(self, plain: str) -> Iterator[tuple[str, str]]:
        """Every part of a text that could be an erased id, by how those begin, how long they are and how they may stand."""
        starts = [at for at in range(len(plain) - HEAD + 1) if self._can_begin(plain[at : at + HEAD])]
        for way, kind, length, _ in self._ways if starts else ():
            for at in starts:
                end = at + length
                if end <= len(plain) and _MAY_STAND[way](plain[max(at - 1, 0) : at], plain[end : end + 1]):
                    yield kind, plain[at:end]

    def _can_begin(self, head: str) -> bool:
        """Whether an erased id begins so; there are few beginnings, and each is hashed once."""
        if head not in self._could_begin:
            self._could_begin[head] = any(_digest(key, "head", head) in self._heads for key in self.keys.values())
        return self._could_begin[head]


# Whether an id may be looked for between the character before it and the one after it; "" at the ends of a text.
_MAY_STAND: Mapping[str, Callable[[str, str], bool]] = {
    ANYWHERE: lambda _before, _after: True,
    NUMBER: lambda before, after: not (before.isdigit() or after.isdigit()),
    WORD: lambda before, after: not (before.isalnum() or after.isalnum()),
    FIELD: lambda _before, _after: False,
}
