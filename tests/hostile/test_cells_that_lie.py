"""Cells that look like one thing and are another: each has a decided answer (docs/decisions/reading.md has the table)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.hostile.books import parts, workbook_xml
from tests.hostile.containers import MAIN, relationships, zip_bytes
from tests.support.lab import WIDE, Lab, cells_of

# cell formats by number: 1 date, 2 percent, 3 currency, 4 scientific, 5 text with an apostrophe before it, 6 time
STYLES = f"""<?xml version="1.0"?><styleSheet xmlns="{MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="&quot;kr&quot;\\ #,##0.00"/></numFmts>
<cellXfs count="7"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="164"/><xf numFmtId="11"/>
<xf numFmtId="49" quotePrefix="1"/><xf numFmtId="21"/></cellXfs></styleSheet>"""
SHARED = f"""<?xml version="1.0"?><sst xmlns="{MAIN}"><si><r><t>4</t></r></si>
<si><r><rPr><b/></rPr><t xml:space="preserve">4</t></r><r><t xml:space="preserve"> ?</t></r></si>
<si><t>5</t><rPh sb="0" eb="1"><t>go</t></rPh></si><si/></sst>"""
RELATIONS = [
    ("rId1", "worksheet", "worksheets/sheet1.xml"),
    ("rId2", "styles", "styles.xml"),
    ("rId3", "sharedStrings", "sharedStrings.xml"),
]


def book(*rows: str, columns: str = "", tail: str = "", more: str = "") -> bytes:
    """An xlsx of these rows, each the XML of its cells."""
    body = "".join(
        f'<row r="{n}"{row}' if row.startswith(" ") else f'<row r="{n}">{row}</row>' for n, row in enumerate(rows, 1)
    )
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}">{columns}<sheetData>{body}</sheetData>{tail}</worksheet>'
    return zip_bytes(
        parts(sheet=sheet.encode())
        | {
            "xl/workbook.xml": workbook_xml(["Sheet1"], more=more),
            "xl/_rels/workbook.xml.rels": relationships(RELATIONS),
            "xl/styles.xml": STYLES.encode(),
            "xl/sharedStrings.xml": SHARED.encode(),
        }
    )


def text(place: str, words: str) -> str:
    """A cell of text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'


def head(*names: str) -> str:
    """The header row."""
    return "".join(text(f"{letter}1", name) for letter, name in zip("ABCDEFGH", names, strict=False))


def ids(row: int) -> str:
    """Session, rater and therapist of a row."""
    return text(f"A{row}", f"S-{row}") + text(f"B{row}", "R-1") + text(f"C{row}", "T-1")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A lab that only reads: whose tables have the day first in dates that are typed as text."""
    lab = Lab(tmp_path_factory.mktemp("desk") / "home", validates=True).draws()
    lab.describes(WIDE.replace('shape = "wide"', 'shape = "wide"\ndate_order = "dmy"'))
    return lab


HEAD = head("session", "rater", "therapist", "adherence", "competence")


def rated(lab: Lab, cell: str) -> float | str | None:
    """What the rating cell says: its value, or the code for which its rating is held."""
    row = ids(2) + cell.replace("<c", '<c r="D2"', 1) + '<c r="E2"><v>5</v></c>'
    frames = lab.reads("a.xlsx", content=book(HEAD, row))
    codes = frames.finding.filter(frames.finding["cell"] == "D2")["code"].to_list()
    if codes:
        assert not frames.rating["is_valid"].any()
        return str(codes[0])
    return next(score for _, _, _, scale, score in cells_of(frames) if scale == "adherence")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<c><v>4</v></c>", 4),
        ("<c><v>4.0</v></c>", 4),
        ("<c><v>3.9999999999999996</v></c>", 4),
        ("<c><v>4E0</v></c>", 4),
        ('<c s="2"><v>4</v></c>', 4),  # shown as 400 %
        ('<c s="2"><v>0.04</v></c>', "out_of_range"),  # 4 typed into a cell of percents
        ('<c s="3"><v>4</v></c>', 4),  # shown as kr 4,00
        ('<c s="4"><v>4</v></c>', 4),  # shown as 4.00E+00
        ('<c s="1"><v>4</v></c>', "date_in_rating"),  # shown as 1900-01-04
        ('<c s="1"><v>46117</v></c>', "date_in_rating"),  # 4-5 typed into a common cell: the fifth of April
        ('<c s="6"><v>0.25</v></c>', "date_in_rating"),
        ('<c t="d"><v>2026-04-05T00:00:00</v></c>', "date_in_rating"),
        ("<c><v>4.5</v></c>", "half_point"),
        ("<c><v>0</v></c>", "out_of_range"),
        ("<c><v>45</v></c>", "out_of_range"),
        ('<c t="b"><v>1</v></c>', "not_a_rating"),
        ('<c t="e"><v>#N/A</v></c>', "error_value"),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "error_value"),
        ("<c><f>1+3</f></c>", "formula_not_calculated"),
        ("<c><f>1+3</f><v>4</v></c>", 4),
        ('<c t="str"><f>"4"</f><v>4</v></c>', 4),
        ('<c t="str"><f>""</f><v></v></c>', "cell_blank"),
        ("<c/>", "cell_blank"),
        ('<c s="5"/>', "cell_blank"),
        ('<c t="inlineStr" s="5"><is><t>4</t></is></c>', 4),  # '4 typed
        ('<c t="inlineStr"><is><t></t></is></c>', "cell_blank"),
        ('<c t="inlineStr"><is><t xml:space="preserve"> 4 </t></is></c>', 4),
        ('<c t="inlineStr"><is><t>4&#160;</t></is></c>', 4),
        ('<c t="inlineStr"><is><t>&#8203;4&#65279;</t></is></c>', 4),
        ('<c t="inlineStr"><is><t>&#65300;</t></is></c>', 4),  # a full-width 4
        ('<c t="inlineStr"><is><t>&#1636;</t></is></c>', "not_a_rating"),  # an Arabic 4: nobody here types it
        ('<c t="inlineStr"><is><t>&#8203;</t></is></c>', "cell_blank"),
        ('<c t="inlineStr"><is><t>4,5</t></is></c>', "not_a_rating"),  # the layout's mark is the point
        ('<c t="inlineStr"><is><t>4.5</t></is></c>', "half_point"),
        ('<c t="inlineStr"><is><t>4?</t></is></c>', "not_a_rating"),
        ('<c t="inlineStr"><is><t>4-5</t></is></c>', "not_a_rating"),
        ('<c t="inlineStr"><is><t>H?</t></is></c>', "not_a_rating"),
        ('<c t="inlineStr"><is><t>4e0</t></is></c>', "not_a_rating"),
        ('<c t="inlineStr"><is><t>4 %</t></is></c>', "not_a_rating"),
        ('<c t="inlineStr"><is><t>#NAVN?</t></is></c>', "error_value"),
        ('<c t="inlineStr"><is><r><t>4</t></r><r><t> ?</t></r></is></c>', "not_a_rating"),
        ('<c t="s"><v>0</v></c>', 4),
        ('<c t="s"><v>1</v></c>', "not_a_rating"),  # 4 in bold, and a question mark that is not
        ('<c t="s"><v>2</v></c>', 5),  # with its pronunciation
        ('<c t="s"><v>3</v></c>', "cell_blank"),
        ('<c t="inlineStr"><is><t>?</t></is></c>', "unjudgeable"),
    ],
)
def test_a_rating_cell_is_what_was_entered_or_is_held(desk: Lab, cell: str, said: float | str) -> None:
    assert rated(desk, cell) == said


def test_a_cell_that_names_no_shared_text_refuses_the_file_rather_than_being_blank(desk: Lab) -> None:
    content = book(HEAD, ids(2) + '<c r="D2" t="s"><v>99</v></c><c r="E2"><v>5</v></c>')
    assert desk.reads("a.xlsx", content=content).workbook["refusal_code"].to_list() == ["damaged"]


def dated(lab: Lab, cell: str, more: str = "") -> dt.date | str | None:
    """What the cell with the session's date says, or the code for which the rating is held."""
    row = ids(2) + '<c r="D2"><v>4</v></c><c r="E2"><v>5</v></c>' + cell.replace("<c", '<c r="F2"', 1)
    names = ("session", "rater", "therapist", "adherence", "competence", "date")
    frames = lab.reads("a.xlsx", content=book(head(*names), row, more=more))
    codes = frames.finding["code"].to_list()
    return str(codes[0]) if codes else frames.rating["session_on"][0]


MAY_4 = dt.date(2026, 5, 4)


@pytest.mark.parametrize(
    ("cell", "more", "said"),
    [
        ('<c s="1"><v>46146</v></c>', "", MAY_4),
        ('<c s="1"><v>44684</v></c>', '<workbookPr date1904="1"/>', MAY_4),
        ("<c><v>46146</v></c>", "", MAY_4),  # a serial number in a common cell
        (text("", "46146"), "", MAY_4),
        (text("", "2026-05-04"), "", MAY_4),
        (text("", "4.5.2026"), "", MAY_4),
        (text("", "04/05/26"), "", MAY_4),
        (text("", "4 May 2026"), "", MAY_4),
        (text("", "4.5.2026&#8203;"), "", MAY_4),
        (text("", "05/25/2026"), "", "date_other_order"),
        (text("", "2026-25-05"), "", "date_unreadable"),
        (text("", "May"), "", "date_unreadable"),
        (text("", "#N/A"), "", "date_unreadable"),
        ('<c s="1"><v>5</v></c>', "", "date_implausible"),
        ('<c s="1"><v>32873</v></c>', "", "date_implausible"),  # the last day of 1989
        ('<c s="1"><v>46205</v></c>', "", "date_implausible"),  # the day after the night
        ('<c s="1"><v>46204</v></c>', "", dt.date(2026, 7, 1)),  # the night's own
        ('<c t="b"><v>1</v></c>', "", "date_unreadable"),
    ],
)
def test_a_date_is_what_was_meant_or_is_held(desk: Lab, cell: str, more: str, said: dt.date | str) -> None:
    assert dated(desk, cell.replace(' r=""', ""), more) == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<c><v>12</v></c>", "12"),
        ("<c><v>12.0</v></c>", "12"),
        (text("", "12.0"), "12"),
        (text("", "012"), "012"),  # leading zeros that the sheet kept stay; `pad` in a layout restores those it lost
        (text("", " S-1 "), "S-1"),
        (text("", "S-1&#160;"), "S-1"),
        (text("", "S&#8203;-1"), "S-1"),
        (text("", "&#65331;&#65293;&#65297;"), "S-1"),
        (text("", "A&#778;sa"), "\u00c5sa"),
        (text("", "#N/A"), "id_unreadable"),
        ('<c t="e"><v>#N/A</v></c>', "session_missing"),
        (text("", "a&#10;b"), "id_unreadable"),
    ],
)
def test_an_id_is_what_was_typed_or_the_rating_is_held(desk: Lab, cell: str, said: str) -> None:
    others = text("B2", "R-1") + text("C2", "T-1") + '<c r="D2"><v>4</v></c><c r="E2"><v>5</v></c>'
    placed = cell.replace(' r=""', "").replace("<c", '<c r="A2"', 1)
    frames = desk.reads("a.xlsx", content=book(HEAD, placed + others))
    codes = frames.finding["code"].to_list()
    assert (codes[0] if codes else frames.rating["session_id"][0]) == said


SCORES = '<c r="D{n}"><v>4</v></c><c r="E{n}"><v>5</v></c>'


def test_hidden_and_filtered_rows_and_hidden_columns_are_read(desk: Lab) -> None:
    rows = [ids(n) + SCORES.format(n=n) for n in (2, 3)]
    content = book(
        HEAD,
        rows[0],
        f' hidden="1">{rows[1]}</row>',
        columns='<cols><col min="4" max="4" hidden="1"/></cols>',
        tail='<autoFilter ref="A1:E3"/>',
    )
    frames = desk.reads("a.xlsx", content=content)
    assert frames.rating["session_id"].to_list() == ["S-2", "S-3"]
    assert frames.rating["is_valid"].all()


def test_a_merged_cell_counts_for_its_first_place_alone(desk: Lab) -> None:
    content = book(
        HEAD, ids(2) + '<c r="D2"><v>4</v></c><c r="E2"/>', tail='<mergeCells><mergeCell ref="D2:E2"/></mergeCells>'
    )
    assert list(desk.reads("a.xlsx", content=content).finding.select("cell", "code").iter_rows()) == [
        ("E2", "cell_blank")
    ]


def test_a_note_on_a_cell_is_no_rating(desk: Lab) -> None:
    content = book(HEAD, ids(2) + '<c r="D2"/><c r="E2"><v>5</v></c>', tail='<legacyDrawing r:id="x" xmlns:r="x"/>')
    assert desk.reads("a.xlsx", content=content).finding["code"].to_list() == ["cell_blank"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_read_and_the_ledger_says_that_it_was_there(lab: Lab, state: str) -> None:
    rows = f"<row>{HEAD}</row><row>{ids(2)}{SCORES.format(n=2)}</row>"
    seen = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    hidden = seen.replace("S-2", "S-3")
    relations = [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "worksheet", "worksheets/sheet2.xml")]
    workbook = workbook_xml(["Seen", "Unseen"], states={"Unseen": f' state="{state}"'})
    content = zip_bytes(
        parts(sheet=seen.encode())
        | {
            "xl/worksheets/sheet2.xml": hidden.encode(),
            "xl/workbook.xml": workbook,
            "xl/_rels/workbook.xml.rels": relationships(relations),
        }
    )
    lab.sends("a.xlsx", content=content)
    lab.night()
    assert lab.adherence() == {"S-2 R-1": 4}
    assert lab.findings() == [("a.xlsx", "", "hidden_sheet")]
    assert lab.outcomes() == {"a.xlsx": "accepted"}


def test_a_rating_dated_before_its_session_is_held(lab: Lab) -> None:
    lab.sends("a.csv", "session | rater | date | rated on | adherence | competence\n S-1|R-1|2026-06-02|2026-06-01|4|5")
    lab.night()
    assert [code for *_, code in lab.findings()] == ["rated_before_session"]
    assert lab.adherence() == {}
