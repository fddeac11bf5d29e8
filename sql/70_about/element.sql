-- about.element: the elements that fidelity is told for.
-- grain: one row per instrument_id, element
-- reads: reference.domain, reference.element, reference.instrument
-- why:   an id such as not_knowing is read in the words of its instrument, in the newest version that has it.
with
elements as (
    select element.*, version_order
    from reference.element as element
    inner join reference.instrument using (instrument_id, version)
    qualify row_number() over (partition by instrument_id, element order by version_order desc) = 1
)
select
    instrument_id::varchar   as instrument_id,       -- instrument
    version::varchar         as instrument_version,  -- newest version that has the element
    domain::varchar          as domain,              -- domain
    domain.title::varchar    as domain_title,        -- name of the domain
    is_ordered::boolean      as is_ordered,          -- true: the elements of the domain are steps, in the order of position
    element::varchar         as element,             -- element
    elements.position::integer as position,          -- place among the instrument's elements
    elements.title::varchar  as title,               -- name of the element
    guidance::varchar        as guidance,            -- what it asks for
    is_crosswalked::boolean  as crosswalked          -- true: it belongs to another instrument
from elements
inner join reference.domain as domain using (instrument_id, version, domain)
order by instrument_id, elements.position
