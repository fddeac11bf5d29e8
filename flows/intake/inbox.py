"""Receiving: every settled file of the inbox is noted, hashed and kept under its SHA-256 before anything else happens.

A night's receipt is written whole, in one step, before the first original is kept: a night that is killed has either
received all its sheets or none, and `received_at` is the same for all of them whatever happens afterwards.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath

from flows.failpoints import reached
from flows.settings import Settings

IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
IGNORED_PREFIXES = ("~$", ".~lock.", "._")
LONGEST_NAME = 300
Look = tuple[int, int]  # size in bytes, time of last change in nanoseconds


@dataclass(frozen=True, slots=True)
class Received:
    """One file of the inbox. `sha256` is "" when it is ignored or still arriving."""

    workbook: str  # path below the inbox, with / between folders, made safe to show
    sha256: str
    received_at: dt.datetime  # UTC, naive
    kind: str  # "sheet", "ignored" or "arriving"
    inbox_path: str  # path below the inbox, as the file system has it
    as_sent: str = ""  # SHA-256 of the bytes in the inbox, where a redacted copy is kept in their stead
    places: tuple[tuple[str, str, str], ...] = ()  # sheet, first cell and finding code of ratings that were left out

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case."""
        return PurePosixPath(self.workbook).suffix.lower()


Screen = Callable[[Path, list["Received"]], list["Received"]]


def as_they_are(_incoming: Path, taken: list[Received]) -> list[Received]:
    """The screen of a home in which nobody was erased and nothing grows too old."""
    return taken


def receive(
    settings: Settings,
    stamp: dt.datetime,
    wait: Callable[[float], None] = time.sleep,
    screen: Screen = as_they_are,
) -> list[Received]:
    """Look at the inbox twice, take what has settled, and keep the originals; gives back all that is in the inbox.

    `screen` may put redacted copies in the place of files that name someone who was erased, before anything of them is noted.
    `stamp` (UTC, naive) is when sheets count as first seen. The list is in order of arrival: by time of change, then name.
    Before them stands what a night that did not commit had received and what has left the inbox since: a receipt is kept.
    """
    inbox = settings.inbox
    first = look(inbox)
    if any(not is_ignored(name) for name in first):
        wait(settings.settle_seconds)
    second = look(inbox)
    incoming = settings.archive / ".incoming"
    _keep_what_was_noted(settings, incoming)
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True, exist_ok=True)
    taken = [
        _take(inbox / name, incoming / str(number), name, seen if first.get(name) == seen else None, stamp)
        for number, (name, seen) in enumerate(sorted(second.items(), key=lambda found: (found[1][1], found[0])))
    ]
    taken = screen(incoming, taken)
    reached("before receipt")
    gone = _gone_since(settings, taken)
    noted = write_receipt(settings, stamp, [*gone, *taken])
    reached("after receipt")
    for number, sheet in enumerate(noted[len(gone) :]):
        if sheet.kind == "sheet":
            _keep(incoming / str(number), original(settings, sheet.sha256))
            reached("between originals")
    reached("originals kept")
    shutil.rmtree(incoming)
    return noted


def look(inbox: Path) -> dict[str, Look]:
    """Regular files below the inbox, by path, with size and time of last change; links are not followed."""
    found: dict[str, Look] = {}
    for folder, _folders, files in os.walk(inbox, followlinks=False):
        for name in files:
            path = f"{folder}/{name}"  # plain text: ten thousand Path objects take longer than the looking
            with suppress(FileNotFoundError):
                seen = os.lstat(path)
                if stat.S_ISREG(seen.st_mode):
                    found[path.removeprefix(f"{inbox}/")] = (seen.st_size, seen.st_mtime_ns)
    return found


def is_ignored(name: str) -> bool:
    """Whether a file is no sheet by its name: an office program's lock, a thumbnail, a hidden file."""
    last = PurePosixPath(name).name.casefold()
    return last in IGNORED_NAMES or last.startswith(IGNORED_PREFIXES) or last.startswith(".")


def shown(name: str) -> str:
    """A file's name, safe to show and to store: unprintable characters replaced, overlong names cut in the middle."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(printable) <= LONGEST_NAME:
        return printable
    return f"{printable[: LONGEST_NAME // 2]}…{printable[-LONGEST_NAME // 2 + 1 :]}"


def _take(found: Path, copy: Path, name: str, settled: Look | None, stamp: dt.datetime) -> Received:
    """Note one file; `settled` is how it looked both times, None when it changed. What cannot be taken whole is arriving."""
    if is_ignored(name):
        return Received(shown(name), "", stamp, "ignored", name)
    sha256 = None if settled is None else _copy(found, copy, settled)
    if sha256 is None:
        return Received(shown(name), "", stamp, "arriving", name)
    return Received(shown(name), sha256, stamp, "sheet", name)


def _copy(found: Path, copy: Path, settled: Look) -> str | None:
    """Copy and hash in one pass, so that what is kept is what was hashed; None when it went or changed meanwhile."""
    digest = hashlib.sha256()
    try:
        with found.open("rb") as source, copy.open("wb") as target:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
            now = os.fstat(source.fileno())
    except (FileNotFoundError, PermissionError):  # taken away again, or open in a program that locks it
        return None
    reached("between copies")
    return digest.hexdigest() if (now.st_size, now.st_mtime_ns) == settled else None


def _keep_what_was_noted(settings: Settings, incoming: Path) -> None:
    """Keep the copies that a killed night had noted in its receipt and had not yet put in their places."""
    noted = {sheet.sha256 for sheet in open_receipts(settings)}
    for copy in incoming.glob("*") if noted else ():
        if (sha256 := hash_file(copy)) in noted:
            _keep(copy, original(settings, sha256))


def _gone_since(settings: Settings, taken: Iterable[Received]) -> list[Received]:
    """What a night that did not commit had noted and kept, and what nobody finds in the inbox now as it was then."""
    there = {(sheet.workbook, sheet.sha256) for sheet in taken}
    noted = {(sheet.workbook, sheet.sha256): sheet for sheet in open_receipts(settings)}
    return [sheet for key, sheet in noted.items() if key not in there and _is_kept(settings, sheet.sha256)]


def _is_kept(settings: Settings, sha256: str) -> bool:
    path = original(settings, sha256)
    return path.is_file() and hash_file(path) == sha256


def _keep(copy: Path, kept: Path) -> None:
    # in place of any file already there: that one may be a torn copy of a machine that lost its power
    try:
        copy.replace(kept)
    except FileNotFoundError:  # the first with these two digits
        kept.parent.mkdir(parents=True, exist_ok=True)
        copy.replace(kept)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receipts_folder(settings: Settings) -> Path:
    """Where receipts are kept until their night is committed."""
    return settings.warehouse / "receipts"


def write_receipt(settings: Settings, stamp: dt.datetime, received: Iterable[Received]) -> list[Received]:
    """Note tonight's sheets in one step; a sheet that a killed night had noted keeps the time of that night."""
    before = {(r.workbook, r.sha256): r.received_at for r in open_receipts(settings)}
    dated = [replace(r, received_at=before.get((r.workbook, r.sha256), r.received_at)) for r in received]
    if any(r.kind == "sheet" for r in dated):
        lines = [json.dumps(_noted(r)) for r in dated if r.kind == "sheet"]
        path = receipts_folder(settings) / f"{stamp:%Y%m%dT%H%M%S%f}.jsonl"
        write_whole(path, "\n".join(lines).encode())
    return dated


def _noted(sheet: Received) -> dict[str, object]:
    noted = {f.name: getattr(sheet, f.name) for f in fields(sheet)} | {"received_at": sheet.received_at.isoformat()}
    # the name of a file that was redacted may be what must not be kept
    return noted | ({"inbox_path": sheet.workbook} if sheet.as_sent else {})


def open_receipts(settings: Settings) -> Iterator[Received]:
    """Sheets noted by nights that were not committed, oldest first."""
    for path in sorted(receipts_folder(settings).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            noted = json.loads(line)
            noted["received_at"] = dt.datetime.fromisoformat(noted["received_at"])
            noted["places"] = tuple((sheet, cell, code) for sheet, cell, code in noted.get("places", ()))
            yield Received(**noted)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    reached("receipt half written")
    partial.replace(path)


def original(settings: Settings, sha256: str) -> Path:
    """Where the bytes with this hash are kept."""
    return settings.archive / sha256[:2] / sha256


def clear_inbox(settings: Settings, received: Iterable[Received]) -> int:
    """After the commit: remove from the inbox the sheets that are kept, and the receipts. Gives back how many left."""
    os.sync()  # the kept originals reach the disk before the sheets leave the inbox
    reached("before clearing")
    n_left = 0
    for sheet in received:
        path = settings.inbox / sheet.inbox_path
        # a file that changed since it was hashed is a new arrival and stays for the next night
        if sheet.kind == "sheet" and path.is_file() and hash_file(path) == (sheet.as_sent or sheet.sha256):
            path.unlink()
            n_left += 1
            reached("between files cleared")
    reached("inbox cleared")
    for receipt in receipts_folder(settings).glob("*"):  # and what is left of one that a killed night was writing
        receipt.unlink()
        reached("between receipts")
    return n_left
