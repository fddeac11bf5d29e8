"""Timelines in history: what tonight's ratings say in theirs, and how that enters the values by which ratings are compared.

A rating's values are its scores, therapists, patient and date and, where it has one, its timeline: a corrected timeline
is a correction. Ratings that were taken in before timelines were read say nothing of theirs. A copy of one of them
therefore says the same whatever its timeline; the first timeline that such a copy brings is taken for the rating's own.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

KEY = "session_id, rater_id, role, instrument_id"

WITH_TIMELINES = f"""
create or replace temp table arriving_timeline as
with
arriving as (
    select
        arriving.rating_id, {KEY}, arriving.values_hash as said, staged.timeline_hash, arriving.received_at,
        arriving.workbook
    from judgement.arriving as arriving
    join (select rating_id, timeline_hash from staged_rating) as staged using (rating_id)
    where arriving.is_valid
),
known as (
    select rating_id, {KEY}, values_hash as said, timeline_hash, received_at, workbook
    from history.rating
    left join history.timeline using (rating_id)
    where is_valid and session_id in (select session_id from arriving)
),
untold as (
    select distinct {KEY}, said
    from known
    where timeline_hash is null
),
firsts as (
    select {KEY}, said, arg_min(timeline_hash, (received_at, workbook, rating_id)) as timeline_hash
    from (
        select * from known where timeline_hash is not null
        union all by name
        select * from arriving where not exists (
            select 1 from known
            where known.timeline_hash is not null
                and (known.session_id, known.rater_id, known.role, known.instrument_id, known.said)
                = (arriving.session_id, arriving.rater_id, arriving.role, arriving.instrument_id, arriving.said)
        )
    )
    group by all
)
select
    arriving.rating_id,
    arriving.timeline_hash,
    case
        when untold.said is null and arriving.timeline_hash = '' then arriving.said
        when untold.said is not null and arriving.timeline_hash = firsts.timeline_hash then arriving.said
        else md5(arriving.said || '|' || arriving.timeline_hash)
    end as values_hash
from arriving
left join untold using ({KEY}, said)
left join firsts using ({KEY}, said)
"""

INTO_VALUES = """
update judgement.arriving as arriving
set values_hash = told.values_hash
from arriving_timeline as told
where told.rating_id = arriving.rating_id
"""

KEEP = """
insert into history.timeline select rating_id, timeline_hash from arriving_timeline;
insert into history.step
select rating_id, line, episode, minute, step, mode, arousal, intervention, followed, note, sheet, cell
from staged_step
where rating_id in (select rating_id from arriving_timeline);
"""


def count_timelines(con: DuckDBPyConnection) -> None:
    """Let the timelines of what arrives tonight (`judgement.arriving`) enter its values."""
    con.execute(WITH_TIMELINES)
    con.execute(INTO_VALUES)


def keep_timelines(con: DuckDBPyConnection) -> None:
    """Add them to history; they stand beside the scores, whatever the judgement."""
    con.execute(KEEP)
