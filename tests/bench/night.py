"""One night in a process of its own, told phase by phase: `python -m tests.bench.night HOME STARTED_AT [--plain]`.

It prints one line of JSON: phase -> seconds. STARTED_AT is the monotonic clock when the process was asked for.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.settings import load_settings
from tests.bench.sheets import NIGHT_ON

PHASES = {
    "receive sheets": "receive",
    "choose what to read": "receive",
    "read sheets": "read and validate",
    "load": "load",
    "settle what counts": "models",
    "measure": "models",
    "make marts": "models",
    "publish": "publish",
    "send sheets back": "send back",
    "clear inbox": "clear inbox",
}
EXCEL = ("write_summary", "write_supervision_sheets")


class Stopwatch:
    """A night's console that keeps the seconds of each phase and shows nothing."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the step's time to its phase."""
        with self.phase(PHASES[name.partition(",")[0]]):
            yield

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time of the block to a phase."""
        began = time.monotonic()
        yield
        self.seconds[name] += time.monotonic() - began

    def say(self, line: str) -> None:
        """Show nothing."""


def main(home: Path, started_at: float, *, is_plain: bool) -> None:
    """Run the night and print what each phase took."""
    import flows.publish.night as publishing
    from flows.nightly import NightReport, run_night
    from flows.server import begin_server, wait_for_server
    from flows.start import prepare_engine
    from flows.steps import Do, do_plainly

    settings = load_settings(home, settle_seconds=0)
    if not is_plain:
        prepare_engine(settings)
        begin_server()
        from flows.tasks import run_in_engine
    watch = Stopwatch()
    for name in EXCEL:
        setattr(publishing, name, _timed(getattr(publishing, name), watch))
    watch.seconds["imports"] = (imported := time.monotonic()) - started_at
    inside = 0.0

    def night(do: Do) -> NightReport:
        nonlocal inside
        began = time.monotonic()
        report = run_night(settings, datetime.now(UTC), NIGHT_ON, do, watch)
        inside = time.monotonic() - began
        return report

    if is_plain:
        report = night(do_plainly)
    else:
        wait_for_server()
        report = run_in_engine("benchmark", night, watch)
    whole = time.monotonic() - imported
    watch.seconds["publish"] -= watch.seconds["Excel"]
    counts = {f"n {what}": n for what, n in report.counts.items()}
    steps = sum(watch.seconds.values()) - watch.seconds["imports"]
    print(json.dumps({**watch.seconds, "Prefect": whole - inside, "between steps": inside - steps, **counts}))


def _timed(write: Callable[..., Any], watch: Stopwatch) -> Callable[..., Any]:
    def written(*args: object) -> object:
        with watch.phase("Excel"):
            return write(*args)

    return written


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), is_plain="--plain" in sys.argv[3:])
