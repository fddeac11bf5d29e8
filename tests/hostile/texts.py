"""Hostile text, OpenDocument, and what is no spreadsheet at all."""

from __future__ import annotations

import io
import tarfile
import zlib

from schemas.codes import Code
from tests.hostile.books import good
from tests.hostile.containers import zip_bytes
from tests.hostile.made import READ, hostile
from tests.support.intake_sheets import _ODS_HEAD, ods_package

HEADER = "session,rater,therapist,adherence,competence\r\n"


def ods(rows: str) -> bytes:
    """An OpenDocument spreadsheet with these rows in its one sheet."""
    body = f'<table:table table:name="Sheet1">{rows}</table:table>'
    return ods_package(f"{_ODS_HEAD}{body}</office:spreadsheet></office:body></office:document-content>")


def in_ods(*texts: str, more: str = "") -> str:
    """A row of texts."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"{more}><text:p>{t}</text:p></table:table-cell>' for t in texts
    )
    return f"<table:table-row>{cells}</table:table-row>"


ODS_RATING = in_ods("session", "rater", "therapist", "adherence", "competence") + in_ods("S-{}", "R-1", "T-1", "4", "5")


@hostile("password.ods", Code.PASSWORD)
def encrypted_ods() -> bytes:
    """An OpenDocument file with a password: its manifest says how its parts are encrypted."""
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    manifest = (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{space}"><manifest:file-entry manifest:full-path="content.xml" '
        'manifest:media-type="text/xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>'
    )
    return ods_package("\x9f\x12 not XML", manifest)


@hostile("repeated.ods", Code.TOO_MANY_CELLS, Code.STRAY_CELL)
def repeated_billions() -> bytes:
    """One cell that stands for a billion columns in a row that stands for a billion rows."""
    row = in_ods("x", more=' table:number-columns-repeated="1000000000"')
    return ods(row.replace("<table:table-row>", '<table:table-row table:number-rows-repeated="1000000000">'))


@hostile("repeated blanks.ods", READ)
def repeated_blanks() -> bytes:
    """Blank rows and columns to the sheet's end, as LibreOffice writes them below every table."""
    wide = '<table:table-cell table:number-columns-repeated="16384"/>'
    blank = f'<table:table-row table:number-rows-repeated="1048574">{wide}</table:table-row>'
    return ods(ODS_RATING.format("blanks") + blank)


@hostile("stray.ods", Code.STRAY_CELL)
def stray_ods() -> bytes:
    """A stray cell in the last row and column, behind blanks."""
    gap = '<table:table-row table:number-rows-repeated="1048573"><table:table-cell/></table:table-row>'
    far = in_ods("x").replace(
        "<table:table-row>", '<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
    )
    return ods(ODS_RATING.format("lost") + gap + far)


@hostile("negative repeats.ods", Code.DAMAGED, READ)
def negative_repeats() -> bytes:
    """A cell that stands for minus one columns, and one for more than any number holds."""
    row = in_ods("x", more=' table:number-columns-repeated="-1"') + in_ods(
        "x", more=' table:number-columns-repeated="99999999999999999999999"'
    )
    return ods(ODS_RATING.format("negative") + row)


@hostile("laughs.ods", Code.DAMAGED)
def laughs_ods() -> bytes:
    """A billion laughs in an OpenDocument file."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    whole = f"{_ODS_HEAD}{in_ods('&l9;')}</office:spreadsheet></office:body></office:document-content>"
    head, _, rest = whole.partition("?>")
    return ods_package(f'{head}?><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>{rest}')


@hostile("blank.ods", Code.EMPTY_WORKBOOK)
def blank_ods() -> bytes:
    """An OpenDocument spreadsheet in which nothing was entered."""
    return ods("<table:table-row><table:table-cell/></table:table-row>")


@hostile("flat.fods", Code.NOT_A_SPREADSHEET)
def flat_ods() -> bytes:
    """An OpenDocument spreadsheet as one XML file, which is not among the formats that are read."""
    return (_ODS_HEAD + "</office:spreadsheet></office:body></office:document-content>").encode()


for share in (2, 30, 60, 95):

    @hostile(f"first {share} of a hundred.ods", Code.DAMAGED)
    def truncated_ods(share: int = share) -> bytes:
        """Half an OpenDocument file."""
        whole = good("ods", "S-lost")
        return whole[: len(whole) * share // 100]


@hostile("text document.ods", Code.NOT_A_SPREADSHEET)
def text_document() -> bytes:
    """A letter of LibreOffice under a spreadsheet's name."""
    return zip_bytes({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"})


@hostile("empty.xlsx", Code.EMPTY_FILE)
def empty() -> bytes:
    """Nothing."""
    return b""


@hostile("only spaces.csv", Code.EMPTY_WORKBOOK, Code.EMPTY_FILE)
def only_spaces() -> bytes:
    """Text of blanks and line ends."""
    return b" \r\n,,,\r\n" * 3


@hostile("wide.csv", Code.TOO_MANY_CELLS)
def wide() -> bytes:
    """A line of three million commas."""
    return HEADER.encode() + b"," * 3_000_000


@hostile("one line.csv", Code.DAMAGED, Code.NOT_A_SPREADSHEET, Code.LAYOUT_UNKNOWN)
def one_line() -> bytes:
    """Five million characters without a line end."""
    return b"x" * 5_000_000


@hostile("one cell.csv", Code.DAMAGED)
def one_quote() -> bytes:
    """A quotation mark that is never closed, before a million characters."""
    return HEADER.encode() + b'S-1,"' + b"x" * 1_000_000


@hostile("too large.csv", Code.TOO_LARGE)
def too_large() -> bytes:
    """A file larger than any that is read."""
    return b"4,5\n" * 5_000_000


@hostile("nul.csv", Code.NOT_A_SPREADSHEET)
def nul_laden() -> bytes:
    """Text in which every third character is a NUL."""
    return b"4,\0" * 2000


@hostile("few nuls.csv", READ)
def few_nuls() -> bytes:
    """A table with a stray NUL far down."""
    return HEADER.encode() + b"S-few-nuls,R-1,T-1,4,5\r\n" + b"\r\n" * 3000 + b"\0\r\n"


for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"):

    @hostile(f"in {encoding}.csv", READ)
    def encoded(encoding: str = encoding) -> bytes:
        """A good table in one of the encodings in which programs write text."""
        return f"{HEADER}S-in-{encoding},R-1,T-1,4,5\r\n,,,,\r\nprøve\r\n".encode(encoding)


@hostile("mixed encodings.csv", READ)
def mixed() -> bytes:
    """Two tables put after one another, the first in UTF-8, the second in cp1252."""
    return f"{HEADER}S-mixed,R-1,T-1,4,5\r\n".encode() + "ø\r\n".encode() + "ø€\r\n".encode("cp1252")


@hostile("table.xlsx", READ)
def table_called_workbook() -> bytes:
    """Delimited text under a workbook's name: some programs export it so."""
    return good("csv", "S-called-xlsx")


@hostile("table", READ)
def table_without_ending() -> bytes:
    """Delimited text under a name without an ending."""
    return good("csv", "S-no-ending")


@hostile("table.dat", READ)
def table_of_other_name() -> bytes:
    """Delimited text under a name that says nothing."""
    return good("tsv", "S-dat")


@hostile("prose.xlsx", Code.NOT_A_SPREADSHEET)
def prose_called_workbook() -> bytes:
    """A letter in plain text under a workbook's name."""
    return b"Dear all,\n\nhere are the scores. I was late, sorry, and the train too.\n\nYours, A.\n"


@hostile("prose.txt", Code.NOT_A_SPREADSHEET)
def prose() -> bytes:
    """A letter in plain text."""
    return prose_called_workbook() + b"PS: good luck\n"


@hostile("program.py", Code.NOT_A_SPREADSHEET)
def program() -> bytes:
    """A program."""
    return b"import os\n\n\ndef f(a, b):\n    return os.path.join(a, b)\n"


@hostile("page.xls", Code.NOT_A_SPREADSHEET)
def web_page() -> bytes:
    """A web page with a table, which some programs call xls."""
    return (
        b"\xef\xbb\xbf<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table><tr><td>4</td></tr></table></html>"
    )


@hostile("archive page.xls", Code.NOT_A_SPREADSHEET)
def mhtml() -> bytes:
    """A web page in the form of a mail, as Excel saves one."""
    return b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n<html/>\r\n"


@hostile("of 2003.xls", Code.NOT_A_SPREADSHEET)
def spreadsheet_xml() -> bytes:
    """A workbook in the XML of Excel 2003."""
    head = b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    return head + b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'


@hostile("report.xlsx", Code.NOT_A_SPREADSHEET)
def pdf() -> bytes:
    """A PDF under a workbook's name."""
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20


@hostile("photo.xlsx", Code.NOT_A_SPREADSHEET)
def photo() -> bytes:
    """A photograph under a workbook's name."""
    return b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)) * 20


@hostile("book.xlsx.gz", Code.NOT_A_SPREADSHEET)
def gzipped() -> bytes:
    """A workbook that somebody packed once more."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(good("xlsx", "S-lost")) + packer.flush()


@hostile("tape.xlsx", Code.NOT_A_SPREADSHEET)
def tape() -> bytes:
    """A tar archive under a workbook's name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("x.csv"))
    return out.getvalue()


@hostile("random.xls", Code.NOT_A_SPREADSHEET)
def noise() -> bytes:
    """Bytes that mean nothing."""
    return bytes((n * 7919 >> 3) & 255 for n in range(20_000))


@hostile("query.slk", Code.NOT_A_SPREADSHEET, Code.LAYOUT_UNKNOWN)
def sylk() -> bytes:
    """A SYLK file, which Excel opens and which is not among the formats that are read."""
    return b"ID;PWXL;N;E\r\nC;Y1;X1;K4\r\nE\r\n"
