"""How much memory a process and all that it started hold together, looked at again and again while they run."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")
LOOK_EVERY_SECONDS = 0.5  # a look at a large process takes 10 ms


def watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process to end; the most KiB that it and its descendants held at one time (0 where /proc is absent)."""
    most = 0
    while process.poll() is None:
        most = max(most, sum(_held_kib(pid) for pid in _family(process.pid)))
        try:
            process.wait(LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return most


def _family(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        try:
            # the name in brackets may hold spaces; the parent is the second field after it
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        children[int(parent)].append(int(folder.name))
    family, new = [], [root]
    while new:
        family += new
        new = [child for parent in new for child in children[parent]]
    return family


def _held_kib(pid: int) -> int:
    """Proportional set size: pages that processes share are counted once in all."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
