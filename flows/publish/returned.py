"""Sending sheets back: each workbook with ratings that wait has one copy in `raw/returned/<team>/` that says what to mend.

The night before, the one that was killed and the one with nothing new all lead to the same files. A copy is made in a
guarded child beside its place and recorded before it is swapped in; a copy that a person has changed is left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from duckdb import DuckDBPyConnection

from flows.errors import NightFailed
from flows.failpoints import reached
from flows.intake.grid import limits_of
from flows.intake.guarded import GuardedCalls, guarded_calls
from flows.intake.inbox import original
from flows.intake.returned import own_stem, returned_name
from flows.load.returns import WaitingWorkbook, waiting_workbooks
from flows.publish.returned_book import CopyOrder, Way, make_copy
from flows.publish.returned_page import MendPage, MendRow
from flows.publish.returned_record import ReturnsRecord, read_returns
from flows.publish.returned_words import Wording
from flows.settings import MIB, Settings
from schemas.catalog import Catalog
from schemas.layout import Layout
from schemas.wording import Sentences, load_sentences

NO_TEAM = "no-team"
MADE_AS = "1"  # raise it when copies come to look or read differently, and those that stand there are made anew
LONGEST_STEM = 120  # bytes of a name of at most 255
TEXT_SHEET = "Sheet1"
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as it ought to stand there."""

    path: str  # below raw/returned
    shows: str  # fingerprint of what it says
    page: MendPage
    waiting: WaitingWorkbook
    layouts: Sequence[Layout]


def send_back(con: DuckDBPyConnection, settings: Settings, catalog: Catalog) -> dict[str, int]:
    """Make `raw/returned` hold a copy for every workbook with ratings that wait, and no other of ours; how many are new.

    Raises:
        LayoutWrong: a file of the home's `schemas/sentences` breaks a rule.
        NightFailed: not even a list of what to mend can be written there.
    """
    languages = load_sentences((settings.own_schemas,))
    wanted = {copy.path: copy for copy in (_copy(waiting, languages, catalog) for waiting in waiting_workbooks(con))}
    record = read_returns(settings.raw / "returned")
    due = [copy for copy in wanted.values() if record.is_due(copy.path, copy.shows)]
    if due:
        memory = settings.child_memory_mib * MIB
        with guarded_calls(memory, settings.file_seconds, min(settings.n_processes, len(due))) as calls:
            _make(calls, settings, record, due)
        reached("copies made")
    record.swap_in()
    record.remove_others(wanted)
    return {"sheets sent back": len(due)}


def _copy(waiting: WaitingWorkbook, languages: Mapping[str, Sentences], catalog: Catalog) -> Copy:
    wording = Wording(languages, catalog, waiting)
    rows = tuple(MendRow(found.sheet, found.cell, *wording.problem_and_deed(found)) for found in waiting.places)
    own_name = PurePosixPath(waiting.workbook)
    page = MendPage(wording.sentences.headings, own_name.name, waiting.n_waiting, rows)
    path = f"{team_folder(waiting)}/{returned_name(safe_stem(own_stem(waiting.workbook)), waiting.sha256)}"
    shows = hashlib.sha256(repr((MADE_AS, waiting.sha256, page)).encode("utf-8", "surrogatepass")).hexdigest()
    return Copy(path, shows, page, waiting, wording.layouts)


def team_folder(waiting: WaitingWorkbook) -> str:
    """The raters' team where they have one and the same, else the first folder that the workbook lay in, else `no-team`."""
    folders = PurePosixPath(waiting.workbook).parts[:-1]
    team = waiting.teams[0] if len(waiting.teams) == 1 else next(iter(folders), "")
    plain = safe_stem(team) if team.strip() else NO_TEAM
    if plain == team or not team.strip():
        return plain
    # two teams never share a folder, however alike their names become
    return f"{plain}~{hashlib.sha256(team.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def safe_stem(name: str) -> str:
    """A name that is harmless in any file system: letters and digits of any script, spaces, `.`, `_`, `-` and brackets."""
    plain = "".join(c if c.isalnum() or c in " ._-()" else "-" for c in name)
    while len(plain.encode()) > LONGEST_STEM:
        plain = plain[:-1]
    plain = plain.lstrip(" .-").rstrip(" .") or "sheet"
    return f"{plain}_" if plain.partition(".")[0].casefold() in RESERVED else plain


def _make(calls: GuardedCalls, settings: Settings, record: ReturnsRecord, due: Iterable[Copy]) -> None:
    """Make copies in the best way that each allows: a child that dies or breaks off takes only that way with it."""
    left = list(due)
    for way in Way:
        orders = [_order(settings, copy, record.beside(copy.path), way) for copy in left]
        answers = calls.answers(make_copy, orders)
        for copy, order, answer in zip(left, orders, answers, strict=True):
            if answer is not None:
                record.stage(copy.path, copy.shows, order.part)
        left = [copy for copy, answer in zip(left, answers, strict=True) if answer is None]
    if left:
        raise NightFailed(
            f"{len(left)} of the sheets to be sent back could not be written to raw/returned. "
            "Look whether the disk is full or the folder is closed, then run the night again."
        )


def _order(settings: Settings, copy: Copy, part: Path, way: Way) -> CopyOrder:
    waiting = copy.waiting
    encoding = next((layout.encoding for layout in copy.layouts), None)
    delimiter = next((layout.delimiter for layout in copy.layouts), None)
    text_sheet = next((name for layout in copy.layouts for name in layout.sheet.name), TEXT_SHEET)
    suffix = PurePosixPath(waiting.workbook).suffix
    with suppress(FileExistsError):
        part.parent.mkdir(parents=True)
    return CopyOrder(
        original(settings, waiting.sha256), suffix, limits_of(settings), encoding, delimiter, text_sheet,
        copy.page, part, way,
    )  # fmt: skip
