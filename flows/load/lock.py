"""One night at a time in a home. The kernel drops the lock with the process that held it, however that process ended."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flows.errors import NightRunning
from flows.settings import Settings

_SIGNED = re.compile(r"process (\d+), since .+")


def _holder(signed: str) -> str:
    """Who holds the lock by what is written in it: a night that was killed leaves its name, and a new one writes its own late."""
    found = _SIGNED.fullmatch(signed.strip())
    return found[0] if found and _is_alive(int(found[1])) else "another process"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def night_lock(settings: Settings, now: datetime) -> Iterator[None]:
    """Hold the home's lock while a night works on it.

    Raises:
        NightRunning: another process holds it; the message says which and since when.
    """
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with (settings.warehouse / "night.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = _holder(file.read())
            raise NightRunning(
                f"A night is running in this home already ({holder}). Wait until it is done, then run again."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M} UTC")
        file.flush()
        yield
        file.truncate(0)
