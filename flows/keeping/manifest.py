"""What a backup holds: every file of a home that is needed to have it again, with the SHA-256 of its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.errors import BackupWrong
from flows.intake.inbox import hash_file, write_whole
from flows.load.connection import WORKING_NAME
from flows.load.tombstones import KEYS_NAME

MANIFEST = "manifest.json"
# What a home is: whole folders, and single files. Prefect's records, locks and what nights left half done are none of it.
FOLDERS = ("raw", "schemas", "warehouse/published", "warehouse/receipts")
FILES = ("fidelity.toml", f"warehouse/{WORKING_NAME}", f"warehouse/{KEYS_NAME}", "warehouse/last-night.json")
NOT_KEPT = (".incoming", ".erasing")  # below raw/archive


def home_files(home: Path) -> Iterator[str]:
    """Every file of a home that a backup holds, as paths below the home; links are not followed."""
    for name in FOLDERS:
        for path in sorted((home / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and not set(NOT_KEPT) & set(path.parts):
                yield path.relative_to(home).as_posix()
    yield from (name for name in FILES if (home / name).is_file())


def write_manifest(backup: Path, about: Mapping[str, str]) -> None:
    """Write down what is there now."""
    sums = {name: hash_file(backup / name) for name in home_files(backup)}
    write_whole(backup / MANIFEST, json.dumps({**about, "files": sums}, indent=1, sort_keys=True).encode())


def read_manifest(backup: Path) -> dict[str, str]:
    """The SHA-256 of every file that a backup must hold.

    Raises:
        BackupWrong: there is no manifest, or it cannot be read.
    """
    try:
        found = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): str(sha256) for name, sha256 in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BackupWrong(f"{backup} is no whole backup: its {MANIFEST} is missing or unreadable.") from None


def about_of(backup: Path) -> dict[str, str]:
    """What a manifest says beside the files."""
    found = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    return {name: told for name, told in found.items() if name != "files"}


def check_backup(backup: Path) -> dict[str, str]:
    """Hold every file against its sum; gives back the sums.

    Raises:
        BackupWrong: a file is missing, differs or is too many; the message counts them and names the first.
    """
    sums = read_manifest(backup)
    there = set(home_files(backup))
    wrong = sorted(
        {name for name in sums if name not in there or hash_file(backup / name) != sums[name]} | (there - sums.keys())
    )
    if wrong:
        raise BackupWrong(
            f"{backup} is damaged: {len(wrong)} files are missing, differ or do not belong there, the first {wrong[0]}. "
            "Use another backup; nothing was changed."
        )
    return sums
