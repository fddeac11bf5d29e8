"""The published DuckDB files: one for the whole lab, and one for each supervisor with her own therapists only.

Write, audit, publish: every new file is built beside the old one and held against its schemas, and only when all of them
are whole are they swapped in. Until the first swap nothing that people see has changed; each swap replaces one file whole,
so that a reader who holds the old one open is undisturbed.

A supervisor who has no therapist in tonight's roster loses her file, also when there is no roster tonight: what she may see
is not known then, and the next night that knows it makes the file again.

What separates supervisors stands in `_HERS`, and nowhere else; `tests/publish/test_snapshot_separation.py` proves it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from flows.errors import PublishingStopped
from flows.failpoints import reached
from flows.load.connection import attached, attached_new, open_published, quoted
from flows.load.models import CheckResult, run_checks
from flows.names import safe_names
from schemas.published import PUBLISHED, check_published

FILE_NAME = "fidelity.duckdb"
SUPERVISION = "supervision"
_BUILDING = ".fidelity.duckdb.new"

# What a supervisor's file holds of each table; a table that is not named here is the same for everyone. `hers`, `her_session`
# and `her_rating` are temporary tables of ids. A rating whose therapist is not settled is nobody's yet, and its message may
# suggest another therapist's id: it stays with the quality lead. So does a colleague's self-rating of a session led together.
_HERS: Mapping[str, str] = {
    "supervision.therapist_element": "where therapist_id in (from hers)",
    "supervision.therapist_domain": "where therapist_id in (from hers)",
    "supervision.session_element": "where session_id in (from her_session)"
    " and (role <> 'self' or session_id not in (from colleague_rated))",
    "supervision.session_item": "where session_id in (from her_session)"
    " and (role <> 'self' or rater_id not in (from colleague))",
    "supervision.session_feedback": "where session_id in (from her_session)",
    "supervision.consensus": "where session_id in (from her_session)",
    "supervision.session_therapist": "where therapist_id in (from hers)",
    "supervision.trajectory_session": "where therapist_id in (from hers)"
    " and (role <> 'self' or rater_id not in (from colleague))",
    "supervision.trajectory_step": "where therapist_id in (from hers)"
    " and (role <> 'self' or rater_id not in (from colleague))",
    "supervision.trajectory_therapist": "where therapist_id in (from hers)",
    "supervision.trajectory_done": "where therapist_id in (from hers)",
    # of the whole lab: in a small one, what is not hers could be worked out from it
    "quality.trajectory": "where false",
    "quality.trajectory_agreement": "where false",
    "supervision.therapist_chart": "where therapist_id in (from hers)",
    "supervision.therapist_course": "where therapist_id in (from hers)",
    "supervision.course_change": "where therapist_id in (from hers)",
    "supervision.focus": "where therapist_id in (from hers)",
    "quality.team_chart": "where false",  # of a whole team, and of whom else is in it
    "quality.change": "where false",
    "quality.next_rating": "where therapist_id in (from hers)",
    "supervision.session_fact": "where session_id in (from her_session)"
    " and (role <> 'self' or rater_id not in (from colleague))",
    "supervision.prompt": "where session_id in (from her_session)",
    "supervision.therapist_fact": "where therapist_id in (from hers)",
    "quality.fact": "where false",
    "quality.session_mix": "where false",
    "quality.held_rating": "where rating_id in (from her_rating)",
    "quality.finding": "where finding_id in (from her_finding) and code <> 'therapist_unknown'",
    "quality.workbook": "where sha256 in (from her_workbook)",
    "quality.coverage": "where therapist_id in (from hers)",
    "quality.waiting_session": "where therapist_id in (from hers)",
    "quality.set_aside": "where session_id in (from her_session)",
    # A value is hers when the rating is hers before and after; that a therapist of hers came or went, when either is.
    "audit.change": "where (old_rating_id is null or before.rating_id is not null)"
    " and (new_rating_id is null or after.rating_id is not null)"
    " or (field = 'therapist_ids' and (before.rating_id is not null or after.rating_id is not null))",
    # Raters rate for several supervisors: how they rate is for the quality lead, and each rater's own for herself.
    "quality.rater_agreement": "where false",
    "quality.rater_severity": "where false",
    "quality.rater_drift": "where false",
    "quality.shared_drift": "where false",
}
# What a row must be held beside, for whether it is hers: two joins are planned in a tenth of the time of many `in (from …)`.
_HELD_BESIDE: Mapping[str, str] = {
    "audit.change": "left join her_rating as before on before.rating_id = old_rating_id"
    " left join her_rating as after on after.rating_id = new_rating_id",
}
_HER_IDS = (
    "nullif(array_to_string(list_sort(list_intersect(string_split({column}, '; '), getvariable('hers'))), '; '), '')"
)
# Columns that say something else in a supervisor's file.
_HER_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "quality.held_rating": {
        "therapist_ids": "array_to_string(list_sort(list_intersect("
        "string_split(therapist_ids, '; '), getvariable('hers'))), '; ')",
    },
    "audit.change": {
        **{
            column: f"case when field = 'therapist_ids' then {_HER_IDS.format(column=column)} else {column} end"
            for column in ("old_said", "new_said")
        },
        **{
            f"{side}_{place}": f"case when {seen}.rating_id is not null then {side}_{place} end"
            for side, seen in (("old", "before"), ("new", "after"))
            for place in ("workbook", "sheet", "cell")
        },
    },
    "about.run": dict.fromkeys(
        ("n_workbooks", "n_ratings", "n_accepted", "n_held", "n_duplicate", "n_released", "n_waiting"), "null::integer"
    ),
}
# As a variable too: where a list is wanted, it is planned faster than a query.
_HER_THERAPISTS = (
    "set variable hers = (select list(therapist_id) from reference.therapist where supervisor_id = $supervisor)"
)
_HER_TABLES: Mapping[str, str] = {
    "hers": "select unnest(getvariable('hers')) as therapist_id",
    "colleague": "select therapist_id from reference.therapist where supervisor_id is distinct from $supervisor",
    "her_session": "select distinct session_id from current.session_therapist where therapist_id in (from hers)",
    "colleague_rated": "select distinct session_id from current.rating where role = 'self' and rater_id in (from colleague)",
    "her_rating": """
        select rating_id from history.rating
        where (
                list_has_any(therapist_ids, getvariable('hers'))
                -- a log of events names nobody but its session
                or (instrument_id like '%/timeline' and session_id in (from her_session))
            )
            and (role <> 'self' or rater_id is null or rater_id not in (from colleague))
            and (
                first_code is distinct from 'therapist_unknown'
                or rating_id in (select rating_id from current.latest union all select rating_id from current.rating)
            )
    """,
    "her_workbook": "select distinct sha256 from history.rating where rating_id in (from her_rating)",
    # A finding without a rating is about a worksheet or workbook; it is hers when ratings of hers came with it.
    "her_finding": "select finding_id from history.finding where rating_id in (from her_rating)"
    " or (rating_id is null and session_id is null and sha256 in (from her_workbook))",
}


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published: the files in place, what the checks warn of, and the supervisors' files taken away."""

    files: tuple[Path, ...]
    warnings: tuple[CheckResult, ...]
    removed: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Files that were built and audited and wait beside the ones in place. `swap` publishes them, `discard` drops them."""

    folder: Path
    files: tuple[Path, ...]
    warnings: tuple[CheckResult, ...]

    def swap(self) -> Publication:
        """Put every new file in the place of the old one, each whole, and take away files that belong to nobody now."""
        for file in self.files:
            _swap_in(file)
            reached("between swaps")
        removed = tuple(p for p in sorted((self.folder / SUPERVISION).glob(f"*/{FILE_NAME}")) if p not in self.files)
        for file in removed:
            file.unlink()
        reached("files swapped")
        return Publication(self.files, self.warnings, removed)

    def discard(self) -> None:
        """Remove what was built; what people see stays as it is."""
        for file in self.files:
            _remove_building(file)


def publish_snapshots(con: DuckDBPyConnection, folder: Path) -> Publication:
    """Build, audit and swap in the lab's file and every supervisor's below `folder`, from the working file's tables.

    Raises:
        PublishingStopped: a check fails, or a table is not what its schema says; nothing has been swapped then.
    """
    return prepare_snapshots(con, folder).swap()


def renew_run(con: DuckDBPyConnection, folder: Path) -> None:
    """Tell in every file in place that a night went by which changed nothing else: about.run alone is written anew."""
    _remove_left_over(folder)
    for file in (folder / FILE_NAME, *sorted((folder / SUPERVISION).glob(f"*/{FILE_NAME}"))):
        shutil.copyfile(file, _building(file))
        others = {} if file.parent == folder else _HER_COLUMNS["about.run"]
        replaced = ", ".join(f"{sql} as {column}" for column, sql in others.items())
        with attached(con, _building(file), "standing", writable=True):
            con.execute("delete from standing.about.run")
            con.execute(
                f"insert into standing.about.run select * {f'replace ({replaced})' if replaced else ''} from about.run"
            )
            con.execute("checkpoint standing")
        _swap_in(file)
        reached("between renewals")


def prepare_snapshots(con: DuckDBPyConnection, folder: Path) -> Prepared:
    """Build and audit all files beside the ones in place, and swap none.

    Raises:
        PublishingStopped: as `publish_snapshots`; what was built is removed.
    """
    _remove_left_over(folder)
    warnings = stop_on_failure(run_checks(con))
    supervisors = [s for (s,) in con.execute(_SUPERVISORS).fetchall()]
    names = safe_names(supervisors)
    lab_file = folder / FILE_NAME
    supervisors_files = {s: folder / SUPERVISION / names[s] / FILE_NAME for s in supervisors}
    prepared = Prepared(folder, (lab_file, *supervisors_files.values()), warnings)
    try:
        _build_all(con, lab_file, supervisors_files)
    except BaseException:
        prepared.discard()
        raise
    return prepared


def stop_on_failure(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The warnings among check results that found something.

    Raises:
        PublishingStopped: a check that must hold does not; the message names the checks and counts, no keys.
    """
    failed = [r for r in results if r.severity == "fail" and r.n]
    if failed:
        told = "; ".join(f"{r.name} ({r.n})" for r in failed)
        raise PublishingStopped(
            f"These checks do not hold: {told}. Nothing was published and yesterday's publication stays. "
            "Report this line; the queries are in sql/<folder>/checks."
        )
    return tuple(r for r in results if r.n)


_SUPERVISORS = "select distinct supervisor_id from reference.therapist where supervisor_id is not null order by all"


def _build_all(con: DuckDBPyConnection, lab_file: Path, supervisors_files: Mapping[str, Path]) -> None:
    """Build and audit the lab's file from the working tables, then cut every supervisor's file out of it and audit those."""
    _build(con, lab_file)
    reached("lab file built")
    filled = _audit(_building(lab_file))
    with attached(con, _building(lab_file), "lab"):
        for supervisor, file in supervisors_files.items():
            _cut(con, supervisor, file, filled)
            reached("between supervisors' files")
    _audit_together(con, [_building(file) for file in supervisors_files.values()])
    reached("files audited")


def _build(con: DuckDBPyConnection, target: Path) -> None:
    """Write the lab's file beside its target: every published table, and every sentence as a comment."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_building(target)
    with attached_new(con, _building(target), "snapshot"):
        for schema in sorted({table.split(".")[0] for table in PUBLISHED}):
            con.execute(f"create schema snapshot.{schema}")
        for table in PUBLISHED:
            con.execute(f"create table snapshot.{table} as from {table}")
        con.execute(";".join(_comments(con)))


def _cut(con: DuckDBPyConnection, supervisor: str, target: Path, filled: Sequence[str]) -> None:
    """Write a supervisor's file beside its target: the lab's tables and comments, with her rows only.

    `filled` names the tables that have a row at all; each insert takes a few milliseconds, and there are many supervisors.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_building(target)
    con.execute(_HER_THERAPISTS, {"supervisor": supervisor})
    for name, query in _HER_TABLES.items():
        given = {"supervisor": supervisor} if "$supervisor" in query else None
        con.execute(f"create or replace temp table {name} as {query}", given)
    with attached_new(con, _building(target), "snapshot"):
        con.execute("copy from database lab to snapshot (schema)")
        for table in filled:
            con.execute(f"insert into snapshot.{table} {_her_selection(table)}")


def _her_selection(table: str) -> str:
    """The query whose rows a supervisor's file holds of one table of the lab's."""
    other = ", ".join(f"{sql} as {column}" for column, sql in _HER_COLUMNS.get(table, {}).items())
    replaced = f"said.* replace ({other})" if other else "said.*"
    return f"select {replaced} from lab.{table} as said {_HELD_BESIDE.get(table, '')} {_HERS.get(table, '')}"


def _comments(con: DuckDBPyConnection) -> list[str]:
    """COMMENT ON statements with the sentences of the dictionary: one for each published table, one for each column."""
    tables = con.execute("select distinct table_name, table_sentence from about.dictionary order by all").fetchall()
    columns = con.execute("select table_name, column_name, sentence from about.dictionary").fetchall()
    return [
        *(f"comment on table snapshot.{table} is {quoted(sentence)}" for table, sentence in tables),
        *(f"comment on column snapshot.{table}.{column} is {quoted(sentence)}" for table, column, sentence in columns),
    ]


def _audit(path: Path) -> list[str]:
    """Read the lab's new file as its readers will, and hold every table against its schema; gives back those with rows."""
    filled = []
    with open_published(path) as con:
        found = {f"{schema}.{table}" for schema, table in con.execute(_TABLES_FOUND).fetchall()}
        if found != set(PUBLISHED):
            raise PublishingStopped(
                f"The new file has not the tables it must have: {', '.join(sorted(found ^ set(PUBLISHED)))}. "
                "Nothing was published and yesterday's publication stays. Report this line."
            )
        for table in PUBLISHED:
            frame = con.sql(f"from {table}").pl()
            check_published(table, frame)
            if not frame.is_empty():
                filled.append(table)
    return filled


_TABLES_FOUND = "select schema_name, table_name from duckdb_tables()"


def _audit_together(con: DuckDBPyConnection, paths: Sequence[Path]) -> None:
    """Hold the tables that say something else to supervisors against their schemas, as one frame a table for all files.

    Their other tables are rows of the lab's, whose columns they are given and whose every row was held against its schema.
    """
    if not paths:
        return
    with ExitStack() as stack:
        names = [f"audit_{n}" for n in range(len(paths))]
        for name, path in zip(names, paths, strict=True):
            stack.enter_context(attached(con, path, name))
        for table in _HER_COLUMNS:
            check_published(table, con.sql(" union all ".join(f"from {name}.{table}" for name in names)).pl())


def _swap_in(target: Path) -> None:
    """Put a built file in its place: its bytes are on the disk before its name is, and its name before we go on."""
    _sync(_building(target))
    os.replace(_building(target), target)  # noqa: PTH105 - the atomic one, by its own name
    _sync(target.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _building(target: Path) -> Path:
    return target.with_name(_BUILDING)


def _remove_building(target: Path) -> None:
    for path in (_building(target), target.with_name(f"{_BUILDING}.wal")):
        path.unlink(missing_ok=True)


def _remove_left_over(folder: Path) -> None:
    """Remove what a killed night was building, also for those who have no file tonight."""
    for path in (*folder.glob(f"{_BUILDING}*"), *(folder / SUPERVISION).glob(f"*/{_BUILDING}*")):
        path.unlink()
