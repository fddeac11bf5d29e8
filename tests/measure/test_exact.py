"""Ratings that leave nothing over: raters who agree to the point, or always differ by the same amount."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from flows.measure.model import Answer
from schemas.figure_codes import EstimateNote
from tests.measure import slow
from tests.measure.test_estimates import told
from tests.support.drawn_ratings import Ratings

# Sixteen sessions of four therapists, two patients each with two sessions; what they were rated, drawn by hand.
LEVELS = [2, 3, 4, 4, 5, 6, 3, 5, 1, 2, 2, 4, 6, 5, 7, 5]
THERAPIST = [n // 4 for n in range(16)]
PATIENT = [n // 2 for n in range(16)]


def twice(column: list[int]) -> list[int]:
    """Each session's entry for both of its raters."""
    return [entry for entry in column for _ in range(2)]


def rated(levels: list[float], severity: tuple[float, ...] = (0, 0), **more: object) -> Answer:
    """Every session rated by both raters, at its level and as severely as each is."""
    value = [level + own for level in levels for own in severity]
    n = len(levels)
    patient = twice([k // 2 for k in range(n)])
    return told(value, twice([k // 4 for k in range(n)]), [0, 1] * n, twice(list(range(n))), patient, **more)


def variances(found: Answer) -> Mapping[str, float]:
    return {component.facet: component.variance for component in found.components}


def test_raters_who_agree_leave_the_fit_of_one_value_a_session() -> None:
    found = rated([float(v) for v in LEVELS])
    facets = {"therapist": np.array(THERAPIST), "patient": np.array(PATIENT)}
    value, one = np.array(LEVELS, dtype=float), np.ones((16, 1))
    expected = slow.reml(value, facets, one)
    told_of = variances(found)
    assert [told_of[name] for name in ("therapist", "patient", "session")] == pytest.approx(expected, abs=1e-4)
    assert (told_of["rater"], told_of["rater_therapist"], told_of["residual"]) == (0, 0, 0)
    means, spread, alone = slow.predicted(expected, value, facets, one, "therapist")
    assert [e.estimate for e in found.estimates] == pytest.approx(means, abs=1e-4)
    assert [e.reliability for e in found.estimates] == pytest.approx(1 - alone / expected[0], abs=1e-4)
    assert all((e.low or 9) < (e.estimate or 0) - np.sqrt(spread[0]) for e in found.estimates)
    assert {(s.severity, s.low, s.high) for s in found.severities} == {(0, 0, 0)}


def test_raters_who_agree_are_told_of_in_a_note() -> None:
    notes = rated([float(v) for v in LEVELS]).notes
    assert "agreed: residual" in notes
    assert {"singular: rater", "singular: rater_therapist"} <= set(notes)


def test_two_sessions_each_of_two_therapists_come_out_by_hand() -> None:
    # One way, balanced: means 3 and 6, between 2 x 4.5 = 9, within (2 + 2) / 2 = 2; so sessions 2, therapists (9 - 2) / 2.
    found = told([2, 2, 4, 4, 5, 5, 7, 7], [0] * 4 + [1] * 4, [0, 1] * 4, twice([0, 1, 2, 3]))
    assert variances(found) == pytest.approx(
        {"therapist": 3.5, "session": 2.0, "rater": 0, "residual": 0, "rater_therapist": 0}, abs=1e-6
    )
    # drawn to the mean 4.5 by 3.5 / (3.5 + 2 / 2)
    shrunk = 1.5 * 3.5 / 4.5
    assert [e.estimate for e in found.estimates] == pytest.approx([4.5 - shrunk, 4.5 + shrunk], abs=1e-6)


def test_how_often_they_agree_changes_nothing() -> None:
    both, value = rated([float(v) for v in LEVELS]), [float(v) for v in LEVELS]
    first = told([*value, *value[:1]], [*THERAPIST, 0], [0] * 16 + [1], [*range(16), 0], [*PATIENT, 0])
    assert [e.estimate for e in first.estimates] == [e.estimate for e in both.estimates]
    assert [(e.low, e.high) for e in first.estimates] == [(e.low, e.high) for e in both.estimates]


def test_raters_who_differ_by_their_severity_alone_leave_the_same_fit_and_their_own_variance() -> None:
    agreed, found = rated([float(v) for v in LEVELS]), rated([float(v) for v in LEVELS], (-0.5, 0.5))
    # severities -.5 and .5: their variance is .5, and half of it stays open in the mean of two raters
    assert variances(found) == pytest.approx({**variances(agreed), "rater": 0.5})
    assert [e.estimate for e in found.estimates] == pytest.approx([e.estimate for e in agreed.estimates])
    assert found.mean_se**2 == pytest.approx(agreed.mean_se**2 + 0.25)
    assert [s.severity for s in found.severities] == pytest.approx([-0.5, 0.5])
    wider = [(e.high or 0) - (e.low or 0) for e in found.estimates]
    assert all(w > (e.high or 0) - (e.low or 0) + 0.05 for w, e in zip(wider, agreed.estimates, strict=True))


def test_mcgraw_and_wong_s_three_pairs_have_a_session_variance_of_four_and_a_rater_variance_of_two() -> None:
    # Their pairs (2,4), (4,6), (6,8), see test_reliability.py: consistency 4 / 4, absolute agreement 4 / (4 + 2).
    found = told([2, 4, 4, 6, 6, 8], [0] * 6, [0, 1] * 3, twice([0, 1, 2]))
    assert variances(found) == pytest.approx({"session": 4.0, "rater": 2.0, "residual": 0})


def test_where_nothing_is_left_over_within_patients_one_value_a_patient_is_left() -> None:
    found = rated([2, 2, 4, 4, 5, 5, 7, 7])
    assert variances(found) == pytest.approx(
        {"therapist": 3.5, "patient": 2.0, "session": 0, "rater": 0, "rater_therapist": 0, "residual": 0}, abs=1e-6
    )


@pytest.mark.parametrize("raters", [[0, 1] * 6, [0, 0, 1, 1] * 3], ids=["two a session", "one a session"])
def test_where_nothing_is_left_over_within_therapists_each_has_her_value(raters: list[int]) -> None:
    session = twice(list(range(6))) if raters[:2] == [0, 1] else list(range(12))
    found = told([3.0] * 4 + [5.0] * 4 + [7.0] * 4, [0] * 4 + [1] * 4 + [2] * 4, raters, session)
    # values 3, 5, 7: variance 4; a third of the reliability goes with the mean of three
    assert [c.variance for c in found.components] == pytest.approx([4.0] + [0.0] * (len(found.components) - 1))
    assert [e.estimate for e in found.estimates] == pytest.approx([3, 5, 7], abs=1e-6)
    assert [e.reliability for e in found.estimates] == pytest.approx([2 / 3] * 3, abs=1e-6)
    assert all((e.low or 9) < (e.estimate or 0) < (e.high or 0) for e in found.estimates)
    assert found.mean_se == pytest.approx(np.sqrt(4 / 3))


def test_a_therapist_with_one_session_has_its_value_and_is_not_told_apart_from_it() -> None:
    found = told([3, 3, 5, 5, 7, 7], twice([0, 1, 2]), [0, 1] * 3, twice([0, 1, 2]))
    assert found.components[0].facet == "therapist+session"
    assert [(e.estimate, e.note) for e in found.estimates] == [
        (pytest.approx(value, abs=1e-6), EstimateNote.MERGED) for value in (3, 5, 7)
    ]


def test_a_domain_in_which_raters_agree_and_elements_keep_their_distance_is_fitted_by_session() -> None:
    value = [level + step for level in LEVELS for step in (-1.0, 1.0) for _ in range(2)]
    four = {name: [entry for entry in column for _ in range(4)] for name, column in
            (("therapist", THERAPIST), ("session", list(range(16))), ("patient", PATIENT))}  # fmt: skip
    found = told(
        value, four["therapist"], [0, 1] * 32, four["session"], four["patient"], element=np.array([0, 0, 1, 1] * 16)
    )
    plain = rated([float(v) for v in LEVELS])
    told_of = variances(found)
    assert [told_of[name] for name in ("therapist", "patient", "session")] == pytest.approx(
        [variances(plain)[name] for name in ("therapist", "patient", "session")]
    )
    assert [e.estimate for e in found.estimates] == pytest.approx([e.estimate for e in plain.estimates])


def test_raters_who_differ_once_leave_something_over() -> None:
    value = [float(v) for v in twice(LEVELS)]
    value[5] += 1
    found = told(value, twice(THERAPIST), [0, 1] * 16, twice(list(range(16))), twice(PATIENT))
    assert not [note for note in found.notes if note.startswith("agreed")]
    assert variances(found)["residual"] > 0.01


def test_the_night_s_tables_hold_ratings_that_leave_nothing_over() -> None:
    ratings = Ratings()
    lines = ["session | therapist | patient | rater | item | adherence | competence"]
    for n, level in enumerate(LEVELS):
        for rater in (1, 2):
            said = f"S-{n:02} | T-{n // 4} | P-{n // 2} | R-{rater} | humility"
            lines.append(f"{said} | {level} | {2 * (n // 4)}")  # competence: a value a therapist
    ratings.counts("\n".join(lines).replace("| 0\n", "| 1\n"))
    ratings.rebuild()
    rows = ratings.asks("select scale, facet, variance, note from quality.variance_component order by scale, position")
    assert [row[1:3] for row in rows if row[0] == "adherence"][3:] == [
        ("rater", 0.0),
        ("rater_therapist", 0.0),
        ("residual", 0.0),
    ]
    assert all("agreed: residual" in note for *_, note in rows)
    # values 1, 2, 4 and 6 of four therapists: mean 3.25, squares 5.0625 + 1.5625 + .5625 + 7.5625 over 3
    assert [row[2] for row in rows if row[0] == "competence"] == [pytest.approx(14.75 / 3), 0, 0, 0, 0, 0]
    assert ratings.asks(
        "select distinct icc_single, icc_average from quality.rater_agreement where level = 'element' and icc_type = 'agreement'"
    ) == [(1.0, 1.0)]
    told = "select min(reliability) > 0.6 and max(reliability) <= 1 from quality.d_study where n_sessions >= 8 and n_patients = 4"
    assert ratings.asks(told) == [(True,)]


def test_a_variance_fitted_at_zero_is_nought_and_no_small_number() -> None:
    for n in (12, 120):  # without mixedlm, and with it
        value = [float(k % 3) + 0.1 * (k % 2) for k in range(n)]
        found = told(value, [k // 6 for k in range(n)], [0] * n, list(range(n)))
        assert found.components[0].variance == 0.0
        assert "singular: therapist" in found.notes


@pytest.mark.parametrize("seed", range(6))
def test_random_incomplete_labs_are_what_whole_matrices_come_to_as_the_residual_vanishes(seed: int) -> None:
    random = np.random.default_rng(seed)
    severity = np.array([-0.6, 0.1, 0.5]) if seed % 2 else np.zeros(3)
    therapist = np.repeat(np.arange(5), 4)
    levels = 4 + np.repeat(random.normal(0, 1, 5), 4) + random.normal(0, 0.6, 20)
    rows = [(s, int(k)) for s in range(20) for k in random.permutation(3)[: 2 + s % 2]]
    session, rater = (np.array(column) for column in zip(*rows, strict=True))
    value = levels[session] + severity[rater]
    found = told(value.tolist(), therapist[session], rater, session)
    told_of, one = variances(found), np.ones((len(value), 1))
    facets = {"therapist": therapist[session], "session": session, "rater": rater}
    limit = np.array([told_of["therapist"], told_of["session"], max(told_of["rater"], 1e-9), 1e-8])
    best = slow.restricted(limit, value, facets, one)
    for place, times in ((0, 0.8), (0, 1.25), (1, 0.8), (1, 1.25), (2, 0.8), (2, 1.25)):
        other = limit * np.where(np.arange(4) == place, times, 1.0)
        assert limit[place] < 1e-8 or slow.restricted(other, value, facets, one) < best
    assert [e.estimate for e in found.estimates] == pytest.approx(
        slow.predicted(limit, value, facets, one, "therapist")[0], abs=1e-5
    )
    assert [s.severity for s in found.severities] == pytest.approx(
        slow.predicted(limit, value, facets, one, "rater")[0] - found.mean, abs=1e-5
    )
    inverse = np.linalg.inv(slow.covariance(limit, facets, len(value)))
    assert found.mean_se == pytest.approx(1 / np.sqrt(inverse.sum()), abs=1e-5)
