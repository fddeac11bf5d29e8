-- measure.judged: what observers' ratings in the window say of each element and each item: a value, or why there is none.
-- grain: one row per rating_id, level, element, item, scale
-- reads: current.score, measure.rater_rating, measure.rating_element
-- why:   agreement is told for elements and for items. What is missing, could not be judged, or is never rated is no judgement
--        that another rater's could agree with.
-- view:  it is as long as the scores twice over, and is read once, a part at a time.
with
told as (
    select 'element' as level, rating_id, domain, element, null as item, scale, state, value
    from measure.rating_element
    union all
    select 'item', rating_id, null, null, item, scale, state, value
    from current.score
)
select
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the raters
    level::varchar         as level,          -- element or item
    domain::varchar        as domain,         -- domain of the element; null for items
    element::varchar       as element,        -- element; null for items
    item::varchar          as item,           -- item; null for elements
    scale::varchar         as scale,          -- scale
    rating_id::varchar     as rating_id,      -- rating
    session::bigint        as session,        -- number of the session
    rater::bigint          as rater,          -- number of the rater
    therapist::bigint      as therapist,      -- number of the therapist
    patient::bigint        as patient,        -- number of the patient
    period::varchar        as period,         -- quarter in which the rating was made
    state::varchar         as state,          -- rated, no_opportunity or not_delivered
    value::double          as value,          -- value; null unless rated
    hash(fingerprint, state, value)::ubigint as fingerprint  -- of everything here that a figure rests on
from told
inner join measure.rater_rating using (rating_id)
where state in ('rated', 'no_opportunity', 'not_delivered')
