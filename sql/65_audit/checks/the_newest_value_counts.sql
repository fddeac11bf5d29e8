-- fail: The newest value told of a cell is the one that the last version of its rating says.
with
newest as (
    select *
    from audit.change
    where field = 'score'
    qualify row_number() over (
        partition by session_id, rater_id, role, instrument_id, item, scale
        order by night_id desc
    ) = 1
),
standing as (
    select latest.session_id, latest.rater_id, latest.role, latest.instrument_id, score.item, score.scale, score.state, score.value
    from current.latest as latest
    inner join history.score as score on score.rating_id = latest.rating_id
)
select newest.session_id, newest.rater_id, newest.role, newest.instrument_id, newest.item, newest.scale
from newest
left join standing as counting using (session_id, rater_id, role, instrument_id, item, scale)
where (newest.new_rating_id is null and counting.session_id is not null)
    or (
        newest.new_state is not null
        and (newest.new_state, newest.new_value) is distinct from (counting.state, counting.value)
    )
