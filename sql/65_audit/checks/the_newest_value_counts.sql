-- fail: The newest value told of a cell is the one that stands in supervision.session_item.
with
newest as (
    select *
    from audit.change
    where field = 'score'
    qualify row_number() over (
        partition by session_id, rater_id, role, instrument_id, item, scale
        order by night_id desc
    ) = 1
)
select newest.session_id, newest.rater_id, newest.role, newest.instrument_id, newest.item, newest.scale
from newest
left join supervision.session_item as counting using (session_id, rater_id, role, instrument_id, item, scale)
where (newest.new_rating_id is null and counting.session_id is not null)
    or (
        newest.new_state is not null
        and (newest.new_state, newest.new_value) is distinct from (counting.state, counting.value)
    )
