"""What each text column of the working file may hold of a person: one place, and one line a column.

Tables that every night makes anew (those of sql/, reference, judgement) are not named here: they are rebuilt from the
others. A column of another table that is not named here is swept in the most careful way, row by row, and a test asks for
its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from duckdb import DuckDBPyConnection

from flows.load.models import read_models


class Holds(Enum):
    """What a text column holds."""

    RATING = "a rating's id: its row goes with the rating"
    BYTES = "the SHA-256 of a workbook"
    FILE = "a workbook's name, which people chose"
    SHEET = "a worksheet's name, which people chose"
    SESSION = "a session's id"
    PATIENT = "a patient's id"
    THERAPIST = "a therapist's id, or a list of them"
    RATER = "a rater's id"
    SUPERVISOR = "a supervisor's id"
    SIGNER = "a supervisor's id beside facts that stay: only the id goes"
    SENTENCE = "a sentence of ours that may quote an id"
    REMARK = "a person's own words: the row goes when they mention an erased person"
    ASIDE = "a person's own words beside facts that stay: only the words go"
    REASON = "a person's own words that must say something: ours take their place"
    TEXT = "a kept text or roster, or its hash: told anew as a whole (flows/keeping/circumstance.py)"
    FIGURE = "the hash of what kept figures rest on: all of them go when one names an erased person, and are made anew"
    NOTHING = "words from closed lists, hashes, instruments, layouts, cells: nothing of a person"


# By column name, which means the same in every table; `schema.table.column` wins over it.
COLUMNS: Mapping[str, Holds] = {
    "rating_id": Holds.RATING,
    "sha256": Holds.BYTES,
    "workbook": Holds.FILE,
    "closed_by": Holds.FILE,
    "sheet": Holds.SHEET,
    "session_id": Holds.SESSION,
    "patient_id": Holds.PATIENT,
    "therapist_id": Holds.THERAPIST,
    "therapist_ids": Holds.THERAPIST,
    "rater_id": Holds.RATER,
    "supervisor_id": Holds.SUPERVISOR,
    "settles": Holds.RATER,
    "signed_by": Holds.SIGNER,
    "message": Holds.SENTENCE,
    "reason": Holds.SENTENCE,
    "why": Holds.REASON,
    "comment": Holds.REMARK,
    "team": Holds.REMARK,
    "also_written": Holds.RATER,
    "history.step.note": Holds.ASIDE,
    **dict.fromkeys(["roster_id", "settings_id", "text_ids", "text_id", "history.text.name", "text"], Holds.TEXT),
    **dict.fromkeys(["fit_id", "fingerprint"], Holds.FIGURE),
    **dict.fromkeys(
        [
            "outcome",
            "reason_code",
            "layout",
            "judged_under",
            "cell",
            "role",
            "selection",
            "phase",
            "diagnosis",
            "setting",
            "instrument_id",
            "instrument_version",
            "verdict",
            "first_code",
            "values_hash",
            "item",
            "scale",
            "state",
            "finding_id",
            "code",
            "severity",
            "event",
            "version",
            "kind",
            "digest",
            "found_as",
            "key_id",
            "head",
            "what",
            "timeline_hash",
            "family",
            "step",
            "mode",
            "arousal",
            "intervention",
            "followed",
            "period",
            "period_before",
            "period_after",
            "option",
            "element",
            "domain",
            "level",
            "facet",
            "icc_type",
            "compared_with",
            "causes",
            "measure.fit.name",
            "note",
        ],
        Holds.NOTHING,
    ),
}
TEXT_TYPES = ("VARCHAR", "VARCHAR[]", "JSON", "BLOB")
_COLUMNS = (
    "select schema_name, table_name, column_name, data_type from duckdb_columns() "
    "where database_name = current_database() and not internal and data_type in "
    f"{TEXT_TYPES} and table_name in (select table_name from duckdb_tables() where database_name = current_database()) "
    "order by all"
)


def holds(table: str, column: str) -> Holds | None:
    """What a column holds; None when nobody has said."""
    return COLUMNS.get(f"{table}.{column}", COLUMNS.get(column))


def kept_columns(con: DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Text columns with their types, by table, of every table that a night does not make anew."""
    rebuilt = {model.name for model in read_models()}
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in con.execute(_COLUMNS).fetchall():
        name = f"{schema}.{table}"
        if schema not in ("reference", "judgement") and name not in rebuilt:
            found.setdefault(name, {})[column] = kind
    return found
