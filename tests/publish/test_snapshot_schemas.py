"""What a published table must be: columns, types, closed lists; and that no error quotes a row."""

from __future__ import annotations

import polars as pl
import pytest

from flows.errors import PublishingStopped
from schemas.published import PUBLISHED, check_published

GOOD = {"code": ["insufficient"], "list": ["status"], "meaning": ["too few"], "severity": [None]}


def frame(**changed: list[object]) -> pl.DataFrame:
    """A row of about.code, with some columns changed."""
    columns = {name: GOOD[name] for name in ("list", "code", "severity", "meaning")} | changed
    return pl.DataFrame(columns, schema_overrides={"severity": pl.String})


def test_a_table_that_is_what_it_must_be_passes() -> None:
    check_published("about.code", frame())


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (frame(severity=["SECRET"]), "about.code, column severity (a word of its closed list)"),
        (frame(list=["SECRET\nSECRET"]), "about.code, column list (one line of text)"),
        (frame(meaning=[None]), "about.code, column meaning"),
        (frame(code=[7]), "about.code, column code (WRONG_DATATYPE)"),
        (frame(more=["SECRET"]), "about.code (COLUMN_NOT_IN_SCHEMA)"),
        (frame().drop("meaning"), "about.code (COLUMN_NOT_IN_DATAFRAME)"),
        (frame().select("code", "list", "severity", "meaning"), "about.code (COLUMN_NOT_ORDERED)"),
    ],
)
def test_a_broken_table_is_named_by_column_and_check_alone(broken: pl.DataFrame, says: str) -> None:
    with pytest.raises(PublishingStopped) as stopped:
        check_published("about.code", broken)
    assert str(stopped.value).startswith(says)
    assert "SECRET" not in str(stopped.value)
    assert stopped.value.__context__ is None


def test_every_table_of_the_contract_has_a_schema() -> None:
    assert {table.partition(".")[0] for table in PUBLISHED} == {"supervision", "quality", "audit", "about"}
    assert "supervision.therapist_element" in PUBLISHED
    # they come with a later issue, and nothing weaker stands in for them
    columns = set(PUBLISHED["supervision.therapist_element"].columns)
    assert columns.isdisjoint({"estimate", "low", "high", "p_adequate", "reliability", "trend_per_90_days"})
