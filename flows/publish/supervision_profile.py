"""The elements on a supervision sheet: what each was rated in words, the numbers behind the picture, and the short form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, zip_longest

from flows.publish.supervision_facts import Block, Line, Scale, Told
from flows.publish.supervision_rows import PageRow, height_of, line_of, lines_of, row_of
from flows.publish.words import Enough, counted, marks_in_words, n_below, too_few
from flows.publish.workbook import LINE_POINTS
from schemas.codes import Role, Status
from schemas.figure_codes import EstimateNote

MOST_PROFILE_POINTS = 520
TITLE_LETTERS = 60
MARK_POINTS = 3.8  # of the two scales' marks, above and below the middle of the line
LEAST_DRAWN_POINTS = 17.5  # of a row beside the picture: room for two marks
AXIS_POINTS = 26.0  # below the profile, for the picture's scale

BY_ROLE: dict[str, str] = {
    Role.OBSERVER: "observers' ratings",
    Role.CONSENSUS: "consensus, signed off by the supervisor",
    Role.SUPERVISOR: "the supervisor's ratings",
    Role.SELF: "the therapist's own ratings",
}


def profile_rows(block: Block, enough: Enough) -> tuple[list[PageRow], int, int]:
    """The profile, where its drawn rows begin in it, and how many they are."""
    scales, enough = block.scales[:2], enough.of(block.instrument_id)
    few = _too_few_throughout(block, enough)
    covered = tuple(line for line in block.lines if _is_covered(line))
    lines, n_left_out = _lines_that_fit(covered, scales, None if few else enough)
    title = line_of(f"Elements: {BY_ROLE[block.role]}, {block.instrument}", "Heading 2", 22)
    top = [title, *lines_of(_sentence(block, few)), _profile_head(scales)]
    drawn = _with_numbers(list(_drawn_rows(lines, scales, None if few else enough)), lines, scales)
    bottom = [PageRow((_below_the_picture(block),), ("Sentence",), AXIS_POINTS)]
    if len(covered) < len(block.lines):
        uncovered = "; ".join(short_title(line.element) for line in block.lines if not _is_covered(line))
        bottom += lines_of(f"Not covered by this instrument: {uncovered}.")
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
    n_patients = max((t.n_patients for t in told), default=0)
    patients = (
        f"with {counted(n_patients, 'patient')}, " if n_patients else ""
    )  # where sheets name none, nothing is said
    raters = counted(max((t.n_raters for t in told), default=0), "rater")
    seen = f"{counted(block.n_sessions, 'session')} seen, {patients}by {raters}."
    throughout = f" For every element: {few}." if few else ""
    statuses = {t.status for t in told}
    if statuses & SETTLED.keys():
        throughout += " Where nothing stands below the count, these sessions do not settle it."
    crosswalk = (
        " [crosswalk]: told by another instrument's items." if any(line.is_crosswalked for line in block.lines) else ""
    )
    return seen + throughout + crosswalk


def _too_few_throughout(block: Block, enough: Enough) -> str:
    """What is too few for every element alike; empty when some element has enough, or when they lack different things."""
    said = {_why_insufficient(told, enough) for line in block.lines for told in line.told.values() if told.n_sessions}
    return said.pop() if len(said) == 1 else ""


def _profile_head(scales: Sequence[Scale]) -> PageRow:
    titles = [f"{scale.title}: rated below good enough in" for scale in scales]
    signs = ", ".join(
        f"{sign} {scale.title.lower()}" for sign, scale in zip(("dark circle", "pale diamond"), scales, strict=False)
    )
    picture = f"{signs[0].upper()}{signs[1:]}: estimate of her level, bar: its 95 % interval; small: too few to say"
    texts = ("Element", *titles, *[""] * (2 - len(titles)), picture)
    numbers = [f"Not printed, behind the picture: {scale.title}, {what}" for scale in scales for what in NUMBERS]
    head = row_of(texts, "Head")
    return PageRow(head.texts, head.styles, head.height, (*numbers, *THRESHOLD_NUMBERS))


_MARK = ("minus the interval's lower end", "its upper end minus it", "height of its mark")
NUMBERS = (
    "estimate (blank: none, or too few to say)",
    *(f"estimate: {what}" for what in _MARK),
    "what too few sessions say, small: estimate, or mean where there is none (blank: not rated)",
    *(f"small: {what}" for what in _MARK),
)
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


def _is_covered(line: Line) -> bool:
    return any(told.status != Status.NOT_COVERED for told in line.told.values())


def _lines_that_fit(
    all_lines: tuple[Line, ...], scales: Sequence[Scale], enough: Enough | None
) -> tuple[tuple[Line, ...], int]:
    lines = all_lines
    while len(lines) > 1:
        rows = list(_drawn_rows(lines, scales, enough))
        if height_of(rows) <= MOST_PROFILE_POINTS:
            break
        lines = lines[:-1]
    return lines, len(all_lines) - len(lines)


def _in_words(told: Told | None, enough: Enough | None) -> str:
    """`3 of 4 sessions seen` under a heading that says of what; then what is settled or too few, and the marks."""
    if told is None or told.status == Status.NOT_COVERED:
        return "not covered"
    said = [_counts(told), SETTLED.get(told.status or "", "")]
    if enough and told.n_sessions:
        said.append(_why_insufficient(told, enough))
    return "\n".join(part for part in (*said, marks_in_words(told.marks)) if part)


def _why_insufficient(told: Told, enough: Enough) -> str:
    """What is too few, or that she cannot be told from a colleague; empty where the status is another."""
    if told.status != Status.INSUFFICIENT:
        return ""
    few = too_few(told.n_sessions, told.n_patients, told.n_raters, enough)
    return few or ("always led with the same colleague" if told.note == EstimateNote.LED_TOGETHER else "")


# Short, for a narrow column; where none of them stands, the sessions do not settle it.
SETTLED: dict[str, str] = {
    Status.STRENGTH: "clearly above",
    Status.ADEQUATE: "good enough",
    Status.BELOW: "below good enough",
}


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
    """For each scale a mark or a small one: its place, how far its bar reaches down and up, and its height."""
    numbers: list[float | None] = []
    for at, scale in enumerate(scales):
        told = line.told.get(scale.scale) if line else None
        mark = None if told is None else _mark(told)
        blank: tuple[float | None, ...] = (None,) * len(_MARKED)
        if told is None or mark is None:
            numbers += blank * 2
            continue
        shift = MARK_POINTS * (1 - 2 * at) if len(scales) > 1 else 0.0
        numbers += (*blank, *mark, height + shift) if _is_small(told) else (*mark, height + shift, *blank)
    return tuple(numbers)


_MARKED = ("place", "down", "up", "height")


def _is_small(told: Told) -> bool:
    """Whether too little was seen to say anything of her level."""
    return told.estimate is None or told.status == Status.INSUFFICIENT


def _mark(told: Told) -> tuple[float, float | None, float | None] | None:
    """Where the mark stands and how far its bar reaches; a mean without an estimate has no bar."""
    if told.estimate is None or told.low is None or told.high is None:
        return None if told.mean is None else (told.mean, None, None)
    return told.estimate, told.estimate - told.low, told.high - told.estimate


def short_block(block: Block) -> list[PageRow]:
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
