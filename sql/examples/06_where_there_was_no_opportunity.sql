-- question: Which elements did our sessions most often have no opportunity for?
select
    instrument_id,
    element.title as element,
    scale,
    sum(n_no_opportunity) as no_opportunity,
    sum(n_rated + n_no_opportunity + n_unjudgeable + n_not_delivered + n_missing) as ratings,
    round(100 * sum(n_no_opportunity)
        / nullif(sum(n_rated + n_no_opportunity + n_unjudgeable + n_not_delivered + n_missing), 0)) as per_cent
from supervision.session_element
join about.element using (instrument_id, element)
where role = 'observer'
group by instrument_id, element.title, element.position, scale
order by per_cent desc nulls last, instrument_id, element.position, scale;
