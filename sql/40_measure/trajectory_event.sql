-- measure.trajectory_event: what the timelines note, line by line, and the arousal under which it was done.
-- grain: one row per rating_id, line
-- reads: current.step
-- why:   arousal is noted when it is seen to change, so a line stands under the last arousal noted in its episode, its own line
--        included. A line that holds a note alone is a remark and no event.
with
events as (
    select
        *,
        last_value(arousal ignore nulls) over (
            partition by rating_id, episode
            order by line
            rows between unbounded preceding and current row
        ) as arousal_then
    from current.step
    where coalesce(step, mode, arousal, intervention, followed) is not null
)
select
    rating_id::varchar                               as rating_id,        -- rating
    line::integer                                    as line,             -- place among the events of the rating
    episode::integer                                 as episode,          -- run through the steps
    minute::double                                   as minute,           -- minutes from the beginning; null when not noted
    step::varchar                                    as step,             -- step; null when none is noted
    mode::varchar                                    as mode,             -- non-mentalizing mode; null when none is noted
    arousal::varchar                                 as arousal,          -- arousal noted in this line; null when it is not
    coalesce(arousal_then = 'flooding', false)::boolean as is_high_arousal, -- the last arousal noted up to here is flooding
    intervention::varchar                            as intervention,     -- what was done; null when it is not noted
    followed::varchar                                as followed,         -- what it was followed by; null when it is not noted
    workbook::varchar                                as workbook,         -- workbook it stands in
    sheet::varchar                                   as sheet,            -- its sheet
    cell::varchar                                    as cell,             -- its cell
    is_shared::boolean                               as is_shared         -- a log that names no rater says it, for all ratings of the session alike
from events
