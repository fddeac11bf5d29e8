"""Erased ids are known again by their hashes alone, as far as their length allows."""

from __future__ import annotations

import pytest

from flows.intake.erased import Erased, Tombstone, key_id, tombstone
from flows.intake.redact import harmless_name

KEY = bytes(range(32))


def knowing(**ids: str) -> Erased:
    return Erased({key_id(KEY): KEY}, frozenset(tombstone(kind, text, KEY) for kind, text in ids.items()))


def test_a_tombstone_does_not_hold_the_id() -> None:
    stone = tombstone("patient", "P-12", KEY)
    assert stone == Tombstone("patient", stone.digest, 4, "word", key_id(KEY), stone.head)
    assert stone.digest != tombstone("patient", "P-12", bytes(32)).digest
    assert stone.digest != tombstone("rater", "P-12", KEY).digest
    assert repr(KEY) not in repr(knowing(patient="P-12"))


@pytest.mark.parametrize("text", ["P-12", "p-12", " P\N{EN DASH}12 ", "Ｐ-12"])
def test_a_field_is_known_however_its_letters_are_written(text: str) -> None:
    assert knowing(patient="P-12").names("patient", text)
    assert not knowing(patient="P-12").names("rater", text)


@pytest.mark.parametrize(
    ("erased", "text", "is_mentioned"),
    [
        ("canary77", "formCANARY77b.xlsx", True),  # long: anywhere
        ("canary77", "canary 77", False),
        ("1234567", "no. 1234567, twice", True),  # a long number: as a whole number
        ("1234567", "01234567", False),
        ("P-12", "seen P-12_march", True),  # short: as a word
        ("P-12", "P-123", False),
        ("12", "12", False),  # in its fields only
        ("123", "room 123", False),
        ("ab", "ab", False),
    ],
)
def test_how_an_id_is_looked_for_depends_on_its_length(erased: str, text: str, is_mentioned: bool) -> None:
    assert knowing(patient=erased).mentions(text) is is_mentioned


def test_names_of_files_and_folders_lose_what_mentions_a_person_and_keep_the_rest() -> None:
    erased = knowing(patient="canary77")
    name = harmless_name("north/Canary77 march~mend-0123456789ab.xlsx", erased)
    assert name == harmless_name("north/Canary77 march~mend-0123456789ab.xlsx", erased)
    assert name.startswith("north/erased-")
    assert name.endswith("~mend-0123456789ab.xlsx")
    assert harmless_name("north/other.xlsx", erased) == "north/other.xlsx"
    assert harmless_name("7.xlsx", knowing(patient="7")) == "7.xlsx"
    assert harmless_name("7.xlsx", knowing(patient="7"), is_vague=True) != "7.xlsx"
