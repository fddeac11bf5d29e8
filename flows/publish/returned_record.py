"""What we wrote into `raw/returned`, so that a copy is ours exactly as long as nobody has changed it.

The record (`.written.json`) holds, for each copy, the SHA-256 of the bytes we wrote and what they show. New bytes are
recorded before they are swapped in: a night killed at any moment leaves files that are known. A file that is not known
was changed or put there by a person, and is neither overwritten nor removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flows.failpoints import reached
from flows.intake.inbox import hash_file, write_whole
from flows.publish.workbook import sync_folder

RECORD = ".written.json"


@dataclass
class ReturnsRecord:
    """The record of one `raw/returned`: path below it -> SHA-256 of bytes we wrote -> fingerprint of what they show."""

    folder: Path
    written: dict[str, dict[str, str]]
    staged: dict[str, Path] = field(default_factory=dict)

    def is_due(self, path: str, shows: str) -> bool:
        """Whether a copy must be written: it is not there, or it is ours and shows something else."""
        there = self._bytes(path)
        if there is None:
            return True
        return self.written.get(path, {}).get(there, shows) != shows

    def beside(self, path: str) -> Path:
        """Where a copy is made before it is put in its place."""
        place = self.folder / path
        return place.with_name(f".{place.name}.part")

    def stage(self, path: str, shows: str, part: Path) -> None:
        """Take note of a copy that lies ready beside its place."""
        there = self._bytes(path)
        earlier = {sha: shown for sha, shown in self.written.get(path, {}).items() if sha == there}
        self.written[path] = {**earlier, hash_file(part): shows}
        self.staged[path] = part

    def swap_in(self) -> None:
        """Put what is staged in its place, after the record of it is on disk."""
        if not self.staged:
            return
        self._save()
        reached("copies noted")
        for path, part in self.staged.items():
            part.replace(self.folder / path)
            reached("between copies swapped")
        for parent in {part.parent for part in self.staged.values()}:
            sync_folder(parent)
        self.staged.clear()

    def remove_others(self, wanted: Container[str]) -> None:
        """Remove the copies of ours that are not wanted any more, unless a person changed them."""
        gone = [path for path in self.written if path not in wanted]
        for path in gone:
            if self._bytes(path) in self.written.pop(path):
                (self.folder / path).unlink()
                reached("between copies removed")
            with suppress(OSError):  # it still holds something, or is no longer there
                (self.folder / path).parent.rmdir()
        if gone:
            self._save()

    def _bytes(self, path: str) -> str | None:
        place = self.folder / path
        return hash_file(place) if place.is_file() else None

    def _save(self) -> None:
        write_whole(self.folder / RECORD, json.dumps(self.written, indent=0, sort_keys=True).encode())


def read_returns(folder: Path) -> ReturnsRecord:
    """The record of a folder, after what a killed night left half-made is cleared away; when it is lost, nothing is ours."""
    for left_over in folder.glob("*/.*.part"):
        left_over.unlink()
    try:
        read = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        written = {str(path): {str(b): str(s) for b, s in shown.items()} for path, shown in read.items()}
    except (OSError, ValueError, AttributeError):
        written = {}
    return ReturnsRecord(folder, {path: shown for path, shown in written.items() if _is_within(folder, path)})


def _is_within(folder: Path, path: str) -> bool:
    """Whether a recorded path stays in the folder: the record decides what is removed, and anyone may write to it."""
    return os.path.normpath(folder / path).startswith(f"{os.path.normpath(folder)}{os.sep}")
