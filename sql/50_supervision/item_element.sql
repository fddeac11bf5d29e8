-- supervision.item_element: the crosswalk, which element each item speaks to.
-- grain: one row per instrument_id, instrument_version, item, element
-- reads: reference.element, reference.item, reference.item_element
-- why:   a mean per element can be traced to items, and to their cells in session_item.
select
    instrument_id::varchar        as instrument_id,       -- instrument
    version::varchar              as instrument_version,  -- its version
    item::varchar                 as item,                -- item
    item.title::varchar           as item_title,          -- what the form calls the item
    element::varchar              as element,             -- element that the item speaks to
    weight::double                as weight,              -- its weight among the items of that element in one rating
    is_partly::boolean            as is_partly,           -- true: it speaks to a part of the element only
    is_reversed::boolean          as is_reversed,         -- true: much of the item is little of the element, so its points count from the other end
    is_crosswalked::boolean       as crosswalked          -- true: the element belongs to another instrument
from reference.item_element
inner join reference.item as item using (instrument_id, version, item)
inner join (select instrument_id, version, element, is_crosswalked from reference.element) as elements using (instrument_id, version, element)
order by instrument_id, version, item.number, element
