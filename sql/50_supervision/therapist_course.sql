-- supervision.therapist_course: one line a therapist and element, session by session, across instruments, no score converted.
-- grain: one row per therapist_id, role, modality, unit, domain, element, scale, session_id, instrument_id, instrument_version
-- reads: measure.course_line, measure.course_place, measure.rating_element, measure.rating_therapist
-- why:   a lab that moves to another instrument keeps the line; where it moved is marked, and each mean stands on the scale of its own
--        instrument, with that scale's ends and threshold beside it. Means of different instruments are never pooled, converted or
--        subtracted. What an instrument cannot say is a row with a gap and its reason. Estimates, trends, focus and control charts stay
--        within one instrument and begin anew with another.
with
lines as (
    -- every element that one of her instruments reports on
    select distinct therapist_id, role, modality, unit, domain, scale, element
    from (select distinct therapist_id, role, modality, unit, domain, scale, instrument_id, instrument_version from measure.course_place)
    inner join (select * rename (version as instrument_version) from measure.course_line where is_listed) using (
        modality, unit, domain, scale, instrument_id, instrument_version
    )
),
told as (
    select
        therapist_id,
        role,
        session_id,
        instrument_id,
        instrument_version,
        element,
        scale,
        avg(value) as mean,
        count(value) as n_rated,
        count(*) filter (state = 'no_opportunity') as n_no_opportunity,
        count(*) filter (state = 'unjudgeable') as n_unjudgeable,
        count(*) filter (state = 'not_delivered') as n_not_delivered,
        count(*) filter (state = 'missing') as n_missing
    from measure.rating_element
    inner join measure.rating_therapist using (rating_id)
    where state <> 'not_rated_by_design'
    group by therapist_id, role, session_id, instrument_id, instrument_version, element, scale
),
placed as (
    select place.*, said.* exclude (instrument_id, version, modality, unit, domain, scale, position), said.position as element_position
    from measure.course_place as place
    inner join lines using (therapist_id, role, modality, unit, domain, scale)
    inner join measure.course_line as said
        on (said.instrument_id, said.version) = (place.instrument_id, place.instrument_version)
        and (said.modality, said.unit, said.domain, said.scale) = (place.modality, place.unit, place.domain, place.scale)
        and said.element = lines.element
),
joined as (
    select placed.*, round(mean, 9) as mean, n_rated, n_no_opportunity, n_unjudgeable, n_not_delivered, n_missing
    from placed
    left join told using (therapist_id, role, session_id, instrument_id, instrument_version, element, scale)
)
select
    therapist_id::varchar       as therapist_id,        -- therapist
    role::varchar               as role,                -- role of the raters (about.code, list role); roles are never one line
    modality::varchar           as modality,            -- individual or group sessions (about.code, list modality); these are never one line
    unit::varchar               as unit,                -- what is rated: session or case; these are never one line
    domain::varchar             as domain,              -- domain of the element
    element::varchar            as element,             -- element (about.element)
    scale::varchar              as scale,               -- scale (about.scale)
    position::integer           as position,            -- place of the session in the line, from 1, by date; null when it has no date
    session_id::varchar         as session_id,          -- session
    session_on::date            as session_on,          -- its date; null when no sheet says
    in_window::boolean          as in_window,           -- true: it counts in therapist_element tonight
    instrument_id::varchar      as instrument_id,       -- instrument it was rated with
    instrument_version::varchar as instrument_version,  -- its version
    stretch::integer            as stretch,             -- number of the stretch between two changes of instrument, from 1; null without a date
    instrument_change::varchar  as instrument_change,   -- how the instrument changed at this session (about.code, list instrument_change); null where it did not
    instruments_before::varchar as instruments_before,  -- at a change: what the session before was rated with, instruments with versions
    lowest::double              as scale_lowest,        -- lowest point of this instrument's scale; null where it has no such scale
    highest::double             as scale_highest,       -- highest point of it
    threshold::double           as threshold,           -- point of it that is good enough; null where there is none
    mean::double                as mean,                -- mean of the raters' values, in points of this instrument's scale; null where there is a gap
    (case
        when mean > threshold then 'above'
        when mean = threshold then 'at'
        when mean < threshold then 'below'
    end)::varchar               as stands,              -- where that lies by this instrument's own threshold (about.code, list stands)
    (case
        when mean is not null then null
        when gap is not null then gap
        when n_missing > 0 then 'missing'
        when n_unjudgeable > 0 then 'unjudgeable'
        when n_no_opportunity > 0 then 'no_opportunity'
        when n_not_delivered > 0 then 'not_delivered'
        else 'missing'
    end)::varchar               as gap,                 -- why there is no mean (about.code, list gap); null where there is one
    coverage::varchar           as coverage,            -- how far this instrument speaks to the element on this scale (about.code, list coverage)
    items::varchar              as items,               -- its items that do, by number, with their weights; null where none does
    is_crosswalked::boolean     as crosswalked,         -- true: another instrument's element, told by items of this one
    coalesce(n_rated, 0)::integer          as n_raters,          -- raters behind the mean: those who gave a value
    coalesce(n_no_opportunity, 0)::integer as n_no_opportunity,  -- ratings that say nothing in the session called for it
    coalesce(n_unjudgeable, 0)::integer    as n_unjudgeable,     -- ratings whose rater could not tell
    coalesce(n_not_delivered, 0)::integer  as n_not_delivered,   -- ratings that say it was not done, so its competence is not rated
    coalesce(n_missing, 0)::integer        as n_missing          -- ratings in which it was left blank
from joined
order by
    therapist_id, role, modality, unit, domain, element_position, element, scale, session_on nulls last, session_id, instrument_id,
    instrument_version
