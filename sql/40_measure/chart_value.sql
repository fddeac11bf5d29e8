-- measure.chart_value: the points of every chart: one session after the other, for each therapist and each team.
-- grain: one row per chart_of, subject_id, instrument_id, role, element, domain, scale, session_id
-- reads: current.session_therapist, measure.element, measure.rating_element, measure.session, reference.therapist
-- why:   a chart needs an order, so a session without a date has no place in it. A point is a session's mean over its observers, and of
--        a domain (element is null) the mean of its elements' means. A team's chart goes by sessions and not by months: the limits of
--        an XmR chart ask for points of equal weight, and months hold unequal numbers of sessions. A session led by two therapists is
--        one point for each of them and one for their team.
with
sessions as (
    select session_id, session_on
    from measure.session
    where in_window and session_on is not null
),
of_element as (
    select session_id, session_on, instrument_id, role, domain, element, scale, round(avg(value), 9) as value
    from measure.rating_element
    inner join sessions using (session_id)
    where role = 'observer' and state = 'rated'
    group by all
),
of_either as (
    from of_element
    union all by name
    select session_id, session_on, instrument_id, role, domain, null as element, scale, round(avg(value), 9) as value
    from of_element
    group by session_id, session_on, instrument_id, role, domain, scale
),
subjects as (
    select 'therapist' as chart_of, therapist_id as subject_id, session_id
    from current.session_therapist
    union
    select 'team', team, session_id
    from current.session_therapist
    inner join reference.therapist using (therapist_id)
    where team is not null
),
places as (
    select instrument_id, domain, element, min(position) as place
    from measure.element
    group by grouping sets ((instrument_id, domain, element), (instrument_id, domain))
),
placed as (
    select subjects.* exclude (session_id), of_either.*, place
    from of_either
    inner join subjects using (session_id)
    left join places on (places.instrument_id, places.domain) = (of_either.instrument_id, of_either.domain)
        and places.element is not distinct from of_either.element
)
select
    chart_of::varchar        as chart_of,       -- therapist or team
    subject_id::varchar      as subject_id,     -- therapist_id, or the name of the team
    instrument_id::varchar   as instrument_id,  -- instrument
    role::varchar            as role,           -- role of the raters: observers only
    domain::varchar          as domain,         -- domain of the element
    element::varchar         as element,        -- element; null for all elements of the domain together
    scale::varchar           as scale,          -- scale
    coalesce(place, 999)::integer as place,     -- place of the element, or of the domain's first, in the instrument
    session_id::varchar      as session_id,     -- session
    session_on::date         as session_on,     -- its date
    value::double            as value,          -- mean of its observers' values
    count(*) over (partition by chart_of, subject_id, instrument_id, role, domain, element, scale)::integer as n_sessions, -- points
    row_number() over (
        partition by chart_of, subject_id, instrument_id, role, domain, element, scale order by session_on, session_id
    )::integer as position                      -- place of the session in the chart, from 1
from placed
