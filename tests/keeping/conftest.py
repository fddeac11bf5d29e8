"""Homes whose nights run in this process; those that several tests begin with are made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pandera.config import config_context

from tests.keeping.homes import Home, reads_here, without_models, without_workbooks


@pytest.fixture
def home_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Home]]:
    """Makes a home under a name."""
    reads_here(monkeypatch)
    without_models(monkeypatch)
    without_workbooks(monkeypatch)  # other tests' matter, as tables' schemas are

    def make(name: str = "home", **settings: object) -> Home:
        (tmp_path / name / "raw").mkdir(parents=True)
        return Home(tmp_path / name, **settings)

    with config_context(validation_enabled=False):
        yield make


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    """Homes that were made before, by name, with how many nights each has had."""
    return {"": (tmp_path_factory.mktemp("prepared"), 0)}


@pytest.fixture
def copy_of(
    home_of: Callable[..., Home], prepared: dict[str, tuple[Path, int]], tmp_path: Path
) -> Callable[[str, Callable[[Home], None]], Home]:
    """A copy of the home that a function fills; it is filled once."""

    def copy(name: str, fill: Callable[[Home], None]) -> Home:
        if name not in prepared:
            home = home_of(f"first-{name}")
            fill(home)
            home.lab.leaves()
            kept = prepared[""][0] / name
            shutil.copytree(home.path, kept)
            prepared[name] = kept, home.n_nights
        kept, n_nights = prepared[name]
        shutil.copytree(kept, tmp_path / name)
        return Home(tmp_path / name, n_nights=n_nights)

    return copy
