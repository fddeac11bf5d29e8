-- quality.rater_severity: how far above or below the others each rater rates one element, over the window and quarter by quarter.
-- grain: one row per rater_id, instrument_id, role, element, scale, period
-- reads: measure.element, measure.rater_drift, measure.rater_group, measure.rater_severity
-- why:   severity is taken out of therapists' numbers, and a rater may want to know hers. For the quality lead and that rater
--        alone; it ranks nobody and stands in no supervisor's file.
with
groups as (select * from measure.rater_group where level = 'element'),
figures as (select * from measure.rater_severity),
drifts as (
    select fingerprint as family, rater_id, element, period, bool_or(is_drifting) as is_drifting
    from measure.rater_drift
    where level = 'element'
    group by all
)
select
    figures.rater_id::varchar     as rater_id,       -- rater
    groups.instrument_id::varchar as instrument_id,  -- instrument; instruments are never pooled
    role::varchar                 as role,           -- role of the rater: observer
    groups.domain::varchar        as domain,         -- domain of the element
    groups.element::varchar       as element,        -- element (about.element)
    groups.scale::varchar         as scale,          -- scale (about.scale)
    figures.period::varchar       as period,         -- all, or the quarter in which the ratings were made
    round(severity, 9)::double    as severity,       -- points above (+) or below (-, more severe) raters such as these on the same sessions; null where note says why
    round(low, 9)::double         as low,            -- lower end of its 95 % interval
    round(high, 9)::double        as high,           -- upper end of it
    n_rated::integer              as n_rated,        -- her ratings with a value
    n_corated::integer            as n_corated,      -- of these, in sessions that another rater rated as well
    drifts.is_drifting::boolean   as is_drifting,    -- true: she moved in this quarter (rater_drift); null where it could not be told
    note::varchar                 as note            -- why the severity is missing
from groups
inner join figures using (fingerprint)
left join drifts
    on drifts.family = groups.family
    and drifts.rater_id = figures.rater_id
    and drifts.element = groups.element
    and drifts.period = figures.period
left join measure.element as element
    on element.instrument_id = groups.instrument_id and element.element = groups.element and element.scale = groups.scale
order by figures.rater_id, groups.instrument_id, role, position, scale_position, figures.period = 'all' desc, figures.period
