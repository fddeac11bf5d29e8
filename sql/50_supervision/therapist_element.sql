-- supervision.therapist_element: where a therapist stands on one element, and how much that rests on.
-- grain: one row per therapist_id, instrument_id, role, element, scale
-- reads: current.rating, measure.element, measure.rating_element, measure.rating_therapist, measure.session, reference.night
-- why:   raw_mean is the mean of session means, so that a session seen by three raters does not count three times. A session is
--        held against the threshold of the version it was rated with. The interval is Wilson's (1927, JASA 22, 209-212), which
--        stays within 0 and 1 and is honest for few sessions; z = 1.959963984540054, so z * z = 3.841458820694124.
--        status, the whole rule: not_covered where no item speaks to the element on this scale; null where the element is
--        crosswalked; insufficient below the lab's fewest sessions, patients or raters (a self-rating has one rater, so
--        it never suffices alone); else null, until a later model can say more. Every element has its row.
with
night as (select min_sessions, min_patients, min_raters from reference.night),
asked as (
    select distinct therapist_id, instrument_id, role
    from measure.rating_therapist
    inner join current.rating using (rating_id)
),
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
),
told_or_not as (
    select
        asked.*,
        element.* exclude (instrument_id),
        shares.* exclude (therapist_id, instrument_id, role, element, scale),
        case when middle - half < 0 then 0 else middle - half end as low,
        case when middle + half > 1 then 1 else middle + half end as high,
        case
            when not is_covered then 'not_covered'
            when is_crosswalked then null
            when coalesce(n_sessions, 0) < min_sessions then 'insufficient'
            when coalesce(n_patients, 0) < min_patients then 'insufficient'
            when coalesce(n_raters, 0) < min_raters then 'insufficient'
        end as status
    from asked
    inner join measure.element as element using (instrument_id)
    cross join night
    left join shares
        on shares.therapist_id = asked.therapist_id
        and shares.instrument_id = asked.instrument_id
        and shares.role = asked.role
        and shares.element = element.element
        and shares.scale = element.scale
)
select
    therapist_id::varchar                  as therapist_id,      -- therapist
    instrument_id::varchar                 as instrument_id,     -- instrument; instruments are never pooled
    role::varchar                          as role,              -- role of the raters (about.code, list role); roles are never pooled
    domain::varchar                        as domain,            -- domain of the element
    element::varchar                       as element,           -- element (about.element)
    scale::varchar                         as scale,             -- scale (about.scale)
    coalesce(n_sessions, 0)::integer       as n_sessions,        -- sessions in the window with a value: what raw_mean rests on
    coalesce(n_patients, 0)::integer       as n_patients,        -- patients of these sessions, as far as known
    coalesce(n_raters, 0)::integer         as n_raters,          -- raters who gave these values
    round(raw_mean, 9)::double             as raw_mean,          -- mean of session means in the window; null when nothing was rated
    round(share, 9)::double                as share_adequate,    -- share of these sessions whose mean reaches the threshold; null where there is none
    round(low, 9)::double                  as share_low,         -- lower end of its 95 % interval (Wilson)
    round(high, 9)::double                 as share_high,        -- upper end of its 95 % interval (Wilson)
    coalesce(n_rated, 0)::integer          as n_rated,           -- ratings in the window with a value
    coalesce(n_no_opportunity, 0)::integer as n_no_opportunity,  -- ratings that say nothing in the session called for it
    coalesce(n_unjudgeable, 0)::integer    as n_unjudgeable,     -- ratings whose rater could not tell
    coalesce(n_not_delivered, 0)::integer  as n_not_delivered,   -- ratings that say it was not done, so its competence is not rated
    coalesce(n_missing, 0)::integer        as n_missing,         -- ratings in which it was left blank
    status::varchar                        as status,            -- what the data settle (about.code, list status); null where it does not apply
    is_crosswalked::boolean                as crosswalked,       -- true: another instrument's element, told by items of this one; it gets no status
    last_session_on::date                  as last_session_on,   -- newest of these sessions that has a date
    threshold::double                      as threshold          -- point of the scale that is good enough, in its newest version; null where there is none
from told_or_not
order by therapist_id, instrument_id, role, position, scale_position
