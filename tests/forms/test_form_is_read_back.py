"""A whole form, filled in and dropped, becomes the same accepted rating whichever program saved it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.forms.rating_form import write_form
from flows.intake.frames import BatchFrames, Job, build_frames
from flows.intake.grid import Limits
from flows.intake.reader import Reader
from schemas.catalog import load_catalog
from schemas.roster import Roster
from tests.forms.filling import Entry, fill_form

SAVED = Path(__file__).parent / "saved"
CATALOG = load_catalog([])
SESSION = CATALOG.latest("mbt-session")

# element: what the rater chose for adherence and competence, and what that is
CHOSEN: dict[str, tuple[Entry, Entry, tuple[str, float | None], tuple[str, float | None]]] = {
    "humility": ("4 – adequate", "4 – good enough", ("rated", 4), ("rated", 4)),
    "not_knowing": ("1 – not at all", "not delivered", ("rated", 1), ("not_delivered", None)),
    "differences": ("no opportunity", "no opportunity", ("no_opportunity", None), ("no_opportunity", None)),
    "legitimising": ("could not judge", "could not judge", ("unjudgeable", None), ("unjudgeable", None)),
    "enquiry": ("7 – extensively", "7 – excellent", ("rated", 7), ("rated", 7)),
    "says_unclear": (5, "5", ("rated", 5), ("rated", 5)),
    "own_misunderstanding": (2, "1 – very poor", ("rated", 2), ("rated", 1)),
    "alternatives": ("3", 6, ("rated", 3), ("rated", 6)),
    "joint_focus": (4, 4, ("rated", 4), ("rated", 4)),
    "arousal": (5, 4, ("rated", 5), ("rated", 4)),
    "mode": (3, 3, ("rated", 3), ("rated", 3)),
    "validation": ("6", "5", ("rated", 6), ("rated", 5)),
    "restoring": ("no opportunity", "no opportunity", ("no_opportunity", None), ("no_opportunity", None)),
}
FIELDS: dict[str, Entry] = {
    "session_id": "007",
    "therapist_id": "T-07",
    "patient_id": "P/3",
    "rater_id": "R-1",
    "session_on": date(2026, 3, 24),
    "rated_on": date(2026, 3, 31),
    "role": "supervisor",
    "revision": 2,
    "selection": "by the therapist",
    "overall_comment": "Warm throughout; “hva tenkte du da?”",
}
REMARKS = {"humility": "min 12: “I may be wrong”"}


def write_whole_form(folder: Path) -> Path:
    """The form of these tests as openpyxl saves it; `saved/README.md` says what LibreOffice made of it."""
    write_form(SESSION, CATALOG.elements_of(SESSION), folder / "blank.xlsx")
    scores = {(item, "adherence"): chosen[0] for item, chosen in CHOSEN.items()}
    scores |= {(item, "competence"): chosen[1] for item, chosen in CHOSEN.items()}
    fill_form(folder / "blank.xlsx", SESSION, folder / "whole.xlsx", FIELDS, scores, REMARKS)  # type: ignore[arg-type]
    return folder / "whole.xlsx"


def read(path: Path) -> BatchFrames:
    reader = Reader(CATALOG, Roster(), date(2026, 4, 1), Limits(10_000_000, 100_000_000, 1_000_000))
    return build_frames([reader.read(Job(path.name, "0" * 64, path))], reader.readers)


@pytest.mark.parametrize("saved_by", ["openpyxl", "whole-calc.xlsx", "whole-calc.ods"])
def test_a_whole_form_is_an_accepted_rating_whoever_saved_it(saved_by: str, tmp_path: Path) -> None:
    frames = read(write_whole_form(tmp_path) if saved_by == "openpyxl" else SAVED / saved_by)
    assert frames.finding.is_empty()
    (rating,) = frames.rating.iter_rows(named=True)
    assert rating["is_valid"]
    assert (rating["session_id"], rating["therapist_ids"], rating["patient_id"], rating["rater_id"]) == (
        "007", ["T-07"], "P/3", "R-1",
    )  # fmt: skip
    assert (rating["session_on"], rating["rated_on"]) == (date(2026, 3, 24), date(2026, 3, 31))
    assert (rating["revision"], rating["role"], rating["selection"]) == (2, "supervisor", "therapist_chosen")
    assert (rating["instrument_id"], rating["instrument_version"]) == ("mbt-session", "1.0")
    scores = {(s["item"], s["scale"]): (s["state"], s["value"]) for s in frames.score.iter_rows(named=True)}
    assert scores == {
        (item, scale): expected
        for item, chosen in CHOSEN.items()
        for scale, expected in zip(("adherence", "competence"), chosen[2:], strict=True)
    }
    assert set(frames.comment.select("item", "comment").iter_rows()) == {
        ("humility", "min 12: “I may be wrong”"),
        (None, "Warm throughout; “hva tenkte du da?”"),
    }


def test_a_blank_form_was_never_a_rating(tmp_path: Path) -> None:
    write_form(SESSION, CATALOG.elements_of(SESSION), tmp_path / "blank.xlsx")
    frames = read(tmp_path / "blank.xlsx")
    assert frames.rating.is_empty()
    assert frames.finding["code"].to_list() == ["nothing_filled_in"]


def test_a_form_of_a_version_that_is_not_known_here_says_so(tmp_path: Path) -> None:
    later = SESSION.model_copy(update={"version": "9.9"})
    write_form(later, CATALOG.elements_of(SESSION), tmp_path / "later.xlsx")
    assert read(tmp_path / "later.xlsx").finding["code"].to_list() == ["version_unknown"]
