-- warn: Ratings have been waiting for a person for more than 30 days.
select rating_id
from quality.held_rating
cross join reference.night
where held_rating.since::date + 30 < night_on
