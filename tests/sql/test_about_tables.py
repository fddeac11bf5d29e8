"""What a published file says about itself: dictionary, codes, elements, example queries."""

from __future__ import annotations

import pytest

from flows.load.models import PUBLISHED_SCHEMAS, read_examples, read_models
from schemas.codes import PURPOSE, SCOPE, Status
from schemas.published import PUBLISHED
from tests.support.drawn_ratings import Ratings, roster_of

ROSTER = "therapist | team | supervisor\nT-1 | north | SV-1"


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """A small lab in which every example query has something to answer."""
    ratings = Ratings(roster_of(ROSTER))
    ratings.counts("""
        session | therapist | patient | on         | rater | item        | adherence | competence
        S-1     | T-1       | P-1     | 2026-03-01 | R-1   | not_knowing | 2         | NO
        S-1     | T-1       | P-1     | 2026-03-01 | R-2   | not_knowing | 5         | 4
        S-2     | T-1       | P-1     | 2026-06-01 | R-1   | not_knowing | 6         | NO
    """)
    ratings.notes("session | rater | minute | step | mode\nS-1 | R-1 | 12 | arousal | pretend")
    ratings.waits("session | therapist | rater | code\nS-9 | T-1 | R-1 | cell_blank")
    ratings.rebuild()
    ratings.takes_back("S-9", "R-9")
    ratings.con.execute(  # so small a lab settles nothing
        "insert into supervision.focus values ('T-1', 'tiny', 'observer', 'work_on', 1, 'stance', 'not_knowing', 'adherence', "
        "'rated below good enough in 1 of 2 sessions seen', 0.05, 'S-1', '2026-03-01', 'S-1 R-1.xlsx', 'Rating', 'C12')"
    )
    ratings.con.execute(  # nor does an instrument change in it
        "insert into supervision.course_change values ('T-1', 'observer', 'individual', 'session', 'S-2', '2026-06-01', true, "
        "'version', 'tiny 0.9', 'tiny', '1.0', 'stance', 'not_knowing', null, null)"
    )
    ratings.con.execute(  # nor has it a case
        "insert into supervision.session_fact values ('C-1 @ 6', 'C-1', 6, '2026-03-01', 'T-1', 'P-1', 'R-1', 'observer', "
        "'tiny', '1.0', 'crisis_plan', 'in_place', 'choice', 'rated', 'yes', 'C-1.xlsx', 'Rating', 'D13')"
    )
    ratings.con.execute(  # nor does anything wait for a consensus
        "insert into quality.waiting_session values ('S-1', '2026-03-01', 'T-1', 'tiny', 'consensus', 'R-1; R-2', "
        "'2026-06-02 04:15:00')"
    )
    ratings.con.execute(
        "insert into supervision.prompt values ('C-1 @ 6', '2026-03-01', 'crisis-plan-late', 'What stood in its way?', "
        "'It is stressed from the beginning.', 'C-1.xlsx', 'Rating', 'E13')"
    )
    return ratings


def test_the_dictionary_is_what_duckdb_knows_of_every_published_column_and_what_its_model_says(
    ratings: Ratings,
) -> None:
    known = ratings.asks(f"""
        select schema_name || '.' || table_name, column_name, column_index, lower(data_type)
        from duckdb_columns() where schema_name in {PUBLISHED_SCHEMAS} order by all
    """)
    told = ratings.asks("select table_name, column_name, position, data_type from about.dictionary order by all")
    assert told == known
    assert len(told) > 150
    models = [m for m in read_models() if m.name.split(".")[0] in PUBLISHED_SCHEMAS]
    sentences = ratings.asks("select table_name, column_name, table_sentence, sentence from about.dictionary")
    assert sorted(sentences) == sorted((m.name, c.name, m.comment, c.comment) for m in models for c in m.columns)


def test_every_published_model_has_a_schema_with_its_columns_in_order() -> None:
    models = {m.name: [c.name for c in m.columns] for m in read_models() if m.name.split(".")[0] in PUBLISHED_SCHEMAS}
    assert {table: list(schema.columns) for table, schema in PUBLISHED.items()} == models


def test_a_name_means_the_same_wherever_it_stands() -> None:
    types: dict[str, set[str]] = {}
    for model in read_models():
        if model.name.split(".")[0] in PUBLISHED_SCHEMAS:
            for column in model.columns:
                types.setdefault(column.name, set()).add(column.type)
    # `since` is a moment for a rating that waits, and the day of a meeting for a night; a finding's severity is a word, a
    # rater's a number of points
    assert {name: kinds for name, kinds in types.items() if len(kinds) > 1} == {
        "since": {"timestamp", "date"},
        "severity": {"varchar", "double"},
    }


@pytest.mark.parametrize("name", [e.name for e in read_examples()])
def test_every_example_query_runs_as_printed_and_answers(ratings: Ratings, name: str) -> None:
    ((query,),) = ratings.asks(f"select query from about.example_query where name = '{name}'")
    assert len(ratings.asks(query)) > 0


def test_there_are_examples_for_supervisors_and_quality_leads(ratings: Ratings) -> None:
    questions = [q for (q,) in ratings.asks("select question from about.example_query")]
    assert "Where does each of my therapists stand, and how sure is that?" in questions
    assert "Is enough being rated?" in questions
    assert len(questions) >= 6


def test_what_changed_since_the_last_meeting_sets_new_beside_earlier_sessions(ratings: Ratings) -> None:
    (example,) = [e for e in read_examples() if e.question == "What changed since the last meeting?"]
    # since is 2026-04-02: S-2 is new, S-1 (mean of 2 and 5) is earlier
    assert ratings.asks(example.query) == [("T-1", "tiny", "not_knowing", "adherence", 1, 6.0, 1, 3.5)]


def test_purpose_and_scope_stand_first(ratings: Ratings) -> None:
    assert ratings.asks("select topic, sentence from about.purpose limit 2") == [("purpose", PURPOSE), ("scope", SCOPE)]


def test_every_status_can_be_looked_up(ratings: Ratings) -> None:
    told = dict(ratings.asks("select code, meaning from about.code where list = 'status'"))
    assert told == {s.value: s.meaning for s in Status}


def test_elements_are_read_in_the_words_of_their_instrument(ratings: Ratings) -> None:
    assert ratings.asks(
        "select element, domain_title, is_ordered, position, title, crosswalked from about.element where instrument_id = 'other'"
    ) == [
        ("humility", "Stance", False, 1, "humility title", True),
        ("not_knowing", "Stance", False, 2, "not_knowing title", True),
        ("arousal", "Trajectory", True, 3, "arousal title", True),
        ("challenge", "Spectrum", False, 4, "challenge title", False),
    ]
    assert ratings.asks(
        "select scale, lowest, highest, step, threshold, anchors from about.scale where instrument_id = 'tiny'"
    ) == [
        ("adherence", 1.0, 7.0, 1.0, 4.0, "1 none; 7 most"),
        ("competence", 1.0, 7.0, 1.0, 4.0, "1 none; 7 most"),
    ]


def test_the_crosswalk_can_be_read(ratings: Ratings) -> None:
    assert ratings.asks(
        "select item, item_title, element, weight, is_partly, is_reversed, crosswalked from supervision.item_element "
        "where instrument_id = 'other'"
    ) == [
        ("o1", "o1 title", "not_knowing", 2.0, False, False, True),
        ("o2", "o2 title", "not_knowing", 1.0, False, False, True),
        ("o3", "o3 title", "arousal", 1.0, False, False, True),
        ("o4", "o4 title", "challenge", 1.0, False, False, False),
    ]
