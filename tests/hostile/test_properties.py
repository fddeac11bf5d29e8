"""What must hold for any text, name and form, tried on many that nobody thought of."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.forms.rating_form import write_form
from flows.intake.cells import CellParser, cell_text
from flows.intake.frames import BatchFrames, Job, build_frames
from flows.intake.grid import Limits
from flows.intake.inbox import LONGEST_NAME, shown
from flows.intake.reader import Reader
from flows.intake.text import comparable, text_of, typed
from flows.intake.written import whole_number
from flows.names import safe_name, safe_names
from schemas.catalog import load_catalog
from schemas.codes import State
from schemas.instrument import Instrument
from schemas.layout import Layout
from schemas.roster import Roster
from tests.forms.filling import fill_form
from tests.support.lab import LONG, PAIR

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog((ROOT / "raw" / "examples" / "osce" / "schemas",))
INSTRUMENTS = sorted(CATALOG.instruments.values(), key=lambda instrument: instrument.id)
PARSER = CellParser(Layout.model_validate(tomllib.loads(LONG)), Instrument.model_validate(tomllib.loads(PAIR)))
MARKED = {"no": State.NO_OPPORTUNITY, "nd": State.NOT_DELIVERED, "?": State.UNJUDGEABLE}
# texts near what raters write are likelier to go wrong than any others
SCRIBBLE = st.text(st.sampled_from("0123456789.,+-?/ NODHo'=\u00a0\u200b\uff14\u0664\t%eE"), max_size=8)
CELLS = SCRIBBLE | st.text(max_size=30)


@given(CELLS, st.sampled_from(["not_knowing", "differences"]), st.sampled_from(["adherence", "competence"]))
def test_a_cell_never_says_more_than_its_text(text: str, item: str, scale: str) -> None:
    parsed = PARSER.parse(item, scale, cell_text(text))
    assert parsed == PARSER.parse(item, scale, cell_text(cell_text(text)))
    if parsed.state is State.RATED:
        assert parsed.value in (1, 2, 3, 4, 5, 6, 7)
        assert str(int(parsed.value)) in cell_text(text)  # type: ignore[arg-type]
    elif parsed.state is not State.MISSING:
        assert MARKED[comparable(text)] is parsed.state
    elif parsed.code is None:
        assert cell_text(text) == ""
    if not cell_text(text):
        assert parsed.state is State.MISSING


@given(st.text(max_size=60))
def test_cleaning_a_text_twice_changes_nothing_more(text: str) -> None:
    assert text_of(text_of(text)) == text_of(text)
    assert typed(typed(text)) == typed(text)
    assert whole_number(whole_number(text)) == whole_number(text)
    assert comparable(text_of(text)) == comparable(text)


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=400))
def test_a_shown_name_is_printable_short_and_the_name_itself_where_that_is_harmless(name: str) -> None:
    told = shown(name)
    assert told.isprintable()
    assert len(told) <= LONGEST_NAME
    assert told == name or not name.isprintable() or len(name) > LONGEST_NAME


@given(st.sets(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=30), min_size=2, max_size=12))
def test_two_names_are_never_shown_as_one(names: set[str]) -> None:
    assert len({shown(f"{name}.xlsx") for name in names}) == len(names)


@given(st.sets(st.text(min_size=1, max_size=64), min_size=2, max_size=12))
def test_two_ids_never_share_a_file_s_name(ids: set[str]) -> None:
    named = safe_names(ids)
    assert len({name.casefold() for name in named.values()}) == len(ids)
    for name in (*named.values(), *map(safe_name, ids)):
        assert not set(name) & set('/\\:*?"<>|\0')
        assert name not in (".", "..")


def entry(
    instrument: Instrument, item: str, scale: str
) -> st.SearchStrategy[tuple[str | float | None, State, float | None]]:
    """What may be entered in one cell of a form: the entry, and the state and value that it means."""
    the_item, the_scale = instrument.item(item), instrument.scale(scale)
    words = {
        State.NO_OPPORTUNITY: "no opportunity",
        State.UNJUDGEABLE: "could not judge",
        State.NOT_DELIVERED: "not delivered",
    }
    typed = {"count": [(7, State.RATED, 7.0)], "date": [(date(2026, 3, 24), State.RATED, 20260324.0)]}
    points = typed.get(the_scale.kind, [(point, State.RATED, point) for point in the_scale.points])
    marks = [
        (words[state], state, None)
        for state in instrument.marks(the_item, the_scale)
        if state in words and state is not State.NOT_DELIVERED  # may contradict what is entered for adherence
    ]
    return st.sampled_from([*points, *marks])  # type: ignore[arg-type]


def read_form(path: Path) -> BatchFrames:
    reader = Reader(CATALOG, Roster(), date(2026, 4, 1), Limits(10_000_000, 100_000_000, 1_000_000))
    return build_frames([reader.read(Job(path.name, "0" * 64, path))], reader.readers)


IDS = st.text(st.characters(categories=["L", "N"], include_characters="-_/ ."), min_size=1, max_size=20).map(
    lambda text: f"S{whole_number(typed(text))}"
)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.id)
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chosen=st.data())
def test_what_is_filled_into_a_form_is_what_is_read_back(
    instrument: Instrument, chosen: st.DataObject, tmp_path: Path
) -> None:
    blank, filled = tmp_path / "blank.xlsx", tmp_path / "filled.xlsx"
    if not blank.exists():
        write_form(instrument, CATALOG.elements_of(instrument), blank)
    cells = [(item.id, scale) for item in instrument.items for scale in item.scales]
    entries = {cell: chosen.draw(entry(instrument, *cell)) for cell in cells}
    session, therapist = chosen.draw(IDS), chosen.draw(IDS)
    fields = {"session_id": session, "therapist_id": therapist, "patient_id": "P-1", "rater_id": "R-1"}
    about = fields | {"session_on": date(2026, 3, 24)}
    if instrument.unit == "case":
        about, session = about | {"assessment_point": 6}, f"{session} @ 6"
    fill_form(blank, instrument, filled, about, {cell: said[0] for cell, said in entries.items()}, {})  # type: ignore[arg-type]
    frames = read_form(filled)
    assert frames.finding.is_empty(), frames.finding["code"].to_list()
    assert frames.rating.select("session_id", "rater_id").rows() == [(session.strip(), "R-1")]
    scores = frames.score.filter(frames.score["state"] != State.NOT_RATED_BY_DESIGN)
    read = {(s["item"], s["scale"]): (s["state"], s["value"]) for s in scores.iter_rows(named=True)}
    assert read == {cell: (state.value, value) for cell, (_, state, value) in entries.items()}
