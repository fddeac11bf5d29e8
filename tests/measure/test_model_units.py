"""What the model takes for one rating's value: weighted means of crosswalked items, steps of an ordered domain, cases."""

from __future__ import annotations

import pytest

from flows.load.models import SQL
from schemas.catalog import Catalog
from schemas.instrument import Instrument
from tests.support.drawn_ratings import TINY, Ratings

CASE = TINY.model_copy(update={"id": "of-cases", "unit": "case"})


def test_several_items_of_one_element_enter_the_model_as_one_weighted_mean_and_never_as_replicates() -> None:
    ratings = Ratings()
    # o1 weighs 2 and o2 weighs 1: (2 x 3 + 6) / 3 = 4, (2 x 5 + 2) / 3 = 4, (2 x 6 + 3) / 3 = 5; o2 alone: 2
    ratings.counts("""
        session | therapist | patient | rater | instrument | item | adherence | competence
        S-1     | T-1       | P-1     | R-1   | other 1.0  | o1   | 3         | 3
        S-1     | T-1       | P-1     | R-1   | other 1.0  | o2   | 6         | 6
        S-2     | T-1       | P-2     | R-1   | other 1.0  | o1   | 5         | 5
        S-2     | T-1       | P-2     | R-1   | other 1.0  | o2   | 2         | 2
        S-3     | T-1       | P-3     | R-1   | other 1.0  | o1   | 6         | 6
        S-3     | T-1       | P-3     | R-1   | other 1.0  | o2   | 3         | 3
        S-4     | T-1       | P-4     | R-1   | other 1.0  | o1   | NO        | NO
        S-4     | T-1       | P-4     | R-1   | other 1.0  | o2   | 2         | 2
    """)
    ratings.rebuild()
    assert ratings.asks(
        "select session_id, value, is_crosswalked from measure.observation "
        "where element = 'not_knowing' and scale = 'adherence' order by session_id"
    ) == [("S-1", 4.0, True), ("S-2", 4.0, True), ("S-3", 5.0, True), ("S-4", 2.0, True)]
    # the mean of 4, 4, 5 and 2 and their variance, over 3: four ratings, though seven items
    assert ratings.asks(
        "select facet, variance, n_levels, mean from quality.variance_component "
        "where element = 'not_knowing' and scale = 'adherence'"
    ) == [("patient+session+residual", pytest.approx(4.75 / 3), 4, 3.75)]
    assert ratings.asks(
        "select estimate, status from supervision.therapist_element where element = 'not_knowing' and scale = 'adherence'"
    ) == [(3.75, None)]


def test_what_only_the_first_steps_of_an_ordered_domain_say_is_not_taken_for_a_better_domain() -> None:
    # humility is rated 6 and not_knowing 2, whoever it is; T-2 and T-4 never came as far as not_knowing
    ratings = Ratings(catalog=Catalog({("tiny", "1.0"): ORDERED}, {}, {}))
    lines = ["session | therapist | patient | rater | item | adherence | competence"]
    for n in range(16):
        said = f"S-{n:02} | T-{n % 4 + 1} | P-{n:02} | R-{n // 4 % 2 + 1}"
        lines.append(f"{said} | humility | {6 + (n % 3 == 0)} | 6")
        lines.append(f"{said} | not_knowing | {'NO' if n % 2 else 2 + (n % 3 == 1)} | 2")
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    rows = ratings.asks(
        "select therapist_id, avg(value), any_value(estimate) from measure.observation "
        "inner join supervision.therapist_domain using (instrument_id, role, domain, scale) "
        "where domain = 'stance' and scale = 'adherence' and list_contains(therapist_ids, therapist_id) "
        "group by therapist_id order by therapist_id"
    )
    (_, first, model), (_, second, its_model) = rows[0], rows[1]
    assert second - first > 1.5
    assert abs(its_model - model) < 0.3


ORDERED = TINY.model_copy(
    update={"domains": [domain.model_copy(update={"ordered": domain.id == "stance"}) for domain in TINY.domains]}
)


def test_cases_are_units_as_sessions_are_and_several_of_one_patient_lie_in_her() -> None:
    ratings = Ratings(catalog=Catalog({("of-cases", "1.0"): CASE}, {}, {}))
    lines = ["session | therapist | patient | rater | instrument | item | adherence | competence"]
    # six therapists with two patients each, each at two points of the treatment, seen by two raters
    for n in range(24):
        for k in range(2):
            value = 3 + n // 8 + (n * 5 + k * 3) % 3
            said = f"C-{n:02} | T-{n // 4} | P-{n // 2:02} | R-{k + 1} | of-cases 1.0 | humility"
            lines.append(f"{said} | {value} | {value}")
    ratings.counts("\n".join(lines))
    ratings.rebuild()
    assert ratings.asks(
        "select facet, n_levels from quality.variance_component where scale = 'adherence' order by position"
    ) == [("therapist", 6), ("patient", 12), ("session", 24), ("rater", 2), ("rater_therapist", 12), ("residual", 48)]


def test_more_therapists_than_ratings_are_no_offence_to_the_check_of_the_components() -> None:
    ratings = Ratings()
    ratings.counts("""
        session | therapist | rater | item     | adherence | competence
        G-1     | T-1+T-2   | R-1   | humility | 6         | 6
        G-2     | T-2+T-3   | R-1   | humility | 3         | 4
    """)
    ratings.rebuild()
    assert ratings.asks("select max(n_levels) from quality.variance_component") == [(3,)]
    assert ratings.asks((SQL / "60_quality" / "checks" / "components_add_up.sql").read_text(encoding="utf-8")) == []


def test_the_threshold_is_that_of_the_newest_version_that_anybody_was_rated_with() -> None:
    def of_threshold(version: str, threshold: float) -> Instrument:
        scales = [scale.model_copy(update={"threshold": threshold}) for scale in TINY.scales]
        return TINY.model_copy(update={"version": version, "scales": scales})

    versions = {("tiny", v): of_threshold(v, at) for v, at in (("1.0", 4.0), ("2.0", 5.0), ("3.0", 6.0))}
    told = []
    for of_last in ("1.0", "2.0"):
        ratings = Ratings(catalog=Catalog(versions, {}, {}))
        ratings.counts(f"""
            session | therapist | rater | instrument    | item     | adherence | competence
            S-1     | T-1       | R-1   | tiny 1.0      | humility | 4         | 4
            S-2     | T-1       | R-1   | tiny {of_last} | humility | 5         | 6
        """)
        ratings.rebuild()
        told += ratings.asks(
            "select distinct threshold from supervision.therapist_element where element = 'humility' and scale = 'adherence'"
        )
    assert told == [(4.0,), (5.0,)]
