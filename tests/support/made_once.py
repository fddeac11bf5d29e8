"""Folders that several test files begin with, made once in a run of the tests, however many processes it has."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, which the first process to ask for it makes; the others wait. Nobody may change it: copy it.

    It lies in the run's own temporary folder, so that no run sees anything of another.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then each process has its own folder in that of the run
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel releases it, also when this process is killed
        if not folder.exists():
            begun = root / f"{name}.begun"
            make(begun)
            begun.rename(folder)
    return folder
