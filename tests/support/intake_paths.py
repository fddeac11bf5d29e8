"""Paths that do to their reader what hostile files do, so that the pool can be tested without such files.

They travel into the reading child with their job; there, opening one is what goes wrong.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path, PosixPath
from typing import Any


class CountedPath(PosixPath):
    """Notes each time it is opened, in a file beside it."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Open the file, and write a line into the count."""
        with Path(f"{self}.opened").open("a") as log:
            log.write("opened\n")
        return super().open(*how, **more)


class AbortingPath(PosixPath):
    """Ends the process on the spot, as a reader written in Rust or C does when it gives up."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Never come back."""
        os.abort()


class KilledPath(PosixPath):
    """Is killed from outside while it is read, as often as its name's last digit says."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Be killed, or open the file."""
        killed = Path(f"{self}.killed")
        n = len(killed.read_text()) if killed.exists() else 0
        if n < int(self.name[-1]):
            killed.write_text("x" * (n + 1))
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open(*how, **more)


class HangingPath(PosixPath):
    """Takes longer than any night."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Come back too late."""
        time.sleep(3600)


class SpinningPath(PosixPath):
    """Works and works, and comes to no end."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Go round and round."""
        while True:
            pass


class HungryPath(PosixPath):
    """Asks for more memory than a child may have."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Take what is asked for, where that is allowed."""
        eaten = bytearray(4 << 30)
        raise AssertionError(f"{len(eaten)} bytes were given")


class BrokenPath(PosixPath):
    """Raises what nobody foresaw."""

    def open(self, *how: Any, **more: Any) -> Any:
        """Raise with a cell's content in the message."""
        raise RecursionError("CANARY")


class Leaving:
    """Ends the child that is told about it, as if nothing had gone wrong."""

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        """Unpacked, this is the end."""
        return os._exit, (0,)
