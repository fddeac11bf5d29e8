"""A past night told again shows what people saw after it, row for row and cell for cell, whatever came since."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.history.past_nights import PastNights

HEAD = "session | rater | therapist | patient | date | revision | rated on | adherence | competence | remark\n"
FIRST = dt.date(2026, 7, 1)
SESSIONS = ("S-1|{}|T-1|P-1|2026-05-11", "S-2|{}|T-2|P-2|2026-05-12", "S-3|{}|T-1|P-3|2026-06-13")


def send(lab: PastNights, row: str) -> None:
    """Send one rating in a workbook of its own."""
    lab.sends(f"sheet-{lab.n_sent}.csv", HEAD + row)


def rates(lab: PastNights, session: int, rater: str, revision: str, adherence: str) -> None:
    """A rating, good or bad, new or corrected."""
    send(lab, f"{SESSIONS[session].format(rater)}|{revision}|.|{adherence}|5|seen twice")


def disputes(lab: PastNights, session: int, rater: str, revision: str, adherence: str) -> None:
    """A rating that names another patient than the rest."""
    row = SESSIONS[session].format(rater).replace("|P-", "|PX-")
    send(lab, f"{row}|{revision}|2026-06-20|{adherence}|5|.")


def knows_everyone(lab: PastNights, *_: object) -> None:
    """The roster is mended: R-9 is a rater, and T-1 is supervised by another."""
    lab.names(therapists={"T-1": "SV-2", "T-2": "SV-2"}, raters=("R-1", "R-2", "R-9"))


def describes_more(lab: PastNights, *_: object) -> None:
    """A sheet that no layout describes, and from the second time on a layout that does."""
    if lab.n_sent > 3:
        lab.describes(ODD)
    lab.sends(f"odd-{lab.n_sent}.csv", "sitting | scorer | who | how much | how well\nS-4 | R-1 | T-2 | 3 | 4")


def chooses(lab: PastNights, session: int, *_: object) -> None:
    """Settings that show in the tables."""
    lab.chosen = {"min_sessions": 1 + session, "window_months": 1 + session, "lab": f"Lab {session}"}


ODD = """
id = "odd"
version = "1"
title = "Odd"
instrument = "pair"
shape = "wide"
[fields]
session_id = { column = "sitting" }
rater_id = { column = "scorer" }
therapist_id = { column = "who" }
[[table.scores]]
header = "how much"
item = "not_knowing"
scale = "adherence"
[[table.scores]]
header = "how well"
item = "not_knowing"
scale = "competence"
"""
DEEDS = {
    "rates": rates,
    "disputes": disputes,
    "knows everyone": knows_everyone,
    "describes more": describes_more,
    "chooses": chooses,
    "takes back": None,
}
deed = st.tuples(
    st.sampled_from(list(DEEDS)), st.sampled_from([0, 1, 2]), st.sampled_from(["R-1", "R-2", "R-9"]),
    st.sampled_from([".", "1", "2"]), st.sampled_from(["3", "6", "9"]),
)  # fmt: skip
night = st.tuples(st.sampled_from([0, 1, 8, 40]), st.lists(deed, max_size=3))

EVERYTHING = [
    (0, [("rates", 0, "R-1", ".", "3"), ("rates", 0, "R-9", ".", "6"), ("describes more", 0, "R-1", ".", "3")]),
    (1, [("disputes", 0, "R-2", "1", "6"), ("rates", 1, "R-1", ".", "9"), ("rates", 2, "R-2", ".", "3")]),
    (8, [
        ("knows everyone", 0, "R-1", ".", "3"), ("describes more", 0, "R-1", ".", "3"), ("rates", 0, "R-1", "2", "6"),
        ("rates", 1, "R-1", ".", "6"), ("chooses", 2, "R-1", ".", "3"), ("takes back", 0, "R-1", ".", "3"),
    ]),
    (0, [("rates", 0, "R-1", "3", "3")]),
    (1, []),
    (40, [("takes back", 0, "R-2", ".", "3"), ("chooses", 1, "R-1", ".", "3")]),
]  # fmt: skip


N_DRAWN = int(os.environ.get("HISTORY_EXAMPLES", "0"))  # histories drawn at random beside the one that has everything


@settings(
    max_examples=max(1, N_DRAWN),
    phases=[Phase.explicit, *([Phase.generate, Phase.shrink] if N_DRAWN else [])],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(nights=st.lists(night, min_size=2, max_size=4))
@example(nights=EVERYTHING)
def test_every_past_day_is_told_as_it_was_published(
    nights: list[tuple[int, list[tuple[str, int, str, str, str]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        lab = PastNights(tmp_path_factory.mktemp("past") / "home", patched)
        on = FIRST
        for days, deeds in nights:
            on += dt.timedelta(days=days)
            for name, session, rater, revision, adherence in deeds:
                if name != "takes back":
                    DEEDS[name](lab, session, rater, revision, adherence)
            lab.publishes(on)
            for name, session, rater, *_ in deeds:
                if name == "takes back":
                    lab.tries_to_take_back(f"S-{session + 1}", rater, on)
        for day in lab.kept:
            assert lab.tells(day, today=on) == lab.was(day), day


def test_a_rating_that_is_no_longer_new_makes_the_night_no_idle_one(lab: PastNights) -> None:
    send(lab, "S-1|R-1|T-1|P-1|2026-05-01|.|2026-06-20|4|4|.")
    for on in (dt.date(2026, 9, 10), dt.date(2026, 9, 25)):  # last time: 2026-06-12 and 06-27
        lab.publishes(on)
    assert lab.tells(on) == lab.was(on)
    sheet = "supervision/SV-1/T-1.xlsx"
    assert lab.was(dt.date(2026, 9, 10))[sheet] != lab.was(on)[sheet]
