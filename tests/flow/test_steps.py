"""A step that breaks off says where, and never what it met."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from flows import nightly
from flows.console import Progress, Silence, show
from flows.errors import DiskTooFull, LayoutWrong, NightFailed, NightRunning
from flows.nightly import NightReport, batches, run_night
from flows.settings import Settings, load_settings, prefect_switches
from flows.status import read_last_night
from flows.steps import Do, StepBrokeOff, do_plainly

NOW = datetime(2026, 11, 23, 3, 15, tzinfo=UTC)
PRIVATE = "T-07 cried"


class PanicException(BaseException):
    """What a panic in Rust looks like from here."""


@pytest.mark.parametrize("error", [ValueError(PRIVATE), KeyError(PRIVATE), PanicException(PRIVATE)])
def test_what_nobody_foresaw_becomes_a_line_without_its_text(error: BaseException) -> None:
    def step() -> None:
        raise error

    with pytest.raises(StepBrokeOff) as told:
        do_plainly("load", step)

    kind = type(error).__name__
    assert re.fullmatch(rf"The step 'load' broke off: {kind} at flows/steps\.py line \d+\.", str(told.value))
    assert told.value.__cause__ is None
    assert told.value.__context__ is None
    assert PRIVATE.encode() not in pickle.dumps(told.value)


def test_our_own_error_passes_without_its_causes() -> None:
    def step() -> None:
        try:
            raise ValueError(PRIVATE)
        except ValueError as cause:
            raise LayoutWrong("The layout is wrong.") from cause

    with pytest.raises(LayoutWrong, match=r"^The layout is wrong\.$") as told:
        do_plainly("load", step)

    assert told.value.__cause__ is None
    assert told.value.__context__ is None


def test_ctrl_c_is_nobodys_failure() -> None:
    def step() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_plainly("load", step)


@pytest.mark.parametrize(("error", "may_pass"), [(OSError(PRIVATE), True), (ValueError(PRIVATE), False)])
def test_only_trouble_with_the_machine_may_pass(error: Exception, may_pass: bool) -> None:
    def step() -> None:
        raise error

    with pytest.raises(StepBrokeOff) as told:
        do_plainly("read sheets, batch 1 of 2", step)

    assert told.value.may_pass is may_pass


def test_what_is_read_comes_in_numbered_batches() -> None:
    assert batches(["a", "b", "c", "d", "e"], 2) == [(1, 3, ["a", "b"]), (2, 3, ["c", "d"]), (3, 3, ["e"])]
    assert batches([], 2) == []


def test_a_night_has_its_date_in_the_labs_time_zone() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert Settings(time_zone="Europe/Berlin").date_of(late) == date(2026, 11, 24)
    assert Settings(time_zone="America/Toronto").date_of(late) == date(2026, 11, 23)


def test_a_night_leaves_its_own_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _book(monkeypatch, lambda do: do("load", lambda: {"workbooks": 3}))

    report = run_night(load_settings(tmp_path), NOW, date(2026, 11, 23), do_plainly, Silence())

    record = read_last_night(load_settings(tmp_path))
    assert report.line == "Night of 2026-11-23: 3 workbooks."
    assert (record.outcome, record.step, record.message) == ("published", "load", report.line)
    assert (record.night_on, record.started_at, record.counts) == (date(2026, 11, 23), NOW, {"workbooks": 3})


def test_a_night_that_broke_off_says_so_in_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> dict[str, int]:
        raise DiskTooFull("Free 200 MiB.")

    _book(monkeypatch, lambda do: do("load", full))

    with pytest.raises(DiskTooFull):
        run_night(load_settings(tmp_path), NOW, date(2026, 11, 23), do_plainly, Silence())
    record = read_last_night(load_settings(tmp_path))
    assert (record.outcome, record.step, record.message, record.counts) == ("failed", "load", "Free 200 MiB.", {})


def test_a_second_night_leaves_the_first_ones_record_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(_: Do) -> dict[str, int]:
        raise NightRunning("Wait.")

    _book(monkeypatch, held)

    with pytest.raises(NightRunning):
        run_night(load_settings(tmp_path), NOW, date(2026, 11, 23), do_plainly, Silence())
    assert not (tmp_path / "warehouse" / "last-night.json").exists()


def test_progress_is_a_line_a_step_where_nobody_watches() -> None:
    out, ticks = StringIO(), iter([10.0, 12.5])
    progress = Progress(Terminal(file=out, width=80), clock=lambda: next(ticks))

    answer = show(progress, do_plainly)("read sheets, batch 1 of [2]", lambda: 5)
    progress.say("Done [really].")

    assert answer == 5
    assert out.getvalue() == "read sheets, batch 1 of [2]  2.5 s\nDone [really].\n"


def test_prefect_keeps_its_records_in_the_home_and_sends_nothing(tmp_path: Path) -> None:
    switches = prefect_switches(load_settings(tmp_path))

    assert switches["PREFECT_HOME"] == str(tmp_path / "warehouse" / "prefect")
    assert switches["DO_NOT_TRACK"] == "1"
    assert switches["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert int(switches["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"]) >= 180


def test_a_step_that_broke_off_is_a_night_that_failed() -> None:
    assert issubclass(StepBrokeOff, NightFailed)
    assert StepBrokeOff.exit_code == 10


def _book(monkeypatch: pytest.MonkeyPatch, counts) -> None:
    def book(_settings: Settings, _now: datetime, night_on: date, do: Do) -> NightReport:
        return NightReport(night_on, counts(do))

    monkeypatch.setattr(nightly, "run_book", book)
