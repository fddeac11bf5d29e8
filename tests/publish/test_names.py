"""Names of folders and files made of ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.names import safe_name, safe_names


@pytest.mark.parametrize("plain", ["SV-1", "T.14", "007", "Dr Berg", "a_b"])
def test_a_plain_id_is_its_own_file_name(plain: str) -> None:
    assert safe_name(plain) == plain


@pytest.mark.parametrize(
    "odd",
    ["", ".", "..", "../x", "a/b", "a\\b", "a..b", " a", "a ", "a.", "CON", "nul.txt", "Åse", "x" * 200, "\u202egnp"],
)
def test_an_odd_id_becomes_a_harmless_name_with_a_fingerprint(odd: str) -> None:
    name = safe_name(odd)
    assert "~" in name
    assert len(name) <= 60
    assert all(c.isascii() and (c.isalnum() or c in "-_~") for c in name)


@given(st.text(), st.text())
def test_different_ids_never_share_a_name(one: str, other: str) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_ids_that_differ_in_case_alone_get_names_that_do_not() -> None:
    names = safe_names(["SV", "sv", "SV-2"])
    assert names["SV-2"] == "SV-2"
    assert len({name.casefold() for name in names.values()}) == 3


@pytest.mark.parametrize("odd", ["../SV", "a/b", "..", "C:\\x", "a\nb", ".hidden", "-rf"])
def test_no_name_leads_out_of_its_folder(odd: str) -> None:
    assert Path("published", safe_names([odd])[odd]).resolve().parent == Path("published").resolve()
