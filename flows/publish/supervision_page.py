"""What stands on a supervision sheet, row by row: on one page, or on two where there is more to say than one holds.

Pure layout: facts in, rows with their heights out. Nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.publish.conversation_facts import Conversation
from flows.publish.conversation_rows import MOST_PROMPTS, SHEET, fact_blocks, prompt_rows
from flows.publish.facts import NightFacts
from flows.publish.supervision_facts import Block, Remark, Seen, TherapistFacts
from flows.publish.supervision_focus import focus_rows
from flows.publish.supervision_profile import BY_ROLE, IN_DATABASE, profile_rows, short_block
from flows.publish.supervision_rows import PageRow, height_of, line_of, lines_of, row_of
from flows.publish.words import Enough, counted
from flows.publish.workbook import LINE_POINTS, clean_text
from schemas.codes import PURPOSE, SCOPE, Role, Selection

PAGE_POINTS = 975  # height of an A4 page once these columns fit its width
SMALL_PAGE_POINTS = 1090  # … once they are printed at 8 points rather than 9, where that saves a second page
MOST_SESSIONS = 6
REMARK_LETTERS = 360  # of one remark on the page; the rest stands on the sheet of all remarks
REMARK_POINTS = 66  # kept for remarks before further blocks are shown
LEFT_OUT_POINTS = 33  # kept for the lines that name what is left out
ANSWER_ROWS = 4
BELOW_HEAD = "Elements below good enough, by observers or signed consensus"
NOTHING = "No rating of this therapist's sessions counts at present."
HEADS = {"Sessions": "Session", "Sessions and cases": "Session or case"}

BY_SELECTION: dict[str, str] = {
    Selection.RANDOM: "drawn at random",
    Selection.THERAPIST_CHOSEN: "chosen by the therapist",
    Selection.SUPERVISOR_CHOSEN: "chosen by the supervisor",
    Selection.UNKNOWN: "not said how chosen",
}


@dataclass(frozen=True, slots=True)
class Page:
    """The page; `drawn` is the block in the picture, beside the `n_drawn` rows from `first_drawn` (0-based).

    `n_first` rows stand on the first page; all of them where there is no second.
    """

    rows: tuple[PageRow, ...]
    drawn: Block | None
    first_drawn: int
    n_drawn: int
    has_all_remarks: bool  # False: some are left out or cut, and a sheet of all of them is needed
    has_all_said: bool  # False: questions or facts are left out, and a sheet of all of them is needed
    n_first: int

    @property
    def has_second(self) -> bool:
        """Whether it goes on on a second page."""
        return self.n_first < len(self.rows)


def compose(therapist: TherapistFacts, facts: NightFacts, enough: Enough) -> Page:
    """Lay out one therapist's page: head, profile, sessions, consensus, remarks, the rest, room for her answer.

    What one page cannot hold at either size goes on on a second, which begins with the questions for a conversation.
    """
    for points in (PAGE_POINTS, SMALL_PAGE_POINTS):
        page, n_left_out = _compose(therapist, facts, enough, points, is_long=False)
        if not n_left_out and page.has_all_remarks:
            return page
    return _compose(therapist, facts, enough, PAGE_POINTS, is_long=True)[0]


def _compose(
    therapist: TherapistFacts, facts: NightFacts, enough: Enough, points: float, *, is_long: bool
) -> tuple[Page, int]:
    """A page of that height, or two; and how many blocks it leaves out."""
    first, others = _split(therapist.blocks)
    head, answer = [*_head(therapist, facts), *focus_rows(therapist.focus)], _answer()
    profile, first_row, n_rows = profile_rows(first, enough) if first else ([line_of(NOTHING)], 0, 0)
    profile += _changes(therapist)
    sessions = [*_sessions(therapist.sessions, facts), *_unsigned(therapist.unsigned)]
    above = (*head, *profile, *sessions)
    room = points - height_of(answer) - (0 if is_long else height_of(above))
    kept = min(height_of(_remarks(therapist.remarks, facts, points)[0]), REMARK_POINTS)
    most = None if is_long else MOST_PROMPTS
    said, n_unsaid, has_all_said = _said(therapist.conversation, room - kept - LEFT_OUT_POINTS, most)
    blocks = [(_block_name(block), short_block(block)) for block in others]
    shown, left_out = _fill(blocks, room - kept - height_of(said), f"Instead {IN_DATABASE}")
    below = (*said, *shown, *left_out)
    remarks, has_all = _remarks(therapist.remarks, facts, room - height_of(below))
    rows = (*above, *below, *remarks, *answer)
    n_first = len(above) if is_long else len(rows)
    page = Page(rows, first, len(head) + first_row, n_rows, has_all, has_all_said, n_first)
    return page, len(left_out) + n_unsaid


def _said(conversation: Conversation, room: float, most: int | None) -> tuple[list[PageRow], int, bool]:
    """Questions, cases and choices that fit in the room; how many blocks of facts do not; and whether all of it is told.

    No more than `most` questions, where that is a number.
    """
    prompts, has_all_prompts = prompt_rows(conversation, room, most)
    blocks = list(fact_blocks(conversation))
    rows, left_out = _fill(blocks, room - height_of(prompts) - LEFT_OUT_POINTS, f"See the sheet {SHEET}.")
    return [*prompts, *rows, *left_out], len(left_out), has_all_prompts and not left_out


def _changes(therapist: TherapistFacts) -> list[PageRow]:
    """Only where the instrument changed: when, and where that is told."""
    days = sorted({day.isoformat() for course in therapist.courses for day in course.changed_on})
    when = ", ".join(days)
    told = f"The instrument changed ({when}). Its scores are not converted: see the sheet Across instruments."
    return lines_of(told) if days else []


def _split(blocks: Sequence[Block]) -> tuple[Block | None, list[Block]]:
    """The block to draw — observers', with the instrument used most — and the others, consensus first."""
    if not blocks:
        return None, []
    order: dict[str, int] = {Role.OBSERVER: 0, Role.CONSENSUS: 1, Role.SUPERVISOR: 2, Role.SELF: 3}
    first = min(blocks, key=lambda b: (order[b.role] > 0, -b.n_sessions, order[b.role], b.instrument_id))
    others = sorted(
        (b for b in blocks if b is not first), key=lambda b: (b.role != Role.CONSENSUS, order[b.role], b.instrument_id)
    )
    return first, others


def _head(therapist: TherapistFacts, facts: NightFacts) -> list[PageRow]:
    new = [seen for seen in therapist.sessions if not seen.is_late]
    who = f"Team: {therapist.team or '[x] not in the roster'}\nSupervisor: {therapist.supervisor_id}\n{facts.lab}"
    when = f"As of {facts.night_on.isoformat()}, the last night that changed this sheet"
    rated = f"Since last time,\n{facts.since.isoformat()}:\n{_counted(new)} rated"
    first = "The therapist gets this sheet no later than her supervisor."
    return [
        line_of(f"Supervision sheet: therapist {therapist.therapist_id}", "Heading 1", 26),
        row_of((who, when, rated, PURPOSE)),
        row_of(("", "", first, SCOPE)),
    ]


def _counted(seen: Sequence[Seen]) -> str:
    """How many sessions; and how many cases, where there are any."""
    cases = {s.session_id.rpartition(" at month ")[0] or s.session_id for s in seen if s.is_case}
    n_sessions = sum(not s.is_case for s in seen)
    told = [counted(n_sessions, "session")] if n_sessions or not cases else []
    return " and ".join([*told, counted(len(cases), "case")] if cases else told)


def _sessions(sessions: Sequence[Seen], facts: NightFacts) -> list[PageRow]:
    since = facts.since.isoformat()
    new, late = [s for s in sessions if not s.is_late], [s for s in sessions if s.is_late]
    what = "Sessions and cases" if any(s.is_case for s in new) else "Sessions"
    rows = [line_of(f"{what} rated since last time ({since})", "Heading 2", 22)]
    if new:
        rows.append(row_of((HEADS[what], "How it was chosen", "Rated by", BELOW_HEAD), "Head"))
        rows += [row_of(_session_texts(seen)) for seen in new[:MOST_SESSIONS]]
    else:
        rows.append(line_of("None."))
    if len(new) > MOST_SESSIONS:
        rows.append(line_of(f"{_counted(new[MOST_SESSIONS:])} before these left out for want of room."))
    if late:
        some = ", ".join(s.session_id for s in late[:4]) + (", …" if len(late) > 4 else "")
        rows += lines_of(f"Rated before that day, but arrived since: {_counted(late)} ({some}).")
    return rows


def _session_texts(seen: Seen) -> tuple[str, ...]:
    day = seen.session_on.isoformat() if seen.session_on else "no date"
    own: dict[str, str] = {Role.CONSENSUS: "consensus (not signed)"} if seen.is_unsigned else {}
    by = ", ".join(counted(n, role) if role == Role.OBSERVER else own.get(role, role) for role, n in seen.rated_by)
    several = len({instrument_id for instrument_id, *_ in seen.below}) > 1
    below = ", ".join(
        f"{scale.lower()} {n} of {of}"
        + _marked(instrument_id if several else "", role if role == Role.CONSENSUS else "")
        for instrument_id, scale, n, of, role in seen.below
    )
    chosen = "not asked of a case" if seen.is_case else BY_SELECTION[seen.selection]
    without = "facts, not scores" if seen.is_case else "no observer has rated it against a threshold"
    return f"{seen.session_id}, {day}", chosen, by, below or without


def _marked(*marks: str) -> str:
    said = ", ".join(mark for mark in marks if mark)
    return f" ({said})" if said else ""


def _unsigned(sessions: Sequence[str]) -> list[PageRow]:
    """What is said of consensuses that nobody has signed: that they wait, and nothing of what they say."""
    if not sessions:
        return []
    some = ", ".join(sessions[:MOST_SESSIONS]) + (", …" if len(sessions) > MOST_SESSIONS else "")
    return lines_of(f"A consensus waits to be signed off, and is not shown until it is: {some}.")


def _block_name(block: Block) -> str:
    return f"{BY_ROLE[block.role]} with {block.instrument_id} ({counted(block.n_sessions, 'session')})"


def _fill(
    blocks: Sequence[tuple[str, list[PageRow]]], room: float, instead: str
) -> tuple[list[PageRow], list[PageRow]]:
    """The blocks that fit in the room, and a line naming those that do not and where they are told instead."""
    shown: list[PageRow] = []
    left_out: list[str] = []
    for name, rows in blocks:
        if height_of(shown) + height_of(rows) <= room:
            shown += rows
        else:
            left_out.append(name)
    return shown, lines_of(f"Left out for want of room: {'; '.join(left_out)}. {instead}") if left_out else []


def _remarks(remarks: Sequence[Remark], facts: NightFacts, room: float) -> tuple[list[PageRow], bool]:
    """The raters' remarks that fit, latest first, and whether that is all of them in full."""
    rows = [line_of("Raters' remarks, latest first", "Heading 2", 22)]
    if not remarks:
        return [*rows, line_of("None.")], True
    rows.append(row_of(("Session", "About", "Where it stands", "Remark"), "Head"))
    n_shown, is_cut, kept = 0, False, LINE_POINTS + 2
    for remark in remarks:
        row = row_of(_remark_texts(remark))
        if height_of(rows) + row.height + kept > room and n_shown:
            break
        rows.append(row)
        n_shown, is_cut = n_shown + 1, is_cut or len(remark.comment) > REMARK_LETTERS
    left_out = _left_out(remarks[n_shown:], facts, is_cut=is_cut)
    return [*rows, *left_out], not left_out


def _left_out(remarks: Sequence[Remark], facts: NightFacts, *, is_cut: bool) -> list[PageRow]:
    since = facts.since.isoformat()
    n_new = sum(remark.is_new for remark in remarks)
    parts = [f"{counted(n_new, 'more remark')} since {since}"] if n_new else []
    parts += [f"{counted(len(remarks) - n_new, 'older remark')} from before {since}"] if len(remarks) > n_new else []
    if not parts and not is_cut:
        return []
    here = " and ".join(parts) + " left out for want of room" if parts else "Long remarks are cut"
    return lines_of(f"{here}; all stand in full on the sheet All remarks.")


def _remark_texts(remark: Remark) -> tuple[str, ...]:
    day = remark.session_on.isoformat() if remark.session_on else "no date"
    about = remark.item or "the whole session"
    about += "" if remark.role == Role.OBSERVER else f" ({remark.role})"
    comment = clean_text(remark.comment)
    comment = comment if len(comment) <= REMARK_LETTERS else comment[:REMARK_LETTERS].rstrip() + " … [cut]"
    return (
        f"{remark.session_id}, {day}",
        about,
        ", ".join(part for part in (remark.workbook, remark.sheet, remark.cell) if part),
        comment,
    )


def _answer() -> list[PageRow]:
    say = "Write here or on paper, and save the sheet under a name of your own: this file is made anew when new ratings come."
    rows = [line_of("The therapist's answer", "Heading 2", 22), *lines_of(say)]
    return rows + [PageRow(("",) * 4, ("Answer",) * 4, 18, is_open=True) for _ in range(ANSWER_ROWS)]
