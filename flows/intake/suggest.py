"""The nearest known word to one that is not known, for the sentence that asks to correct it."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein


def nearest(text: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the known word that at most two slips turn into `text`, else nothing."""
    best = process.extractOne(
        text, list(known), scorer=DamerauLevenshtein.distance, score_cutoff=max(1, min(2, len(text) // 2))
    )
    return f" Did you mean {best[0]}?" if best else ""
