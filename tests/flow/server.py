"""Prefect's own server and worker for a test, as an operator starts them; every process ends with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300  # a busy machine takes its time


class Server:
    """A running Prefect server: its commands, its API and the environment in which both speak to it."""

    def __init__(self, environment: Mapping[str, str], port: int) -> None:
        self.environment = {**environment, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
        self._client = httpx.Client(base_url=self.environment["PREFECT_API_URL"], timeout=30)

    def ask(self, path: str, **filters: object) -> Any:
        """POST to the API and return what it answers."""
        answer = self._client.post(path, json=filters)
        answer.raise_for_status()
        return answer.json()

    def add(self, path: str, rows: list[dict[str, object]]) -> None:
        """POST a list of new things to the API."""
        self._client.post(path, json=rows).raise_for_status()

    def get(self, path: str) -> Any:
        """GET from the API."""
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    def is_up(self) -> bool:
        """Whether the API answers."""
        try:
            return self._client.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def command(self, *words: str) -> str:
        """Run `prefect …` against it and return what it printed."""
        done = subprocess.run(
            prefect(*words), cwd=ROOT, env=self.environment, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def prefect(*words: str) -> list[str]:
    """The words that run Prefect's command line."""
    return [sys.executable, "-m", "prefect", *words]


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Keep a command running in a process group of its own, ended at the end of the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield
        finally:
            _end(process)


@contextmanager
def server(environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """A Prefect server on a free port, with its records where the environment says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = prefect("server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui")
    with running(command, environment, folder / "server.log"):
        found = Server(environment, port)
        try:
            wait_for(found.is_up, "the server to answer")
            yield found
        finally:
            found.close()


def wait_for(ask: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is true, for as long as patience lasts."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.3)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {what}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for sent, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, sent)
            process.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
