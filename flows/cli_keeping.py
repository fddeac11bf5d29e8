"""The commands that take back, tell again, erase and keep; `flows/cli.py` gives them their names.

Each imports what it needs and no more, so that help answers at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from datetime import date as Date  # noqa: N812 - the parameters of commands are called date
from pathlib import Path

from flows.steps import do_plainly
from flows.terminal import Home, confirm, settings_at, tell
from schemas.codes import Role


def withdraw(
    session: str,
    rater: str = "",
    /,
    *,
    why: str,
    role: Role | None = None,
    instrument: str | None = None,
    date: Date | None = None,
    home: Home = None,
) -> None:
    """Take a rating back: every version of it that was ever sent. The publication follows at once.

    What was sent stays in history, and your reason stands in audit.change. The
    same form sent again does not bring the rating back; a corrected one does.

    A log of events is taken back as a rating is; its ratings stay.

    Examples: fidelity withdraw S-001 R-3 --why "rated the wrong recording"
              fidelity withdraw S-001 --why "a log of another recording"

    Parameters
    ----------
    session
        The session's id.
    rater
        The rater's id; left out for a log of events that names no rater.
    why
        The reason, in your words. Name no patient and no therapist in it.
    role
        As whom she rated, when she rated the session as several.
    instrument
        With which instrument, when she used several.
    date
        Stands in for today, as for nightly.
    """
    from flows.load.withdraw import Meant
    from flows.withdraw import withdraw as take_back

    settings, now = settings_at(home), datetime.now(UTC)
    tell(take_back(settings, now, date or settings.date_of(now), Meant(session, rater, why, role, instrument)))


def as_of(day: Date, /, *, home: Home = None) -> None:
    """Publish again what was known by the end of a day, under warehouse/published/as-of/.

    No inbox is read. Instruments, layouts, roster and settings are those of the
    last night up to that day; erased people stay erased.

    Example: fidelity as-of 2026-07-08

    Parameters
    ----------
    day
        The day, such as 2026-07-08.
    """
    from flows.as_of import publish_as_of

    tell(publish_as_of(settings_at(home), datetime.now(UTC), day))


def erase(
    *,
    patient: list[str] | None = None,
    therapist: list[str] | None = None,
    rater: list[str] | None = None,
    dry_run: bool = False,
    yes: bool = False,
    home: Home = None,
) -> None:
    """Erase people from the home: originals, tables, publications, known backups.

    Their ratings go, and so do the ratings that an erased rater made. What is
    left is published anew. A sheet sent again does not bring them back. It
    cannot be undone. Killed midway, it is finished by the next night or by the
    same command. At the end everything is searched for the ids.

    Examples: fidelity erase --patient P-12 --dry-run
              fidelity erase --therapist T-07 --rater R-3 --yes

    Parameters
    ----------
    patient
        A patient's id; may be given several times.
    therapist
        A therapist's id. A session that another therapist led as well stays for that one.
    rater
        A rater's id; the roster's other spellings are erased with it.
    dry_run
        Only say how much would go.
    yes
        Do not ask first.
    """
    from flows.keeping.erase import People, would_go
    from flows.keeping.erase import erase as erase_people

    settings, now = settings_at(home), datetime.now(UTC)
    people = People(patient or (), therapist or (), rater or ())
    if dry_run or not yes:
        tell(would_go(settings, people, now))
    if dry_run:
        return
    if not yes:
        confirm("erase")
    tell(do_plainly("erase", lambda: erase_people(settings, people, now)))


def backup(folder: Path, /, *, home: Home = None) -> None:
    """Copy the home, whole and with checksums, to FOLDER/<moment>.

    The home remembers where, so that `fidelity erase` can go through it.

    Example: fidelity backup /mnt/backup/fidelity
    """
    from flows.keeping.backups import make_backup

    place = do_plainly("backup", lambda: make_backup(settings_at(home), folder, datetime.now(UTC)))
    tell([f"The backup is whole: {place}"])


def restore(folder: Path, /, *, replace: bool = False, home: Home = None) -> None:
    """Put a backup back: one that `fidelity backup` made, or the newest in FOLDER.

    Every checksum is verified before anything is changed. Whoever was erased in
    the home since the backup was made is erased again.

    Example: fidelity restore /mnt/backup/fidelity --home /srv/fidelity --replace

    Parameters
    ----------
    folder
        The backup, or the folder of several.
    replace
        Put it in the place of what the home holds.
    """
    from flows.keeping.restore import restore as restore_home

    settings, now = settings_at(home), datetime.now(UTC)
    tell(do_plainly("restore", lambda: restore_home(settings, folder, now, replace=replace)))
