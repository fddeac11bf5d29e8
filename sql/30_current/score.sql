-- current.score: what the counting ratings say, cell by cell.
-- grain: one row per rating_id, item, scale
-- reads: current.rating, history.score, reference.item, reference.scale, reference.item_scale
-- why:   every item has a row on every scale of its instrument, so that what is never expected and what is missing show.
with
expected as (
    select
        rating.rating_id,
        item.item,
        scale.scale,
        item_scale.item is not null as is_used
    from current.rating as rating
    join reference.item as item
        on item.instrument_id = rating.instrument_id
        and item.version = rating.instrument_version
    join reference.scale as scale
        on scale.instrument_id = rating.instrument_id
        and scale.version = rating.instrument_version
    left join reference.item_scale as item_scale
        on item_scale.instrument_id = item.instrument_id
        and item_scale.version = item.version
        and item_scale.item = item.item
        and item_scale.scale = scale.scale
)
select
    expected.rating_id::varchar  as rating_id,  -- the rating
    expected.item::varchar       as item,       -- item of the instrument
    expected.scale::varchar      as scale,      -- scale of the instrument
    coalesce(score.state, if(expected.is_used, 'missing', 'not_rated_by_design'))::varchar as state, -- state of the cell
    score.value::double          as value,      -- point of the scale; null unless rated
    coalesce(score.cell, '')::varchar as cell   -- cell of the rating's sheet; empty where the sheet has none
from expected
left join history.score as score
    on score.rating_id = expected.rating_id
    and score.item = expected.item
    and score.scale = expected.scale
