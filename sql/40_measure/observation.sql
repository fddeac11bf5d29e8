-- measure.observation: what one observer's rating says in numbers about one element on one scale, with everything that the model of variance asks for.
-- grain: one row per rating_id, element, scale
-- reads: current.rating, measure.element, measure.rating_element, measure.session
-- why:   reliability and estimates rest on the individual observers' ratings in the window, never on consensus, self or supervisor.
--        A session led by several therapists has one row a rating as any other: its score is no one's alone, and counted for each
--        of them it would enter one fit twice, as if it were two sessions. The model parts it (docs/decisions/numbers.md).
with
ratings as (
    select rating_id, patient_id, rated_on, session_on, therapist_ids
    from current.rating
    where role = 'observer'
),
told as (
    select
        rating_element.*,
        ratings.therapist_ids,
        ratings.rated_on,
        session.patient_id,
        session.session_on,
        element.is_crosswalked
    from measure.rating_element as rating_element
    inner join ratings using (rating_id)
    inner join measure.session as session on session.session_id = rating_element.session_id
    inner join measure.element as element
        on element.instrument_id = rating_element.instrument_id
        and element.element = rating_element.element
        and element.scale = rating_element.scale
    where session.in_window and rating_element.state = 'rated'
)
select
    instrument_id::varchar  as instrument_id,   -- instrument
    role::varchar           as role,            -- role of the rater: observer
    domain::varchar         as domain,          -- domain of the element
    element::varchar        as element,         -- element
    scale::varchar          as scale,           -- scale
    rating_id::varchar      as rating_id,       -- rating
    session_id::varchar     as session_id,      -- rated session
    patient_id::varchar     as patient_id,      -- its patient; null when no sheet says
    list_sort(list_distinct(therapist_ids))::varchar[] as therapist_ids, -- who led it, one or several, in the order of their ids
    rater_id::varchar       as rater_id,        -- who rated it
    session_on::date        as session_on,      -- date of the session; null when no sheet says
    rated_on::date          as rated_on,        -- date of the rating; null when the sheet does not say
    value::double           as value,           -- the rating's score for the element
    threshold::double       as threshold,       -- point that is good enough, in the version it was rated with; null where there is none
    is_crosswalked::boolean as is_crosswalked   -- true: another instrument's element, told by items of this one
from told
