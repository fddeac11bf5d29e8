-- about.run: the nights, and which of them this file shows.
-- grain: one row per night_id
-- reads: current.waiting, history.night, reference.night
-- why:   a number is only as fresh as its night. In a supervisor's file the counts are null: they are the whole lab's.
with
tonight as (select * from reference.night),
waiting as (select count(*) as n_waiting from current.waiting)
select
    night_id::bigint        as night_id,      -- counts up
    night.night_on::date    as night_on,      -- date that the night stands for
    (tonight.night_id is not null)::boolean as is_newest,  -- true: the night whose figures this file shows
    night.started_at::timestamp as started_at,  -- UTC; when it began
    night.version::varchar  as version,       -- of the software
    lab::varchar            as lab,           -- lab; for the newest night
    window_start::date      as window_start,  -- sessions after this date, up to night_on, count in therapist_element; for the newest night
    since::date             as since,         -- what is newer than this is new since the last meeting; for the newest night
    min_sessions::integer   as min_sessions,  -- fewer sessions than this are insufficient; for the newest night
    min_patients::integer   as min_patients,  -- fewer patients than this are insufficient, but in groups; for the newest night
    min_raters::integer     as min_raters,    -- fewer raters than this are insufficient; for the newest night
    n_workbooks::integer    as n_workbooks,   -- workbooks newly judged
    n_ratings::integer      as n_ratings,     -- ratings newly found
    n_accepted::integer     as n_accepted,    -- of these, taken in
    n_held::integer         as n_held,        -- of these, held
    n_duplicate::integer    as n_duplicate,   -- of these, known already
    n_released::integer     as n_released,    -- held ratings of earlier nights that were taken in
    (case when tonight.night_id is not null then n_waiting end)::integer as n_waiting  -- ratings that wait for a person; for the newest night
from history.night as night
left join tonight using (night_id)
cross join waiting
order by night_id
