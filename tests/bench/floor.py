"""The least that anyone could do with the same files: copy them, hash them, and read the rated sheet with calamine."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from python_calamine import CalamineWorkbook

from flows.forms.form_layout import RATING_SHEET

WARM_UP_SECONDS = 0.3


def floor_seconds(files: Sequence[Path], scratch: Path, n_processes: int) -> float:
    """Seconds that `n_processes` processes, started beforehand, need to copy, hash and read all files."""
    shares = [(files[k::n_processes], scratch / f"floor-{k}") for k in range(n_processes)]
    with multiprocessing.get_context("forkserver").Pool(n_processes) as pool:
        pool.map(_warm_up, range(n_processes), chunksize=1)
        began = time.perf_counter()
        pool.starmap(_handle, shares, chunksize=1)
        seconds = time.perf_counter() - began
    for _files, folder in shares:
        shutil.rmtree(folder)
    return seconds


def _warm_up(_number: int) -> None:
    time.sleep(WARM_UP_SECONDS)  # long enough that no process takes the turn of another


def _handle(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir()
    for number, path in enumerate(files):
        content = path.read_bytes()
        hashlib.sha256(content).hexdigest()
        (folder / str(number)).write_bytes(content)
        with CalamineWorkbook.from_path(str(path)) as workbook:
            workbook.get_sheet_by_name(RATING_SHEET).to_python()
