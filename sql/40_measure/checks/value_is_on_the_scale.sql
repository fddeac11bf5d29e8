-- fail: A score has a value exactly when it is rated, and the value lies on the scale.
with
extremes as (
    select
        instrument_id,
        instrument_version as version,
        scale,
        state = 'rated' as is_rated,
        count(*) as n,
        count(value) as n_values,
        min(value) as lowest,
        max(value) as highest
    from current.score
    inner join current.rating using (rating_id)
    group by all
)
select instrument_id, version, scale, is_rated
from extremes
inner join reference.scale as scale using (instrument_id, version, scale)
where n_values <> case when is_rated then n else 0 end
    or extremes.lowest < scale.lowest
    or extremes.highest > scale.highest
