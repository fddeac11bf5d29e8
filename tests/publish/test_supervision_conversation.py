"""What stands on a supervision sheet beside scores: questions, cases and choices, and none of it where there is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openpyxl import Workbook

from flows.publish.supervision_page import PAGE_POINTS
from flows.publish.supervision_sheet import write_supervision_sheets
from tests.support.publish_fixture import FACTS, Lab, small_lab
from tests.support.workbooks import heights_of_pages, open_book, texts_of


def book_of(lab: Lab, folder: Path) -> Workbook:
    """T-1's workbook, written and read again."""
    write_supervision_sheets(lab.con, folder, FACTS)
    return open_book(folder / "SV-1" / "T-1.xlsx")


def one_therapist() -> Lab:
    """A therapist with one rated session, and nothing else."""
    lab = Lab()
    lab.has_therapist("T-1")
    lab.rates("S-1", "T-1", date(2026, 3, 1), {("humility", "adherence"): 5.0}, rated_on=date(2026, 3, 2))
    return lab


def with_case(lab: Lab, *months: int) -> Lab:
    """The lab with T-1's case C-1 assessed at some months, a crisis plan in place by the ninth session."""
    row = ("programme", "1.0", True, "Programme", "case", "individual", True, None, 1)
    lab.add("reference.instrument", row)
    lab.add("reference.item", ("programme", "1.0", "crisis_plan", 3, "Crisis plan", True))
    for position, (scale, title) in enumerate((("in_place", "In place"), ("by_session", "By session")), 1):
        blank = (None,) * 4
        lab.add("reference.scale", ("programme", "1.0", scale, position, title, 0, 1, *blank))
    for month in months:
        on, session_id = date(2026, 3, month), f"C-1 @ {month}"
        lab.rates(session_id, "T-1", on, {}, instrument_id="programme", rated_on=on)
        for scale, kind, said in (("in_place", "choice", "yes"), ("by_session", "count", "9")):
            fact = (session_id, "C-1", month, on, "programme", "observer", "crisis_plan", scale, kind, "rated", said)
            lab.add("supervision.session_fact", fact)
    return lab


def asks(lab: Lab, rule: str, session_id: str = "S-1", cell: str = "D12") -> None:
    """A row of supervision.prompt."""
    row = (session_id, date(2026, 3, 1), rule, f"What of {rule}?", "Because.", "a.xlsx", "Rating", cell)
    lab.add("supervision.prompt", row)


def test_an_ordinary_sheet_has_no_block_more(tmp_path: Path) -> None:
    book = book_of(small_lab(), tmp_path)
    told = " ".join(texts_of(book["Supervision sheet"]))
    for heading in ("For a conversation", "Cases: what is in place", "Choices in sessions", "Session or case"):
        assert heading not in told
    assert "Questions and facts" not in book.sheetnames


def test_a_question_is_put_with_what_raised_it_and_its_cell(tmp_path: Path) -> None:
    lab = one_therapist()
    asks(lab, "plan")
    asks(lab, "phase", cell="")
    texts = texts_of(book_of(lab, tmp_path)["Supervision sheet"])
    assert "For a conversation: questions, not findings" in texts
    assert "What of plan? Raised by S-1, 2026-03-01 (a.xlsx, Rating, D12)." in texts
    assert "What of phase? Raised by S-1, 2026-03-01." in texts


def test_another_therapist_s_question_is_not_hers(tmp_path: Path) -> None:
    lab = one_therapist()
    lab.rates("S-2", "T-2", date(2026, 3, 1), {("humility", "adherence"): 5.0})
    asks(lab, "plan", "S-2")
    assert "What of plan?" not in " ".join(texts_of(book_of(lab, tmp_path)["Supervision sheet"]))


def test_questions_beyond_four_stand_on_a_sheet_of_their_own(tmp_path: Path) -> None:
    lab = one_therapist()
    for rule in "abcdef":
        asks(lab, rule)
    book = book_of(lab, tmp_path)
    told = " ".join(texts_of(book["Supervision sheet"]))
    assert "What of d?" in told
    assert "What of e?" not in told
    assert "2 more questions: see the sheet Questions and facts." in told
    assert "What of f? Raised by" in " ".join(texts_of(book["Questions and facts"]))


def test_cases_are_named_as_cases_and_told_as_their_latest_month_found_them(tmp_path: Path) -> None:
    sheet = book_of(with_case(one_therapist(), 1, 6), tmp_path)["Supervision sheet"]
    texts = texts_of(sheet)
    assert "Sessions and cases rated since last time (2026-02-03)" in texts
    assert any(text.endswith("1 session and 1 case rated") for text in texts)
    row = next(
        [c.value for c in row[:4]] for row in sheet.iter_rows() if row[0].value == "case C-1 at month 6, 2026-03-06"
    )
    assert row == ["case C-1 at month 6, 2026-03-06", "not asked of a case", "1 observer", "facts, not scores"]
    told = "Case C-1 at month 6, 2026-03-06. Crisis plan: yes, by session 9. Assessed before at month 1."
    assert told in texts
    assert not any("@" in text for text in texts)


def test_choices_are_counted_in_sessions(tmp_path: Path) -> None:
    lab = one_therapist()
    for said, n in (("the first pole", 2), ("not stuck", 1)):
        lab.add("supervision.therapist_fact", ("T-1", "tech", "observer", "self_other", "pole", said, n, n))
    lab.add("supervision.therapist_fact", ("T-1", "tech", "self", "self_other", "pole", "not stuck", 7, 7))
    texts = texts_of(book_of(lab, tmp_path)["Supervision sheet"])
    assert "Choices in sessions, by observers (number of sessions)" in texts
    assert "tech. self_other, pole: the first pole (2), not stuck (1)." in texts


def test_a_full_page_leaves_the_facts_to_a_sheet_of_their_own_and_says_so(tmp_path: Path) -> None:
    lab = with_case(small_lab(), 6)
    for rule in "ab":
        asks(lab, rule, "T-1-S4")
    for n in range(21):
        lab.add("supervision.therapist_fact", ("T-1", f"tech-{n}", "observer", "self_other", "pole", "not stuck", 1, 1))
    book = book_of(lab, tmp_path)
    page = book["Supervision sheet"]
    assert "See the sheet Questions and facts." in " ".join(texts_of(page))
    assert all(height <= PAGE_POINTS for height in heights_of_pages(page))
    told = " ".join(texts_of(book["Questions and facts"]))
    assert "Crisis plan: yes, by session 9." in told
    assert "tech-20. self_other" in told


def test_a_case_named_like_a_formula_or_long_stays_text(tmp_path: Path) -> None:
    lab = one_therapist()
    asks(lab, "plan", cell="=1+1")
    sheet = book_of(lab, tmp_path)["Supervision sheet"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_waiting_consensus_has_no_ladder_and_a_signed_one_has(tmp_path: Path) -> None:
    for consensus, is_shown in (("waits_for_signature", False), ("signed", True)):
        lab = one_therapist()
        lab.rates("S-1", "T-1", date(2026, 3, 1), {}, role="consensus", consensus=consensus)
        steps = ("joint_focus", "arousal", "mode", "validation", "restoring", "complete")
        for position, step in enumerate(steps, 1):
            counts = (1, 1, 1, 0, 1.0, float(step == "complete"), 0.0, 0.0, 1.0, None, None, None, None, None, False)
            key = ("T-1", "mbt-session", "consensus", "scores", step, position)
            lab.add("supervision.trajectory_therapist", (*key, *counts))
        names = book_of(lab, tmp_path / consensus).sheetnames
        assert ("Trajectory in sessions" in names) is is_shown
