"""How a supervision sheet words what stands beside the scores: questions, what is in place for cases, choices counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.publish.conversation_facts import Assessed, Conversation, Prompt
from flows.publish.supervision_profile import short_title
from flows.publish.supervision_rows import PageRow, height_of, line_of, lines_of
from flows.publish.words import counted
from flows.publish.workbook import LINE_POINTS
from schemas.codes import PURPOSE

SHEET = "Questions and facts"  # of all that the page has no room for
MOST_PROMPTS = 4  # on a page that has to hold all the rest
MOST_RAISED = 3  # sessions or cases named behind a question
TALK = "For a conversation: questions, not findings"
CASES = "Cases: what is in place, by observers"
CHOICES = "Choices in sessions, by observers (number of sessions)"


def prompt_rows(conversation: Conversation, room: float, most: int | None) -> tuple[list[PageRow], bool]:
    """The questions that fit in the room, a line or two each with what raised them, and whether that is all there is to them.

    No more than `most` of them, where that is a number.
    """
    prompts = conversation.prompts
    if not prompts:
        return [], True
    rows = [_heading(TALK)]
    n_shown = 0
    for prompt in prompts[:most]:
        told = lines_of(_prompt_text(prompt, MOST_RAISED))
        if n_shown and height_of((*rows, *told)) + LINE_POINTS + 2 > room:  # one is always put
            break
        rows += told
        n_shown += 1
    if n_shown == len(prompts):
        return rows, all(len(prompt.raised_by) <= MOST_RAISED for prompt in prompts)
    n_more = counted(len(prompts) - n_shown, "more question")
    return [*rows, line_of(f"{n_more}: see the sheet {SHEET}.")], False


def all_rows(therapist_id: str, conversation: Conversation) -> list[PageRow]:
    """The rows of the sheet that holds every question and every fact."""
    rows = [line_of(f"Questions and facts: therapist {therapist_id}", "Heading 1", 26), *lines_of(PURPOSE)]
    if conversation.prompts:
        rows += [_heading(TALK), *_question_rows(conversation.prompts, None)]
    return rows + [row for _, block in fact_blocks(conversation) for row in block]


def _question_rows(prompts: Sequence[Prompt], most_raised: int | None) -> list[PageRow]:
    return [row for prompt in prompts for row in lines_of(_prompt_text(prompt, most_raised))]


def _prompt_text(prompt: Prompt, most_raised: int | None) -> str:
    named = prompt.raised_by[:most_raised]
    shown = [f"{who} ({place})" if place else who for who, place in named]
    more = len(prompt.raised_by) - len(named)
    told = "; ".join(shown) + (f"; and {counted(more, 'other')}" if more else "")
    return f"{prompt.sentence} Raised by {told}."


def fact_blocks(conversation: Conversation) -> Iterator[tuple[str, list[PageRow]]]:
    """Blocks that are shown where there is room: what each is called when it is left out, and its rows."""
    if conversation.cases:
        rows = [row for case in conversation.cases for row in lines_of(_case_text(case))]
        yield f"what is in place for {counted(len(conversation.cases), 'case')}", [_heading(CASES), *rows]
    for chosen in conversation.choices:
        told = "; ".join(f"{short_title(fact.item)}, {fact.scale.lower()}: {fact.said}" for fact in chosen.facts)
        yield f"choices with {chosen.name}", [_heading(CHOICES), *lines_of(f"{chosen.name}. {told}.")]


def _heading(text: str) -> PageRow:
    return line_of(text, "Heading 2", 22)


def _case_text(case: Assessed) -> str:
    day = f", {case.assessed_on.isoformat()}" if case.assessed_on else ""
    told = "; ".join(f"{short_title(fact.item)}: {fact.said}" for fact in case.facts)
    before = f" Assessed before at {_months(case.earlier)}." if case.earlier else ""
    return f"{case.name[0].upper()}{case.name[1:]}{day}. {told}.{before}"


def _months(months: tuple[int, ...]) -> str:
    return f"{'month' if len(months) == 1 else 'months'} {', '.join(map(str, months))}"
