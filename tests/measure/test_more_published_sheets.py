"""Further published fits, sent as sheets through an instrument and a layout: nested, uneven, crossed, incomplete, at nought.

Sources: Rail and Oxide, Pinheiro & Bates 2000, Mixed-Effects Models in S and S-PLUS, sections 1.1 and 4.4 (fits by lme, REML);
Mississippi, Littell et al. 1996, SAS System for Mixed Models, output 4.1 (REML); sleepstudy without days, lme4; Apex
Enterprises, Neter et al. 1996, Applied Linear Statistical Models, table 24.1 (interviewers, mean squares 394.925 and 73.2833);
Shrout & Fleiss 1979, table 3 (mean squares 11.24, 32.49, 1.02).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from flows.measure.facets import levels
from tests.measure.published import lme4_rows
from tests.measure.rater_labs import SHROUT_FLEISS
from tests.measure.slow import reml
from tests.measure.test_published_sheets import INSTRUMENT, components
from tests.support.lab import Lab

RAIL = "55 53 54 | 26 37 32 | 78 91 85 | 92 100 96 | 49 51 50 | 80 85 83"
# A line a lot, nine places each: three wafers of three sites.
OXIDE = """
2006 1999 2007 1980 1988 1982 2000 1998 2007 | 1991 1990 1988 1987 1989 1988 1985 1983 1989
| 2000 2004 2004 2001 1996 2004 1999 2000 2002 | 1997 1994 1996 1996 2000 2002 1987 1990 1995
| 2013 2004 2009 2023 2018 2010 2020 2023 2015 | 2032 2036 2030 2018 2022 2026 2009 2010 2011
| 1984 1993 1993 1992 1992 1990 1996 1993 1987 | 1996 1989 1996 1997 1993 1996 1990 1989 1992
"""
MISSISSIPPI = """
21 27 29 17 19 12 29 20 20 | 21 11 18 9 13 23 2 | 20 19 20 11 14 | 14 24 30 21 31 27 | 7 15 18 4 28 | 41 42 35 34 30
"""
APEX = "76 65 85 74 | 59 75 81 67 | 49 63 61 46 | 74 71 85 89 | 66 84 80 79"
# Five sessions by three raters, whose means (4, 4.2 and 4) differ by less than chance would let them: mean squares of
# sessions 7.2333, of raters .0667, of the rest .7333. The component of raters is (.0667 - .7333) / 5, below nought; fitted at
# nought, raters and rest are one: (.1333 + 5.8667) / (2 + 8) = .6, and sessions (7.2333 - .6) / 3 = 2.21111 (Thompson
# 1962, Annals of Mathematical Statistics 33, 273-289).
BELOW_NOUGHT = ((2, 3, 1), (3, 2, 4), (4, 5, 4), (5, 5, 6), (6, 6, 5))


def groups_of(drawing: str) -> list[list[str]]:
    """The values of each group; groups stand apart by a bar."""
    return [group.split() for group in drawing.split("|")]


def one_way(drawing: str) -> list[list[str]]:
    """Rows of a group a therapist: every value is a session with a rater of its own."""
    return [
        [f"S-{t}-{n}", f"T-{t}", f"R-{t}-{n}", "", value]
        for t, group in enumerate(groups_of(drawing))
        for n, value in enumerate(group)
    ]


def crossed(cells: tuple[tuple[int, ...], ...]) -> list[list[str]]:
    """Rows of sessions (of a therapist each) by raters, and a second look at each would be the residual."""
    return [[f"S-{s}", f"T-{s}", f"R-{r}", "", str(v)] for s, line in enumerate(cells) for r, v in enumerate(line)]


def of_fine_scale(lab: Lab, rows: list[list[str]]) -> tuple[dict[str, float], str | None]:
    """Components of rows whose values go to thousands."""
    return components(
        lab, rows, INSTRUMENT.replace("highest = 70", "highest = 3000").replace("step = 0.001", "step = 0.0001")
    )


@pytest.mark.parametrize(
    ("drawing", "therapist", "rest"),
    [(RAIL, 24.8055, 4.0208), (MISSISSIPPI, 7.9576, 6.5313), (APEX, 8.9672, 8.5606)],
    ids=["Rail", "Mississippi, uneven", "Apex Enterprises"],
)
def test_one_way_layouts_are_as_published(lab: Lab, drawing: str, therapist: float, rest: float) -> None:
    found, _ = of_fine_scale(lab, one_way(drawing))
    assert found == {"therapist": therapist, "session+rater+residual": rest}


def test_oxide_with_wafers_nested_in_lots_as_patients(lab: Lab) -> None:
    rows = [
        [f"S-{lot}-{n}", f"L-{lot}", "R", f"W-{lot}-{n // 3}", value]
        for lot, group in enumerate(groups_of(OXIDE))
        for n, value in enumerate(group)
    ]
    assert of_fine_scale(lab, rows)[0] == {"therapist": 11.3977, "patient": 5.9888, "session+residual": 3.5453}


def test_sleepstudy_without_days(lab: Lab) -> None:
    rows = [[f"S-{n}", r["Subject"], "R", "", r["Reaction"]] for n, r in enumerate(lme4_rows("sleepstudy"))]
    found, _ = of_fine_scale(lab, rows)
    assert {facet: round(sd, 2) for facet, sd in found.items()} == {"therapist": 35.75, "session+residual": 44.26}


def test_shrout_and_fleiss_s_judges(lab: Lab) -> None:
    found, _ = of_fine_scale(lab, crossed(SHROUT_FLEISS))
    # components of mean squares: of sessions a quarter of (11.2417 less 1.0194), of judges a sixth of (32.4861 less it)
    expected = {"therapist+session": math.sqrt(2.5556), "rater": math.sqrt(5.2444), "residual": math.sqrt(1.0194)}
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_component_below_nought_is_nought_and_its_sum_of_squares_goes_to_the_rest(lab: Lab) -> None:
    found, note = of_fine_scale(lab, crossed(BELOW_NOUGHT))
    expected = {"therapist+session": math.sqrt(2.21111), "rater": 0.0, "residual": math.sqrt(0.6)}
    assert found == pytest.approx(expected, abs=1e-4)
    assert note is not None
    assert "singular: rater" in note.split("; ")


def test_a_table_with_gaps_is_fitted_as_it_stands(lab: Lab) -> None:
    """Penicillin without every fifth row, against whole matrices and a general optimiser."""
    kept = [row for n, row in enumerate(lme4_rows("Penicillin")) if n % 5]
    rows = [[f"P-{r['plate']}", f"P-{r['plate']}", r["sample"], "", r["diameter"]] for r in kept]
    found, _ = of_fine_scale(lab, rows)
    facets = {of: levels(np.array([row[of] for row in kept])) for of in ("plate", "sample")}
    value = np.array([float(row["diameter"]) for row in kept])
    slow = np.sqrt(reml(value, facets, np.ones((len(value), 1))))
    assert list(found.values()) == pytest.approx(slow.tolist(), abs=2e-3)
