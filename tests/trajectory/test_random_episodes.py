"""The same definitions in slow Python: random episodes told twice, once by the models and once line by line."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.trajectory.drawn import NOTE_HEAD, STEPS, Trajectories


class Line(NamedTuple):
    minute: int | None
    step: str | None
    mode: str | None
    arousal: str | None


LINES = st.builds(
    Line,
    st.none() | st.integers(0, 50),
    st.none() | st.sampled_from(STEPS),
    st.sampled_from([None, None, "pretend"]),
    st.sampled_from([None, None, "flooding", "regulated"]),
).filter(lambda line: any((line.step, line.mode, line.arousal)))
RATINGS = st.lists(
    st.tuples(st.lists(LINES, min_size=1, max_size=8), st.sets(st.sampled_from(STEPS), max_size=2)),
    min_size=20,
    max_size=40,
)


def told_slowly(lines: list[Line], uncalled: set[str]) -> dict[str, object]:
    """How far an episode gets, where it breaks, its inversions and the minutes after a loss, by the words of the page."""
    seen: list[str] = []
    for line in lines:
        if line.step and line.step not in seen:
            seen.append(line.step)
    expected = [step for step in STEPS if step not in uncalled or step in seen]
    in_order: list[str] = []
    for step in expected:
        if step not in seen or (in_order and seen.index(step) < seen.index(in_order[-1])):
            break
        in_order.append(step)
    broken = expected[len(in_order)] if len(in_order) < len(expected) else None
    swapped = sum(
        seen.index(a) > seen.index(b) for i, a in enumerate(expected) for b in expected[i + 1 :] if {a, b} <= set(seen)
    )
    lost = next((k for k, line in enumerate(lines) if line.mode), None)
    kind = "complete" if broken is None else "early" if broken in seen else "missing"
    return {
        "n_expected": len(expected),
        "n_in_order": len(in_order) if seen else None,
        "last_in_order": in_order[-1] if in_order else None,
        "furthest": max(seen, key=STEPS.index, default=None),
        "breaks_at": broken if seen else None,
        "break_kind": kind if seen else "unknown",
        "n_inversions": swapped if len(seen) > 1 else None,
        "order_held": swapped == 0 if len(seen) > 1 else None,
        "minutes_to_validation": minutes_to("validation", lines, lost),
        "minutes_to_restoring": minutes_to("restoring", lines, lost),
        "done_while_high": "; ".join(while_high(lines)) or None,
    }


def minutes_to(step: str, lines: list[Line], lost: int | None) -> int | None:
    after = [line for line in lines[lost:] if line.step == step] if lost is not None else []
    if lost is None or not after or after[0].minute is None:
        return None
    start = lines[lost].minute
    return None if start is None else after[0].minute - start


def while_high(lines: list[Line]) -> list[str]:
    done, arousal = [], None
    for line in lines:
        arousal = line.arousal or arousal
        if arousal == "flooding" and line.step:
            done.append(line.step)
    return done


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # making a failure smaller takes many minutes
    suppress_health_check=list(HealthCheck),
)
@given(RATINGS)
def test_the_models_say_what_slow_python_says(ratings: list[tuple[list[Line], set[str]]]) -> None:
    trajectories, notes = Trajectories(), list[str]()
    for number, (lines, uncalled) in enumerate(ratings):
        trajectories.rated(f"S-{number}", scores=dict.fromkeys(sorted(uncalled), "NO"))
        for line in lines:
            minute, step, mode, arousal = ("." if said is None else said for said in line)
            notes.append(
                f"S-{number} | R-1 | observer | mbt-session | 1 | {minute} | {step} | {mode} | {arousal} | . | ."
            )
    trajectories.notes("\n".join((NOTE_HEAD, *notes)))
    trajectories.rebuild()
    told = {row["session_id"]: row for row in trajectories.rows_of("supervision.trajectory_session")}
    for number, (lines, uncalled) in enumerate(ratings):
        expected = told_slowly(lines, uncalled)
        assert {name: told[f"S-{number}"][name] for name in expected} == expected
