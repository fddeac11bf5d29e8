"""The run-book from a held sheet to the mended copy that counts: real children, real publishing."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from openpyxl import load_workbook

from flows.load.connection import open_published
from flows.nightly import run_book
from flows.settings import ROOT, Settings, load_settings
from flows.steps import do_plainly
from tests.returned.returning import marks_of, places_of

EXAMPLES = ROOT / "raw" / "examples"


def test_a_norwegian_form_goes_back_in_norwegian_and_its_mended_copy_counts(tmp_path: Path) -> None:
    settings = _home(tmp_path)
    for name in ("OPPTAK-102 AH.xlsx", "OPPTAK-107 AH.xls"):
        shutil.copy(EXAMPLES / "night1" / "north" / name, settings.inbox / "north" / name)

    counts = _night(settings, dt.date(2026, 7, 1))
    first, second = sorted((settings.raw / "returned" / "north").glob("*.xlsx"))
    assert (counts["held"], counts["sheets sent back"]) == (2, 2)
    book = load_workbook(first)
    assert book.sheetnames == ["Må rettes", "Skåring"]
    assert list(marks_of(book)) == ["Skåring!D17"]
    assert places_of(book) == [
        (
            "Skåring",
            "D17",
            "Tallet for punkt 6, Etterlevelse, ligger mellom to trinn på skalaen.",
            "Før inn et helt tall fra 1 til 7, eller IA (ingen anledning), ? (kunne ikke vurderes).",
        )
    ]
    rebuilt = load_workbook(second)
    assert list(marks_of(rebuilt)) == ["Skåring!C8"]
    assert rebuilt["Skåring"]["B4"].value == "Opptak nr"

    book["Skåring"]["D17"] = 5
    book.save(settings.inbox / first.name)
    rebuilt["Skåring"]["C8"] = "AH"
    rebuilt.save(settings.inbox / second.name)
    counts = _night(settings, dt.date(2026, 7, 8))
    assert (counts["accepted"], counts["held"], counts["sheets sent back"]) == (2, 0, 0)
    assert list((settings.raw / "returned").rglob("*.xlsx")) == []
    with open_published(settings.published / "fidelity.duckdb") as con:
        assert con.execute("select count(*) from quality.held_rating").fetchall() == [(0,)]
        assert con.execute("select code, closed_at is null from quality.finding order by code").fetchall() == [
            ("half_point", False),
            ("rater_missing", False),
        ]
        assert con.execute(
            "select value from supervision.session_item where session_id = 'OPPTAK-102' and cell = 'D17'"
        ).fetchall() == [(5.0,)]


def _home(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path, settle_seconds=0)
    (settings.inbox / "north").mkdir(parents=True)
    shutil.copytree(EXAMPLES / "schemas", settings.own_schemas)
    for roster in EXAMPLES.glob("*.csv"):
        shutil.copy(roster, settings.raw)
    return settings


def _night(settings: Settings, on: dt.date) -> dict[str, int]:
    return dict(run_book(settings, dt.datetime.combine(on, dt.time(4, 15), dt.UTC), on, do_plainly).counts)
