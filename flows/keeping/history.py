"""Taking people out of the working file's tables: rows go, what stays is told by the redacted originals' hashes and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl
from duckdb import DuckDBPyConnection

from flows.intake.erased import PATIENT, RATER, THERAPIST, Erased
from flows.intake.frames import hash_scores
from flows.intake.redact import harmless_name
from flows.intake.redact_plan import HARMLESS_TITLE, names_signer
from flows.keeping.registry import Holds, holds, kept_columns
from flows.load.judge import VALUES_HASH
from flows.load.ledger import ALL_KNOWN, tallies
from schemas.codes import FINDING_KINDS, Code, Role

_SUGGESTED = re.compile(r" Did you mean .*?\?(?= |$)")
_MENDED = re.compile(r"~mend-([0-9a-f]{12})")
_KINDS: Mapping[Holds, tuple[str, ...]] = {
    Holds.PATIENT: (PATIENT,),
    Holds.THERAPIST: (THERAPIST,),
    Holds.RATER: (RATER,),
    Holds.SUPERVISOR: (THERAPIST, RATER),
}

# Rows of the ledger as they were count what was found in those nights; those of today count everything.
BOOKS = {"workbook": "9223372036854775807", "workbook_before": "until_night_id"}
LEDGER = """
update history.{table} as book
set
    n_ratings = coalesce(counts.n_ratings, 0),
    n_accepted = coalesce(counts.n_accepted, 0),
    n_held = coalesce(counts.n_held, 0),
    n_duplicate = coalesce(counts.n_duplicate, 0),
    outcome = case
        when counts.n_ratings is null and not moved.is_note then book.outcome
        when counts.n_ratings is null then 'ignored'
        when counts.n_held = counts.n_ratings then 'held'
        when counts.n_held > 0 then 'partly_held'
        when counts.n_duplicate = counts.n_ratings then 'duplicate'
        else 'accepted'
    end,
    reason_code = case
        when counts.n_ratings is null and not moved.is_note then book.reason_code
        when counts.n_ratings is null then 'erased'
    end,
    reason = case
        when counts.n_ratings is null and not moved.is_note then book.reason
        when counts.n_ratings is null then $sentence
        when counts.n_duplicate = counts.n_ratings then {all_known}
    end
from (
    select distinct moved_bytes.new, moved_bytes.is_note, ({until})::bigint as until_night_id
    from moved_bytes
    join history.{table} on {table}.sha256 = moved_bytes.new
) as moved
left join (
    select
        rating.sha256,
        rating.workbook,
        books.until_night_id,
        {tallies}
    from history.rating as rating
    join (select distinct sha256, ({until})::bigint as until_night_id from history.{table}) as books
        on books.sha256 = rating.sha256 and rating.night_id < books.until_night_id
    group by rating.sha256, rating.workbook, books.until_night_id
) as counts on counts.sha256 = moved.new and counts.until_night_id = moved.until_night_id
where book.sha256 = moved.new
    and ({own_until})::bigint = moved.until_night_id
    and (book.outcome <> 'duplicate' or book.n_ratings > 0)
    and coalesce(counts.workbook, book.workbook) = book.workbook
"""

# What was wrong with a workbook of which nothing is left is nobody's to mend any more.
FINDINGS = """
delete from history.finding
where rating_id is null
    and sha256 in (select new from moved_bytes)
    and sha256 not in (select sha256 from history.rating)
    and code not in ('erased', 'too_old', 'send_apart');
update history.finding
set finding_id = md5(concat_ws('|', sha256, sheet, cell, code, rating_id, message))
where sha256 in (select new from moved_bytes)
"""

# Waiting for an answer to a rating that is gone would be waiting for ever.
RELEASE = """
insert into history.event
with
open_ratings as (
    select *
    from history.rating
    where is_valid
        and session_id in (select session_id from touched_session)
        and rating_id not in (select rating_id from history.event where event = 'withdrawn')
),
agreed as (
    select session_id
    from open_ratings
    group by session_id
    having count(distinct nullif(array_to_string(therapist_ids, ', '), '')) <= 1
        and count(distinct patient_id) <= 1
        and count(distinct session_on) <= 1
),
alone as (
    select session_id, rater_id, role, instrument_id
    from open_ratings
    group by all
    having count(distinct values_hash) = 1
)
select rating_id, 'released', $at, 'what it stood against is kept no longer', $night_id
from open_ratings
where verdict = 'held'
    and rating_id not in (select rating_id from history.event)
    and (
        (first_code = 'session_disagrees' and session_id in (select session_id from agreed))
        or (
            first_code = 'two_ratings'
            and (session_id, rater_id, role, instrument_id) in (select (session_id, rater_id, role, instrument_id) from alone)
        )
    )
"""

# Whether a rating's timeline enters its values (flows/load/timelines.py) is told by the values that it has.
TIMELINE_COUNTS = f"""
create or replace temp table trimmed_told as
select
    staged.rating_id,
    staged.scores_hash,
    if(staged.values_hash = {VALUES_HASH}, '', coalesce(timeline.timeline_hash, '')) as timeline_hash
from (from history.rating join trimmed_hash using (rating_id)) as staged
left join history.timeline as timeline on timeline.rating_id = staged.rating_id
"""
TRIMMED_VALUES = f"""
update history.rating as rating
set values_hash = if(staged.timeline_hash = '', {VALUES_HASH}, md5({VALUES_HASH} || '|' || staged.timeline_hash))
from (from history.rating join trimmed_told using (rating_id)) as staged
where staged.rating_id = rating.rating_id and rating.is_valid
"""

# A line of a timeline that said nothing but words that are gone is no event any more.
STEPS = """
delete from history.step
where rating_id in (select rating_id from silent_step)
    and coalesce(step, mode, arousal, intervention, followed, note) is null;
update history.step as told
set line = ranked.line
from (
    select rating_id, line as was, row_number() over (partition by rating_id order by line) as line
    from history.step
    where rating_id in (select rating_id from silent_step)
) as ranked
where told.rating_id = ranked.rating_id and told.line = ranked.was
"""
# A log of events names no patient and no therapist: it goes with its session, once no rating of that is left.
LOGS_LEFT = """
select log.rating_id
from history.rating as log
where log.instrument_id like '%/timeline'
    and exists (
        select 1 from history.rating as gone
        where gone.session_id = log.session_id and gone.rating_id in (from gone_rating)
    )
    and not exists (
        select 1 from history.rating as left_over
        where left_over.session_id = log.session_id
            and left_over.instrument_id not like '%/timeline'
            and left_over.rating_id not in (from gone_rating)
    )
"""
UNSWEPT = (Holds.RATING, Holds.BYTES, Holds.NOTHING, Holds.TEXT, Holds.FIGURE)
REASON_GONE = "the reason that was given mentioned someone who was erased since"

_SCORES = """
select score.rating_id, score.item, score.scale, score.state, score.value
from history.score as score
join trimmed_rating on trimmed_rating.rating_id = score.rating_id
"""


@dataclass(slots=True)
class Going:
    """Ratings that go, and those that lose a therapist, by their ids."""

    gone: set[str] = field(default_factory=set)
    trimmed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Moves:
    """What is called otherwise from now on: ratings, the bytes of workbooks, and single workbooks' names."""

    ratings: dict[str, str] = field(default_factory=dict)
    bytes: dict[str, str] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)  # of the new bytes: those that are only a note
    names: dict[str, str] = field(default_factory=dict)


def ratings_that_go(con: DuckDBPyConnection, erased: Erased) -> Going:
    """The ratings of erased people, by what history says, and those that are too old."""
    going = Going()
    rows = con.execute(
        "select therapist_ids, patient_id, rater_id, role, session_id, coalesce(settles, []), "
        "coalesce(coalesce(session_on, received_at::date) < $before::date, false) as is_old, list(rating_id) "
        "from history.rating group by all",
        {"before": erased.before},
    ).fetchall()
    for therapists, patient, rater, role, session, settles, is_old, ids in rows:
        named = [t for t in therapists if erased.names(THERAPIST, t)]
        is_hers = role == Role.SELF and erased.names(THERAPIST, rater)
        is_rater = is_hers or any(erased.names(RATER, r) for r in (rater, *settles))
        is_person = erased.names(PATIENT, patient) or is_rater or erased.mentions(session or "")
        if is_old or is_person or (named and len(named) == len(therapists)):
            going.gone.update(ids)
        elif named:
            going.trimmed.update(ids)
    _make(con, "gone_rating", {"rating_id": sorted(going.gone)})
    going.gone.update(log for (log,) in con.execute(LOGS_LEFT).fetchall())
    return going


def rewrite_history(con: DuckDBPyConnection, erased: Erased, going: Going, moves: Moves) -> None:
    """Take ratings out of every table that is kept, and tell the rest by new hashes and names, in the caller's transaction."""
    _make(con, "gone_rating", {"rating_id": sorted(going.gone)})
    con.execute(
        "create or replace temp table touched_session as select distinct session_id from history.rating "
        "where rating_id in (from gone_rating)"
    )
    _trim(con, erased, going)
    _make_moves(con, moves)
    _sweep_tables(con, erased, moves)
    _close_ranks(con)
    for table, until in BOOKS.items():
        words = {"tallies": tallies("rating", "rating"), "all_known": ALL_KNOWN}
        told = LEDGER.format(table=table, until=until, own_until=until.replace("until", "book.until"), **words)
        con.execute(told, {"sentence": Code.ERASED.kind.sentence})
    for statement in FINDINGS.split(";\n"):
        con.execute(statement)
    if erased.before is not None:
        _forget_old_workbooks(con, erased)


def _make_moves(con: DuckDBPyConnection, moves: Moves) -> None:
    _make(con, "moved_rating", {"old": list(moves.ratings), "new": list(moves.ratings.values())})
    _make(con, "moved_bytes", {"old": list(moves.bytes), "new": list(moves.bytes.values())})
    _make(con, "note", {"sha256": sorted(moves.notes)})
    con.execute("alter table moved_bytes add column is_note boolean")
    con.execute("update moved_bytes set is_note = new in (from note)")


def _sweep_tables(con: DuckDBPyConnection, erased: Erased, moves: Moves) -> None:
    con.execute("create or replace temp table gone_figure (figure varchar)")
    kept = kept_columns(con)
    for table, columns in kept.items():
        if table not in ("history.tombstone", "history.erasure"):
            _sweep_table(con, table, columns, erased, moves)
    for table, columns in kept.items():
        for column in _figures(table, columns):
            con.execute(f"delete from {table} where {column} in (from gone_figure)")


def release_what_waits(con: DuckDBPyConnection, at: object, night_id: int) -> None:
    """Let in what waited only for ratings that are gone."""
    con.execute(RELEASE, {"at": at, "night_id": night_id})


def _make(con: DuckDBPyConnection, name: str, columns: Mapping[str, Iterable[str | None]]) -> None:
    frame = pl.DataFrame({c: list(v) for c, v in columns.items()}, schema=dict.fromkeys(columns, pl.String)).to_arrow()
    con.register("frame_to_make", frame)
    con.execute(f"create or replace temp table {name} as select * from frame_to_make")
    con.unregister("frame_to_make")


def _trim(con: DuckDBPyConnection, erased: Erased, going: Going) -> None:
    """Take erased therapists out of ratings that others led as well; what these say is hashed anew, as a new sheet would be."""
    _make(con, "trimmed_rating", {"rating_id": sorted(going.trimmed)})
    hashes = hash_scores(con.sql(_SCORES).pl())
    _make(con, "trimmed_hash", {c: hashes[c].to_list() for c in ("rating_id", "scores_hash")})
    con.execute(TIMELINE_COUNTS)
    known = con.execute("select distinct unnest(therapist_ids) from history.rating").fetchall()
    for table in ("rating", "rating_before"):
        con.execute(
            f"update history.{table} set therapist_ids = "
            "list_filter(therapist_ids, lambda t: not list_contains($erased, t)) "
            "where rating_id in (from trimmed_rating)",
            {"erased": [t for (t,) in known if erased.names(THERAPIST, t)]},
        )
    con.execute(TRIMMED_VALUES)


def _sweep_table(con: DuckDBPyConnection, table: str, columns: Mapping[str, str], erased: Erased, moves: Moves) -> None:
    told = {column: holds(table, column) for column in columns}
    for column, what in told.items():
        if what is Holds.RATING:
            con.execute(f"delete from {table} where {column} in (from gone_rating)")
            _rename(con, table, column, "moved_rating")
        elif what is Holds.BYTES:
            _rename(con, table, column, "moved_bytes")
    for column, what in told.items():
        if what not in UNSWEPT:
            _sweep_column(con, table, column, columns[column], what, erased, moves)


def _rename(con: DuckDBPyConnection, table: str, column: str, moved: str) -> None:
    con.execute(
        f"update {table} as told set {column} = moved.new from {moved} as moved where told.{column} = moved.old"
    )


def _sweep_column(
    con: DuckDBPyConnection, table: str, column: str, kind: str, what: Holds | None, erased: Erased, moves: Moves
) -> None:
    """Rows that are about an erased person go; names and sentences that mention one are told without."""
    text = f"unnest({column})" if kind.endswith("[]") else f"{column}::varchar"
    values = [v for (v,) in con.execute(f"select distinct {text} from {table}").fetchall() if v]
    renamed = _renaming(what, erased, moves)
    if renamed is not None:
        new = {v: renamed(v) for v in values}
        changed = {v: n for v, n in new.items() if v != n}
        _make(con, "moved_text", {"old": list(changed), "new": list(changed.values())})
        if changed:
            _rename(con, table, column, "moved_text")
        return
    goes = [v for v in values if erased.mentions(v) or any(erased.names(k, v) for k in _KINDS.get(what, ()))]  # type: ignore[arg-type]
    if goes:
        _make(con, "erased_text", {"text": goes})
        named = f"list_has_any({column}, (select list(text) from erased_text))"
        hit = named if kind.endswith("[]") else f"{column}::varchar in (from erased_text)"
        for figure in _figures(table, kept_columns(con)[table]):
            con.execute(f"insert into gone_figure select {figure} from {table} where {hit}")
        con.execute(f"delete from {table} where {hit}")


def _figures(table: str, columns: Iterable[str]) -> list[str]:
    return [column for column in columns if holds(table, column) is Holds.FIGURE]


def _close_ranks(con: DuckDBPyConnection) -> None:
    con.execute(
        "create or replace temp table silent_step as select distinct rating_id from history.step "
        "where coalesce(step, mode, arousal, intervention, followed, note) is null"
    )
    for statement in STEPS.split(";\n"):
        con.execute(statement)


def _renaming(what: Holds | None, erased: Erased, moves: Moves) -> Callable[[str], str | None] | None:
    """How a text is told from now on; None where the row goes when the text is about an erased person."""
    heads = {old[:12]: new[:12] for old, new in moves.bytes.items()}

    def file(name: str) -> str:
        plain = moves.names.get(name) or harmless_name(name, erased)
        return _MENDED.sub(lambda found: f"~mend-{heads.get(found[1], found[1])}", plain)

    def sheet(name: str) -> str:
        is_named = erased.mentions(name) or any(erased.names(k, name) for k in (PATIENT, THERAPIST, RATER))
        return HARMLESS_TITLE + erased.mark(name)[:6] if is_named else name

    def sentence(text: str) -> str:
        suggested = _SUGGESTED.search(text)
        if suggested and any(
            erased.names(k, suggested[0].removeprefix(" Did you mean ").rstrip("?")) for k in (THERAPIST, RATER)
        ):
            text = _SUGGESTED.sub("", text)
        if not erased.mentions(text):
            return text
        shorter = _SUGGESTED.sub("", text)
        return shorter if not erased.mentions(shorter) else FINDING_KINDS[Code.ERASED].sentence

    def aside(text: str) -> str | None:
        return None if erased.mentions(text) else text

    def reason(text: str) -> str:
        return REASON_GONE if erased.mentions(text) else text

    ways: Mapping[Holds | None, Callable[[str], str | None]] = {
        Holds.FILE: file, Holds.SHEET: sheet, Holds.SENTENCE: sentence, Holds.ASIDE: aside, Holds.REASON: reason,
        Holds.SIGNER: lambda text: None if names_signer(text, erased) else text,
    }  # fmt: skip
    return ways.get(what)


def _forget_old_workbooks(con: DuckDBPyConnection, erased: Erased) -> None:
    """Workbooks that came before that day and of which no rating is kept leave the ledger."""
    old = "received_at::date < $before::date and n_ratings = 0 and sha256 not in (select sha256 from history.rating)"
    about = {"before": erased.before}
    con.execute(
        f"delete from history.finding where sha256 <> '' and sha256 in (select sha256 from history.workbook where {old})",
        about,
    )
    con.execute(f"delete from history.workbook where {old}", about)
    con.execute(
        "delete from history.workbook_before where sha256 <> '' "
        "and (workbook, sha256) not in (select (workbook, sha256) from history.workbook)"
    )
