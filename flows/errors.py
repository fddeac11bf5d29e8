"""One family of errors. Each class has an exit code, and its message says the next step to a person.

Expected trouble in a sheet is not an error but a finding (`flows.intake.findings`); an error means that
the night, or what a person asked for, cannot go on.
"""

from __future__ import annotations


class FidelityError(Exception):
    """Anything this project raises on purpose. The message is one line and names no cell's content."""

    exit_code = 1


class UsageError(FidelityError):
    """What was asked for does not make sense as asked."""

    exit_code = 2


class SettingsWrong(FidelityError):
    """A setting in `fidelity.toml` or the environment cannot be used."""

    exit_code = 3


class InstrumentWrong(FidelityError):
    """An instrument file breaks a rule, or two different ones share an id and version."""

    exit_code = 4


class LayoutWrong(FidelityError):
    """A layout file breaks a rule, or two different ones share an id and version."""

    exit_code = 5


class RosterWrong(FidelityError):
    """The roster cannot be read or contradicts itself."""

    exit_code = 6


class NightRunning(FidelityError):
    """Another night holds the lock."""

    exit_code = 7


class PublishingStopped(FidelityError):
    """An audit failed; yesterday's publication stays."""

    exit_code = 8


class DiskTooFull(FidelityError):
    """There is not enough free space to work safely."""

    exit_code = 9


class NightFailed(FidelityError):
    """The night did not finish; the message names the step."""

    exit_code = 10


class SheetRefused(FidelityError):
    """A workbook that a person asked for by name cannot be read."""

    exit_code = 11


class StillFound(FidelityError):
    """After an erasure something of the person is still there; the message names the files."""

    exit_code = 13


class BackupWrong(FidelityError):
    """A backup cannot be made there, is not whole, or may not replace what is there."""

    exit_code = 14


class NotFresh(FidelityError):
    """`fidelity status`: the last night is too old, or failed, or never was."""

    exit_code = 12


class ProofFailed(FidelityError):
    """`fidelity prove`: something that was tried was not survived, or something was lost."""

    exit_code = 16
