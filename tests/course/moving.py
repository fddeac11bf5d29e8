"""A lab of therapists whose instruments change: to another and back, to their own, to a new version, with both at once."""

from __future__ import annotations

from pathlib import Path

from schemas.catalog import SHIPPED, Catalog, load_catalog
from tests.support.drawn_ratings import Ratings, roster_of

# Its own words and its own scale, 0 to 4 with 3 good enough; no crosswalk, no adherence, one of the eight stance elements.
HOUSE = """
id = "house"
version = "1.0"
title = "House sheet"
about = "For tests."
source = "None."
modality = "individual"
domains = [{ id = "stance", title = "Stance" }]
elements = [
    { id = "not_knowing", domain = "stance", title = "Not-knowing", guidance = "Listen." },
    { id = "warmth", domain = "stance", title = "Warmth", guidance = "Listen." },
]

[[scales]]
id = "competence"
title = "Competence"
short = "Comp."
question = "How well was it done?"
lowest = 0
highest = 4
step = 0.5
threshold = 3

[[items]]
id = "curious"
number = 1
title = "Curious"
scales = ["competence"]
speaks_to = [{ element = "not_knowing", weight = 3 }]

[[items]]
id = "open"
number = 2
title = "Open"
scales = ["competence"]
speaks_to = [{ element = "not_knowing", partly = true }]

[[items]]
id = "warm"
number = 3
title = "Warm"
scales = ["competence"]
speaks_to = [{ element = "warmth" }]
"""
ROSTER = """
    therapist | team  | supervisor
    T-1       | north | SV-1
    T-2       | north | SV-2
    T-3       | south | SV-1
    T-4       | south | SV-2
"""
# T-1 moves to the published scale and back (and has techniques rated beside it), T-2 to the house sheet, T-3 to a new version;
# T-4 has one session rated with both.
RATED = """
    session | therapist | patient | on         | rater | role     | instrument         | item        | adherence | competence
    A-1     | T-1       | P-1     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | humility    | 3         | 4
    A-1     | T-1       | P-1     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 5         | 4
    A-1     | T-1       | P-1     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | arousal     | 2         | 3
    A-1     | T-1       | P-1     | 2026-01-10 | R-1   | observer | mbt-techniques 1.0 | simple      | 6         | 6
    A-2     | T-1       | P-1     | 2026-02-10 | R-1   | observer | mbt-session 1.0    | humility    | 4         | 4
    A-2     | T-1       | P-1     | 2026-02-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 3         | 2
    A-2     | T-1       | P-1     | 2026-02-10 | R-2   | observer | mbt-session 1.0    | not_knowing | 4         | ND
    A-2     | T-1       | P-1     | 2026-02-10 | R-1   | observer | mbt-session 1.0    | arousal     | NO        | NO
    A-3     | T-1       | P-1     | 2026-03-10 | R-1   | observer | mbt-i-acs 1.0      | acs_02      | 6         | 5
    A-3     | T-1       | P-1     | 2026-03-10 | R-1   | observer | mbt-i-acs 1.0      | acs_03      | 2         | 3
    A-3     | T-1       | P-1     | 2026-03-10 | R-1   | observer | mbt-i-acs 1.0      | acs_05      | X         | 4
    A-3     | T-1       | P-1     | 2026-03-10 | R-1   | observer | mbt-i-acs 1.0      | acs_08      | 2         | 3
    A-3     | T-1       | P-1     | 2026-03-10 | R-1   | observer | mbt-i-acs 1.0      | acs_09      | 5         | NO
    A-4     | T-1       | P-1     | 2026-04-10 | R-1   | observer | mbt-i-acs 1.0      | acs_02      | UJ        | UJ
    A-5     | T-1       | P-1     | 2026-05-10 | R-1   | observer | mbt-session 1.0    | humility    | 5         | 5
    A-5     | T-1       | P-1     | 2026-05-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 4         | 4
    A-5     | T-1       | P-1     | 2026-05-10 | T-1   | self     | mbt-i-acs 1.0      | acs_02      | 7         | 7
    A-6     | T-1       | P-1     | .          | R-1   | observer | mbt-i-acs 1.0      | acs_02      | 3         | 3
    B-1     | T-2       | P-2     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | humility    | 3         | 3
    B-1     | T-2       | P-2     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 5         | 5
    B-2     | T-2       | P-2     | 2026-02-10 | R-1   | observer | house 1.0          | curious     | .         | 3
    B-2     | T-2       | P-2     | 2026-02-10 | R-1   | observer | house 1.0          | open        | .         | 1
    B-2     | T-2       | P-2     | 2026-02-10 | R-1   | observer | house 1.0          | warm        | .         | 4
    C-1     | T-3       | P-3     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 4         | 4
    C-2     | T-3       | P-3     | 2026-02-10 | R-1   | observer | mbt-session 1.1    | not_knowing | 4         | 5
    D-1     | T-4       | P-4     | 2026-01-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 4         | 4
    D-2     | T-4       | P-4     | 2026-02-10 | R-1   | observer | mbt-session 1.0    | not_knowing | 5         | 4
    D-2     | T-4       | P-4     | 2026-02-10 | R-1   | observer | mbt-i-acs 1.0      | acs_02      | 2         | 4
    D-3     | T-4       | P-4     | 2026-02-10 | R-1   | observer | mbt-i-acs 1.0      | acs_02      | 3         | 4
    C-3     | T-3+T-2   | .       | 2026-03-10 | R-1   | observer | mbt-group 1.0      | not_knowing | 2         | 2
"""


def moving_catalog(folder: Path) -> Catalog:
    """What ships, the house sheet, and a later version of mbt-session in which 5 is good enough."""
    instruments = folder / "instruments"
    instruments.mkdir(parents=True)
    (instruments / "house.toml").write_text(HOUSE, encoding="utf-8")
    shipped = (SHIPPED / "instruments" / "mbt-session.toml").read_text(encoding="utf-8")
    later = shipped.replace('version = "1.0"', 'version = "1.1"').replace("threshold = 4", "threshold = 5")
    (instruments / "later.toml").write_text(later, encoding="utf-8")
    return load_catalog([folder])


def moving_lab(folder: Path) -> Ratings:
    """The lab with every table made."""
    ratings = Ratings(roster_of(ROSTER), moving_catalog(folder))
    ratings.counts(RATED)
    ratings.rebuild()
    return ratings
