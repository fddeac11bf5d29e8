-- supervision.course_change: when a therapist's sessions came to be rated with another instrument or version, and what of her lines goes on.
-- grain: one row per therapist_id, role, modality, unit, session_id, instrument_id, instrument_version, instrument_change, instruments_before
-- reads: measure.course_line, supervision.therapist_course
-- why:   scores before and after a change stand on different instruments and are compared by nobody; what can be read on is named
--        here, and what ends or begins. In order of ids and dates; nothing ranks.
with
changed as (select * from supervision.therapist_course where instrument_change is not null),
before as (
    select instruments_before, modality, unit, domain, element, scale, bool_or(coverage <> 'not_covered') as was_covered
    from (select distinct instruments_before, unnest(string_split(instruments_before, '; ')) as instrument from changed)
    inner join (select *, instrument_id || ' ' || version as instrument from measure.course_line) using (instrument)
    group by instruments_before, modality, unit, domain, element, scale
),
lines as (
    select changed.*, if(was_covered, 1, 0) + if(coverage <> 'not_covered', 2, 0) as how
    from changed
    inner join before using (instruments_before, modality, unit, domain, element, scale)
),
counted as (
    select
        *,
        count(*) over (
            partition by therapist_id, role, modality, unit, session_id, instrument_id, instrument_version, instruments_before, domain, element
        ) as n_scales
    from lines
    where how > 0
),
marked as (
    select
        therapist_id, role, modality, unit, session_id, session_on, in_window, instrument_id, instrument_version, instrument_change,
        instruments_before, domain, element, how, n_scales,
        list_sort(list(scale)) as scales
    from counted
    group by all
),
elements as (
    -- an element that does not fare alike on all scales is named with the scales
    select *, element || if(len(scales) < n_scales, ' (' || array_to_string(scales, ', ') || ')', '') as told
    from marked
)
select
    therapist_id::varchar       as therapist_id,        -- therapist
    role::varchar               as role,                -- role of the raters (about.code, list role)
    modality::varchar           as modality,            -- individual or group sessions (about.code, list modality)
    unit::varchar               as unit,                -- what is rated: session or case
    session_id::varchar         as session_id,          -- the first session rated with the other instrument
    session_on::date            as session_on,          -- its date
    in_window::boolean          as in_window,           -- true: it counts in therapist_element tonight
    instrument_change::varchar  as instrument_change,   -- what changed (about.code, list instrument_change)
    instruments_before::varchar as instruments_before,  -- what the session before was rated with, instruments with versions
    instrument_id::varchar      as instrument_id,       -- instrument it was rated with
    instrument_version::varchar as instrument_version,  -- its version
    (string_agg(distinct domain, '; ' order by domain))::varchar as domains, -- domains in which it takes the other's place
    (string_agg(told, '; ' order by told) filter (how = 3))::varchar as going_on, -- elements told on both sides, each in its own units; null when none is
    (string_agg(told, '; ' order by told) filter (how = 1 and instrument_change <> 'beside'))::varchar as ending, -- elements that are told no longer; null when there is none
    (string_agg(told, '; ' order by told) filter (how = 2))::varchar as beginning -- elements that only the new one tells; null when there is none
from elements
group by
    therapist_id, role, modality, unit, session_id, session_on, in_window, instrument_change, instruments_before, instrument_id,
    instrument_version
order by therapist_id, role, modality, unit, session_on, session_id, instrument_id, instrument_version
