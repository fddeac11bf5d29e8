"""All that a file says anywhere in its bytes: cells, names, remarks, properties, hidden parts.

For the one question whether a person is mentioned in it. What cannot be looked through is told as such.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from flows.intake.erased import Erased

MOST_TEXT = 20_000_000  # characters of a file that no reader reads; one that says more is not known to be clean
SHORTEST = 3  # characters: no mention is shorter
_MARKUP = re.compile(r'[<>"]+')
_RUNS = re.compile(rb"[\t\x20-\x7e\x80-\xff]{3,}")
_WIDE_RUNS = re.compile(rb"(?:[\t\x20-\x7e\xa0-\xff]\x00){3,}")
_MARKED_UP = (".xml", ".rels", ".vml", ".html", ".htm")


def mentions_in_bytes(path: Path, erased: Erased, unpacked_bytes: int, most_text: int = MOST_TEXT) -> bool:
    """Whether an erased person is mentioned anywhere in a file's bytes, or in what is packed in it.

    Also true when the file says more than `most_text`: what is not known to be clean counts as not clean.
    """
    if not any(stone.length >= SHORTEST for stone in erased.stones):
        return False
    seen: set[str] = set()
    n_characters = 0
    for text in _texts(path, unpacked_bytes):
        if text in seen:
            continue
        seen.add(text)
        n_characters += len(text)
        if n_characters > most_text or erased.mentions(text):
            return True
    return False


def _texts(path: Path, unpacked_bytes: int) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        yield from _texts_of(path.name, path.read_bytes())
        return
    try:
        with zipfile.ZipFile(path) as packed:
            left = unpacked_bytes
            for member in packed.infolist():
                yield member.filename
                left -= member.file_size
                if left >= 0 and not member.flag_bits & 1:
                    yield from _texts_of(member.filename, packed.read(member))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        yield from _texts_of(path.name, path.read_bytes())


def _texts_of(name: str, content: bytes) -> Iterator[str]:
    if name.lower().endswith(_MARKED_UP):
        for part in _MARKUP.split(content.decode("utf-8", "replace")):
            if len(part) >= SHORTEST:
                yield html.unescape(part)
        return
    for run in _RUNS.findall(content):
        yield run.decode("utf-8") if _is_utf8(run) else run.decode("cp1252", "replace")
    for run in _WIDE_RUNS.findall(content):
        yield run.decode("utf-16-le", "replace")


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
