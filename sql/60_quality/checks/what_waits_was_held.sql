-- fail: What waits for a person was held, does not count, and says what to do.
select held.rating_id
from quality.held_rating as held
left join history.rating as rating using (rating_id)
left join current.rating as counting using (rating_id)
where rating.verdict is distinct from 'held' or counting.rating_id is not null or held.message is null
