-- fail: Over all sessions, the ratings of an element that are counted by state are those that have a cell for it.
with
cells as (
    select instrument_id, role, element, scale, count(*) as n, count(*) filter (has_value) as n_rated
    from (
        select rating_id, element, scale, bool_or(state = 'rated') as has_value
        from current.score
        inner join (select rating_id, instrument_id, instrument_version as version from current.rating) using (rating_id)
        inner join reference.item_element using (instrument_id, version, item)
        semi join (select instrument_id, version, scale from reference.scale where kind = 'rating') using (instrument_id, version, scale)
        where state <> 'not_rated_by_design'
        group by rating_id, element, scale
    )
    inner join current.rating using (rating_id)
    group by instrument_id, role, element, scale
),
elements as (
    select
        instrument_id,
        role,
        element,
        scale,
        sum(n_rated + n_no_opportunity + n_unjudgeable + n_not_delivered + n_missing) as n,
        sum(n_rated) as n_rated
    from supervision.session_element
    group by instrument_id, role, element, scale
)
select instrument_id, role, element, scale
from cells
full join elements using (instrument_id, role, element, scale)
where cells.n is distinct from elements.n or cells.n_rated is distinct from elements.n_rated
