"""Compound files (OLE), the container of xls and of encrypted workbooks: which streams are inside, and their bytes.

After [MS-CFB]. Every chain of sectors is followed at most as far as the file is long, so that no circle is endless.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA  # numbers above it mean "end", "free" and the like
_ENTRY = 128  # bytes of one entry of the directory
_STREAM, _ROOT = 2, 5  # types of entries


class CompoundBroken(ValueError):
    """The container contradicts itself: a chain is circular, leaves the file, or is shorter than what it holds."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    start: int
    size: int


class Compound:
    """The streams of a compound file. Everything raises CompoundBroken where the container is broken."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 512 or not content.startswith(SIGNATURE):
            raise CompoundBroken
        self._content = content
        self._sector = 1 << self._number(30, "<H")
        self._short_sector = 1 << self._number(32, "<H")
        if self._sector not in (512, 4096) or self._short_sector != 64:
            raise CompoundBroken

    def _number(self, at: int, form: str = "<I") -> int:
        return int(struct.unpack_from(form, self._content, at)[0])

    @property
    def _n_sectors(self) -> int:
        return max(0, -(-len(self._content) // self._sector) - 1)

    def _at(self, sector: int) -> bytes:
        if sector >= self._n_sectors:
            raise CompoundBroken
        start = (sector + 1) * self._sector
        return self._content[start : start + self._sector]

    @cached_property
    def _table(self) -> list[int]:
        """Sector -> the one that follows it."""
        places = list(struct.unpack_from("<109I", self._content, 76))
        more, n_more = self._number(68), 0
        while more < _LAST_SECTOR and n_more <= self._n_sectors:
            *found, more = _numbers(self._at(more))
            places += found
            n_more += 1
        used = [place for place in places if place < _LAST_SECTOR][: self._n_sectors]
        return [number for place in used for number in _numbers(self._at(place))]

    def _chain(self, start: int, table: list[int]) -> Iterator[int]:
        seen = 0
        while start < _LAST_SECTOR:
            seen += 1
            if start >= len(table) or seen > len(table):
                raise CompoundBroken
            yield start
            start = table[start]

    @cached_property
    def _entries(self) -> list[_Entry]:
        directory = b"".join(self._at(sector) for sector in self._chain(self._number(48), self._table))
        return [
            _entry(directory[at : at + _ENTRY]) for at in range(0, len(directory) - _ENTRY + 1, _ENTRY) if directory[at]
        ]

    @property
    def names(self) -> frozenset[str]:
        """The names of all streams and storages."""
        return frozenset(entry.name for entry in self._entries)

    def stream(self, name: str) -> bytes:
        """The bytes of the first stream of that name.

        Raises:
            KeyError: there is none.
            CompoundBroken: its sectors hold less than it is said to be long.
        """
        entry = next((e for e in self._entries if e.name == name and e.kind == _STREAM), None)
        if entry is None:
            raise KeyError(name)
        if entry.size < self._number(56):
            return self._short(entry)
        return self._whole(entry)

    def _whole(self, entry: _Entry) -> bytes:
        return _cut(b"".join(self._at(sector) for sector in self._chain(entry.start, self._table)), entry.size)

    def _short(self, entry: _Entry) -> bytes:
        """A stream in short sectors, which lie together in the root's stream."""
        root = next((e for e in self._entries if e.kind == _ROOT), None)
        if root is None:
            raise CompoundBroken
        together = self._whole(root)
        table = [n for sector in self._chain(self._number(60), self._table) for n in _numbers(self._at(sector))]
        size = self._short_sector
        return _cut(b"".join(together[s * size : (s + 1) * size] for s in self._chain(entry.start, table)), entry.size)


def _numbers(sector: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])


def _entry(content: bytes) -> _Entry:
    length, kind, start, size = struct.unpack("<64xHB49xIIxxxx", content)
    name = content[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
    return _Entry(name, kind, start, size)


def _cut(content: bytes, size: int) -> bytes:
    if len(content) < size:
        raise CompoundBroken
    return content[:size]
