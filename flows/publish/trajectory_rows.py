"""What the sheet "Trajectory in sessions" of a supervision workbook says, row by row: counts in words, never a grade."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flows.publish.supervision_profile import BY_ROLE, short_title
from flows.publish.supervision_rows import PageRow, line_of, lines_of, row_of
from flows.publish.trajectory_facts import COMPLETE, Episode, Moment, Path, Rung
from flows.publish.words import counted
from flows.publish.workbook import clean_text
from schemas.codes import PURPOSE
from schemas.timeline_codes import Break

RUNG_POINTS = 33.0  # two lines of text, and the same for every rung, so that the rungs stand evenly
AXIS_POINTS = 26.0
MOST_EPISODES = 20  # in the picture and below it
MOST_MOMENTS = 150
NEVER_SCORED = (
    "Described, never scored: the steps are given in this order, and no departure from it is a fault. Counted are sessions "
    "in the window; followed by several raters, a session's episodes share its weight."
)
EXPERIMENTAL = (
    "Experimental: raters of one session are not yet known to agree on where it ends (an alpha of .60 is asked for). "
    "Take it as a hint of what to listen for, together."
)
HEADS = {
    True: (
        "Step",
        "Reached, once the step before was",
        "Order ends here in",
        "How far each episode got, oldest first",
    ),
    False: (
        "Step",
        "Reached, once the step before was",
        "Order ends here in",
        "How far each session got, oldest first",
    ),
}
SIGNS = "dark circle: in order; pale diamond: the furthest step that came at all, where it is another"
BEFORE = "before the first step"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where a picture stands: 0-based rows of its heading and of the rungs (top down), and the rows of the episodes."""

    path: Path
    head: int
    first_rung: int
    n_rungs: int
    first_episode: int
    n_episodes: int


def trajectory_rows(therapist_id: str, paths: Sequence[Path]) -> tuple[list[PageRow], list[Ladder]]:
    """All rows of the sheet, and the ladders to draw beside them."""
    rows = [line_of(f"Trajectory of the sessions: therapist {therapist_id}", "Heading 1", 26)]
    here = f"This sheet contains {counted(len(paths), 'picture')}, with the same in words beside and below."
    rows += [row for text in (here, PURPOSE, NEVER_SCORED) for row in lines_of(text)]
    ladders: list[Ladder] = []
    for path in paths:
        head = len(rows)
        rows += _path_head(path)
        first_rung = len(rows)
        rungs = list(_rung_rows(path))
        rows += [*rungs, line_of("", "Text", AXIS_POINTS)]
        rows.append(
            row_of((f"No. and {_unit(path)}", "How far it got", "Where the order ends", "What else is noted"), "Head")
        )
        shown = path.episodes[:MOST_EPISODES][::-1]
        ladders.append(Ladder(path, head, first_rung, len(rungs), len(rows), len(shown)))
        rows += [_episode_row(path, number, episode) for number, episode in enumerate(shown, 1)]
        rows += _left_out(len(path.episodes) - len(shown), _unit(path))
    moments = [moment for path in paths for moment in path.moments]
    return [*rows, *_moment_rows(moments)], ladders


def _unit(path: Path) -> str:
    return "episode" if path.is_timeline else "session"


def _path_head(path: Path) -> Iterator[PageRow]:
    rung = path.rungs[-1]
    seen = counted(rung.n_sessions, "session")
    by = f"{BY_ROLE[path.role]} with {path.instrument_id}"
    if path.is_timeline:
        yield line_of(f"From timelines: {by}, {seen}", "Heading 2", 22)
    else:
        yield line_of(f"From scores alone: {by}, {seen}", "Heading 2", 22)
        yield from lines_of(
            "No timeline was kept. A step counts as reached at the threshold; the order in time is not known."
        )
    if rung.n_unknown:
        yield from lines_of(
            f"Left out, as it is not known where the order ends: {counted(rung.n_unknown, _unit(path))}."
        )
    if rung.is_experimental:
        yield from lines_of(EXPERIMENTAL)
    head = HEADS[path.is_timeline]
    yield row_of((*head[:3], f"{head[3]}. {SIGNS[0].upper()}{SIGNS[1:]}"), "Head")


def _rung_rows(path: Path) -> Iterator[PageRow]:
    """The end of the order on top, then the steps from the last to the first, then the ground below the first."""
    steps = [rung for rung in path.rungs if rung.step != COMPLETE]
    whole = next(rung for rung in path.rungs if rung.step == COMPLETE)
    yield PageRow((f"Every step in order: {_of(whole.breaks, whole.episodes)}",), ("Text",), RUNG_POINTS)
    for rung in reversed(steps):
        title = f"{rung.position} {short_title(rung.title) or in_words(rung.step)}"
        reached = _of(rung.reached or 0, rung.opportunities or 0) if rung.opportunities else "no opportunity"
        yield PageRow((title, reached, _ends(rung)), ("Text",) * 3, RUNG_POINTS)
    yield PageRow((BEFORE.capitalize(),), ("Text",), RUNG_POINTS)


def _ends(rung: Rung) -> str:
    if rung.breaks_low is None or rung.breaks_high is None:
        return "not known"
    said = _of(rung.breaks, rung.episodes)
    return f"{said} ({100 * rung.breaks_low:.0f} to {100 * rung.breaks_high:.0f} %)"


def _of(k: float, n: float) -> str:
    return f"{round(k, 2):g} of {round(n, 2):g}"


def _episode_row(path: Path, number: int, episode: Episode) -> PageRow:
    heights = {rung.step: float(rung.position) for rung in path.rungs}
    row = row_of(_episode_texts(path, number, episode))
    is_known = not (episode.break_kind == Break.UNKNOWN and episode.last_in_order is None)
    numbers = (
        float(number),
        heights.get(episode.last_in_order or "", 0.0) if is_known else None,
        heights.get(episode.furthest or "") if episode.furthest != episode.last_in_order else None,
    )
    return PageRow(row.texts, row.styles, row.height, numbers)


def _episode_texts(path: Path, number: int, episode: Episode) -> tuple[str, ...]:
    day = episode.session_on.isoformat() if episode.session_on else "no date"
    what = f", episode {episode.episode}" if path.is_timeline else ""
    what += f", rater {episode.nth_rater}" if episode.nth_rater else ""
    far = f"in order to {in_words(episode.last_in_order)}" if episode.last_in_order else BEFORE
    if episode.furthest and episode.furthest != episode.last_in_order:
        far += f"; furthest {in_words(episode.furthest)}"
    if episode.break_kind == Break.UNKNOWN and not episode.last_in_order:
        far = "not known"
    end = f"{in_words(episode.breaks_at)}: {HOW[episode.break_kind]}" if episode.breaks_at else HOW[episode.break_kind]
    return f"{number}  {episode.session_id}, {day}{what}", far, end, "; ".join(_else(episode)) or "nothing else"


HOW: dict[str, str] = {
    Break.COMPLETE: "every step came in order",
    Break.MISSING: "not noted",
    Break.EARLY: "came before its place",
    Break.BELOW: "rated below the threshold",
    Break.UNKNOWN: "not known",
}


def _else(episode: Episode) -> Iterator[str]:
    if episode.order_held is not None:
        yield "the order held" if episode.order_held else "some steps came in another order"
    if episode.modes:
        at = "" if episode.lost_minute is None else f" at minute {episode.lost_minute:g}"
        yield f"mentalizing lost{at} ({in_words(episode.modes.replace('; ', ', '))})"
    for minutes, what in ((episode.minutes_to_validation, "validation"), (episode.minutes_to_restoring, "restoring")):
        if minutes is not None:
            yield f"{what} {minutes:g} minutes later"
    if episode.done_while_high:
        yield f"while arousal was high: {in_words(episode.done_while_high.replace('; ', ', '))}"


def in_words(ids: str | None) -> str:
    """Ids as people write them: `joint focus`."""
    return (ids or "").replace("_", " ")


def _left_out(n: int, unit: str) -> list[PageRow]:
    return (
        lines_of(f"{counted(n, f'earlier {unit}')} left out; all stand in supervision.trajectory_session.")
        if n > 0
        else []
    )


def _moment_rows(moments: Sequence[Moment]) -> Iterable[PageRow]:
    if not moments:
        return
    yield line_of("Moments worth finding again, latest session first", "Heading 2", 22)
    yield row_of(("Session and minute", "What is noted", "Where it stands", "Note"), "Head")
    for moment in moments[:MOST_MOMENTS]:
        day = moment.session_on.isoformat() if moment.session_on else "no date"
        minute = "no minute" if moment.minute is None else f"minute {moment.minute:g}"
        noted = ", ".join(map(in_words, moment.noted)) or "a remark"
        place = ", ".join((moment.workbook, moment.sheet, moment.cell))
        yield row_of((f"{moment.session_id}, {day}, {minute}", noted, place, clean_text(moment.note or "")))
    if len(moments) > MOST_MOMENTS:
        n = counted(len(moments) - MOST_MOMENTS, "earlier moment")
        yield from lines_of(f"{n} left out; all stand in supervision.trajectory_step, but for the notes.")
