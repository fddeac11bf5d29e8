-- measure.therapist_element_score: what the sessions of one therapist add up to on one element, counted and averaged.
-- grain: one row per therapist_id, instrument_id, role, element, scale
-- reads: measure.rating_element, measure.rating_therapist, measure.session
-- why:   raw_mean is the mean of session means, so that a session seen by three raters does not count three times. A session is
--        held against the threshold of the version it was rated with. The interval is Wilson's (1927, JASA 22, 209-212), which
--        stays within 0 and 1 and is honest for few sessions; z = 1.959963984540054, so z * z = 3.841458820694124.
with
told as (
    select
        therapist_id,
        session_id,
        patient_id,
        session_on,
        rating_element.rater_id,
        rating_element.role,
        rating_element.instrument_id,
        rating_element.element,
        rating_element.scale,
        rating_element.state,
        rating_element.value,
        rating_element.threshold
    from measure.rating_element as rating_element
    inner join measure.rating_therapist using (rating_id)
    inner join measure.session as session using (session_id)
    where session.in_window
),
sessions as (
    select
        therapist_id,
        instrument_id,
        role,
        element,
        scale,
        session_id,
        any_value(patient_id) as patient_id,
        any_value(session_on) as session_on,
        round(avg(value), 9) as mean,
        max(threshold) as threshold,
        list(rater_id) filter (state = 'rated') as raters,
        count(value) as n_rated,
        count(*) filter (state = 'no_opportunity') as n_no_opportunity,
        count(*) filter (state = 'unjudgeable') as n_unjudgeable,
        count(*) filter (state = 'not_delivered') as n_not_delivered,
        count(*) filter (state = 'missing') as n_missing
    from told
    group by therapist_id, instrument_id, role, element, scale, session_id
),
therapists as (
    select
        therapist_id,
        instrument_id,
        role,
        element,
        scale,
        count(mean) as n_sessions,
        count(distinct patient_id) filter (mean is not null) as n_patients,
        len(list_distinct(flatten(list(raters) filter (mean is not null)))) as n_raters,
        avg(mean) as raw_mean,
        count(*) filter (mean >= threshold)::double as n_adequate,
        nullif(count(threshold) filter (mean is not null), 0) as n,
        sum(n_rated) as n_rated,
        sum(n_no_opportunity) as n_no_opportunity,
        sum(n_unjudgeable) as n_unjudgeable,
        sum(n_not_delivered) as n_not_delivered,
        sum(n_missing) as n_missing,
        max(session_on) filter (mean is not null) as last_session_on
    from sessions
    group by therapist_id, instrument_id, role, element, scale
),
shares as (
    select
        *,
        n_adequate / nullif(n, 0) as share,
        (n_adequate + 3.841458820694124 / 2) / (n + 3.841458820694124) as middle,
        1.959963984540054 / (n + 3.841458820694124)
        * sqrt(n_adequate * (n - n_adequate) / nullif(n, 0) + 3.841458820694124 / 4) as half
    from therapists
)
select
    therapist_id::varchar     as therapist_id,      -- therapist
    instrument_id::varchar    as instrument_id,     -- instrument
    role::varchar             as role,              -- role of the raters
    element::varchar          as element,           -- element
    scale::varchar            as scale,             -- scale
    n_sessions::integer       as n_sessions,        -- sessions in the window with a value
    n_patients::integer       as n_patients,        -- patients of these sessions, as far as known
    n_raters::integer         as n_raters,          -- raters who gave these values
    round(raw_mean, 9)::double as raw_mean,         -- mean of session means
    round(share, 9)::double   as share_adequate,    -- share of these sessions whose mean reaches the threshold
    round(if(middle - half < 0, 0, middle - half), 9)::double as share_low,  -- lower end of its 95 % interval (Wilson)
    round(if(middle + half > 1, 1, middle + half), 9)::double as share_high, -- upper end of its 95 % interval (Wilson)
    n_rated::integer          as n_rated,           -- ratings with a value
    n_no_opportunity::integer as n_no_opportunity,  -- ratings that say nothing in the session called for it
    n_unjudgeable::integer    as n_unjudgeable,     -- ratings whose rater could not tell
    n_not_delivered::integer  as n_not_delivered,   -- ratings that say it was not done
    n_missing::integer        as n_missing,         -- ratings in which it was left blank
    last_session_on::date     as last_session_on    -- newest of these sessions that has a date
from shares
