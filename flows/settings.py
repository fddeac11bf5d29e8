"""The only reader of the environment and of `fidelity.toml`: where the home is, and every number a lab may set.

Prefect reads its own switches when it is imported, so `prepare_prefect` must be called before that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from flows.errors import SettingsWrong

# Before numpy is imported: the models' matrices are small, so threads would cost more than they bring; a lab's own word stands.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024
# What is said of a machine and not of a lab: a past night is told again on the machine of today.
OF_THE_MACHINE = frozenset(
    {
        *("home", "settle_seconds", "processes", "batch_files", "child_memory_mib", "file_seconds"),
        *("max_file_mib", "max_unpacked_mib", "max_cells", "min_free_mib", "duckdb_memory_mib", "stale_hours"),
    }
)


class Settings(BaseSettings):
    """Settings of one home. `fidelity.toml` in the home holds them; `FIDELITY_…` in the environment wins."""

    model_config = SettingsConfigDict(env_prefix="FIDELITY_", extra="forbid", frozen=True)

    home: Path = Field(default=Path(), description="The folder that holds raw/ and warehouse/.")
    lab: str = Field(default="Our lab", description="Name of the lab on covers.")
    contact: str = Field(
        default='No contact is set; add contact = "…" to fidelity.toml.', description="Contact line on covers."
    )
    time_zone: str = Field(default="Europe/Berlin", description="IANA zone in which a night has its date.")
    provisional: bool = Field(default=True, description="Whether the summary says provisional or final.")

    window_months: int = Field(default=24, ge=1, description="Sessions of this many months before the night count.")
    crisis_plan_by_session: int = Field(
        default=4, ge=1, description="A crisis plan that is in place later than by this session is late."
    )
    min_sessions: int = Field(default=4, ge=1, description="Fewer sessions than this: insufficient.")
    min_patients: int = Field(
        default=2, ge=0, description="Fewer patients than this: insufficient; not asked for in groups."
    )
    min_raters: int = Field(default=2, ge=1, description="Fewer raters than this: insufficient.")
    drift_points: float = Field(default=0.5, gt=0, description="A rater who moves further than this may be drifting.")
    drift_sessions: int = Field(
        default=4, ge=2, description="Co-rated sessions on either side from which drift is told."
    )
    min_reliability: float = Field(default=0.5, ge=0, le=1, description="Less reliable than this: insufficient.")
    sure_above: float = Field(
        default=0.9, gt=0.5, lt=1, description="Adequate, or a strength, from this probability on."
    )
    sure_below: float = Field(
        default=0.1, gt=0, lt=0.5, description="Below good enough up to this probability of adequacy."
    )
    strength_points: float = Field(default=1, ge=0, description="A strength lies so many points above the threshold.")
    trend_sessions: int = Field(default=8, ge=3, description="A trend needs so many dated sessions …")
    trend_days: int = Field(default=270, ge=1, description="… over so many days.")
    since: date | None = Field(default=None, description="Newest meeting date for 'since last time'; else since_days.")
    since_days: int = Field(default=90, ge=1, description="'Since last time' reaches back this many days.")

    consensus: Literal["when_used", "always", "never"] = Field(
        default="when_used",
        description="Whether sessions that two observers rated wait for a consensus; when_used: once the instrument has one.",
    )

    settle_seconds: float = Field(default=2, ge=0, description="Seconds between two looks at a file not seen before.")
    processes: int = Field(default=0, ge=0, description="Reading processes; 0: one a core, at most four.")
    batch_files: int = Field(default=2000, ge=1, description="Workbooks a batch.")
    child_memory_mib: int = Field(default=1024, ge=256, description="Memory limit of a reading process.")
    file_seconds: int = Field(
        default=20,
        ge=1,
        description="Seconds of work that reading one file may take; four times as long if it only waits.",
    )
    max_file_mib: int = Field(default=100, ge=1, description="Larger files are refused unread.")
    max_unpacked_mib: int = Field(default=300, ge=1, description="Files larger than this when unpacked are refused.")
    max_cells: int = Field(default=2_000_000, ge=1000, description="Sheets that span more cells are refused.")
    min_free_mib: int = Field(
        default=200, ge=0, description="Free disk space below which a night does not begin; 0: begin anyway."
    )
    duckdb_memory_mib: int = Field(default=512, ge=128, description="Memory limit of DuckDB.")
    keep_months: int | None = Field(
        default=None,
        ge=1,
        description="Ratings of sessions older than this many months are deleted each night; none: kept.",
    )
    stale_hours: int = Field(default=30, ge=1, description="`fidelity status` calls an older publication stale.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was given in code wins over the environment, which wins over the home's `fidelity.toml`."""
        given = init_settings()
        home = Path(given.get("home") or env_settings().get("home") or Path())
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "fidelity.toml")

    @property
    def inbox(self) -> Path:
        """Where sheets are dropped."""
        return self.home / "raw" / "inbox"

    @property
    def archive(self) -> Path:
        """Where originals are kept under their SHA-256."""
        return self.home / "raw" / "archive"

    @property
    def raw(self) -> Path:
        """Where the roster is."""
        return self.home / "raw"

    @property
    def warehouse(self) -> Path:
        """Where the working file is."""
        return self.home / "warehouse"

    @property
    def published(self) -> Path:
        """Where people look."""
        return self.warehouse / "published"

    @property
    def own_schemas(self) -> Path:
        """The lab's own instruments and layouts."""
        return self.home / "schemas"

    def date_of(self, moment: datetime) -> date:
        """The date of a moment in the lab's time zone."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def n_processes(self) -> int:
        """Reading processes to run."""
        return self.processes or min(4, os.cpu_count() or 1)


def load_settings(home: Path | None = None, **given: object) -> Settings:
    """Settings of a home; `home` defaults to `FIDELITY_HOME`, then to the current directory.

    Raises:
        SettingsWrong: a setting is unknown or cannot be used.
    """
    if home is not None:
        given["home"] = home
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsWrong(
            f"The setting {name} cannot be used: {first['msg']}. Correct fidelity.toml or FIDELITY_{name.upper()}."
        ) from None
    return settings.model_copy(update={"home": settings.home.expanduser().resolve()})


def text_of_settings(settings: Settings) -> str:
    """What a lab has chosen, as a text to be kept; the home and the limits of the machine aside."""
    return settings.model_dump_json(exclude=set(OF_THE_MACHINE))


def settings_of_then(today: Settings, kept: str) -> Settings:
    """The settings that were kept as a text, on the machine of today.

    A setting of then that is unknown today is left out, and one that was unknown then has its default.

    Raises:
        SettingsWrong: a setting of then cannot be used any more.
    """
    fields = Settings.model_fields
    chosen = {name: field.get_default() for name, field in fields.items() if name not in OF_THE_MACHINE}
    chosen |= {name: value for name, value in json.loads(kept).items() if name in chosen}
    return load_settings(**{name: getattr(today, name) for name in OF_THE_MACHINE}, **chosen)


def failpoint() -> str:
    """Where a test wants the night to end (`flows.failpoints`); "" in a lab."""
    return os.environ.get("FIDELITY_FAILPOINT", "")


def set_failpoint(asked: str) -> None:
    """Let the night that this process is about to have end at a failpoint; for a process that has only that night."""
    os.environ["FIDELITY_FAILPOINT"] = asked


def bare_environment() -> dict[str, str]:
    """The environment without anything that says where a home or a server is, or how a lab wants its nights."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("FIDELITY_", "PREFECT_"))}
    # Python does not notice when the compiled module that it writes is cut short by a full disk, and reads it next time.
    return bare | {"PYTHONDONTWRITEBYTECODE": "1"}


def prepare_prefect(settings: Settings, environ: dict[str, str] | None = None) -> None:
    """Set Prefect's home and switches in the environment; a value that is already there is left alone.

    Prefect reads them on import: pyproject's `[tool.prefect]` is read from the current directory only, and
    `DO_NOT_TRACK` from the environment only.
    """
    environ = os.environ if environ is None else environ  # type: ignore[assignment]
    assert environ is not None  # noqa: S101 - narrows the type
    for name, value in prefect_switches(settings).items():
        environ.setdefault(name, value)


def prepare_children(environ: MutableMapping[str, str] | None = None) -> None:
    """Switch backtraces of Rust libraries off: one that runs out of memory while it prints its backtrace never ends."""
    (os.environ if environ is None else environ)["RUST_BACKTRACE"] = "0"


def has_server() -> bool:
    """Whether a server of Prefect was named for the nights of this process."""
    return bool(os.environ.get("PREFECT_API_URL"))


def use_server(url: str) -> None:
    """Name the server for the nights of this process."""
    os.environ["PREFECT_API_URL"] = url


def prepare_server() -> None:
    """Let the server that this process is about to be do without what only a lasting one needs: pages and schedules."""
    os.environ |= {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


def prefect_switches(settings: Settings) -> Mapping[str, str]:
    """The environment in which Prefect keeps its records in the home and sends nothing anywhere."""
    return {
        "PREFECT_HOME": str(settings.warehouse / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # With Prefect's own 5, a night whose server has died lingers for minutes; success never hangs on it.
        "PREFECT_CLIENT_MAX_RETRIES": "1",
        # On the terminal the night speaks for itself, and an error is one line; Prefect's log is in its database.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "DO_NOT_TRACK": "1",
    }
