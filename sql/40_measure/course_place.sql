-- measure.course_place: the sessions of a therapist in order, in every domain and scale, and where the instrument changed.
-- grain: one row per therapist_id, role, modality, unit, domain, scale, session_id, instrument_id, instrument_version
-- reads: current.rating, measure.course_kin, measure.course_line, measure.rating_therapist, measure.session
-- why:   a change is found by comparing the instruments (with their versions) of a session with those of the one before, among
--        instruments that can take each other's place: a module that is rated beside another is no change. A session without a date has no place in an
--        order. Sessions of one day are in the order of their ids, as in the control charts.
with
visits as (
    select distinct therapist_id, role, session_id, instrument_id, instrument_version
    from current.rating
    inner join measure.rating_therapist using (rating_id)
),
used_ever as (select distinct therapist_id, role, instrument_id, instrument_version from visits),
strands as (
    -- an instrument has its place in the lines of every other that she was rated with and whose place it can take
    select distinct
        mine.therapist_id, mine.role, mine.instrument_id, mine.instrument_version, line.modality, line.unit, line.domain, line.scale
    from used_ever as mine
    inner join measure.course_kin as kin on (kin.instrument_id, kin.version) = (mine.instrument_id, mine.instrument_version)
    inner join used_ever as hers
        on (hers.therapist_id, hers.role, hers.instrument_id, hers.instrument_version)
        = (mine.therapist_id, mine.role, kin.other_id, kin.other_version)
    inner join measure.course_line as line
        on line.is_listed and (line.instrument_id, line.version) = (hers.instrument_id, hers.instrument_version)
),
met as (
    select visits.*, modality, unit, domain, scale, session_on, in_window, instrument_id || ' ' || instrument_version as instrument
    from visits
    inner join strands using (therapist_id, role, instrument_id, instrument_version)
    inner join measure.session using (session_id)
),
used as (
    select
        therapist_id,
        role,
        modality,
        unit,
        domain,
        scale,
        session_id,
        session_on,
        list_sort(list(instrument)) as instruments,
        list(instrument_id) as instrument_ids
    from met
    where session_on is not null
    group by therapist_id, role, modality, unit, domain, scale, session_id, session_on
),
ordered as (
    select
        *,
        row_number() over line as position,
        lag(instruments) over line as instruments_before,
        lag(instrument_ids) over line as ids_before
    from used
    window line as (partition by therapist_id, role, modality, unit, domain, scale order by session_on, session_id)
),
compared as (
    select
        *,
        coalesce(len(list_filter(instruments, lambda i: not list_contains(instruments_before, i))) > 0, false) as is_break
    from ordered
),
numbered as (
    select
        *,
        1 + (count(*) filter (is_break) over (
            partition by therapist_id, role, modality, unit, domain, scale order by position
        )) as stretch
    from compared
)
select
    met.therapist_id::varchar       as therapist_id,        -- therapist
    met.role::varchar               as role,                -- role of the raters
    met.modality::varchar           as modality,            -- individual or group
    met.unit::varchar               as unit,                -- session or case
    met.domain::varchar             as domain,              -- domain
    met.scale::varchar              as scale,               -- scale
    met.session_id::varchar         as session_id,          -- session
    met.session_on::date            as session_on,          -- its date; null when no sheet says
    met.in_window::boolean          as in_window,           -- true: it counts in therapist_element tonight
    met.instrument_id::varchar      as instrument_id,       -- instrument it was rated with
    met.instrument_version::varchar as instrument_version,  -- its version
    position::integer               as position,            -- place of the session in the line, from 1; null without a date
    stretch::integer                as stretch,             -- number of the stretch between two changes, from 1; null without a date
    (case
        when instruments_before is null or list_contains(instruments_before, met.instrument) then null
        when list_has_any(instruments, instruments_before) then 'beside'
        when list_contains(ids_before, met.instrument_id) then 'version'
        else 'instrument'
    end)::varchar                   as instrument_change,   -- how this instrument differs from those of the session before; null where it does not
    (case
        when not list_contains(instruments_before, met.instrument) then array_to_string(instruments_before, '; ')
    end)::varchar                   as instruments_before   -- at a change: the instruments of the session before, with versions
from met
left join numbered using (therapist_id, role, modality, unit, domain, scale, session_id)
