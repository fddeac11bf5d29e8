"""Reading many workbooks in child processes with limits, so that one file cannot take the night down.

A batch is split into chunks, one at a time to a child. A child spools what each file said as soon as it has it. When a
child dies, the file it was at is the one after those spooled: that file is refused, the rest of the chunk goes on in a
new child, and no file is read twice. Only when the pool itself breaks, which tells nothing of who was at what, are the
files at hand begun again.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import pickle
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from flows.errors import NightFailed
from flows.failpoints import reached
from flows.intake.findings import Finding
from flows.intake.frames import FoundWorkbook, Job, build_frames, write_frames
from flows.intake.grid import Limits, limits_of
from flows.intake.guarded import LOOK_AGAIN_SECONDS, PATIENCE, TIME_IS_UP, UNKNOWN_END, end_of, guard_child, time_for
from flows.intake.reader import Reader
from flows.settings import MIB, Settings
from schemas.catalog import Catalog
from schemas.codes import Code
from schemas.roster import Roster

CELLS_AT_ONCE = 100_000  # whose frames are built together, in some 100 MiB
MOST_KILLED = 3  # times that a chunk's children may be ended from outside before the file they were at is blamed
START_SECONDS = 120  # in which a child begins its first file, however busy the machine
MOST_BARREN = 3  # deaths of a chunk's children outside any file before the night gives up
_LENGTH = 8  # bytes before each spooled file that say how long it is


@dataclass(frozen=True, slots=True)
class ReadingOrder:
    """All that a reading child must know; sent once when it starts."""

    catalog: Catalog
    roster: Roster
    night_on: dt.date
    limits: Limits
    memory_bytes: int
    file_seconds: int
    spool: Path


def reading_order(settings: Settings, catalog: Catalog, roster: Roster, night_on: dt.date, spool: Path) -> ReadingOrder:
    """The order of one night."""
    memory = settings.child_memory_mib * MIB
    return ReadingOrder(catalog, roster, night_on, limits_of(settings), memory, settings.file_seconds, spool)


# What breaks a child's work within its limits: no memory left, also where Rust says so by a panic, which cannot be pickled.
OF_ITS_WORK = (MemoryError, pickle.PicklingError)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some of a batch's workbooks, read by one child after the other until done."""

    name: str
    jobs: tuple[Job, ...]
    done: int = 0
    n_barren: int = 0  # times that its child died without having begun a file
    n_killed: int = 0  # times that its child was ended from outside


class ReadingPool:
    """A guarded pool of reading children; see the module's docstring."""

    def __init__(self, order: ReadingOrder, n_processes: int) -> None:
        self._order = order
        self._n_processes = n_processes
        self._pool: ProcessPool | None = None

    def read(self, name: str, jobs: Sequence[Job]) -> Mapping[str, int]:
        """Read a batch and leave its frames as Parquet in the spool folder; the counts of rows by frame.

        Raises:
            NightFailed: a child cannot work within its limits at all, whatever the file.
        """
        size = max(1, -(-len(jobs) // (self._n_processes * 2)))
        chunks = [Chunk(f"{name}-{k}", tuple(jobs[i : i + size])) for k, i in enumerate(range(0, len(jobs), size))]
        counts: Counter[str] = Counter()
        while chunks:
            running = [(chunk, self._begin(chunk)) for chunk in chunks]
            silence = _Silence(self._order, max(len(chunk.jobs) for chunk in chunks))
            chunks = []
            reached("while children read")
            for chunk, future in running:
                died = BrokenProcessPool() if future is None else end_of(self._pool, future, silence.is_too_long)
                if died is None:
                    counts.update(future.result() if future else {})
                else:
                    chunks.append(self._after(chunk, died))
        return counts

    def _begin(self, chunk: Chunk) -> ProcessFuture[Mapping[str, int]] | None:
        """Hand a chunk to a child; None when the pool broke already."""
        try:
            return self._children().schedule(_read_chunk, args=[chunk])
        except (RuntimeError, BrokenProcessPool):
            return None

    def _children(self) -> ProcessPool:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["flows.intake.pool"])
            self._pool = ProcessPool(
                self._n_processes, context=context, initializer=_start_child, initargs=[self._order]
            )
        return self._pool

    def _after(self, chunk: Chunk, died: BaseException) -> Chunk:
        """What is left of a chunk whose reading broke off; an exception that no file caused is raised."""
        if isinstance(died, BrokenProcessPool):
            self.close()  # before anyone looks at what its children have spooled, none of them may write any more
        elif not isinstance(died, (ProcessExpired, CancelledError, *OF_ITS_WORK)):
            raise died
        return self._go_on(chunk, died)

    def _go_on(self, chunk: Chunk, died: BaseException) -> Chunk:
        """The rest of a chunk after its child died: the file it was at is refused; when it was at none, it is begun again.

        So it is, too, when the child was ended from outside (by a person, by the kernel for want of memory, with its pool),
        whether it was at a file or at the frames of all: no sheet is refused for that, unless it goes on happening.
        """
        spool = _spool_of(self._order.spool, chunk)
        ends, is_at_file = _mend_spool(spool)
        if _is_from_outside(died) and chunk.n_killed < MOST_KILLED:
            os.truncate(spool, ends[-1] if ends else 0)  # a file that it was at is begun again
            return replace(chunk, done=len(ends), n_killed=chunk.n_killed + 1)
        if is_at_file:
            too_long = isinstance(died, ProcessExpired) and died.exitcode in TIME_IS_UP
            refusal = Finding(Code.TOOK_TOO_LONG if too_long else Code.READER_STOPPED)
            with spool.open("ab") as file:
                _append(file, FoundWorkbook(chunk.jobs[len(ends)], refusal=refusal))
            return replace(chunk, done=len(ends) + 1, n_barren=0)
        if len(ends) == len(chunk.jobs):
            _refuse_largest(spool, ends, chunk)
        elif chunk.n_barren == MOST_BARREN:
            raise NightFailed(
                "Reading children end before they open a file. Raise child_memory_mib in fidelity.toml, or install anew."
            )
        return replace(chunk, done=len(ends), n_barren=chunk.n_barren + 1)

    def close(self) -> None:
        """End the children."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
        self._pool = None


class _Silence:
    """How long children have spooled nothing: one that ends without a trace is started anew for ever, and never heard of."""

    def __init__(self, order: ReadingOrder, n_files: int) -> None:
        self._folder = order.spool
        # after its last file a child makes frames, for which it has the time of as many files
        self._most_looks = (START_SECONDS + PATIENCE * order.file_seconds * (n_files + 1)) / LOOK_AGAIN_SECONDS
        self._said, self._n_looks = -1, 0

    def is_too_long(self) -> bool:
        """Asked every LOOK_AGAIN_SECONDS: whether so long nothing was said that nothing will be."""
        said = sum(path.stat().st_size for path in self._folder.glob("*.spool"))
        self._n_looks = self._n_looks + 1 if said == self._said else 0
        self._said = said
        return self._n_looks > self._most_looks


@contextmanager
def reading_pool(order: ReadingOrder, n_processes: int) -> Iterator[ReadingPool]:
    """A pool that starts its children when first used and ends them in any case."""
    pool = ReadingPool(order, n_processes)
    try:
        yield pool
    finally:
        pool.close()


def _is_from_outside(died: BaseException) -> bool:
    """Whether a child did not die of what it was doing: limits end it otherwise, by SIGPROF, SIGALRM, SIGABRT or an exception."""
    if isinstance(died, ProcessExpired):
        return died.exitcode in (-signal.SIGKILL, UNKNOWN_END)
    return not isinstance(died, OF_ITS_WORK)


def _spool_of(folder: Path, chunk: Chunk) -> Path:
    return folder / f"{chunk.name}.spool"


def _append(file: BinaryIO, found: FoundWorkbook) -> None:
    """Spool one file: its length first, so that the night can count what is there without taking it into memory."""
    record = pickle.dumps(found)
    file.write(len(record).to_bytes(_LENGTH) + record)
    file.flush()


def _begin(file: BinaryIO) -> None:
    """Note that the next file is being read: a record of length 0."""
    file.write(bytes(_LENGTH))
    file.flush()


def _mend_spool(spool: Path) -> tuple[list[int], bool]:
    """Where the files spooled whole end, and whether the next was begun; what a dying child left of it is cut off."""
    ends: list[int] = []
    is_begun, whole, at = False, 0, 0
    with spool.open("a+b") as file:
        size = file.tell()
        while at + _LENGTH <= size:
            file.seek(at)
            length = int.from_bytes(file.read(_LENGTH))
            at += _LENGTH + length
            if at <= size:
                whole = at
                is_begun = length == 0
                ends += [at] if length else []
        file.truncate(whole)
    return ends, is_begun


def _refuse_largest(spool: Path, ends: list[int], chunk: Chunk) -> None:
    """All files were read, but together are too much for a child: the largest is refused, and the others stay."""
    starts = [0, *ends[:-1]]
    largest = max(range(len(ends)), key=lambda k: ends[k] - starts[k])
    whole = spool.read_bytes()
    with spool.open("wb") as file:
        file.write(whole[: starts[largest]])
        _append(file, FoundWorkbook(chunk.jobs[largest], refusal=Finding(Code.READER_STOPPED)))
        file.write(whole[ends[largest] :])
    if spool.stat().st_size >= len(whole):
        raise NightFailed("A reading child ends before its frames are built. Raise child_memory_mib in fidelity.toml.")


# What follows runs in a child. One order and one reader a child, made when it starts.
_child: dict[str, tuple[ReadingOrder, Reader]] = {}


def _start_child(order: ReadingOrder) -> None:
    guard_child(order.memory_bytes)
    _child["me"] = order, Reader(order.catalog, order.roster, order.night_on, order.limits)


def _read_chunk(chunk: Chunk) -> Mapping[str, int]:
    order, reader = _child["me"]
    spool = _spool_of(order.spool, chunk)
    with spool.open("ab") as file:
        for job in chunk.jobs[chunk.done :]:
            _begin(file)
            with time_for(order.file_seconds):
                found = reader.read(job)
            _append(file, found)
    for stale in order.spool.glob(f"*-{chunk.name}-*.parquet"):  # of a child that died here
        stale.unlink()
    counts: Counter[str] = Counter()
    with time_for(order.file_seconds * len(chunk.jobs)):  # a pattern may take for ever here as well
        for number, part in enumerate(_portions(_spooled(spool))):
            counts.update(write_frames(build_frames(part, reader.readers), order.spool, f"{chunk.name}-{number}"))
    spool.unlink()
    return counts


def _portions(workbooks: Iterable[FoundWorkbook]) -> Iterator[list[FoundWorkbook]]:
    """Whole workbooks, as many at a time as have so many cells that frames of them stay small."""
    part: list[FoundWorkbook] = []
    n_cells = 0
    for book in workbooks:
        part.append(book)
        n_cells += sum(len(rating.cells) for rating in book.ratings)
        if n_cells >= CELLS_AT_ONCE:
            yield part
            part, n_cells = [], 0
    if part:
        yield part


def _spooled(spool: Path) -> Iterator[FoundWorkbook]:
    with spool.open("rb") as file:
        while header := file.read(_LENGTH):
            if length := int.from_bytes(header):
                yield pickle.loads(file.read(length))  # noqa: S301 - written by our own child into our own folder
