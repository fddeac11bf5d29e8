"""Receiving: every settled file of the inbox is noted, hashed and kept under its SHA-256 before anything else happens.

A night's receipt is written whole, in one step, before the first original is kept: a night that is killed has either
received all its sheets or none, and `received_at` is the same for all of them whatever happens afterwards.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from flows.failpoints import reached
from flows.settings import MIB, Settings
from schemas.codes import Code

IGNORED_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store"})
IGNORED_PREFIXES = ("~$", ".")  # locks of office programs, and what is hidden
IGNORED_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".download")  # what programs have not finished writing
LONGEST_NAME = 300
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BY_NAME = "By its name it is no rating sheet."
NO_FILE = "It is a link, a pipe or a device and no file; links are not followed."
STILL_COPIED = "It was still being copied; it is looked at again on the next night."
CLOSED = "It may not be opened; it is looked at again on the next night."


class Look(NamedTuple):
    """How something in the inbox looks. Two that are equal: nothing was done to it in between."""

    size: int  # bytes
    changed_at: int  # nanoseconds
    inode: int
    is_file: bool  # a regular file; False for links, pipes, sockets, devices, and for folders that cannot be opened
    is_closed: bool = False  # it may not be looked into


@dataclass(frozen=True, slots=True)
class Received:
    """One file of the inbox. `sha256` is "" when it is ignored or still arriving."""

    workbook: str  # path below the inbox, with / between folders, made safe to show
    sha256: str
    received_at: dt.datetime  # UTC, naive
    kind: str  # "sheet", "ignored", "arriving", or "refused" when it is not even taken
    inbox_path: str  # path below the inbox, as the file system has it
    reason: str = ""  # in words, of all but sheets
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
        _take(settings, name, incoming / str(number), seen, stamp, is_settled=first.get(name) == seen)
        for number, (name, seen) in enumerate(sorted(second.items(), key=lambda found: (found[1].changed_at, found[0])))
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
    """All that lies below the inbox but folders, by path; links are not followed.

    A folder that cannot be opened stands for what is in it. Folders are gone through one after the other, however deep.
    """
    found: dict[str, Look] = {}
    folders = [""]
    while folders:
        below = folders.pop()
        try:
            with os.scandir(f"{inbox}/{below}") as entries:
                for entry in entries:
                    _look_at(entry, f"{below}{entry.name}", found, folders)
        except FileNotFoundError:
            continue
        except OSError:  # it may not be opened, or its path is longer than the system allows
            found[below.rstrip("/")] = Look(0, 0, 0, is_file=False, is_closed=True)
    return found


def _look_at(entry: os.DirEntry[str], path: str, found: dict[str, Look], folders: list[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        folders.append(f"{path}/")
        return
    try:
        seen = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError:
        found[path] = Look(0, 0, 0, is_file=False, is_closed=True)
        return
    found[path] = Look(seen.st_size, seen.st_mtime_ns, seen.st_ino, stat.S_ISREG(seen.st_mode))


def is_ignored(name: str) -> bool:
    """Whether a file is no sheet by its name: an office program's lock, a thumbnail, a hidden file."""
    last = PurePosixPath(name).name.casefold()
    return last in IGNORED_NAMES or last.startswith(IGNORED_PREFIXES) or last.endswith(IGNORED_ENDINGS)


def shown(name: str) -> str:
    """A file's name, safe to show and to store: unprintable characters replaced, overlong names cut in the middle.

    A name that is not shown as it is carries a fingerprint, so that two which would look alike stay two.
    """
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if printable == name and len(name) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if len(printable) > LONGEST_NAME:
        half = (LONGEST_NAME - len(mark)) // 2 - 1
        return f"{printable[:half]}…{mark}…{printable[-half:]}"
    path = PurePosixPath(printable)
    return str(path.with_name(f"{path.stem}~{mark}{path.suffix}"))


def _take(settings: Settings, name: str, copy: Path, seen: Look, stamp: dt.datetime, *, is_settled: bool) -> Received:
    """Note one file, and copy it when it is a sheet that looked the same both times."""
    sha256, kind, reason = "", "ignored", BY_NAME
    if seen.is_closed:
        kind, reason = "arriving", CLOSED
    elif not seen.is_file:
        reason = NO_FILE
    elif not is_ignored(name):
        kind, reason = "arriving", STILL_COPIED
        if is_settled and seen.size > settings.max_file_mib * MIB:
            kind, reason = "refused", Code.TOO_LARGE.kind.sentence
        elif is_settled:
            sha256, reason = _copy(settings.inbox / name, copy, seen)
            kind = "sheet" if sha256 else kind
    return Received(shown(name), sha256, stamp, kind, name, reason)


def _copy(found: Path, copy: Path, settled: Look) -> tuple[str, str]:
    """Copy and hash in one pass, so that what is kept is what was hashed.

    Gives back the hash, or "" and the reason when the file went, changed, or may not be opened.
    """
    digest, n_left = hashlib.sha256(), settled.size + 1  # never more than was there: a file may grow for ever
    try:
        with _open_file_alone(found) as source, copy.open("wb") as target:
            while n_left > 0 and (block := source.read(min(n_left, 1 << 20))):
                digest.update(block)
                target.write(block)
                n_left -= len(block)
            now = os.fstat(source.fileno())
    except PermissionError:  # it is not ours to read, or open in a program that locks it
        return "", CLOSED
    except OSError as broke:
        if broke.errno in NO_ROOM:
            raise
        return "", STILL_COPIED  # taken away again, or a link was put in its place
    reached("between copies")
    is_same = Look(now.st_size, now.st_mtime_ns, now.st_ino, stat.S_ISREG(now.st_mode)) == settled
    return (digest.hexdigest(), "") if is_same else ("", STILL_COPIED)


def _open_file_alone(path: Path) -> BinaryIO:
    """Open without following a link, and without waiting for whoever may hold the other end of a pipe."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


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
    n_left, root = 0, settings.inbox.resolve()
    is_ours = lru_cache(lambda folder: folder.resolve().is_relative_to(root))  # asked once a folder, not once a file
    for sheet in received:
        path = settings.inbox / sheet.inbox_path
        # a folder that was replaced by a link meanwhile leads elsewhere: what lies there is not ours to remove
        if sheet.kind == "sheet" and is_ours(path.parent) and _is_still_there(path, sheet.as_sent or sheet.sha256):
            path.unlink()
            n_left += 1
            reached("between files cleared")
    reached("inbox cleared")
    for receipt in receipts_folder(settings).glob("*"):  # and what is left of one that a killed night was writing
        receipt.unlink()
        reached("between receipts")
    return n_left


def _is_still_there(path: Path, sha256: str) -> bool:
    """Whether the file is what was received; one that changed since is a new arrival and stays for the next night."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and hash_file(path) == sha256
    except OSError:
        return False
