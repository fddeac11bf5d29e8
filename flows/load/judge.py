"""Tonight's ratings judged against each other and against all that came before, and written into history."""

from __future__ import annotations

from datetime import datetime

from duckdb import DuckDBPyConnection

from flows.load.models import run_models
from flows.load.timelines import count_timelines, keep_timelines
from schemas.codes import Code

# The workbook whose bytes came first stands for all that share them; a sheet read again keeps the time it was first seen.
FIRST_OF_BYTES = """
create or replace temp table first_of_bytes as
select sha256, workbook, received_at
from (
    select sha256, workbook, received_at, -1 as place from history.workbook where sha256 <> '' and outcome <> 'duplicate'
    union all
    select sha256, workbook, received_at, place from received where kind = 'sheet'
)
qualify row_number() over (partition by sha256 order by received_at, place, workbook) = 1
"""

# What a rating says, in one hash; `staged` is the row it is made of. A signature is no part of it: whoever signs, signs these
# values, on whichever copy of them; changed values have another hash and need another signature.
VALUES_HASH = """md5(concat_ws(
        '|', staged.scores_hash, staged.instrument_version, staged.therapist_ids::varchar,
        coalesce(staged.patient_id, ''), coalesce(staged.session_on::varchar, ''),
        case when len(staged.settles) > 0 then 'settles ' || staged.settles::varchar end
    ))"""

# One that was withdrawn while it waited is not taken up again.
ARRIVING = f"""
create schema if not exists judgement;
create or replace table judgement.arriving as
select
    staged.* exclude (scores_hash, timeline_hash, layout),
    first.received_at,
    case when staged.is_valid then {VALUES_HASH} end as values_hash,
    known.rating_id is not null as was_held,
    known.night_id as known_in
from staged_rating as staged
join first_of_bytes as first on first.sha256 = staged.sha256
left join history.rating as known on known.rating_id = staged.rating_id
where known.rating_id is null
    or (
        not known.is_valid and staged.is_valid
        and known.rating_id not in (select rating_id from history.event where event = 'withdrawn')
    )
"""

# A rating that says what was withdrawn is no news, unless its revision or rated-on date is newer; nor is one that came
# before the withdrawal and can be read only now. Told once timelines have entered the values.
MARK_WITHDRAWN = """
create or replace table judgement.arriving as
with
withdrawn as (
    select rating.*, event.night_id as withdrawn_in
    from history.event as event
    join history.rating as rating on rating.rating_id = event.rating_id
    where event.event = 'withdrawn'
)
select
    arriving.* exclude (known_in),
    arriving.is_valid and exists (
        select 1 from withdrawn
        where withdrawn.session_id = arriving.session_id
            and withdrawn.rater_id = arriving.rater_id
            and withdrawn.role = arriving.role
            and withdrawn.instrument_id = arriving.instrument_id
            and (
                arriving.known_in <= withdrawn.withdrawn_in
                or (
                    withdrawn.values_hash = arriving.values_hash
                    and (coalesce(withdrawn.revision, -1), coalesce(withdrawn.rated_on, date '0001-01-01'))
                    >= (coalesce(arriving.revision, -1), coalesce(arriving.rated_on, date '0001-01-01'))
                )
            )
    ) as is_withdrawn
from judgement.arriving as arriving
"""

# Sessions whose ratings are judged anew: those that sheets tell of tonight, and those of which one was withdrawn.
TOUCHED = """
create or replace table judgement.touched as
select session_id from judgement.arriving where is_valid
union
select rating.session_id
from history.event as event
join history.rating as rating on rating.rating_id = event.rating_id
where event.event = 'withdrawn' and event.night_id = $night_id
"""

SETTLED = "create or replace table judgement.settled as select rating_id from {counting}"

# Ratings that wait because their session's ratings disagree, found so far.
FALLEN = """
create or replace table judgement.fallen (rating_id varchar, rating_key varchar, session_id varchar, field varchar)
"""
FALL = """
insert into judgement.fallen
select dispute.rating_id, candidate.rating_key, dispute.session_id, dispute.field
from judgement.dispute as dispute
join judgement.candidate as candidate on candidate.rating_id = dispute.rating_id
where dispute.rating_id not in (select rating_id from judgement.fallen)
returning rating_id
"""

# A rating read again keeps its first judgement: what has changed since is an event, recorded apart.
RATINGS = """
create or replace temp table held_before as
select rating_id, verdict, first_code, night_id from history.rating
where rating_id in (select rating_id from judgement.arriving where was_held);
insert into history.rating_before by name
select rating.*, $night_id as until_night_id from history.rating as rating
where rating.rating_id in (select rating_id from held_before);
delete from history.rating where rating_id in (select rating_id from held_before);
insert into history.rating by name
select
    arriving.* exclude (was_held, is_withdrawn, first_code),
    coalesce(before.verdict, verdict.verdict) as verdict,
    case when verdict.verdict = 'held' then verdict.first_code else before.first_code end as first_code,
    coalesce(before.night_id, $night_id) as night_id
from judgement.arriving as arriving
join judgement.verdict as verdict on verdict.rating_id = arriving.rating_id
left join held_before as before on before.rating_id = arriving.rating_id;
"""

RELEASES = """
insert into history.event
select rating_id, 'released', $stamp, why, $night_id
from (
    select rating_id, 'the ratings of its session agree now' as why from judgement.release
    union all
    select verdict.rating_id, 'the roster, a layout or an instrument lets it in now'
    from judgement.verdict as verdict
    join judgement.arriving as arriving on arriving.rating_id = verdict.rating_id
    where arriving.was_held and verdict.verdict <> 'held' and not arriving.is_withdrawn
)
"""

STAY_WITHDRAWN = """
insert into history.event
select rating_id, 'withdrawn', $stamp, 'it came before its rating was withdrawn', $night_id
from judgement.arriving
where was_held and is_withdrawn
"""

SCORES = """
insert into history.score
select rating_id, item, scale, state, value, cell from staged_score
where rating_id in (select rating_id from judgement.arriving where is_valid);
insert into history.comment
select rating_id, item, cell, comment from staged_comment
where rating_id in (select rating_id from judgement.arriving where is_valid);
"""

FINDINGS = """
insert into history.finding
with
tonight as (
    select workbook, sha256, rating_id, code, severity, sheet, cell, session_id, rater_id, message
    from staged_finding
    union all
    select
        arriving.workbook, arriving.sha256, arriving.rating_id, verdict.first_code, 'error', arriving.sheet, arriving.cell,
        arriving.session_id, arriving.rater_id,
        case verdict.first_code when 'two_ratings' then $two_ratings
            else replace($session_disagrees, '{field}', verdict.field) end
    from judgement.verdict as verdict
    join judgement.arriving as arriving on arriving.rating_id = verdict.rating_id
    where arriving.is_valid and verdict.verdict = 'held'
),
keyed as (
    select md5(concat_ws('|', sha256, sheet, cell, code, rating_id, message)) as finding_id, *
    from tonight
)
select
    keyed.finding_id, keyed.workbook, keyed.sha256, keyed.rating_id, keyed.code, keyed.severity, keyed.sheet, keyed.cell,
    keyed.session_id, keyed.rater_id, keyed.message, first.received_at as opened_at, null as closed_at, null as closed_by,
    $night_id as night_id, null as closed_night_id
from keyed
join first_of_bytes as first on first.sha256 = keyed.sha256
where keyed.finding_id not in (select finding_id from history.finding)
qualify row_number() over (partition by keyed.finding_id) = 1
"""


def judge(con: DuckDBPyConnection, stamp: datetime, night_id: int) -> None:
    """Judge what is staged and add it to history: ratings, scores, remarks, findings and releases."""
    con.execute(FIRST_OF_BYTES)
    con.execute(ARRIVING)
    count_timelines(con)
    con.execute(MARK_WITHDRAWN)
    con.execute(TOUCHED, {"night_id": night_id})
    con.execute(SETTLED.format(counting="current.standing"))
    _compare(con)
    con.execute("drop table if exists held_before")
    for statement in RATINGS.split(";\n"):
        if statement.strip():
            con.execute(statement, {"night_id": night_id} if "$night_id" in statement else None)
    con.execute(RELEASES, {"stamp": stamp, "night_id": night_id})
    con.execute(STAY_WITHDRAWN, {"stamp": stamp, "night_id": night_id})
    con.execute(SCORES)
    keep_timelines(con)
    words = {
        "night_id": night_id,
        "two_ratings": Code.TWO_RATINGS.kind.sentence,
        "session_disagrees": Code.SESSION_DISAGREES.kind.sentence,
    }
    con.execute(FINDINGS, words)


def _compare(con: DuckDBPyConnection) -> None:
    """Compare what the ratings of a session say, again for as long as one that is held leaves another to count in its place."""
    con.execute(FALLEN)
    run_models(con, ["20_judgement"])
    while con.execute(FALL).fetchall():
        run_models(con, ["20_judgement"])
