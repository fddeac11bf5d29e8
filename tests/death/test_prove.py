"""`fidelity prove` tells the truth: what holds is told as held, and each trial notices when something is lost."""

from __future__ import annotations

import copy
import dataclasses
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.console import Silence
from flows.errors import ProofFailed, UsageError
from flows.load.connection import open_working
from flows.prove import material, run
from flows.prove.at_once import try_at_once
from flows.prove.disk import try_limit
from flows.prove.duplicates import try_duplicates
from flows.prove.hostile import try_hostile
from flows.prove.injection import try_injection
from flows.prove.kills import Kill, try_kill
from flows.prove.material import make_evening
from flows.prove.nights import Ended, Have, settings_of
from flows.prove.readers import try_readers
from flows.prove.run import MARKER, carried_out, have_trials, run_prove
from flows.prove.state import SECOND, State, copy_home
from flows.prove.trial import Bench, Evening, Figures, Trial
from tests.death.conftest import CleanNights

KILL = Kill((0.5,), with_children=False, kill_child=False, next_on=SECOND)


@pytest.fixture(scope="module")
def proving(nights: CleanNights, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """What `fidelity prove` stands on."""
    folder = tmp_path_factory.mktemp("proving")
    return Bench(folder, nights, make_evening(folder, nights), n_kills=1, seed=1)


@pytest.fixture(scope="module")
def standing(nights: CleanNights, evening: Path, before: State, undisturbed: State) -> Bench:
    """The same with the home of a smaller lab."""
    return Bench(evening, nights, Evening(evening, before, undisturbed))


@dataclasses.dataclass
class Sabotaged:
    """Nights after each of which something is done to the home that no night may do."""

    nights: Have
    sabotage: Callable[[Path], object]
    sees: Callable[[Ended], Ended] = copy.copy

    def have(self, home: Path, night_on: str, **how: Any) -> Ended:
        """Have a night, then do harm."""
        ended = self.nights.have(home, night_on, **how)
        if ended.exit_code == 0:
            self.sabotage(home)
        return self.sees(ended)


def forget_a_workbook(home: Path) -> None:
    """The ledger loses a workbook that was accepted."""
    with open_working(settings_of(home)) as con:
        con.execute("delete from history.workbook where workbook = (select min(workbook) from history.rating)")


def count_twice(home: Path) -> None:
    """A rating stands in history twice."""
    with open_working(settings_of(home)) as con:
        con.execute(
            "insert into history.rating from history.rating where rating_id = (select min(rating_id) from history.rating)"
        )


def accept_copies(home: Path) -> None:
    """What was known already is told as new."""
    with open_working(settings_of(home)) as con:
        con.execute("update history.workbook set outcome = 'accepted' where outcome = 'duplicate'")


def accept_rubbish(home: Path) -> None:
    """What could not be read is told as accepted."""
    with open_working(settings_of(home)) as con:
        con.execute("update history.workbook set outcome = 'accepted' where outcome = 'refused'")


def write_in_place(home: Path) -> None:
    """Published workbooks are written into where they lie, under their readers' eyes."""
    for book in (home / "warehouse" / "published").rglob("*.xlsx"):
        book.write_bytes(b"half of a workbook")


def let_formulas_live(home: Path) -> None:
    """A text from a sheet becomes a formula."""
    book = next((home / "warehouse" / "published").rglob("T*.xlsx"), None) or next((home / "warehouse").rglob("*.xlsx"))
    with zipfile.ZipFile(book, "a") as packed:
        packed.writestr("xl/worksheets/sheet99.xml", "<c><f>mark0therapist()</f></c>")


def nothing(_home: Path) -> None:
    """No harm."""


def kill_one(bench: Bench) -> Figures:
    """A trial of one kill."""
    wrong, n_lost = try_kill(bench, KILL, 1.0, "home")
    return Figures(1, int(not wrong and not n_lost), n_lost, wrong=tuple(wrong))


def limit_one(bench: Bench) -> Figures:
    """A trial of one file that may not grow."""
    wrong, n_lost = try_limit(bench, 20 * 1024)
    return Figures(1, int(not wrong and not n_lost), n_lost, wrong=tuple(wrong))


# name -> the trial, the harm that it must notice, and words of what it then says
TRIALS: dict[str, tuple[Callable[[Bench], Figures], Callable[[Path], object], str]] = {
    "kills": (kill_one, forget_a_workbook, "history.workbook differs"),
    "disk full": (limit_one, count_twice, "history.rating differs"),
    "duplicates": (try_duplicates, accept_copies, "a copy is accepted"),
    "hostile files": (try_hostile, accept_rubbish, "'half.xlsx' is accepted"),
    "readers": (try_readers, write_in_place, "does not open"),
    "injection": (try_injection, let_formulas_live, "=…() as therapist became alive"),
}


HELD_HERE = ("hostile files", "duplicates", "injection", "nights at once", "readers")
OF_ANY_LAB = ("nights at once", "readers", "kills", "disk full")  # so that of a smaller one will do


@dataclasses.dataclass
class Recorded:
    """Nights of which it is kept how they ended and what they made of their home."""

    nights: Have
    kept: Path
    ended: dict[str, Ended] = dataclasses.field(default_factory=dict)

    def have(self, home: Path, night_on: str, **how: Any) -> Ended:
        """Have a night."""
        name = f"{len(self.ended)} {home.name} {night_on}"
        self.ended[name] = self.nights.have(home, night_on, **how)
        copy_home(home, self.kept / name)
        return self.ended[name]


@dataclasses.dataclass
class Replayed:
    """The same nights once more, in the same order: each home becomes what it had become."""

    recorded: Recorded
    n_had: int = 0

    def have(self, home: Path, night_on: str, **_how: Any) -> Ended:
        """Put the night's home in place."""
        name = list(self.recorded.ended)[self.n_had]
        assert name == f"{self.n_had} {home.name} {night_on}"
        self.n_had += 1
        shutil.rmtree(home)
        copy_home(self.recorded.kept / name, home)
        return self.recorded.ended[name]


@dataclasses.dataclass
class Held:
    """The trials of `prove` as they went when nobody did any harm."""

    results: list[run.Result]
    recorded: dict[str, Recorded]
    left: list[Path]


@pytest.fixture(scope="module")
def held(proving: Bench, standing: Bench, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """Each trial had once; those that say it more strongly in files of their own aside (kills, a full disk)."""
    folder, kept = tmp_path_factory.mktemp("held"), tmp_path_factory.mktemp("kept")
    results, recorded = [], {}
    for trial in [trial for trial in run.TRIALS if trial.name in HELD_HERE]:
        on = standing if trial.name in OF_ANY_LAB else proving
        recorded[trial.name] = Recorded(on.nights, kept / trial.name)
        results += have_trials([trial], on.evening, folder, recorded[trial.name], 1, 1, Silence())
    return Held(results, recorded, list(folder.iterdir()))


@pytest.fixture(scope="module", autouse=True)
def _few_places() -> Iterator[None]:
    """Nights begin while the first has just taken its lock and when it is nearly done; the lock knows no place between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.prove.at_once.PLACES", ("lock taken", "between swaps"))
        yield


def test_the_whole_of_it_holds_trial_after_trial(held: Held) -> None:
    assert [(r.trial.name, r.figures.holds, r.figures.lost, r.figures.wrong) for r in held.results] == [
        ("hostile files", True, 0, ()),
        ("duplicates", True, 0, ()),
        ("nights at once", True, 0, ()),
        ("readers", True, 0, ()),
        ("injection", True, 0, ()),
    ]
    assert [r.figures.tried for r in held.results] == [16, 21, 6, 9, 43]
    assert held.left == []


@pytest.mark.parametrize("name", TRIALS)
def test_a_trial_notices_what_is_lost(held: Held, proving: Bench, standing: Bench, tmp_path: Path, name: str) -> None:
    try_it, sabotage, words = TRIALS[name]
    on = standing if name in OF_ANY_LAB else proving
    # what the nights themselves do is had once; the harm comes after each
    nights = Replayed(held.recorded[name]) if name in HELD_HERE else on.nights
    harmed = dataclasses.replace(on, folder=tmp_path, nights=Sabotaged(nights, sabotage))
    figures = carried_out(Trial(name, name, try_it), harmed)
    assert not figures.holds
    assert any(words in sentence for sentence in figures.wrong), figures.wrong


def test_a_second_night_that_is_let_in_is_noticed(held: Held, standing: Bench, tmp_path: Path) -> None:
    def let_in(ended: Ended) -> Ended:
        return dataclasses.replace(ended, meanwhile=[(0, "Night of 2026-07-08: nothing new.") for _ in ended.meanwhile])

    nights = Sabotaged(Replayed(held.recorded["nights at once"]), nothing, let_in)
    harmed = dataclasses.replace(standing, folder=tmp_path, nights=nights)
    assert try_at_once(harmed).wrong == ("a second night ended with exit code 0",)


@pytest.fixture
def _few_trials(proving: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that take no time, on an evening that is there already."""

    @contextmanager
    def serving() -> Iterator[Have]:
        yield proving.nights

    monkeypatch.setattr(run, "serving_nights", serving)
    monkeypatch.setattr(run, "make_evening", lambda _folder, _nights: proving.evening)
    well = Trial("well", "goes well", lambda _bench: Figures(3, 3, 0, "as ever"))
    monkeypatch.setattr(run, "TRIALS", (well,))


@pytest.mark.usefixtures("_few_trials")
def test_one_page_is_printed_and_nothing_is_left_when_all_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["prove", "--kills", "2", "--seed", "7"]) == 0
    told = capsys.readouterr().out
    assert "(seed 7)" in told
    assert re.search(r"^well +3 +3 +0 +0  goes well\n +\(as ever\)\ntogether +3 +3 +0 +0$", told, re.M)
    assert told.endswith("Everything was survived and nothing was lost.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_few_trials")
def test_what_does_not_hold_is_named_with_its_exit_code_and_the_scratch_home_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Trial("losing", "loses", lambda _bench: Figures(3, 2, 1, wrong=("a workbook is gone",)))
    monkeypatch.setattr(run, "TRIALS", (*run.TRIALS, lost))
    home = tmp_path / "scratch"
    assert main(["prove", "--home", str(home)]) == ProofFailed.exit_code
    told = capsys.readouterr()
    assert "losing: a workbook is gone\nNot everything was survived.\n" in told.out
    assert told.err.splitlines()[-1] == (
        f"What was tried did not hold: losing (2 of 3 survived, 1 lost). The scratch home is kept in {home}; "
        "please report it with this page."
    )
    assert [path.name for path in sorted(home.iterdir())] == [MARKER, "losing"]


def test_a_folder_that_was_not_made_by_a_proof_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="was not made by a proof"):
        list(run_prove(tmp_path, 1, 1, Silence()))
    with pytest.raises(UsageError, match="Nothing would be killed"):
        list(run_prove(None, 0, 1, Silence()))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_the_demos_sheets_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "EXAMPLES", tmp_path / "none")
    with pytest.raises(UsageError, match="are not installed"):
        material.make_home(tmp_path / "home")


def test_a_trial_in_which_nothing_was_tried_does_not_hold() -> None:
    assert not Figures(0, 0).holds
