"""The demo: a scratch home, two nights, and where to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.console import Silence
from flows.demo import EXAMPLES, MARKER, SHOWN_QUERIES, run_demo
from flows.errors import UsageError
from flows.load.connection import open_published


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an earlier demo left a sheet that is no example, and a person left a note."""
    home = tmp_path_factory.mktemp("demo") / "demo-home"
    (home / "raw" / "inbox").mkdir(parents=True)
    (home / MARKER).touch()
    (home / "raw" / "inbox" / "left over.csv").write_text("a,b\n1,2\n")
    (home / "note.txt").write_text("mine")
    return home


@pytest.fixture(scope="module")
def told(demo_home: Path) -> list[str]:
    return run_demo(demo_home, True, Silence())


def test_the_demo_tells_of_two_nights_with_ratings_accepted_and_held(told: list[str]) -> None:
    assert told[0].startswith("Night of 2026-07-01: 55 workbooks, 325 ratings, 312 accepted, 13 held")
    assert told[1].startswith("Night of 2026-07-08: 3 workbooks, 7 ratings, 7 accepted, 0 held")


def test_the_demo_shows_three_questions_each_with_its_query_and_an_answer(told: list[str]) -> None:
    text = "\n".join(told)
    assert len(SHOWN_QUERIES) == 3
    for question, column in (
        ("Where does each of my therapists stand, and how sure is that?", "good_enough"),
        ("Which elements did our sessions most often have no opportunity for?", "no_opportunity"),
        ("What became of the sheets we sent?", "taken_in"),
    ):
        _before, shown, answer = text.partition(question)
        assert shown
        assert "    select" in answer
        assert column in answer.partition(";")[2].partition("select")[0]


def test_every_place_the_demo_names_is_there(told: list[str], demo_home: Path) -> None:
    places = [line.split("  ")[1] for line in told if line.startswith(f"  {demo_home}")]
    assert len(places) == 5
    assert all(Path(place).exists() for place in places)


def test_what_the_demo_published_shows_the_second_night(told: list[str], demo_home: Path) -> None:
    with open_published(demo_home / "warehouse" / "published" / "fidelity.duckdb") as con:
        nights = con.execute("select night_on::varchar, is_newest from about.run order by night_id").fetchall()
    assert nights == [("2026-07-01", False), ("2026-07-08", True)]


def test_a_second_demo_makes_its_home_anew_and_leaves_what_it_did_not_make(told: list[str], demo_home: Path) -> None:
    assert not (demo_home / "raw" / "inbox" / "left over.csv").exists()
    assert (demo_home / "note.txt").read_text() == "mine"


def test_the_demo_leaves_a_folder_alone_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="was not made by the demo"):
        run_demo(tmp_path, True, Silence())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_demo_says_what_to_do_where_the_examples_are_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.demo.EXAMPLES", tmp_path / "nowhere")
    with pytest.raises(UsageError, match="make demo"):
        run_demo(tmp_path / "demo-home", True, Silence())
    assert not (tmp_path / "demo-home").exists()


def test_the_demo_takes_its_sheets_from_the_examples_and_not_from_the_osce_home() -> None:
    assert {path.name for path in (EXAMPLES / "night1").iterdir()} == {"east", "north", "west"}
