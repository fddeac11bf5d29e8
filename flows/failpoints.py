"""Named places where a test may end the night, so that what dying there leaves behind is known and not hoped.

Nothing here acts unless `FIDELITY_FAILPOINT` names a place, as `after receipt: kill` or `between originals: exit, 2` (the
second time it is reached). In a lab it is not set, and reaching a failpoint is one look at a variable that holds None.
What is promised at each of them: docs/decisions/death.md.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flows.errors import SettingsWrong

EXIT_CODE = 86  # of a night that ended at a failpoint by os._exit
# Every failpoint, in the order of the night; a name that is not here stops a test that uses it.
FAILPOINTS = (
    *("lock taken", "working file open"),
    *("between copies", "before receipt", "receipt half written", "after receipt", "between originals"),
    *("originals kept", "sheets chosen", "while children read", "sheets read"),
    *("staged", "judged", "ledger written", "loaded", "findings closed", "measured", "marts made"),
    *("before commit", "after commit"),
    *("lab file built", "between supervisors' files", "files audited"),
    *("workbooks noted", "between workbooks", "summary swapped", "between supervision folders"),
    *("workbooks written", "between swaps", "files swapped", "before standing", "standing noted"),
    *("between renewals", "working file closed"),
    *("before clearing", "between files cleared", "inbox cleared", "between receipts", "record half written"),
    *("after record",),
)
# Those of other commands than the night: of a withdrawal, and of a past night told again.
OTHER_FAILPOINTS = (
    *("withdrawal written", "withdrawal committed"),
    *("past copied", "past published", "between past folders", "past in place"),
)


class FailpointReached(RuntimeError):
    """What a night meets where a test wants it to fail rather than to die."""


def _exit() -> None:
    os._exit(EXIT_CODE)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail() -> None:
    raise FailpointReached


MODES: Mapping[str, Callable[[], None]] = {"exit": _exit, "kill": _kill, "raise": _fail}
_ASKED = re.compile(r"(?P<name>[^:]+): (?P<mode>[a-z]+)(, (?P<times>[1-9]\d*))?")


@dataclass(slots=True)
class _Armed:
    name: str
    end: Callable[[], None]
    times_left: int


_armed: _Armed | None = None


def arm(asked: str) -> None:
    """Let the night of this process end where `asked` says; "" disarms.

    Raises:
        SettingsWrong: there is no such failpoint or no such way to end.
    """
    global _armed
    found = _ASKED.fullmatch(asked)
    if not asked:
        _armed = None
    elif found is None or found["name"] not in (*FAILPOINTS, *OTHER_FAILPOINTS) or found["mode"] not in MODES:
        raise SettingsWrong("FIDELITY_FAILPOINT is for tests and names no failpoint. Unset it.")
    else:
        _armed = _Armed(found["name"], MODES[found["mode"]], int(found["times"] or 1))


def reached(name: str) -> None:
    """The night is at a failpoint: go on, unless a test wants it to end here."""
    if _armed is not None and _armed.name == name:
        _armed.times_left -= 1
        if _armed.times_left == 0:
            _armed.end()
