"""Bytes become grids of cells, whatever the name says, or the file is refused with a reason that fits."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from flows.intake.findings import Refused
from flows.intake.grid import OLE, Grid, Kind, Limits, find_delimiter, open_workbook
from schemas.codes import Code
from tests.support.intake_sheets import ODS_MIMETYPE, csv_bytes, drawn, ods_bytes, ods_package, xlsx_bytes

SAVED = Path(__file__).parent / "saved"
EXAMPLES = Path(__file__).parents[2] / "raw" / "examples"
LIMITS = Limits(file_bytes=1 << 20, unpacked_bytes=1 << 22, cells=100_000)
TABLE = {"Scores": drawn("Session | A\n S-1 | 4\n S-2 | 4.5")}
NOISE = hashlib.shake_256(b"noise").digest(5000)
CELLS = [["Session", "A"], ["S-1", 4], ["S-2", 4.5]]


def grids(
    tmp_path: Path, name: str, content: bytes, encoding: str | None = None, delimiter: str | None = None
) -> list[Grid]:
    """The sheets of a file with this name and content."""
    path = tmp_path / "file"
    path.write_bytes(content)
    return open_workbook(path, Path(name).suffix, LIMITS).grids(encoding, delimiter)


def refusal(tmp_path: Path, name: str, content: bytes, limits: Limits = LIMITS) -> Code:
    """The code with which a file is refused."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        _ = [grid.rows for grid in open_workbook(path, Path(name).suffix, limits).grids(None, None)]
    return refused.value.code


@pytest.mark.parametrize("name", ["a.xlsx", "a.XLS", "a.csv", "a", "a.pdf"])
def test_the_bytes_decide_and_not_the_name(tmp_path: Path, name: str) -> None:
    assert [grid.rows for grid in grids(tmp_path, name, xlsx_bytes(TABLE))] == [CELLS]
    assert [grid.rows for grid in grids(tmp_path, name, ods_bytes(TABLE))] == [CELLS]


@pytest.mark.parametrize(("name", "kind"), [("calc.xlsx", Kind.XLSX), ("calc.xls", Kind.XLS), ("calc.ods", Kind.ODS)])
def test_what_calc_saved_is_read_with_its_dates_hidden_rows_and_hidden_sheets(name: str, kind: Kind) -> None:
    book = open_workbook(SAVED / name, ".dat", LIMITS)
    scores, scratch = book.grids(None, None)
    assert book.kind is kind
    assert (scores.name, scores.is_hidden, scratch.name, scratch.is_hidden) == ("Scores", False, "Scratch", True)
    assert scores.rows[1] == ["S-1", "R-1", "T-1", "P-1", dt.date(2026, 6, 2), "", ""]
    assert scores.rows[4] == ["S-4", "R-1", "T-1", "P-1", dt.date(2026, 6, 5), 4, 6]


def test_leading_empty_rows_and_columns_keep_their_places(tmp_path: Path) -> None:
    (grid,) = grids(tmp_path, "a.xlsx", xlsx_bytes({"S": drawn(".\n. | . | x".replace("\n", "\n. | . | .\n"))}))
    assert grid.rows[2][2] == "x"


def test_merged_cells_are_known_by_their_corners(tmp_path: Path) -> None:
    (grid,) = grids(tmp_path, "a.xlsx", xlsx_bytes(TABLE, merged=["A1:B1"]))
    assert grid.merged == (((0, 0), (0, 1)),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le-mark"])
def test_delimited_text_is_read_in_every_common_writing(tmp_path: Path, delimiter: str, encoding: str) -> None:
    table = [["Sitzung", "Gefühl"], ["S-1", "7"]]
    content = csv_bytes(table, encoding=encoding.removesuffix("-mark"), delimiter=delimiter)
    if encoding == "utf-16-le-mark":
        content = b"\xff\xfe" + content
    (grid,) = grids(tmp_path, "a.csv", content)
    assert grid.rows == table


def test_an_encoding_that_the_layout_names_is_used_where_the_text_is_not_utf_8(tmp_path: Path) -> None:
    assert grids(tmp_path, "a.csv", "Škola;A\n".encode("cp1250"), "cp1250")[0].rows == [["Škola", "A"]]
    assert grids(tmp_path, "a.csv", "Škola;A\n".encode(), "cp1250")[0].rows == [["Škola", "A"]]


def test_an_encoding_that_nobody_knows_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        grids(tmp_path, "a.csv", "Škola;A\n".encode("cp1250"), "no-such-encoding")


def test_quoted_cells_ragged_rows_and_a_stray_nul_are_read(tmp_path: Path) -> None:
    text = (
        'Session,Remark\r\nS-1,"one, ""two""\r\nand three"\r\nS-2\r\nS-3,x,y\r\n' + "S-4,fine\r\n" * 20 + "S\0-5,z\r\n"
    )
    (grid,) = grids(tmp_path, "a.csv", text.encode())
    assert grid.rows[1:4] == [["S-1", 'one, "two"\r\nand three'], ["S-2"], ["S-3", "x", "y"]]
    assert grid.rows[-1] == ["S-5", "z"]


@pytest.mark.parametrize(
    ("text", "mark"),
    [("a;b\n1,5;2", ";"), ("a,b\n", ","), ("title\na\tb\n", "\t"), ("a|b|c", "|"), ("only", ","), ("", ",")],
)
def test_the_delimiter_is_the_one_that_the_first_line_with_one_uses(text: str, mark: str) -> None:
    assert find_delimiter(text) == mark


def test_excel_s_unicode_text_is_read_and_other_texts_are_no_spreadsheets(tmp_path: Path) -> None:
    assert grids(tmp_path, "a.txt", "Session\tA\r\nS-1\t4\r\n".encode("utf-16"))[0].rows == [
        ["Session", "A"],
        ["S-1", "4"],
    ]
    assert refusal(tmp_path, "readme.txt", b"Please read me, and then the rest.\n") is Code.NOT_A_SPREADSHEET


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"<!doctype html><table><tr><td>4</td></tr></table>"),
        ("a.xls", b"  <html><table></table></html>"),
        ("a.csv", NOISE),
        ("a.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + NOISE),
        ("photo.jpg", b"\xff\xd8\xff\xe0 a photo"),
        ("mail.eml", b"Dear all, here are the scores: 4;5;6"),
        ("letter.doc", OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le")),
    ],
)
def test_what_is_no_spreadsheet_is_refused_as_such(tmp_path: Path, name: str, content: bytes) -> None:
    assert refusal(tmp_path, name, content) is Code.NOT_A_SPREADSHEET


def test_a_zip_that_is_no_spreadsheet_is_refused_as_such(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.xlsx", packed({"word/document.xml": b"<x/>"})) is Code.NOT_A_SPREADSHEET


def test_an_empty_file_is_refused_as_empty(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.xlsx", b"") is Code.EMPTY_FILE


@pytest.mark.parametrize("name", ["password.xls", "password.ods"])
def test_a_password_set_in_calc_is_told_as_one(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, name, (SAVED / name).read_bytes()) is Code.PASSWORD


def test_an_encrypted_office_file_is_told_as_having_a_password(tmp_path: Path) -> None:
    content = OLE + b"\0" * 504 + "EncryptionInfo".encode("utf-16-le") + "EncryptedPackage".encode("utf-16-le")
    assert refusal(tmp_path, "a.xlsx", content) is Code.PASSWORD


def test_an_encrypted_zip_is_told_as_having_a_password(tmp_path: Path) -> None:
    content = bytearray(xlsx_bytes(TABLE))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:  # set the flag of every member in the central directory
        content[at + 8] |= 1
        at += 4
    assert refusal(tmp_path, "a.xlsx", bytes(content)) is Code.PASSWORD


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_half_a_file_is_refused_as_damaged(tmp_path: Path, kind: str, part: float) -> None:
    whole = (SAVED / f"calc.{kind}").read_bytes()
    path = tmp_path / "file"
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises((Refused, BaseException)) as broken:
        open_workbook(path, f".{kind}", LIMITS)
    # the reader of .xls panics on some cuts; the panic is turned into a refusal where a file's reading ends
    assert type(broken.value).__name__ == "PanicException" or broken.value.code is Code.DAMAGED


def test_broken_compression_is_damage(tmp_path: Path) -> None:
    content = bytearray(ods_package("<x/>"))
    at = content.find(ODS_MIMETYPE.encode())
    content[at] ^= 0xFF
    assert refusal(tmp_path, "a.ods", bytes(content)) in (Code.DAMAGED, Code.NOT_A_SPREADSHEET)


def test_limits_of_size_are_held_before_anything_is_unpacked(tmp_path: Path) -> None:
    small = Limits(file_bytes=100, unpacked_bytes=1 << 22, cells=100)
    assert refusal(tmp_path, "a.csv", b"a;b\n" * 100, small) is Code.TOO_LARGE
    bomb = packed({"xl/workbook.xml": b"\0" * (5 << 20)})
    assert len(bomb) < 10_000
    assert refusal(tmp_path, "a.xlsx", bomb) is Code.TOO_LARGE


def test_a_sheet_with_one_stray_cell_far_away_spans_too_many_cells(tmp_path: Path) -> None:
    rows = [["Session"], *([""] for _ in range(400)), [*[""] * 300, "x"]]
    assert refusal(tmp_path, "a.xlsx", xlsx_bytes({"S": rows})) is Code.STRAY_CELL


def test_text_with_too_many_cells_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b",".join([b"x"] * 1000) + b"\n" + b"," * 100_000)
    with pytest.raises(Refused) as refused:
        open_workbook(path, ".csv", LIMITS).grids(None, None)
    assert refused.value.code is Code.TOO_MANY_CELLS


def packed(members: dict[str, bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("name", ["OPPTAK-101 ML.xlsx", "OPPTAK-102 BL.xls", "OPPTAK-101 BL.ods"])
def test_a_lab_s_form_reads_the_same_from_every_kind_of_file(name: str) -> None:
    (grid,) = open_workbook(EXAMPLES / "night1" / "north" / name, Path(name).suffix, LIMITS).grids(None, None)
    assert grid.rows[3][1:3] == ["Opptak nr", name.split()[0]]
