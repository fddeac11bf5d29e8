"""The night in Prefect's engine: few stories, each told by the real thing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.flow.conftest import Nights
from tests.flow.nights import CANARY
from tests.flow.server import Server, prefect, running, wait_for

BERLIN = ZoneInfo("Europe/Berlin")
# Again and again, because a busy server may plan a single moment only after it has passed.
SOON = {"active": True, "schedule": {"interval": 15, "timezone": "UTC"}}

# All in one file, hence in one process: two servers at a time are more than a small machine carries.
pytestmark = pytest.mark.engine


def test_a_night_runs_on_a_temporary_server_that_records_its_steps(temporary: Nights, home: Path) -> None:
    assert temporary.answers["whole"]["counts"] == {"workbooks": 3, "held": 1}
    with closing(sqlite3.connect(home / "warehouse" / "prefect" / "prefect.db")) as records:
        flow = "select id, state_type, parameters from flow_run where name = 'night whole'"
        [(flow_id, state, parameters)] = records.execute(flow).fetchall()
        steps = "select name, state_type from task_run where flow_run_id = ? order by start_time"
        tasks = records.execute(steps, [flow_id]).fetchall()
        [(counts,)] = records.execute("select data from artifact where flow_run_id = ?", [flow_id]).fetchall()
    assert (state, parameters) == ("COMPLETED", "{}")
    assert tasks == [
        ("receive sheets", "COMPLETED"),
        ("read sheets, batch 1 of 2", "COMPLETED"),
        ("read sheets, batch 2 of 2", "COMPLETED"),
    ]
    assert "| workbooks | 3 |" in counts


def test_a_server_that_dies_midway_does_not_fail_a_night_that_was_done(temporary: Nights) -> None:
    assert temporary.answers["without_server"]["counts"] == {"workbooks": 3, "held": 1}
    assert temporary.answers["without_server"]["seconds"] < 90
    assert "The night is done; Prefect's server could not be told (ConnectError)." in temporary.printed


def test_nothing_that_a_step_met_reaches_prefect_or_the_terminal(served: Nights, home: Path) -> None:
    errors = {name: night.get("error") for name, night in served.answers.items()}
    assert errors == {
        "unforeseen": "StepBrokeOff",
        "foreseen": "LayoutWrong",
        "between_steps": "StepBrokeOff",
        "passing": None,
        "whole": None,
    }
    assert not any(night.get("chained") for night in served.answers.values())
    assert CANARY not in served.printed
    kept = [path for path in (home / "warehouse").rglob("*") if path.is_file()]
    assert [path.name for path in kept if CANARY.encode() in path.read_bytes()] == []
    # The search would find it: what these nights were allowed to tell is there.
    assert any(b"The step 'load' broke off: ValueError" in path.read_bytes() for path in kept)


def test_a_step_that_may_be_repeated_is_tried_once_more_when_the_trouble_may_pass(served: Nights) -> None:
    assert served.answers["passing"]["counts"] == {"tries": 2}


def test_the_deployed_night_is_scheduled_fires_and_completes_on_a_worker(prefect_server: Server, home: Path) -> None:
    prefect_server.command("work-pool", "create", "nightly", "--type", "process")
    worker = {**prefect_server.environment, "PREFECT_WORKER_QUERY_SECONDS": "3"}  # instead of 10
    with running(prefect("worker", "start", "--pool", "nightly"), worker, home / "worker.log"):
        prefect_server.command("deploy", "--all")
        deployment = prefect_server.get("/deployments/name/nightly/nightly")
        planned = wait_for(lambda: _runs(prefect_server, "SCHEDULED"), "a scheduled run")
        prefect_server.add(f"/deployments/{deployment['id']}/schedules", [SOON])
        done = wait_for(lambda: _runs(prefect_server, "COMPLETED", "FAILED", "CRASHED"), "the night to end")

    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert not deployment["pull_steps"]
    starts = [datetime.fromisoformat(run["expected_start_time"]).astimezone(BERLIN) for run in planned]
    assert {f"{start:%H:%M}" for start in starts} == {"04:15"}
    told = [run["state"]["message"] for run in done]
    assert {(run["state_type"], run["auto_scheduled"]) for run in done} == {("COMPLETED", True)}, told
    assert (home / "warehouse" / "published" / "fidelity.duckdb").exists()


def _runs(prefect_server: Server, *states: str) -> list[dict[str, Any]]:
    runs = {"state": {"type": {"any_": list(states)}}, "deployment_id": {"is_null_": False}}
    return prefect_server.ask("/flow_runs/filter", flow_runs=runs, limit=50)
