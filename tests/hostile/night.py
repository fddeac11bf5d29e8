"""One plain night in a process of its own, which tells how much memory it took: `python -m tests.hostile.night HOME DATE`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from flows.cli import main

if __name__ == "__main__":
    home, night_on = sys.argv[1:]
    code = main(["nightly", "--plain", "--home", home, "--date", night_on])
    # of this process alone: what getrusage tells includes what its parent had when it started it
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    Path(home, "peak-kib").write_text(peak[1] if peak else "0")
    sys.exit(code)
