"""The temporary server of Prefect for a night that has no other: a child of the night, and gone when the night is gone.

Prefect would start one by itself, but that one goes on for ever when its night is killed, and keeps its records file open. Ours
reads a pipe whose other end the night holds: the kernel closes it however the night ends, and the server ends then.
A night on a server of the lab's own (PREFECT_API_URL; every scheduled night) starts none, and that server is not ours to end.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress

from flows.errors import NightFailed
from flows.settings import ROOT, has_server, prepare_server, use_server

START_SECONDS = 180  # a busy machine takes its time
STOP_SECONDS = 5
HOST = "127.0.0.1"

_running: list[TemporaryServer] = []


class TemporaryServer:
    """A server process that ends with this process; it answers on a free port of this machine only."""

    def __init__(self) -> None:
        with socket.create_server((HOST, 0)) as listening:
            self.url = f"http://{HOST}:{listening.getsockname()[1]}/api"
            number = listening.fileno()
            # Once it listens nobody else can take its port, and who asks too early waits instead of being turned away.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and words of our own
                [sys.executable, "-m", "flows.server", str(number)],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[number],
            )  # fmt: skip

    def wait_until_up(self) -> None:
        """Wait for its first answer.

        Raises:
            NightFailed: it ended, or did not answer in time.
        """
        import httpx

        with suppress(httpx.HTTPError):
            httpx.get(f"{self.url}/health", timeout=START_SECONDS).raise_for_status()
            return
        raise NightFailed(
            "Prefect's temporary server did not start. Run `fidelity nightly` again, or `fidelity nightly --plain`, "
            "which needs no server."
        )

    def stop(self) -> None:
        """End it, at once when it does not do so by itself."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def begin_server() -> None:
    """Start a temporary server unless the night has a server already; to be called before Prefect is imported."""
    if not has_server():
        server = TemporaryServer()
        atexit.register(server.stop)
        _running.append(server)
        use_server(server.url)


def wait_for_server() -> None:
    """Wait until the temporary server answers, where there is one."""
    for server in _running:
        server.wait_until_up()


# What follows runs in the server's process.


def _end_with_the_night() -> None:
    sys.stdin.buffer.read()  # nothing is ever written: it returns when the other end is closed
    os._exit(0)


def serve(listening: int) -> None:
    """Answer on a socket that listens already, until the night is gone."""
    threading.Thread(target=_end_with_the_night, daemon=True).start()
    prepare_server()
    import uvicorn

    config = uvicorn.Config("prefect.server.api.server:create_app", factory=True, log_level="error", lifespan="on")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
