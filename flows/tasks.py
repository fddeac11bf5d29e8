"""The night as a Prefect flow: names, retries, time limits, an artifact. No logic of the night is here.

Prefect keeps parameters, states, logs and results in its database, and nothing that a sheet says may be
there. Steps are closures, hence tasks have no parameters; results are not persisted; and only errors that
`flows.steps` has cut loose from their causes get out of a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import date as date_type
from pathlib import Path
from typing import Any

import httpx
from prefect import State, flow, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.console import Console, Silence
from flows.errors import FidelityError, NightFailed
from flows.nightly import NightReport, run_night
from flows.settings import load_settings
from flows.start import end_quietly
from flows.steps import Do, StepBrokeOff, T, cut_loose, do_plainly

STEP_SECONDS = 3 * 60 * 60  # far above any honest step; one that hangs ends before the next night begins
# Steps that may simply be done again: they write nothing, or write the same bytes under the same name.
REPEATABLE = ("receive sheets", "read sheets", "publish", "send sheets back")

Night = Callable[[Do], NightReport]


def do_as_task(name: str, step: Callable[[], T]) -> T:
    """Carry a step out as a Prefect task run of that name.

    Called directly, never submitted: a submitted task that fails unread leaves its flow COMPLETED, and its
    time limit does not cut a running query.
    """
    kind = name.partition(",")[0]

    @task(
        name=kind,
        task_run_name=name,
        retries=1 if kind in REPEATABLE else 0,
        retry_delay_seconds=2,
        retry_condition_fn=_may_pass,
        timeout_seconds=STEP_SECONDS,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    def carry_out() -> T:
        return do_plainly(name, step)

    return carry_out()


def _may_pass(_task: object, _run: object, state: State[object]) -> bool:
    return isinstance(state.data, StepBrokeOff) and state.data.may_pass


@dataclass(slots=True)
class Ending:
    """How the night ended, kept here because a server that dies takes the flow run's state with it."""

    report: NightReport | None = None
    error: FidelityError | None = None


async def _carry_out(night: Night, ending: Ending) -> State[object]:
    """The body of every flow here: plain functions, called in this thread one after the other."""
    try:
        ending.report = night(do_as_task)
    except FidelityError as wrong:
        ending.error = wrong
        raise
    await _keep_counts(ending.report)
    return Completed(message=ending.report.line)


async def _keep_counts(report: NightReport) -> None:
    rows = "\n".join(f"| {what} | {n} |" for what, n in report.counts.items())
    markdown = f"# Night of {report.night_on}\n\n| what | how many |\n|---|---:|\n{rows}\n"
    # The night is published already; its picture in Prefect is an extra.
    with suppress(httpx.HTTPError, PrefectException):
        await acreate_markdown_artifact(markdown, key="night", description="Counts of one night")


def _night_name() -> str:
    given = flow_run.parameters.get("date")
    return f"night of {given}" if given else "night"


@flow(name="nightly", flow_run_name=_night_name, retries=0, persist_result=False, validate_parameters=False)
async def nightly(home: str | None = None, date: str | None = None) -> State[object]:
    """One night in the home given, else FIDELITY_HOME. A date (2026-11-23) stands in for today."""
    return await _carry_out(lambda do: _begin(home, date, do), Ending())


def _begin(home: str | None, given: str | None, do: Do) -> NightReport:
    end_quietly()
    now = datetime.now(UTC)
    settings = load_settings(Path(home) if home else None)
    night_on = date_type.fromisoformat(given) if given else settings.date_of(now)
    return run_night(settings, now, night_on, do, Silence())


def run_in_engine(name: str, night: Night, console: Console) -> NightReport:
    """Run a night as a flow run of this process: on the server of PREFECT_API_URL, else on a temporary one.

    Success is judged by the night itself, not by what the server heard of it: a server that dies midway
    does not fail a night that was published.

    Raises:
        FidelityError: as the night raised it.
        NightFailed: when the engine broke off before the night was done.
    """
    ending = Ending()

    @flow(name="nightly", flow_run_name=name, retries=0, persist_result=False)
    async def nightly_here() -> State[object]:
        return await _carry_out(night, ending)

    try:
        _run_until_done(nightly_here())
    except Exception as broken:  # noqa: BLE001 - whatever an engine may raise, the night's own word counts
        kind = type(broken).__name__
    else:
        kind = ""
    if ending.error is not None:
        raise cut_loose(ending.error)
    if ending.report is None:
        raise NightFailed(
            f"Prefect's engine stopped before the night was done ({kind}). Run `fidelity nightly` again, or "
            "`fidelity nightly --plain`, which needs no engine."
        )
    if kind:
        console.say(f"The night is done; Prefect's server could not be told ({kind}).")
    return ending.report


def _run_until_done(flow_run: Coroutine[Any, Any, object]) -> None:
    # Not asyncio.run: it turns the first Ctrl-C into the cancelling of a task, which no step would notice.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(flow_run)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
