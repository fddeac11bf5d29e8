"""What stands on the one page of a supervision sheet, row by row, and what is left out when the page is full.

Pure layout: facts in, rows with their heights out. Nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, zip_longest
from textwrap import wrap

from flows.publish.facts import NightFacts
from flows.publish.supervision_facts import Block, Line, Remark, Scale, Seen, TherapistFacts, Told
from flows.publish.words import Enough, counted, marks_in_words, n_below, too_few
from flows.publish.workbook import LINE_POINTS, clean_text, n_lines
from schemas.codes import PURPOSE, SCOPE, Role, Selection, Status

WIDTHS = (28, 20, 20, 43)  # of the printed columns A to D
PAGE_POINTS = 975  # height of an A4 page once these columns fit its width
SMALL_PAGE_POINTS = 1090  # … once they are printed at 8 points rather than 9, to leave less out
MOST_PROFILE_POINTS = 520
MOST_SESSIONS = 6
TITLE_LETTERS = 60
REMARK_LETTERS = 360  # of one remark on the page; the rest stands on the sheet of all remarks
LINE_LETTERS = 122  # of a line across the page
REMARK_POINTS = 66  # kept for remarks before further blocks are shown
ANSWER_ROWS = 4
MARK_POINTS = 3.8  # of the two scales' marks, above and below the middle of the line
LEAST_DRAWN_POINTS = 17.5  # of a row beside the picture: room for two marks
AXIS_POINTS = 26.0  # below the profile, for the picture's scale

BY_ROLE = {
    Role.OBSERVER: "observers' ratings",
    Role.CONSENSUS: "consensus, signed off by the supervisor",
    Role.SUPERVISOR: "the supervisor's ratings",
    Role.SELF: "the therapist's own ratings",
}
BY_SELECTION = {
    Selection.RANDOM: "drawn at random",
    Selection.THERAPIST_CHOSEN: "chosen by the therapist",
    Selection.SUPERVISOR_CHOSEN: "chosen by the supervisor",
    Selection.UNKNOWN: "not said how chosen",
}


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row: texts for columns A to D, their styles, its height, and the numbers behind the picture (not printed)."""

    texts: tuple[str, ...]
    styles: tuple[str, ...]
    height: float
    numbers: tuple[float | None | str, ...] = ()
    is_open: bool = False  # for the therapist to write in


@dataclass(frozen=True, slots=True)
class Page:
    """The page; `drawn` is the block in the picture, beside the `n_drawn` rows from `first_drawn` (0-based)."""

    rows: tuple[PageRow, ...]
    drawn: Block | None
    first_drawn: int
    n_drawn: int
    has_all_remarks: bool  # False: some are left out or cut, and a sheet of all of them is needed


def row_of(texts: Sequence[str], style: str = "Text", *, height: float = 0, styles: tuple[str, ...] = ()) -> PageRow:
    """A row of wrapped texts, high enough for the longest."""
    lines = max((n_lines(text, width) for text, width in zip(texts, WIDTHS, strict=False) if text), default=1)
    return PageRow(tuple(texts), styles or (style,) * len(texts), max(height, lines * LINE_POINTS + 2))


def line_of(text: str, style: str = "Sentence", height: float = LINE_POINTS + 2) -> PageRow:
    """A row with one text in column A that runs on over the others."""
    return PageRow((text,), (style,), height)


def lines_of(text: str) -> list[PageRow]:
    """As many such rows as the text needs to stay on the page."""
    return [line_of(part) for part in wrap(text, LINE_LETTERS)]


def height_of(rows: Iterable[PageRow]) -> float:
    """Points from the top of the first row to the bottom of the last."""
    return sum(row.height for row in rows)


def compose(therapist: TherapistFacts, facts: NightFacts, enough: Enough) -> Page:
    """Lay out one therapist's page: head, profile, sessions, consensus, remarks, the rest, room for her answer."""
    page, n_left_out = _compose(therapist, facts, enough, PAGE_POINTS)
    return _compose(therapist, facts, enough, SMALL_PAGE_POINTS)[0] if n_left_out or not page.has_all_remarks else page


def _compose(therapist: TherapistFacts, facts: NightFacts, enough: Enough, points: float) -> tuple[Page, int]:
    first, others = _split(therapist.blocks)
    head, answer = _head(therapist, facts), _answer()
    profile, first_row, n_rows = _profile(first, enough) if first else ([line_of(NOTHING)], 0, 0)
    sessions = _sessions(therapist.sessions, facts)
    room = points - height_of((*head, *answer, *profile, *sessions))
    wanted = height_of(_remarks(therapist.remarks, facts, points)[0])
    shown, left_out = _fill(others, room - min(wanted, REMARK_POINTS))
    remarks, has_all = _remarks(therapist.remarks, facts, room - height_of(shown) - height_of(left_out))
    rows = (*head, *profile, *sessions, *shown, *left_out, *remarks, *answer)
    return Page(rows, first, len(head) + first_row, n_rows, has_all), len(left_out)


NOTHING = "No rating of this therapist's sessions counts at present."


def _split(blocks: Sequence[Block]) -> tuple[Block | None, list[Block]]:
    """The block to draw — observers', with the instrument used most — and the others, consensus first."""
    if not blocks:
        return None, []
    order = {Role.OBSERVER: 0, Role.CONSENSUS: 1, Role.SUPERVISOR: 2, Role.SELF: 3}
    first = min(blocks, key=lambda b: (order[b.role] > 0, -b.n_sessions, order[b.role], b.instrument_id))
    others = sorted(
        (b for b in blocks if b is not first), key=lambda b: (b.role != Role.CONSENSUS, order[b.role], b.instrument_id)
    )
    return first, others


def _head(therapist: TherapistFacts, facts: NightFacts) -> list[PageRow]:
    n_new = sum(not seen.is_late for seen in therapist.sessions)
    who = f"Team: {therapist.team or '[x] not in the roster'}\nSupervisor: {therapist.supervisor_id}\n{facts.lab}"
    when = f"As of {facts.night_on.isoformat()}, the last night that changed this sheet"
    new = f"Since last time,\n{facts.since.isoformat()}:\n{counted(n_new, 'session')} rated"
    first = "The therapist gets this sheet no later than her supervisor."
    return [
        line_of(f"Supervision sheet: therapist {therapist.therapist_id}", "Heading 1", 26),
        row_of((who, when, new, PURPOSE)),
        row_of(("", "", first, SCOPE)),
    ]


def _profile(block: Block, enough: Enough) -> tuple[list[PageRow], int, int]:
    """The profile, where its drawn rows begin in it, and how many they are."""
    scales = block.scales[:2]
    few = _too_few_throughout(block, enough)
    lines, n_left_out = _lines_that_fit(block, scales, None if few else enough)
    title = line_of(f"Elements: {BY_ROLE[block.role]}, {block.instrument}", "Heading 2", 22)
    top = [title, *lines_of(_sentence(block, few)), _profile_head(scales)]
    drawn = _with_numbers(list(_drawn_rows(lines, scales, None if few else enough)), lines, scales)
    bottom = [PageRow((_below_the_picture(block),), ("Sentence",), AXIS_POINTS)]
    for n, what in ((n_left_out, "more element"), (len(block.scales) - len(scales), "more scale")):
        bottom += lines_of(f"{counted(n, what)} left out for want of room: {IN_DATABASE}") if n else []
    return [*top, *drawn, *bottom], len(top), len(drawn)


IN_DATABASE = "see supervision.therapist_element in fidelity.duckdb."


def _below_the_picture(block: Block) -> str:
    ends = ", ".join(f"{scale.title.lower()} {scale.lowest:g} to {scale.highest:g}" for scale in block.scales[:2])
    thresholds = sorted({t for line in block.lines for t in _thresholds(line)})
    dashed = f"dashed: good enough, from {' or '.join(f'{t:g}' for t in thresholds)}"
    return f"Scales: {ends}; {dashed if thresholds else 'more is not better'}"


def _thresholds(line: Line) -> set[float]:
    return {told.threshold for told in line.told.values() if told.threshold is not None}


def _sentence(block: Block, few: str) -> str:
    told = [told for line in block.lines for told in line.told.values()]
    patients = counted(max((t.n_patients for t in told), default=0), "patient")
    raters = counted(max((t.n_raters for t in told), default=0), "rater")
    seen = f"{counted(block.n_sessions, 'session')} seen, with {patients}, by {raters}."
    throughout = f" For every element: {few}." if few else ""
    crosswalk = (
        " [crosswalk]: told by another instrument's items." if any(line.is_crosswalked for line in block.lines) else ""
    )
    return seen + throughout + crosswalk


def _too_few_throughout(block: Block, enough: Enough) -> str:
    """What is too few for every element alike; empty when some element has enough, or when they lack different things."""
    said = {
        too_few(told.n_sessions, told.n_patients, told.n_raters, enough) if told.status == Status.INSUFFICIENT else ""
        for line in block.lines
        for told in line.told.values()
        if told.n_sessions
    }
    return said.pop() if len(said) == 1 else ""


def _profile_head(scales: Sequence[Scale]) -> PageRow:
    titles = [f"{scale.title}: rated below good enough in" for scale in scales]
    signs = ", ".join(
        f"{sign} {scale.title.lower()}" for sign, scale in zip(("dark circle", "pale diamond"), scales, strict=False)
    )
    picture = f"Mean of sessions: {signs}; line: lowest to highest"
    texts = ("Element", *titles, *[""] * (2 - len(titles)), picture)
    numbers = [f"Not printed, behind the picture: {scale.title}, {what}" for scale in scales for what in NUMBERS]
    head = row_of(texts, "Head")
    return PageRow(head.texts, head.styles, head.height, (*numbers, *THRESHOLD_NUMBERS))


NUMBERS = ("mean", "mean minus lowest session", "highest session minus mean", "height of its mark (blank: not rated)")
THRESHOLD_NUMBERS = (
    "Not printed, behind the picture: good enough from",
    "Not printed, behind the picture: height of that line",
)


def _drawn_rows(lines: Sequence[Line], scales: Sequence[Scale], enough: Enough | None) -> Iterator[PageRow]:
    for (domain, is_ordered), of_domain in groupby(lines, key=lambda line: (line.domain, line.is_ordered)):
        yield line_of(f"{domain}, in order" if is_ordered else domain, "Head plain")
        for line in of_domain:
            name = short_title(line.element) + (" [crosswalk]" if line.is_crosswalked else "")
            words = (_in_words(line.told.get(scale.scale), enough) for scale in scales)
            yield row_of((name, *words), height=LEAST_DRAWN_POINTS)


def _lines_that_fit(block: Block, scales: Sequence[Scale], enough: Enough | None) -> tuple[tuple[Line, ...], int]:
    lines = block.lines
    while len(lines) > 1:
        rows = list(_drawn_rows(lines, scales, enough))
        if height_of(rows) <= MOST_PROFILE_POINTS:
            break
        lines = lines[:-1]
    return lines, len(block.lines) - len(lines)


def _in_words(told: Told | None, enough: Enough | None) -> str:
    """`3 of 4 sessions seen` under a heading that says of what; then what is too few, and the marks."""
    if told is None or told.status == Status.NOT_COVERED:
        return "not covered"
    said = [_counts(told)]
    if enough and told.status == Status.INSUFFICIENT and told.n_sessions:
        said.append(too_few(told.n_sessions, told.n_patients, told.n_raters, enough))
    return "\n".join(part for part in (*said, marks_in_words(told.marks)) if part)


def _counts(told: Told) -> str:
    if not told.n_sessions:
        return "" if told.marks else "no rated session"
    if told.share_adequate is None:
        return f"mean {told.mean:.1f} of {counted(told.n_sessions, 'session')}; no threshold"
    seen = "session seen" if told.n_sessions == 1 else "sessions seen"
    return f"{n_below(told.n_sessions, told.share_adequate)} of {told.n_sessions} {seen}"


def _with_numbers(rows: list[PageRow], lines: Sequence[Line], scales: Sequence[Scale]) -> list[PageRow]:
    """The drawn rows with the numbers behind the picture: heights are points above the lowest row's lower edge."""
    total = height_of(rows)
    tops = [total - before for before in accumulate((row.height for row in rows), initial=0.0)]
    in_order = iter(lines)
    thresholds = {t for line in lines for t in _thresholds(line)}
    threshold = thresholds.pop() if len(thresholds) == 1 else None
    numbered = []
    for k, row in enumerate(rows):
        line = None if "Head plain" in row.styles else next(in_order)
        at_edge = tops[0] if k == 0 else 0.0 if k == len(rows) - 1 else tops[k]
        of_threshold = (None, None) if threshold is None else (threshold, at_edge)
        numbers = (*_numbers(line, scales, tops[k] - row_middle()), *of_threshold)
        numbered.append(PageRow(row.texts, row.styles, row.height, numbers))
    return numbered


def row_middle() -> float:
    """How far below a row's upper edge the middle of its first line of text is."""
    return LINE_POINTS / 2 + 1


def _numbers(line: Line | None, scales: Sequence[Scale], height: float) -> tuple[float | None, ...]:
    """For each scale the mean, how far the lowest and highest sessions are from it, and the height of the mark."""
    numbers: list[float | None] = []
    for at, scale in enumerate(scales):
        told = line.told.get(scale.scale) if line else None
        if told is None or told.mean is None:
            numbers += [None] * len(NUMBERS)
            continue
        low = told.mean if told.lowest is None else told.lowest
        high = told.mean if told.highest is None else told.highest
        shift = MARK_POINTS * (1 - 2 * at) if len(scales) > 1 else 0.0
        numbers += [told.mean, told.mean - low, high - told.mean, height + shift]
    return tuple(numbers)


def _sessions(sessions: Sequence[Seen], facts: NightFacts) -> list[PageRow]:
    since = facts.since.isoformat()
    new, late = [s for s in sessions if not s.is_late], [s for s in sessions if s.is_late]
    rows = [line_of(f"Sessions rated since last time ({since})", "Heading 2", 22)]
    if new:
        rows.append(
            row_of(("Session", "How it was chosen", "Rated by", "Elements below good enough, by observers"), "Head")
        )
        rows += [row_of(_session_texts(seen)) for seen in new[:MOST_SESSIONS]]
    else:
        rows.append(line_of("None."))
    if len(new) > MOST_SESSIONS:
        rows.append(
            line_of(f"{counted(len(new) - MOST_SESSIONS, 'earlier session')} of these left out for want of room.")
        )
    if late:
        some = ", ".join(s.session_id for s in late[:4]) + (", …" if len(late) > 4 else "")
        rows += lines_of(f"Rated before that day, but arrived since: {counted(len(late), 'session')} ({some}).")
    return rows


def _session_texts(seen: Seen) -> tuple[str, ...]:
    day = seen.session_on.isoformat() if seen.session_on else "no date"
    by = ", ".join(counted(n, role) if role == Role.OBSERVER else role for role, n in seen.rated_by)
    several = len({instrument_id for instrument_id, *_ in seen.below}) > 1
    below = ", ".join(
        f"{scale.lower()} {n} of {of}" + (f" ({instrument_id})" if several else "")
        for instrument_id, scale, n, of in seen.below
    )
    chosen = BY_SELECTION[Selection(seen.selection)]
    return f"{seen.session_id}, {day}", chosen, by, below or "no observer has rated it against a threshold"


def _fill(blocks: Sequence[Block], room: float) -> tuple[list[PageRow], list[PageRow]]:
    """The further blocks that fit in the room, short, and a line naming those that do not."""
    shown: list[PageRow] = []
    left_out: list[str] = []
    for block in blocks:
        rows = _short_block(block)
        if height_of(shown) + height_of(rows) <= room:
            shown += rows
        else:
            left_out.append(
                f"{BY_ROLE[block.role]} with {block.instrument_id} ({counted(block.n_sessions, 'session')})"
            )
    return shown, lines_of(
        f"Left out for want of room: {'; '.join(left_out)}. Instead {IN_DATABASE}"
    ) if left_out else []


def _short_block(block: Block) -> list[PageRow]:
    """A block in figures only, two elements a row, without the elements that nobody rated."""
    scales = block.scales[:2]
    rated = [line for line in block.lines if any(told.n_sessions or told.marks for told in line.told.values())]
    names = [scale.title.lower() for scale in scales]
    means = [f"{scale.title}, mean (sessions)" for scale in scales]
    rows = [
        line_of(f"Separately: {BY_ROLE[block.role]}, {block.instrument}", "Heading 2", 22),
        row_of(("Element", *means, *[""] * (2 - len(means)), f"Element: {', '.join(names)}, mean (sessions)"), "Head"),
    ]
    half = -(-len(rated) // 2)
    for left, right in zip_longest(rated[:half], rated[half:]):
        of_right = f"{_cut(right.element, 26)}: {', '.join(_means(right, scales))}" if right else ""
        rows.append(row_of((_cut(left.element, 30), *_means(left, scales), *[""] * (2 - len(scales)), of_right)))
    if len(rated) < len(block.lines):
        rows += lines_of(f"Not rated, or not covered: {counted(len(block.lines) - len(rated), 'other element')}.")
    return rows


def short_title(title: str) -> str:
    """An element's title as far as one line or two can hold it: up to its first semicolon, or comma when it is long."""
    title = title.partition(";")[0]
    return title.partition(",")[0] if len(title) > TITLE_LETTERS else title


def _cut(title: str, letters: int) -> str:
    title = short_title(title)
    return title if len(title) <= letters else title[: letters - 1].rstrip() + "…"


def _means(line: Line, scales: Sequence[Scale]) -> Iterator[str]:
    for scale in scales:
        told = line.told.get(scale.scale)
        yield f"{told.mean:.1f} ({told.n_sessions})" if told and told.mean is not None else "not rated"


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
    return f"{remark.session_id}, {day}", about, f"{remark.workbook}, {remark.sheet}, {remark.cell}", comment


def _answer() -> list[PageRow]:
    say = "Write here or on paper, and save the sheet under a name of your own: this file is made anew when new ratings come."
    rows = [line_of("The therapist's answer", "Heading 2", 22), *lines_of(say)]
    return rows + [PageRow(("",) * 4, ("Answer",) * 4, 18, is_open=True) for _ in range(ANSWER_ROWS)]
