-- about.item: the items of every instrument on each of its scales, and what a rater may mark there instead of a value.
-- grain: one row per instrument_id, instrument_version, item, scale
-- reads: reference.instrument, reference.item, reference.item_scale, reference.scale
-- why:   which elements always have their opportunity, and what is not rated by design, belongs to the instrument's version and
--        must be seen without looking into a form.
select
    item.instrument_id::varchar  as instrument_id,       -- instrument
    item.version::varchar        as instrument_version,  -- its version
    item.item::varchar           as item,                -- item
    item.number::integer         as position,            -- its number on the form
    item.title::varchar          as title,               -- what it is called
    scale.scale::varchar         as scale,               -- scale of the instrument
    (item_scale.item is not null)::boolean as is_used,   -- false: not rated on this scale, by design
    item_scale.marks::varchar    as marks                -- states that a rater may mark instead of a value; null where there are none
from reference.item as item
inner join reference.scale as scale using (instrument_id, version)
inner join (select instrument_id, version, version_order from reference.instrument) as versions using (instrument_id, version)
left join reference.item_scale as item_scale
    on item_scale.instrument_id = item.instrument_id
    and item_scale.version = item.version
    and item_scale.item = item.item
    and item_scale.scale = scale.scale
order by item.instrument_id, version_order, item.number, scale.position
