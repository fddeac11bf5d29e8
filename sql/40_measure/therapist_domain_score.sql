-- measure.therapist_domain_score: what is rated of one therapist in one domain, over all its elements.
-- grain: one row per therapist_id, instrument_id, role, domain, scale
-- reads: measure.element, measure.rating_element, measure.rating_therapist, measure.session
-- why:   a domain is the instrument's own: elements that another instrument lends are left out.
with
own as (
    select instrument_id, element, scale
    from measure.element
    where not is_crosswalked
),
told as (
    select rating_element.*, therapist_id, session.patient_id, session.session_on
    from measure.rating_element as rating_element
    inner join own using (instrument_id, element, scale)
    inner join measure.rating_therapist using (rating_id)
    inner join measure.session as session on session.session_id = rating_element.session_id
    where session.in_window and rating_element.state = 'rated'
)
select
    therapist_id::varchar               as therapist_id,    -- therapist
    instrument_id::varchar              as instrument_id,   -- instrument
    role::varchar                       as role,            -- role of the raters
    domain::varchar                     as domain,          -- domain
    scale::varchar                      as scale,           -- scale
    count(distinct session_id)::integer as n_sessions,      -- sessions in the window in which one of its elements has a value
    count(distinct patient_id)::integer as n_patients,      -- patients of these sessions, as far as known
    count(distinct rater_id)::integer   as n_raters,        -- raters who gave these values
    count(distinct element)::integer    as n_elements,      -- elements of the domain that have a value
    count(*)::integer                   as n_rated,         -- values
    max(session_on)::date               as last_session_on  -- newest of these sessions that has a date
from told
group by therapist_id, instrument_id, role, domain, scale
