"""An inbox into which everything was dropped: hostile files, good ones, and what is no file at all."""

from __future__ import annotations

import os
import random
import socket
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.intake.inbox import BY_NAME, NO_FILE, shown
from tests.hostile.books import FORMATS, good
from tests.hostile.corpus import CORPUS
from tests.support.lab import Lab

GIB = 1 << 30
LIMITS = """
settle_seconds = 0.05
processes = 2
child_memory_mib = 700
file_seconds = 15
max_file_mib = 16
max_unpacked_mib = 24
max_cells = 100000
"""
NFC, NFD = (unicodedata.normalize(form, "s\u00e9ance \u00e5.csv") for form in ("NFC", "NFD"))
# names that some program, terminal or person stumbles over
ODD_NAMES = (
    "=1+1.csv",
    "@SUM(A1).csv",
    "-rf.csv",
    "a\nb.csv",
    "tab\tbed.csv",
    "turned\u202egnp.csv",
    "zero\u200bwidth.csv",
    "bell\x07 and \x1b[31mred.csv",
    "\U0001f9e0\U0001f44d\U0001f3fd.csv",
    "'; drop table.csv",
    "<script>alert(1)</script>.csv".replace("/", "\u2215"),
    "n" * 250 + ".csv",
    NFC,
    NFD,
)
IGNORED = (
    "~$scores.xlsx",
    ".~lock.scores.ods#",
    "Thumbs.db",
    ".DS_Store",
    "desktop.ini",
    "~WRL0001.tmp",
    "scores.xlsx.part",
)
FUZZED = 12  # variants of each format


@dataclass(frozen=True)
class Expected:
    """What must become of a file: its outcome, and where that is known its reason and the session it rates."""

    outcome: str
    reason: str = ""
    session: str = ""


def make_home(home: Path, outside: Path) -> dict[str, Expected]:
    """A lab's home with a full inbox; gives back what must become of each file whose fate is certain, by shown name."""
    lab = Lab(home, validates=True).draws()
    (home / "fidelity.toml").write_text(LIMITS)
    inbox = lab.settings.inbox
    expected: dict[str, Expected] = {}
    for hostile in CORPUS:
        _drop(inbox / "hostile" / hostile.name, hostile.make())
    for kind in FORMATS:
        session = f"S-good-{kind}"
        _drop(inbox / "good" / f"a.{kind}", good(kind, session))
        expected[f"good/a.{kind}"] = Expected("accepted", session=session)
    for name in IGNORED:
        _drop(inbox / "left" / name, good("xlsx", "S-lost"))
        expected[f"left/{name}"] = Expected("ignored", BY_NAME)
    expected |= dict(_odd_names(inbox)) | dict(_odd_places(inbox)) | dict(_no_files(inbox, outside))
    for name, content in fuzzed(random.Random(3), FUZZED):
        _drop(inbox / "fuzzed" / name, content)
    return expected


def _drop(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _odd_names(inbox: Path) -> Iterator[tuple[str, Expected]]:
    for number, name in enumerate(ODD_NAMES):
        _drop(inbox / name, good("csv", f"S-name-{number}"))
        yield shown(name), Expected("accepted", session=f"S-name-{number}")
    raw = b"caf\xe9 not unicode.csv"
    with open(os.fsencode(inbox) + b"/" + raw, "wb") as file:  # noqa: PTH123 - the name is bytes
        file.write(good("csv", "S-name-bytes"))
    yield shown(os.fsdecode(raw)), Expected("accepted", session="S-name-bytes")


def _odd_places(inbox: Path) -> Iterator[tuple[str, Expected]]:
    """Folders named like files, folders in folders without end, and one file under two names."""
    _drop(inbox / "folder.xlsx" / "in it.csv", good("csv", "S-in-folder"))
    yield "folder.xlsx/in it.csv", Expected("accepted", session="S-in-folder")
    deep = "/".join(["d" * 40] * 40)
    _drop(inbox / deep / "deep.csv", good("csv", "S-deep-down"))
    yield shown(f"{deep}/deep.csv"), Expected("accepted", session="S-deep-down")
    _drop(inbox / "one.csv", good("csv", "S-two-names"))
    os.link(inbox / "one.csv", inbox / "other.csv")
    yield "one.csv", Expected("accepted", session="S-two-names")
    yield "other.csv", Expected("duplicate", "The same bytes as one.csv.")
    with (inbox / "sparse.xlsx").open("wb") as sparse:
        sparse.truncate(10 * GIB)
    yield (
        "sparse.xlsx",
        Expected("refused", "The file is too large, or would be when unpacked. Send the rating sheets alone."),
    )


def _no_files(inbox: Path, outside: Path) -> Iterator[tuple[str, Expected]]:
    """Links to what is not the lab's, pipes, sockets and devices."""
    _drop(outside / "secret.csv", good("csv", "S-secret"))
    links = {
        "link to a file.csv": outside / "secret.csv",
        "link to a folder": outside,
        "link to itself.csv": inbox / "link to itself.csv",
        "link to nothing.csv": outside / "nothing.csv",
        "link upwards": Path(".."),
    }
    for name, target in links.items():
        (inbox / name).symlink_to(target)
        yield name, Expected("ignored", NO_FILE)
    os.mkfifo(inbox / "pipe.csv")
    yield "pipe.csv", Expected("ignored", NO_FILE)
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(inbox, os.O_RDONLY)  # the path of a socket must be short
        listening.bind(f"/proc/self/fd/{here}/socket.csv")
        os.close(here)
    yield "socket.csv", Expected("ignored", NO_FILE)


def fuzzed(chance: random.Random, n: int) -> Iterator[tuple[str, bytes]]:
    """Good files of every format with bytes changed, cut out, put in or repeated."""
    for kind in FORMATS:
        for number in range(n):
            yield f"{number}.{kind}", spoilt(good(kind, f"S-fuzz-{kind}-{number}"), chance)


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to eight changes."""
    spoiling = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(spoiling) + 1), chance.choice((1, 1, 1, 2, 4, 16, 200))
        what = chance.randrange(5)
        if what <= 1 and at < len(spoiling):
            spoiling[at] ^= 1 << chance.randrange(8)
        elif what == 2:
            spoiling[at : at + length] = chance.choice((b"\xff", b"\0", b"\x80", b"9")) * length
        elif what == 3:
            del spoiling[at : at + length]
        else:
            spoiling[at:at] = spoiling[at : at + length]
    return bytes(spoiling)
