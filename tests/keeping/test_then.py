"""Past nights and timelines lose erased people as well: what nights rested on, what was rewritten, and what raters noted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pandera.config import config_context

import flows.publish.night
from flows.as_of import publish_as_of
from flows.load.connection import open_published
from flows.load.night import working_file
from flows.load.withdraw import Meant
from flows.withdraw import withdraw
from tests.keeping.homes import FIRST, Home, Rows, reads_here, without_models
from tests.keeping.test_erase import CANARIES, HEAD, PATIENT, RATER, SPELT, THERAPIST
from tests.trajectory.test_reading import ITEMS, LOG, with_timeline, write_filled

TOGETHER = LOG.replace('"session"', '"sitting"').replace('"therapist" }', '"therapist", several = "+" }')
RATINGS = (
    "S-1 T-1 R-1 P-1", f"S-1 T-1 {SPELT.replace(' ', '_')} P-1", f"S-2 T-1 R-1 {PATIENT}", f"S-3 {THERAPIST}+T-1 R-2 P-2",
)  # fmt: skip
EVENTS = f"""
Session | By      | At   | What | State | Words
S-1     | R-1     | 1:00 | F    | .     | went well
.       | .       | 2:00 | .    | .     | spoke of {PATIENT}
.       | .       | 3:00 | V    | PE    | like {PATIENT}
.       | {SPELT} | 4:00 | F    | .     | hers
S-2     | R-1     | 1:00 | F    | .     | theirs
S-3     | R-2     | 5:00 | V    | .     | both
S-9     | {RATER} | 1:00 | F    | .     | nobody's
"""
HELD = f"{HEAD}\nS-5 | R-3 | T-1 | P-1 | 2026-06-05 | 5 | 5 | .\nS-6 | R-3 | T-1 | {PATIENT} | 2026-06-05 | 5 | 5 | ."


def scores(*ratings: str) -> str:
    """A long table with every item of these ratings (`session therapist rater patient`)."""
    split = [[part.replace("_", " ") for part in r.split()] for r in ratings]
    rows = [f"{' | '.join(r)} | {item} | 4 | 4" for r in split for item in ITEMS]
    return "\n".join(("sitting | therapist | rater | patient | item | Adherence | Competence", *rows))


def two_forms(folder: Path) -> bytes:
    """A workbook of two forms with their timelines; the first is about the patient."""
    folder.mkdir()
    with_timeline(write_filled(folder), folder / "one.xlsx", [{"minute": 3, "step": "1 – Joint focus", "note": "his"}])
    book = load_workbook(folder / "one.xlsx")
    book["Rating"]["C4"] = "T-1"
    for name in ("Rating", "Timeline"):
        book.copy_worksheet(book[name]).title = f"{name} (2)"
    book["Rating"]["E4"], book["Rating (2)"]["C3"] = PATIENT, "008"
    book["Timeline (2)"]["C5"], book["Timeline (2)"]["H5"] = "2 – Arousal", "another's"
    book.save(folder / "both.xlsx")
    return (folder / "both.xlsx").read_bytes()


def lived(home: Home) -> None:
    """Three nights: two with sheets, and one that took a rating back; the first is told again."""
    home.lab.describes(TOGETHER)
    rater = f"{RATER}={SPELT.replace(' ', '_')}"
    home.lab.has_roster(therapists=f"T-1 {THERAPIST}", raters=f"R-1 R-2 {rater}")
    home.lab.sends("log.xlsx", sheets={"Scores": scores(*RATINGS), "Events": EVENTS})
    home.lab.sends("held.csv", HELD)
    home.lab.sends("forms.xlsx", content=two_forms(home.path.parent / "forms"))
    home.night()
    home.given = {}
    # she leaves the roster, and her other spelling with her; another rater comes, whose ratings waited for it
    home.lab.has_roster(therapists=f"T-1 {THERAPIST}", raters="R-1 R-2 R-3")
    home.lab.sends("new.csv", f"{HEAD}\nS-7 | R-2 | T-1 | P-1 | 2026-06-07 | 3 | 3 | .")
    home.night()
    home.lab.leaves()
    meant = Meant("S-7", "R-2", f"not S-7 but of {PATIENT}")
    withdraw(home.settings, home.now(), home.now().date(), meant)
    home.n_nights += 1
    publish_as_of(home.settings, home.now(), FIRST)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home after an erasure, which held the people in all of these places before."""
    with pytest.MonkeyPatch.context() as patch, config_context(validation_enabled=False):
        reads_here(patch)
        without_models(patch)
        patch.setattr(flows.publish.night, "write_summary", lambda *_: None)
        patch.setattr(flows.publish.night, "write_raters_book", lambda *_: None)
        folder = tmp_path_factory.mktemp("then") / "home"
        (folder / "raw").mkdir(parents=True)
        home = Home(folder, contact=f"Ask {RATER} or “{THERAPIST}”.")
        lived(home)
        tables = ("step", "roster_rater", "roster_therapist", "text", "event", "rating_before")
        with working_file(home.settings) as con:
            told = {t: repr(con.execute(f"from history.{t}").fetchall()) for t in tables}
        assert [t for t, said in told.items() if not any(c in said for c in CANARIES)] == []
        home.erases(patients=[PATIENT], therapists=[THERAPIST], raters=[RATER])
        yield home


def asks(home: Home, query: str) -> Rows:
    with working_file(home.settings) as con:
        return con.execute(query).fetchall()


def test_nothing_of_them_is_left(home: Home) -> None:
    assert home.where(*CANARIES) == []
    assert not (home.settings.published / "as-of").exists()


def test_timelines_of_others_keep_all_but_words_that_mention_a_person(home: Home) -> None:
    steps = (
        "select session_id, rater_id, line, minute, step, note, step.cell "
        "from history.step join history.rating using (rating_id)"
    )
    assert asks(home, f"{steps} order by all") == [
        ("008", "R-1", 1, 3.0, "arousal", "another's", "C5"),
        ("S-1", "R-1", 1, 1.0, "joint_focus", "went well", "D2"),
        ("S-1", "R-1", 2, 3.0, "validation", None, "D4"),
        ("S-3", "R-2", 1, 5.0, "validation", "both", "D7"),
    ]
    assert asks(home, "select count(*) from history.timeline") == asks(
        home, "select count(*) from history.rating where is_valid"
    )


def test_a_past_night_is_told_without_them(home: Home) -> None:
    for day in (FIRST, FIRST + dt.timedelta(days=7)):
        publish_as_of(home.settings, home.now(), day)
    assert home.where(*CANARIES) == []
    counted = {}
    for day in sorted((home.settings.published / "as-of").iterdir()):
        with open_published(day / "fidelity.duckdb") as con:
            counted[day.name] = con.execute(
                "select distinct session_id, rater_id from supervision.session_item order by all"
            ).fetchall()
    first = [("008", "R-1"), ("S-1", "R-1"), ("S-3", "R-2")]
    assert counted == {
        "2026-07-01": first,
        "2026-07-08": [*first, ("S-5", "R-3"), ("S-7", "R-2")],
    }


def test_what_nights_rested_on_can_still_be_read(home: Home) -> None:
    texts = asks(
        home, "select json_extract_string(text, '$.contact') from history.text where name = 'settings' order by all"
    )
    assert [text.startswith("Ask erased-") and text.endswith("”.") for (text,) in texts] == [True, False]
    assert asks(home, "select distinct rater_id from history.roster_rater order by all") == [
        ("R-1",),
        ("R-2",),
        ("R-3",),
    ]
    assert asks(home, "select distinct why from history.event where event = 'withdrawn'") == [
        ("the reason that was given mentioned someone who was erased since",)
    ]
    assert asks(home, "select rater_id, session_id from history.rating_before") == [(None, "S-5")]
    ledger = "select n_ratings, n_accepted, n_held from history.{} where workbook = 'held.csv'"
    assert asks(home, ledger.format("workbook")) == asks(home, ledger.format("workbook_before")) == [(1, 0, 1)]


def test_what_says_the_same_as_before_is_known_already(home: Home) -> None:
    home.lab.sends("again.xlsx", sheets={"Scores": scores("S-3 T-1 R-2 P-2", *RATINGS[:2]), "Events": EVENTS})
    counts = home.night()
    assert (counts["ratings"], counts["accepted"], counts["known already"]) == (2, 0, 2)
    assert home.where(*CANARIES) == []
