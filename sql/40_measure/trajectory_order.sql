-- measure.trajectory_order: the steps of each instrument's ordered domain, in the order in which they are expected.
-- grain: one row per instrument_id, version, element
-- reads: reference.domain, reference.element, reference.item_element, reference.item_scale, reference.scale
-- why:   an instrument's own first ordered domain that timelines follow is meant, or where it has none that of the instrument it speaks to. What a
--        timeline notes is held against this order. Where no timeline was kept, the scores on one scale speak: adherence
--        (how much of it was done), or the instrument's first scale when it has none of that name. A scale without a threshold
--        can say of no step whether it was reached, so one with a threshold comes before it.
with
ordered as (
    select element.*
    from reference.element as element
    inner join reference.domain as domain using (instrument_id, version, domain)
    where domain.is_followed
    qualify element.domain = first_value(element.domain) over (
        partition by element.instrument_id, element.version
        order by element.is_crosswalked, element.position
    )
),
scales as (
    select instrument_id, version, scale
    from reference.scale
    qualify row_number() over (partition by instrument_id, version order by threshold is null, scale <> 'adherence', position) = 1
),
covered as (
    select distinct instrument_id, version, element, scale
    from reference.item_element
    inner join reference.item_scale using (instrument_id, version, item)
)
select
    ordered.instrument_id::varchar   as instrument_id,  -- instrument
    ordered.version::varchar         as version,        -- its version
    ordered.element::varchar         as element,        -- the step
    (row_number() over (partition by ordered.instrument_id, ordered.version order by ordered.position))::integer as position, -- its place in the order
    scales.scale::varchar            as scale,          -- scale whose score speaks for the step where no timeline was kept
    (bool_and(not ordered.is_crosswalked) over (partition by ordered.instrument_id, ordered.version))::boolean as is_own, -- the steps are the instrument's own
    (covered.element is not null)::boolean as is_covered -- some item speaks to the step and uses the scale
from ordered
inner join scales using (instrument_id, version)
left join covered on covered.instrument_id = ordered.instrument_id and covered.version = ordered.version and covered.element = ordered.element and covered.scale = scales.scale
