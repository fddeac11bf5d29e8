"""The worked examples of docs/decisions/trajectory.md, read from the page itself and held against the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.intake_sheets import drawn
from tests.trajectory.drawn import NOTE_HEAD, Trajectories

PAGE = (Path(__file__).parents[2] / "docs" / "decisions" / "trajectory.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(timeline|scores|answer)\n(.*?)^```", PAGE, re.M | re.S)


def examples() -> list[tuple[dict[str, str], str, str]]:
    """(scores, timeline, answer) of each example, in the order of the page."""
    found, scores, timeline = [], dict[str, str](), ""
    for kind, text in BLOCKS:
        if kind == "scores":
            scores = dict(part.strip().split(": ") for part in text.strip().split(";"))
        elif kind == "timeline":
            timeline = text
        else:
            found.append((scores, timeline, text))
            scores, timeline = {}, ""
    return found


def noted_lines(session: str, timeline: str) -> list[str]:
    """A timeline block as rows of the drawing, every column filled in."""
    if not timeline:
        return []
    head, *rows = drawn(timeline)
    names = [name.strip() for name in NOTE_HEAD.split("|")]
    known = {"session": session, "rater": "R-1", "role": "observer", "instrument": "mbt-session", "episode": "1"}
    return [" | ".join((known | dict(zip(head, row, strict=True))).get(name) or "." for name in names) for row in rows]


def answers(text: str) -> dict[str, str]:
    return dict(part.strip().split(": ", 1) for line in text.strip().splitlines() for part in line.split(";"))


def said(value: object) -> str:
    """A cell as the page writes it."""
    if value is None:
        return "."
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, object]]:
    """What the models say of each example, under its number."""
    trajectories = Trajectories()
    lines = []
    for number, (scores, timeline, _) in enumerate(examples()):
        trajectories.rated(f"S-{number}", scores=scores)
        lines += noted_lines(f"S-{number}", timeline)
    trajectories.notes("\n".join((NOTE_HEAD, *lines)))
    trajectories.rebuild()
    return {str(row["session_id"]): row for row in trajectories.rows_of("supervision.trajectory_session")}


def test_the_page_has_examples_of_both_kinds() -> None:
    assert len(examples()) == 10
    assert sum(not timeline for _, timeline, _ in examples()) == 2


@pytest.mark.parametrize("number", range(len(examples())))
def test_every_example_of_the_page_comes_out_as_worked_by_hand(number: int, told: dict[str, dict[str, object]]) -> None:
    _, timeline, text = examples()[number]
    row = told[f"S-{number}"]
    expected = answers(text)
    assert {name: said(row[name]).replace("; ", ", ") for name in expected} == expected
    assert row["basis"] == ("timeline" if timeline else "scores")
    assert row["episode"] == (1 if timeline else None)
