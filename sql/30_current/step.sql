-- current.step: the events that go with the counting ratings: those of their own timelines, or of a log that came later.
-- grain: one row per rating_id, line
-- reads: current.log, current.rating, history.rating, history.step
-- why:   a timeline goes with its rating. A form sent again with the same timeline and another note is a duplicate; its note
--        is the one that counts. A rating taken in before timelines were read has the first one that a copy of it brought.
--        A log of events takes the place of the timeline, whole, when it names the rater and came no earlier; one that names no
--        rater is taken where nothing of the rater's own is there. A rating that counts as it stood before a consensus keeps
--        the timeline of that version: a later one, with its own, does not count either.
with
counting as (
    select rating_id from current.rating
    union
    select log_id from current.log
),
copies as (
    select
        counting.rating_id as counts_as,
        copy.rating_id,
        copy.received_at,
        copy.workbook
    from counting
    join history.rating as original on original.rating_id = counting.rating_id
    join history.rating as copy
        on copy.session_id = original.session_id
        and copy.rater_id = original.rater_id
        and copy.role = original.role
        and copy.instrument_id = original.instrument_id
        and copy.values_hash = original.values_hash
    where copy.rating_id in (select rating_id from history.step)
),
latest as (
    select *
    from copies
    qualify row_number() over (
        partition by counts_as
        order by received_at desc, rating_id = counts_as desc, workbook, rating_id
    ) = 1
),
sources as (
    select rating_id, rating_id as source_id, false as is_shared, false as is_log, received_at
    from current.rating
    union all
    select rating_id, log_id, is_shared, true, received_at
    from current.log
    where rating_id is not null
),
chosen as (
    select sources.*, latest.rating_id as told_by, latest.workbook
    from sources
    join latest on latest.counts_as = sources.source_id
    qualify row_number() over (
        partition by sources.rating_id
        order by sources.is_shared, sources.received_at desc, sources.is_log desc, sources.source_id
    ) = 1
)
select
    chosen.rating_id::varchar   as rating_id,     -- the rating that counts
    step.line::integer          as line,          -- place among the events of the rating, from 1
    step.episode::integer       as episode,       -- run through the steps, from 1
    step.minute::double         as minute,        -- minutes from the beginning of the recording; null when not noted
    step.step::varchar          as step,          -- step of the instrument's ordered domain; null when none is noted
    step.mode::varchar          as mode,          -- non-mentalizing mode; null when none is noted
    step.arousal::varchar       as arousal,       -- arousal; null when it is not noted
    step.intervention::varchar  as intervention,  -- what was done; null when it is not noted
    step.followed::varchar      as followed,      -- what it was followed by; null when it is not noted
    step.note::varchar          as note,          -- the rater's words; null when there are none
    chosen.workbook::varchar    as workbook,      -- workbook it stands in; a later copy of the rating may have brought it
    step.sheet::varchar         as sheet,         -- its sheet
    step.cell::varchar          as cell,          -- its cell
    chosen.is_shared::boolean   as is_shared      -- a log that names no rater says it, for all ratings of the session alike
from chosen
join history.step as step on step.rating_id = chosen.told_by
