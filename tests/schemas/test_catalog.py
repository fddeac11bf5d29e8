"""The instruments and layouts that are active, wherever their files lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.errors import InstrumentWrong, LayoutWrong
from schemas.catalog import SHIPPED, load_catalog, read_layout, version_key

LAYOUT = """
id = "our-table"
version = "1"
title = "Our table"
instrument = "mbt-session"
shape = "long"

[fields]
session_id = { column = "Session" }
therapist_id = { column = "Therapist" }
rater_id = { column = "Rater" }
item = { column = "Element" }

[table]
levels = ["scale"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A lab's own folder of schemas, with one layout."""
    (tmp_path / "instruments").mkdir()
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "our-table.toml").write_text(LAYOUT, encoding="utf-8")
    return tmp_path


def test_the_shipped_instruments_are_for_clinical_use_and_there_are_no_shipped_layouts() -> None:
    catalog = load_catalog(())
    assert {"mbt-session", "mbt-i-acs"} <= {i.id for i in catalog.instruments.values()}
    assert all(i.clinical for i in catalog.instruments.values())
    assert not catalog.layouts


def test_a_file_that_several_folders_hold_counts_once(own: Path) -> None:
    shutil.copy(SHIPPED / "instruments" / "mbt-session.toml", own / "instruments" / "copy.toml")
    catalog = load_catalog((own, own, SHIPPED))
    assert len([i for i in catalog.instruments.values() if i.id == "mbt-session"]) == 1
    assert set(catalog.layouts) == {"our-table"}


def test_two_different_texts_under_one_id_and_version_are_an_error(own: Path) -> None:
    text = (SHIPPED / "instruments" / "mbt-session.toml").read_text(encoding="utf-8")
    (own / "instruments" / "mine.toml").write_text(text.replace("Stance", "Attitude"), encoding="utf-8")
    with pytest.raises(InstrumentWrong, match=r"mbt-session 1\.0.*mine\.toml.*new version"):
        load_catalog((own,))
    (own / "instruments" / "mine.toml").unlink()
    (own / "layouts" / "other.toml").write_text(LAYOUT.replace("Our table", "Their table"), encoding="utf-8")
    with pytest.raises(LayoutWrong, match="our-table 1"):
        load_catalog((own,))


def test_a_new_version_of_an_instrument_stands_beside_the_old_one(own: Path) -> None:
    text = (SHIPPED / "instruments" / "mbt-session.toml").read_text(encoding="utf-8")
    (own / "instruments" / "next.toml").write_text(
        text.replace('version = "1.0"', 'version = "1.10"'), encoding="utf-8"
    )
    catalog = load_catalog((own,))
    assert catalog.latest("mbt-session").version == "1.10"
    assert ("mbt-session", "1.0") in catalog.instruments
    assert version_key("1.10") > version_key("1.9")


def test_a_layout_in_two_versions_is_an_error_that_names_both(own: Path) -> None:
    (own / "layouts" / "next.toml").write_text(LAYOUT.replace('version = "1"', 'version = "2"'), encoding="utf-8")
    with pytest.raises(LayoutWrong, match=r"versions 2 and 1|versions 1 and 2"):
        load_catalog((own,))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('instrument = "mbt-session"', 'instrument = "nobody"'), "no instrument nobody"),
        (("[table]", '[items]\nwarmth = "warm"\n\n[table]'), "names the item warm"),
        (("[table]", '[scales]\nQ = "quality"\n\n[table]'), "names the scale quality"),
        (('rater_id = { column = "Rater" }\n', ""), "nothing says where rater_id stands"),
        (('item = { column = "Element" }\n', ""), "nothing says where the item stands"),
        (('levels = ["scale"]', "header_rows = 1"), "value column"),
        (('{ column = "Rater" }', '{ column = "Rater", label = "Rater" }'), "exactly one of"),
        (('{ column = "Rater" }', "{ colum = 'Rater' }"), "not a known key"),
        (('shape = "long"', 'shape = "tall"'), "shape"),
        (("[table]", '[marks]\nX = "rated"\n\n[table]'), "no mark can mean rated"),
        (('levels = ["scale"]', 'header_rows = 2\nlevels = ["scale"]'), "levels names 1 header rows"),
    ],
)
def test_a_layout_that_breaks_a_rule_is_told_which(own: Path, change: tuple[str, str], said: str) -> None:
    assert change[0] in LAYOUT
    (own / "layouts" / "our-table.toml").write_text(LAYOUT.replace(*change), encoding="utf-8")
    with pytest.raises(LayoutWrong, match=said):
        load_catalog((own,))


def test_the_three_labs_layouts_and_the_demonstration_instrument_are_examples_not_shipped() -> None:
    examples = SHIPPED.parent / "raw" / "examples"
    names = {read_layout(path).id for path in (examples / "schemas" / "layouts").glob("*.toml")}
    assert names == {"north-form", "east-wide", "west-long"}
    osce = load_catalog((examples / "osce" / "schemas",)).latest("osce-2024")
    assert not osce.clinical
    assert osce.scales[0].threshold is None


@pytest.mark.parametrize(("what", "name"), [("element", "warmth"), ("domain", "stances"), ("item", "crisis_plans")])
def test_a_rule_of_guidance_that_could_never_find_anything_is_told_so(own: Path, what: str, name: str) -> None:
    (own / "guidance").mkdir()
    rule = (
        f'id = "ours"\nsentence = "What came of it?"\nwhy = "A caution."\n\n[[when]]\n{what} = "{name}"\nat_least = 4\n'
    )
    (own / "guidance" / "ours.toml").write_text(rule, encoding="utf-8")
    with pytest.raises(InstrumentWrong, match=f"^Rule ours asks for the {what} {name}, which no instrument has"):
        load_catalog((own,))
