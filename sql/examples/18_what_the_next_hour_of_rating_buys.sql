-- question: What would the next hour of rating buy, for each therapist?
select
    therapist_id,
    domain,
    scale,
    meaning as the_hour_goes_to,
    round(reliability, 2) as reliability_now,
    round(reliability_then, 2) as reliability_then,
    buys_most
from quality.next_rating
join about.code on list = 'rating_option' and code = option
where element is null
order by therapist_id, domain, scale, option;
