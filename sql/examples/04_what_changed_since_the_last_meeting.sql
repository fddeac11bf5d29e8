-- question: What changed since the last meeting?
with
newest as (select since from about.run where is_newest),
means as (
    select
        therapist_id,
        instrument_id,
        element,
        scale,
        count(mean) filter (session.session_on > since) as new_sessions,
        round(avg(mean) filter (session.session_on > since), 1) as mean_of_new,
        count(mean) filter (session.session_on <= since) as earlier_sessions,
        round(avg(mean) filter (session.session_on <= since), 1) as mean_of_earlier
    from supervision.session_element as session
    join supervision.session_therapist using (session_id)
    cross join newest
    where role = 'observer' and in_window
    group by all
)
select *
from means
where new_sessions > 0
order by therapist_id, instrument_id, element, scale;
