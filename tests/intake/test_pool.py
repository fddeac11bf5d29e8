"""One file cannot take the night down: whatever it does to its child, only it is refused, and no other is read twice."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Sequence
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from itertools import count
from pathlib import Path
from pickle import PicklingError

import polars as pl
import pytest
from pebble import ProcessExpired

from flows.errors import NightFailed
from flows.intake import guarded, pool
from flows.intake.frames import FoundWorkbook, Job
from flows.intake.grid import Limits
from flows.intake.pool import (
    Chunk,
    ReadingOrder,
    ReadingPool,
    _append,
    _begin,
    _is_from_outside,
    _spooled,
    reading_pool,
)
from schemas.catalog import load_catalog
from schemas.roster import Roster
from tests.support.intake_paths import (
    AbortingPath,
    BrokenPath,
    CountedPath,
    HangingPath,
    HungryPath,
    KilledPath,
    Leaving,
    SpinningPath,
)
from tests.support.intake_sheets import drawn, xlsx_bytes
from tests.support.lab import Lab

MIB = 1 << 20


@pytest.fixture
def order(tmp_path: Path) -> ReadingOrder:
    """What children are told: the drawn layouts, the default memory, two seconds a file."""
    lab = Lab(tmp_path / "home", validates=True).draws()
    limits = Limits(file_bytes=100 * MIB, unpacked_bytes=300 * MIB, cells=2_000_000)
    spool = tmp_path / "spool"
    spool.mkdir()
    return ReadingOrder(
        load_catalog((lab.settings.own_schemas,)), Roster(), dt.date(2026, 7, 1), limits, 1024 * MIB, 2, spool
    )


def good(folder: Path, name: str) -> Job:
    """A csv with one rating, whose session has the file's name."""
    path = CountedPath(folder / name)
    rows = f"session,rater,therapist,adherence,competence\n{name},R-1,T-1,4,5\n"
    Path(path).write_text(rows)
    return Job(name, hashlib.sha256(rows.encode()).hexdigest(), path)


def bad(name: str, path: Path) -> Job:
    """A file that does something to its reader."""
    Path(path).write_bytes(b"something")
    return Job(name, hashlib.sha256(name.encode()).hexdigest(), path)


def read(order: ReadingOrder, jobs: Sequence[Job], n_processes: int = 1) -> dict[str, str | None]:
    """Workbook -> refusal code (None: read), after the jobs were read as one batch."""
    with reading_pool(order, n_processes) as children:
        children.read("b", jobs)
    books = pl.read_parquet(f"{order.spool}/workbook-*.parquet")
    assert sorted(books["workbook"]) == sorted(job.workbook for job in jobs)  # every file once
    return dict(books.select("workbook", "refusal_code").iter_rows())


def test_a_child_that_aborts_hangs_or_outgrows_its_memory_takes_no_other_file_with_it(
    order: ReadingOrder, tmp_path: Path
) -> None:
    jobs = [
        good(tmp_path, "1.csv"),
        bad("aborts.csv", AbortingPath(tmp_path / "aborts")),
        good(tmp_path, "2.csv"),
        bad("hangs.csv", HangingPath(tmp_path / "hangs")),
        bad("spins.csv", SpinningPath(tmp_path / "spins")),
        bad("eats.csv", HungryPath(tmp_path / "eats")),
        good(tmp_path, "3.csv"),
        bad("raises.csv", BrokenPath(tmp_path / "raises")),
        good(tmp_path, "4.csv"),
    ]
    assert read(order, jobs) == {
        "1.csv": None,
        "aborts.csv": "reader_stopped",
        "2.csv": None,
        "hangs.csv": "took_too_long",
        "spins.csv": "took_too_long",
        "eats.csv": "reader_stopped",
        "3.csv": None,
        "raises.csv": "reader_stopped",
        "4.csv": None,
    }
    ratings = pl.read_parquet(f"{order.spool}/rating-*.parquet")
    assert sorted(ratings["session_id"]) == ["1.csv", "2.csv", "3.csv", "4.csv"]
    once = "opened\n" * 2  # for the first bytes, and for the whole
    assert [Path(f"{tmp_path}/{n}.csv.opened").read_text() for n in range(1, 5)] == [once] * 4
    assert list(order.spool.glob("*.spool")) == []


def test_a_stray_cell_at_the_far_corner_is_seen_before_the_reader_reserves_what_lies_between(
    order: ReadingOrder, tmp_path: Path
) -> None:
    stray = tmp_path / "stray"
    stray.write_bytes(xlsx_bytes({"S": drawn("session | rater\n S-1 | R-1")}))
    stray.write_bytes(with_stray_cell(stray.read_bytes()))
    jobs = [good(tmp_path, "1.csv"), Job("stray.xlsx", "a" * 64, stray), good(tmp_path, "2.csv")]
    read_as = read(order, jobs)
    assert read_as["stray.xlsx"] == "stray_cell"
    assert (read_as["1.csv"], read_as["2.csv"]) == (None, None)


def with_stray_cell(content: bytes) -> bytes:
    """The workbook with one more cell, at XFD1048576."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                part = part.replace(b"</sheetData>", row)
            new.writestr(name, part)
    return out.getvalue()


def test_a_workbook_that_unpacks_to_more_than_a_child_may_hold_is_refused(order: ReadingOrder, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    cell = b'<c t="inlineStr"><is><t>%s</t></is></c>' % (b"a" * (1 << 20))
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>%s</row>' % (
        cell * 200
    )
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_bytes({"S": []}))) as old,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            new.writestr(name, sheet + b"</sheetData></worksheet>" if name.endswith("sheet1.xml") else old.read(name))
    small = order.__class__(order.catalog, order.roster, order.night_on, order.limits, 400 * MIB, 20, order.spool)
    jobs = [good(tmp_path, "1.csv"), Job("bomb.xlsx", "b" * 64, bomb), good(tmp_path, "2.csv")]
    assert read(small, jobs) == {"1.csv": None, "bomb.xlsx": "reader_stopped", "2.csv": None}


def test_batches_are_read_by_several_children_and_every_rating_is_there_once(
    order: ReadingOrder, tmp_path: Path
) -> None:
    jobs = [good(tmp_path, f"{n}.csv") for n in range(21)]
    assert set(read(order, jobs, n_processes=2).values()) == {None}
    assert pl.read_parquet(f"{order.spool}/rating-*.parquet").height == 21


def test_children_that_die_again_and_again_take_nobody_with_them(order: ReadingOrder, tmp_path: Path) -> None:
    dying = [bad(f"dies {n}.csv", AbortingPath(tmp_path / f"dies{n}")) for n in range(6)]
    living = [good(tmp_path, f"{n}.csv") for n in range(6)]
    jobs = [job for pair in zip(dying, living, strict=True) for job in pair]
    read_as = read(order, jobs, n_processes=2)
    assert [read_as[job.workbook] for job in dying] == ["reader_stopped"] * 6
    assert [read_as[job.workbook] for job in living] == [None] * 6


def test_a_sheet_is_not_refused_because_its_reader_was_killed_from_outside_unless_that_goes_on(
    order: ReadingOrder, tmp_path: Path
) -> None:
    jobs = []
    for name in ("killed1", "killed9"):
        job = good(tmp_path, name)
        jobs.append(Job(f"{name}.csv", job.sha256, KilledPath(job.path)))
    jobs.append(good(tmp_path, "1.csv"))
    assert read(order, jobs) == {"killed1.csv": None, "killed9.csv": "reader_stopped", "1.csv": None}
    assert (tmp_path / "1.csv.opened").read_text() == "opened\n" * 2  # for the first bytes, and for the whole


@pytest.mark.parametrize(("exitcode", "is_outside"), [(-9, True), (255, True), (-6, False), (-14, False), (1, False)])
def test_a_child_whose_end_nobody_saw_is_not_held_against_its_file(exitcode: int, *, is_outside: bool) -> None:
    died = ProcessExpired("Abnormal termination", exitcode)
    assert _is_from_outside(died) is is_outside


def test_a_child_killed_over_the_frames_of_all_its_files_takes_none_with_it_unless_that_goes_on(
    order: ReadingOrder, tmp_path: Path
) -> None:
    chunk = Chunk("b-0", (good(tmp_path, "1.csv"), good(tmp_path, "2.csv")))
    spool = order.spool / "b-0.spool"
    with spool.open("wb") as file:
        for job in chunk.jobs:
            _begin(file)
            _append(file, FoundWorkbook(job, layout="north-form 1" * (50 if job is chunk.jobs[0] else 1)))
    whole, killed = spool.read_bytes(), ProcessExpired("Abnormal termination", -9)
    for n_killed in (1, 2, 3):
        chunk = ReadingPool(order, 1)._go_on(chunk, killed)
        assert (chunk.done, chunk.n_killed, spool.read_bytes()) == (2, n_killed, whole)
    ReadingPool(order, 1)._go_on(chunk, killed)
    assert [found.refusal and found.refusal.code for found in _spooled(spool)] == ["reader_stopped", None]


def test_a_death_that_cannot_be_sent_to_the_night_is_one_of_the_childs_work(
    order: ReadingOrder, tmp_path: Path
) -> None:
    chunk = Chunk("b-0", (good(tmp_path, "1.csv"), good(tmp_path, "2.csv")))
    with (order.spool / "b-0.spool").open("wb") as file:
        _begin(file)
    left = ReadingPool(order, 1)._after(chunk, PicklingError("Can't pickle <class 'pyo3_runtime.PanicException'>"))
    assert (left.done, left.n_killed) == (1, 0)
    assert [found.refusal and found.refusal.code for found in _spooled(order.spool / "b-0.spool")] == ["reader_stopped"]


def test_a_pool_that_is_asked_for_nothing_starts_no_child(order: ReadingOrder) -> None:
    with reading_pool(order, 2) as children:
        assert children.read("b", []) == {}


def test_children_that_cannot_even_start_end_the_night_with_the_setting_to_raise(
    order: ReadingOrder, tmp_path: Path
) -> None:
    tiny = order.__class__(order.catalog, order.roster, order.night_on, order.limits, 1, 2, order.spool)
    with pytest.raises(NightFailed, match="Raise child_memory_mib"):
        read(tiny, [good(tmp_path, "1.csv")])


def test_children_that_end_without_a_trace_are_not_waited_for_for_ever(
    order: ReadingOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "START_SECONDS", 0)
    leaving = replace(order, roster=Leaving(), file_seconds=0)  # type: ignore[arg-type]
    with pytest.raises(NightFailed, match="install anew"):
        read(leaving, [good(tmp_path, "1.csv")])


def test_a_pool_that_breaks_while_a_call_is_handed_over_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        active = False

    never: Future[None] = Future()
    monkeypatch.setattr(guarded, "LOOK_AGAIN_SECONDS", 0.01)
    assert isinstance(guarded.end_of(Broken(), never), BrokenProcessPool)  # type: ignore[arg-type]


def test_what_a_broken_pool_leaves_half_read_is_read_again_and_not_refused(
    order: ReadingOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, n_asked = pool.end_of, count()

    def breaks_once(*asked: object) -> BaseException | None:
        if next(n_asked):
            return real(*asked)  # type: ignore[arg-type]
        while not list(order.spool.glob("*.spool")):  # a child is at a file now
            wait([asked[1]], timeout=0.05)  # type: ignore[list-item]
        return BrokenProcessPool()

    monkeypatch.setattr(pool, "end_of", breaks_once)
    jobs = [good(tmp_path, "1.csv"), bad("spins.csv", SpinningPath(tmp_path / "spins")), good(tmp_path, "2.csv")]
    assert read(order, jobs) == {"1.csv": None, "spins.csv": "took_too_long", "2.csv": None}
