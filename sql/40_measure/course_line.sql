-- measure.course_line: what each version of an instrument can say in every line that some instrument of its kind has.
-- grain: one row per instrument_id, version, domain, element, scale
-- reads: reference.element, reference.instrument, reference.item, reference.item_element, reference.item_scale, reference.scale
-- why:   a line goes on across a change of instrument, so it must be known also of an instrument that cannot speak to a line that it
--        cannot, and why: there the line has a gap with its reason, not a hole.
with
versions as (select instrument_id, version, modality, unit from reference.instrument),
scales as (
    select instrument_id, version, scale, position as scale_position, lowest, highest, threshold
    from reference.scale
    where kind = 'rating'
),
listed as (
    select versions.*, domain, element, position, is_crosswalked
    from reference.element
    inner join versions using (instrument_id, version)
),
speaking as (
    select
        instrument_id,
        version,
        element,
        scale,
        bool_and(is_partly) as is_partly,
        string_agg(
            item.number || ' (weight ' || regexp_replace(weight::varchar, '\.0$', '') || if(is_partly, ', partly)', ')'), '; '
            order by item.number, item
        ) as items
    from reference.item_element
    inner join reference.item_scale using (instrument_id, version, item)
    inner join scales using (instrument_id, version, scale)
    inner join reference.item as item using (instrument_id, version, item)
    group by instrument_id, version, element, scale
),
named as (select distinct instrument_id, version, element, true as is_named from reference.item_element),
grounds as (
    select distinct instrument_id, version, modality, unit, domain, scale, true as is_told
    from speaking
    inner join listed using (instrument_id, version, element)
),
strands as (select distinct modality, unit, domain, scale from grounds),
places as (
    select instrument_id, version, strands.*
    from versions
    inner join strands using (modality, unit)
),
elements as (
    select modality, unit, domain, element, min(position) as position
    from listed
    group by modality, unit, domain, element
)
select
    places.instrument_id::varchar    as instrument_id,   -- instrument
    places.version::varchar          as version,         -- its version
    places.modality::varchar         as modality,        -- individual or group; these are never one line
    places.unit::varchar             as unit,            -- session or case; these are never one line
    places.domain::varchar           as domain,          -- domain of the element
    elements.element::varchar        as element,         -- element
    places.scale::varchar            as scale,           -- scale
    elements.position::integer       as position,        -- place of the element among those of its domain
    coalesce(scale_position, 99)::integer as scale_position, -- place of the scale among the instrument's; 99 where it has no such scale
    (listed.element is not null and coalesce(is_told, false))::boolean as is_listed, -- true: the version reports on the element, and tells its domain on the scale
    coalesce(is_crosswalked, false)::boolean as is_crosswalked, -- true: the element belongs to another instrument, and items of this one tell it
    lowest::double                   as lowest,          -- lowest point of its scale; null where it has no such scale
    highest::double                  as highest,         -- highest point of its scale; null where it has no such scale
    threshold::double                as threshold,       -- point of its scale that is good enough; null where there is none
    (case
        when items is null then 'not_covered'
        when is_partly then 'partly'
        else 'covered'
    end)::varchar                    as coverage,        -- how far its items speak to the element on this scale
    items::varchar                   as items,           -- these items, by number, with their weights; null where there are none
    (case
        when items is not null then null
        when coalesce(is_named, false) then 'not_rated_by_design'
        else 'not_covered'
    end)::varchar                    as gap              -- why it cannot say anything here; null where it can
from places
inner join elements using (modality, unit, domain)
left join listed using (instrument_id, version, domain, element)
left join scales using (instrument_id, version, scale)
left join grounds using (instrument_id, version, modality, unit, domain, scale)
left join speaking using (instrument_id, version, element, scale)
left join named using (instrument_id, version, element)
