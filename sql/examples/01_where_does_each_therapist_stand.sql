-- question: Where does each of my therapists stand, and how sure is that?
select
    therapist_id,
    instrument_id,
    element.title as element,
    scale,
    round(raw_mean, 1) as mean,
    n_sessions as sessions,
    n_raters as raters,
    round(100 * share_adequate)::integer || ' % (' || round(100 * share_low)::integer || ' to '
        || round(100 * share_high)::integer || ' %)' as good_enough,
    coalesce(code.meaning, '') as what_the_data_settle
from supervision.therapist_element
join about.element using (instrument_id, element)
left join about.code on code.list = 'status' and code.code = status
where role = 'observer' and status is distinct from 'not_covered'
order by therapist_id, instrument_id, element.position, scale;
