"""What was written, so that a workbook whose content is unchanged stays as it is, byte for byte.

A folder's record (`.fingerprints.json`) holds, for each workbook, the SHA-256 of the bytes we wrote and of the
content they show. New bytes are recorded before they are swapped in, so that a night killed at any moment leaves
files that are known. A workbook whose bytes are not ours was changed by a person — a therapist typed her answer into
it — and is never overwritten: it is set aside under another name.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from flows.failpoints import reached
from flows.publish.workbook import sync_folder

RECORD = ".fingerprints.json"
ASIDE = "~changed-by-hand-"
BY_HAND = ""  # stands for the content of a workbook that a person has changed


def fingerprint(*content: object) -> str:
    """SHA-256 over the written form of some content (numbers, texts, dates, and tuples and lists of them)."""
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class FolderRecord:
    """The record of one folder: for each workbook's name what was written, each (bytes, content), newest last."""

    folder: Path
    writings: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    staged: dict[str, Path] = field(default_factory=dict)
    n_aside: int = 0
    is_changed: bool = False

    def shows(self, name: str, content: str) -> bool:
        """True when the workbook there shows this content, whether or not a person wrote into it since."""
        written = self.writings.get(name)
        path = self.folder / name
        if not written or not zipfile.is_zipfile(path):
            return False
        return dict(written).get(_hash_file(path), written[-1][1]) == content

    def stage(self, name: str, content: str, beside: Path) -> None:
        """Take note of a workbook that lies ready beside its place."""
        path = self.folder / name
        there = _hash_file(path) if path.exists() else ""
        known = [pair for pair in self.writings.get(name, []) if pair[0] == there]
        # Named, so that a night killed before the swap does not take a person's copy of the old for one of the new.
        earlier = known or ([(there, BY_HAND)] if there else [])
        self.writings[name] = [*earlier, (_hash_file(beside), content)]
        self.staged[name] = beside
        self.is_changed = True

    def swap_in(self, today: date) -> None:
        """Put what is staged in place, setting aside what a person has changed; then the record is on disk."""
        if not self.is_changed:
            return
        self._save()
        reached("workbooks noted")
        for name, beside in self.staged.items():
            self._set_aside(name, today)
            beside.replace(self.folder / name)
            reached("between workbooks")
        self.staged.clear()
        self.is_changed = False
        sync_folder(self.folder)

    def remove_others(self, names: set[str]) -> int:
        """Remove the workbooks we once wrote that are not among `names`, set-aside copies included; how many."""
        gone = [name for name in self.writings if name not in names]
        for name in gone:
            for path in (self.folder / name, *self._aside(name)):
                path.unlink(missing_ok=True)
            del self.writings[name]
            self.is_changed = True
        return len(gone)

    def _set_aside(self, name: str, today: date) -> None:
        path = self.folder / name
        if not path.exists() or dict(self.writings[name]).get(_hash_file(path), BY_HAND) != BY_HAND:
            return
        if any(_hash_file(copy) == _hash_file(path) for copy in self._aside(name)):
            return  # by a night that was killed before it put the new one in place
        stem = f"{path.stem}{ASIDE}{today.isoformat()}"
        taken = len(list(self.folder.glob(f"{_literal(stem)}*.xlsx")))
        aside = path.with_name(f"{stem}{f'-{taken + 1}' if taken else ''}.xlsx")
        try:
            os.link(path, aside)  # until the new sheet replaces it, the old one keeps its place
        except OSError:  # a file system that gives a file one name only
            path.rename(aside)
        self.n_aside += 1

    def _aside(self, name: str) -> list[Path]:
        return list(self.folder.glob(f"{_literal(Path(name).stem + ASIDE)}*.xlsx"))

    def _save(self) -> None:
        beside = self.folder / f"{RECORD}.part"
        with beside.open("w", encoding="utf-8") as file:
            json.dump(self.writings, file, indent=0, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / RECORD)


def read_record(folder: Path) -> FolderRecord:
    """The record of a folder. When it is lost, every workbook there counts as one we wrote in another form."""
    for left_over in (*folder.glob(".*.xlsx.part"), *folder.glob(f"{RECORD}.part")):
        left_over.unlink()
    try:
        read = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return FolderRecord(folder, {name: [(b, c) for b, c in pairs] for name, pairs in read.items()})
    except (OSError, ValueError, AttributeError, TypeError):
        return FolderRecord(folder, {path.name: [] for path in folder.glob("*.xlsx") if ASIDE not in path.name})


def _literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
