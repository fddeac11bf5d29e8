"""Names of files and folders made of ids that people typed: harmless anywhere, and never shared by two ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,58}[A-Za-z0-9_-])?")
# Device names that Windows file servers do not give to files.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_names(ids: Iterable[str]) -> dict[str, str]:
    """The name of each id among the others: the id itself where that is plain and no other id differs from it in case
    alone (file servers often ignore case), else a harmless likeness and a fingerprint.
    """
    known = sorted(set(ids))
    folded = Counter(name.casefold() for name in known)
    return {name: safe_name(name) if folded[name.casefold()] == 1 else _marked(name) for name in known}


def names_of(text: str) -> tuple[str, str]:
    """Every name that an id may have had, whatever ids there were beside it."""
    return safe_name(text), _marked(text)


def safe_name(text: str) -> str:
    """A name for one id: the id itself where it is plain, else a likeness and a fingerprint after `~`."""
    is_plain = PLAIN.fullmatch(text) and not RESERVED.fullmatch(text) and ".." not in text
    return text if is_plain else _marked(text)


def _marked(text: str) -> str:
    likeness = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    likeness = re.sub(r"[^A-Za-z0-9_-]+", "-", likeness)[:40].strip("-")
    fingerprint = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{likeness}~{fingerprint}"
