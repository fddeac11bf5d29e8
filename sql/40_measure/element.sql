-- measure.element: every element that an instrument reports on, on each of its scales, in the words of the newest version that has it.
-- grain: one row per instrument_id, element, scale
-- reads: current.rating, reference.element, reference.instrument, reference.item_element, reference.item_scale, reference.scale
-- why:   what no item speaks to must be seen as not covered, not be absent; therapists' numbers go by instrument, not by version.
--        Choices, counts and dates have no mean, so they are told as facts and not here. An element that is described on
--        a scale without a threshold is not expected on those that judge, nor the other way round.
--        A scale is that of the newest version anybody was rated with: a new version changes nothing until it is used.
with
elements as (
    select element.*, version_order
    from reference.element as element
    inner join reference.instrument using (instrument_id, version)
    qualify row_number() over (partition by instrument_id, element order by version_order desc) = 1
),
rated as (select distinct instrument_id, instrument_version as version, true as is_rated from current.rating),
scales as (
    select scale.*
    from reference.scale as scale
    inner join reference.instrument using (instrument_id, version)
    left join rated using (instrument_id, version)
    where scale.kind = 'rating'
    qualify row_number() over (partition by instrument_id, scale order by is_rated nulls last, version_order desc) = 1
),
covered as (
    select distinct instrument_id, element, scale, true as is_covered
    from reference.item_element
    inner join reference.item_scale using (instrument_id, version, item)
),
told_on as (
    select instrument_id, element, list(distinct threshold is null) as kinds
    from covered
    inner join scales using (instrument_id, scale)
    group by instrument_id, element
)
select
    elements.instrument_id::varchar     as instrument_id,    -- instrument
    elements.version::varchar           as version,          -- newest version that has the element
    elements.domain::varchar            as domain,           -- domain of the element
    elements.element::varchar           as element,          -- element
    elements.position::integer          as position,         -- place among the instrument's elements
    elements.title::varchar             as title,            -- name of the element
    elements.guidance::varchar          as guidance,         -- what it asks for
    elements.is_crosswalked::boolean    as is_crosswalked,   -- true: it belongs to another instrument, whose words these are
    scales.scale::varchar               as scale,            -- scale
    scales.position::integer            as scale_position,   -- place among the instrument's scales
    scales.threshold::double            as threshold,        -- adequacy threshold, in the newest version that was rated; null where the scale has none
    coalesce(is_covered, false)::boolean as is_covered       -- true: some item speaks to it and uses the scale
from elements
inner join scales using (instrument_id)
left join covered on covered.instrument_id = elements.instrument_id and covered.element = elements.element and covered.scale = scales.scale
left join told_on on told_on.instrument_id = elements.instrument_id and told_on.element = elements.element
where kinds is null or list_contains(kinds, scales.threshold is null)
