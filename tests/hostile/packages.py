"""Hostile workbooks in zips: xlsx, xlsm, xlsb."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from schemas.codes import Code
from tests.hostile.books import good, parts, rating, rows_of, sheet_xml, workbook_xml
from tests.hostile.containers import MAIN, OFFICE, biff12, content_types, ole_bytes, relationships, zip_bytes
from tests.hostile.made import READ, hostile

MIB = 1 << 20
SHEET = "xl/worksheets/sheet1.xml"


def spoilt(name: str, content: bytes) -> bytes:
    """A good workbook with one part put in place of its own."""
    return zip_bytes(parts(rating("S-lost")) | {name: content})


def without(name: str) -> bytes:
    """A good workbook that lacks a part."""
    return zip_bytes({part: content for part, content in parts(rating("S-lost")).items() if part != name})


@hostile("password.xlsx", Code.PASSWORD)
def encrypted() -> bytes:
    """An xlsx that Excel encrypted: a compound file with the streams EncryptionInfo and EncryptedPackage."""
    return ole_bytes(
        {"EncryptionInfo": struct.pack("<HHI", 4, 4, 0x40) + b"<encryption/>", "EncryptedPackage": b"\x9f" * 9000}
    )


@hostile("password of a zip program.xlsx", Code.PASSWORD)
def encrypted_members() -> bytes:
    """A zip whose members a zip program encrypted: the flag of each says so."""
    content = bytearray(good("xlsx", "S-lost"))
    for mark, at_flag in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + at_flag] |= 1
    return bytes(content)


for share in (1, 10, 30, 60, 90, 99):
    for kind in ("xlsx", "xlsb"):

        @hostile(f"first {share} of a hundred.{kind}", Code.DAMAGED)
        def truncated(kind: str = kind, share: int = share) -> bytes:
            """Half a file: what a copy that broke off leaves."""
            whole = good(kind, "S-lost")
            return whole[: max(6, len(whole) * share // 100)]


@hostile("bad sum.xlsx", Code.DAMAGED)
def bad_checksum() -> bytes:
    """The checksum of the sheet is not that of its bytes, in both places of the zip that give it."""
    content = bytearray(zip_bytes(parts(rating("S-lost")), level=0))
    crc = struct.pack("<I", zlib.crc32(parts(rating("S-lost"))[SHEET]))
    return bytes(content).replace(crc, b"\1\2\3\4")


@hostile("flipped byte.xlsx", Code.DAMAGED)
def flipped() -> bytes:
    """One byte of the stored sheet differs, so that a 4 reads as a 6: only the checksum knows."""
    return zip_bytes(parts(rating("S-lost")), level=0).replace(b"<v>4</v>", b"<v>6</v>")


@hostile("climbing names.xlsx", READ)
def climbing() -> bytes:
    """Members called ../../evil and /etc/evil: nothing is ever unpacked to a disk, so they do no harm."""
    return zip_bytes(
        parts(rating("S-climbing")) | {"../../../../tmp/evil": b"x", "/etc/evil": b"x", "..\\..\\evil": b"x"}
    )


@hostile("bomb of one sheet.xlsx", Code.TOO_LARGE)
def sheet_bomb() -> bytes:
    """One sheet that unpacks to twice what may be unpacked."""
    cell = b'<c t="inlineStr"><is><t>' + b"a" * MIB + b"</t></is></c>"
    return zip_bytes(parts(sheet=b'<worksheet xmlns="' + MAIN.encode() + b'"><sheetData><row>' + cell * 40), level=1)


@hostile("bomb of shared strings.xlsx", Code.TOO_LARGE)
def string_bomb() -> bytes:
    """A table of shared texts that unpacks to twice what may be unpacked."""
    strings = f'<sst xmlns="{MAIN}">'.encode() + (b"<si><t>" + b"b" * MIB + b"</t></si>") * 40
    return zip_bytes(parts(rating("S-lost")) | {"xl/sharedStrings.xml": strings}, level=1)


@hostile("bomb that lies.xlsx", Code.TOO_LARGE, Code.DAMAGED)
def lying_bomb() -> bytes:
    """A bomb whose directory says that it unpacks to a hundred bytes."""
    content = bytearray(sheet_bomb())
    size = struct.pack("<I", zipfile.ZipFile(io.BytesIO(content)).getinfo(SHEET).file_size)
    return bytes(content).replace(size, struct.pack("<I", 100))


@hostile("many entries.xlsx", Code.TOO_LARGE, READ)
def many_entries() -> bytes:
    """Ten thousand members that no workbook has."""
    return zip_bytes(parts(rating("S-entries")) | {f"xl/media/{n}.bin": b"" for n in range(10_000)})


@hostile("nested.xlsx", Code.NOT_A_SPREADSHEET)
def nested() -> bytes:
    """A zip in a zip in a zip, each with a bomb beside it."""
    content = b"0" * MIB
    for _ in range(5):
        content = zip_bytes({"next.zip": content, "zeros": b"0" * MIB})
    return content


@hostile("laughs.xlsx", Code.DAMAGED)
def laughs() -> bytes:
    """A billion laughs: entities made of entities, in the sheet's XML."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
    cell = '<row r="3"><c r="A3" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    sheet = sheet_xml(rows_of(rating("S-lost")), cells=cell).decode().partition("?>")[2]
    return zip_bytes(parts(sheet=(head + sheet).encode()))


@hostile("outside.xlsx", Code.DAMAGED)
def external_entity() -> bytes:
    """An entity that means a file of the machine that reads it."""
    head = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY me SYSTEM "file:///etc/passwd">]>'
    table = rating("S-lost")
    table[1][2] = "T-1"
    sheet = sheet_xml(rows_of(table)).decode().partition("?>")[2].replace("T-1", "&me;")
    return zip_bytes(parts(sheet=(head + sheet).encode()))


@hostile("stray.xlsx", Code.STRAY_CELL)
def stray() -> bytes:
    """One stray cell in the last corner of the sheet, which makes the reader reserve 17 billion cells."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-lost")), cells=far)))


@hostile("stray without places.xlsx", Code.STRAY_CELL)
def stray_after_row() -> bytes:
    """A stray cell whose row says where it is and which does not say so itself."""
    far = '<row r="1000000"><c r="XFC1000000"/><c><v>1</v></c></row>'
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-lost")), cells=far)))


@hostile("stray in a prefix.xlsx", Code.STRAY_CELL)
def stray_prefixed() -> bytes:
    """A stray cell in a sheet whose elements all have a prefix."""
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
        "<x:row r='1048576'><x:c r='XFD1048576'><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    return zip_bytes(parts(sheet=sheet.encode()))


@hostile("stray.xlsb", Code.STRAY_CELL)
def stray_binary() -> bytes:
    """The same stray cell in an xlsb."""
    return zip_bytes(biff12({"Sheet1": rows_of(rating("S-lost")) | {1_048_575: {16_383: 1.0}}}))  # type: ignore[operator]


@hostile("formatted to the end.xlsx", READ)
def formatted_rows() -> bytes:
    """Empty cells that only have a format, down to the last row: a person who coloured a column."""
    cells = "".join(f'<row r="{r}"><c r="A{r}" s="0"/></row>' for r in (5000, 900_000, 1_048_576))
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-formatted")), cells=cells)))


@hostile("huge dimension.xlsx", READ)
def lying_dimension() -> bytes:
    """A sheet that says it reaches to the last corner and holds one rating."""
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-dimension")), head='<dimension ref="A1:XFD1048576"/>')))


@hostile("small dimension.xlsx", READ)
def short_dimension() -> bytes:
    """A sheet that says it ends before its rating."""
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-short")), head='<dimension ref="A1"/>')))


@hostile("odd places.xlsx", Code.DAMAGED, Code.STRAY_CELL)
def overflowing_places() -> bytes:
    """Cells that say they stand at A0, A-1, ZZZZZZZ9 and row 99999999999."""
    odd = (
        '<row r="0"><c r="A0"><v>1</v></c></row><row r="-1"><c r="A-1"><v>1</v></c></row>'
        '<row r="99999999999"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>'
    )
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-lost")), cells=odd)))


@hostile("too many.xlsx", Code.TOO_MANY_CELLS)
def many_cells() -> bytes:
    """A full sheet of more cells than may be."""
    row = "<row>" + "<c><v>1</v></c>" * 500 + "</row>"
    return zip_bytes(parts(sheet=sheet_xml({}, cells=row * 500)))


@hostile("blank.xlsx", Code.EMPTY_WORKBOOK)
def blank() -> bytes:
    """A workbook in which nothing was ever entered."""
    return zip_bytes(parts([]))


@hostile("no sheets.xlsx", Code.DAMAGED, Code.EMPTY_WORKBOOK)
def no_sheets() -> bytes:
    """A workbook that lists no sheet at all."""
    return spoilt("xl/workbook.xml", workbook_xml([]))


for kind, folder in (("chartsheet", "chartsheets"), ("dialogsheet", "dialogsheets"), ("xlMacrosheet", "macrosheets")):

    @hostile(f"only a {kind}.xlsx", Code.MACRO_SHEET if kind == "xlMacrosheet" else Code.NO_WORKSHEET)
    def other_sheets(kind: str = kind, folder: str = folder) -> bytes:
        """A workbook whose only sheet is a chart, a dialog or a macro sheet."""
        made = parts(rating("S-lost"))
        office = OFFICE if kind != "xlMacrosheet" else "http://schemas.microsoft.com/office/2006/relationships"
        relations = relationships([("rId1", kind, f"{folder}/sheet1.xml")], office)
        root = {"chartsheet": "chartsheet", "dialogsheet": "dialogsheet", "xlMacrosheet": "macrosheet"}[kind]
        sheet = made.pop(SHEET).replace(b"worksheet", root.encode())
        return zip_bytes(made | {"xl/_rels/workbook.xml.rels": relations, f"xl/{folder}/sheet1.xml": sheet})


@hostile("strict.xlsx", READ)
def strict() -> bytes:
    """Strict OOXML: other namespaces, the same workbook."""
    return zip_bytes(parts(rating("S-strict"), strict=True))


@hostile("deep.xlsx", READ, Code.DAMAGED)
def deep() -> bytes:
    """A hundred thousand elements inside one another behind the rows."""
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-deep")), tail="<a>" * 100_000 + "</a>" * 100_000)))


@hostile("wrong types.xlsx", READ)
def wrong_types() -> bytes:
    """Content types that call every part a picture."""
    types = b'<?xml version="1.0"?><Types><Default Extension="xml" ContentType="image/png"/></Types>'
    return zip_bytes(parts(rating("S-types")) | {"[Content_Types].xml": types})


@hostile("without types.xlsx", READ)
def without_types() -> bytes:
    """A workbook without the list of its content types, which Excel needs and the reading does not."""
    whole = parts(rating("S-typeless"))
    return zip_bytes({part: content for part, content in whole.items() if part != "[Content_Types].xml"})


for name in ("_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET):

    @hostile(
        f"without {name.rpartition('/')[2]}.xlsx", Code.NOT_A_SPREADSHEET if name == "xl/workbook.xml" else Code.DAMAGED
    )
    def lacking(name: str = name) -> bytes:
        """A workbook that lacks its first relation, the list of its sheets, what they mean, or the sheet."""
        return without(name)


@hostile("twice.xlsx", Code.DAMAGED, READ)
def duplicate_members() -> bytes:
    """A zip that holds its sheet twice, with other ratings."""
    out = io.BytesIO(good("xlsx", "S-once"))
    with zipfile.ZipFile(out, "a") as packed:
        packed.fp.seek(packed.start_dir)  # type: ignore[union-attr, attr-defined]
        packed.NameToInfo.pop(SHEET)
        packed.writestr(SHEET, sheet_xml(rows_of(rating("S-twice"))))
    return out.getvalue()


@hostile("control characters.xlsx", READ)
def odd_sheet_name() -> bytes:
    """A sheet whose name is a formula with a line break, a tab and a character that turns text round."""
    made = parts(rating("S-sheetname"))
    return zip_bytes(made | {"xl/workbook.xml": workbook_xml(["=cmd|' /C calc'!A0\n\t\u202egnp"])})


@hostile("many sheets.xlsx", READ, Code.TOOK_TOO_LONG)
def many_sheets() -> bytes:
    """Ten thousand sheets of which one holds something."""
    made = parts(rating("S-sheets"))
    targets = [(f"rId{k}", "worksheet", f"worksheets/sheet{min(k, 2)}.xml") for k in range(1, 10_001)]
    return zip_bytes(
        made
        | {
            "xl/worksheets/sheet2.xml": sheet_xml({}),
            "xl/workbook.xml": workbook_xml([f"S{k}" for k in range(1, 10_001)]),
            "xl/_rels/workbook.xml.rels": relationships(targets),
        }
    )


@hostile("many styles.xlsx", READ)
def many_styles() -> bytes:
    """A hundred thousand cell formats."""
    formats = '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0"/>' * 100_000
    styles = f'<?xml version="1.0"?><styleSheet xmlns="{MAIN}"><cellXfs count="100000">{formats}</cellXfs></styleSheet>'
    made = parts(rating("S-styles"))
    relations = [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "styles", "styles.xml")]
    return zip_bytes(made | {"xl/styles.xml": styles.encode(), "xl/_rels/workbook.xml.rels": relationships(relations)})


@hostile("long text.xlsx", READ)
def long_text() -> bytes:
    """A cell of more text than a spreadsheet can hold, in a column that nobody reads."""
    table = rating("S-longtext")
    table[0].append("scratch")
    table[1].append("x" * 100_000)
    return zip_bytes(parts(table))


@hostile("absent texts.xlsx", Code.DAMAGED)
def absent_shared_strings() -> bytes:
    """Cells that name shared texts where there are none."""
    row = "".join(f'<c r="{c}2" t="s"><v>{n}</v></c>' for n, c in enumerate("ABC"))
    cells = f'<row r="2">{row}<c r="D2"><v>4</v></c><c r="E2"><v>5</v></c></row>'
    return zip_bytes(parts(sheet=sheet_xml(rows_of(rating("S-lost")[:1]), cells=cells)))


@hostile("report.docx", Code.NOT_A_SPREADSHEET)
def letter() -> bytes:
    """A letter."""
    return zip_bytes({"[Content_Types].xml": content_types(), "word/document.xml": b"<x/>"})


@hostile("letter.xlsx", Code.NOT_A_SPREADSHEET)
def letter_in_disguise() -> bytes:
    """A letter under a workbook's name."""
    return zip_bytes({"[Content_Types].xml": content_types(), "word/document.xml": b"<y/>"})


@hostile("slides.xlsx", Code.NOT_A_SPREADSHEET)
def slides() -> bytes:
    """A presentation under a workbook's name."""
    return zip_bytes({"[Content_Types].xml": content_types(), "ppt/presentation.xml": b"<x/>"})


@hostile("photos.zip", Code.NOT_A_SPREADSHEET)
def photos() -> bytes:
    """A zip of pictures."""
    return zip_bytes({"1.jpg": b"\xff\xd8\xff", "2.jpg": b"\xff\xd8\xff"})


@hostile("no members.xlsx", Code.NOT_A_SPREADSHEET, Code.DAMAGED)
def empty_zip() -> bytes:
    """A zip of nothing."""
    return zip_bytes({})


@hostile("workbook.csv", READ)
def workbook_called_text() -> bytes:
    """An xlsx under the name of delimited text."""
    return good("xlsx", "S-called-csv")
