-- fail: Every score is of an item and a scale of its instrument version.
with
found as (
    select distinct instrument_id, instrument_version as version, item, scale
    from current.score
    inner join current.rating using (rating_id)
)
select instrument_id, version, item, scale
from found
left join reference.item as item using (instrument_id, version, item)
left join reference.scale as scale using (instrument_id, version, scale)
where item.title is null or scale.title is null
