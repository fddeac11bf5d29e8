-- current.log: the logs of events that stand, and the ratings with which each may go.
-- grain: one row per log_id, rating_id
-- reads: current.rating, current.standing
-- why:   a log goes with the ratings of its session, instrument and role; by its own rater alone where it names one. It may come
--        before its rating or after it, in another file: rating_id is null while it waits.
with
logs as (
    select *, regexp_replace(instrument_id, '/timeline$', '') as for_instrument
    from current.standing
    where instrument_id like '%/timeline'
)
select
    logs.rating_id::varchar             as log_id,         -- the log
    rating.rating_id::varchar           as rating_id,      -- a rating it may go with; null while there is none
    logs.session_id::varchar            as session_id,     -- the session
    nullif(logs.rater_id, '')::varchar  as rater_id,       -- the rater it names; null when it names none
    logs.role::varchar                  as role,           -- as whom
    logs.for_instrument::varchar        as instrument_id,  -- instrument whose steps it notes
    logs.received_at::timestamp         as received_at,    -- UTC; when its workbook was first seen
    (logs.rater_id = '')::boolean       as is_shared       -- it names no rater, and may go with several ratings
from logs
left join current.rating as rating
    on rating.session_id = logs.session_id
    and rating.role = logs.role
    and rating.instrument_id = logs.for_instrument
    and logs.rater_id in (rating.rater_id, '')
