-- quality.next_rating: for each therapist, what the next hour of rating would buy.
-- grain: one row per therapist_id, instrument_id, role, domain, element, scale, option
-- reads: measure.element, measure.next_rating
-- why:   one rating takes about an hour, and can go to a new patient's session, to another session of the same patient (where no
--        sheet names a patient, as in groups, to a new session), or to a second rater of a session. Each option is tried on the
--        therapist's own ratings: reliability is that of the best linear estimate from them (generalised least squares; the fitted
--        variances taken as known, severity removed), now and with the one rating more.
--        A session more is thought to be led as her newest was, by her alone or with the same colleagues.
--        An element that is null is the mean over the domain's elements. In order of therapist id: whom to rate next is the plan's to say.
with
domains as (
    select instrument_id, element, domain, min(position) as place
    from measure.element
    group by instrument_id, element, domain
),
of_element as (
    select next_rating.*, domain, place
    from measure.next_rating
    inner join domains using (instrument_id, element)
),
of_domain as (
    select
        therapist_id,
        instrument_id,
        role,
        domain,
        scale,
        option,
        bool_or(by_new_rater) as by_new_rater,
        case when count(distinct session_id) = 1 then any_value(session_id) end as session_id,
        case when count(distinct patient_id) = 1 then any_value(patient_id) end as patient_id,
        max(n_sessions) as n_sessions,
        max(n_patients) as n_patients,
        max(n_raters) as n_raters,
        max(n_ratings) as n_ratings,
        avg(reliability) as reliability,
        if(count(reliability_then) = count(*), avg(reliability_then), null) as reliability_then,
        avg(error_variance) as error_variance,
        if(count(error_variance_then) = count(*), avg(error_variance_then), null) as error_variance_then,
        if(count(error_variance_then) = count(*), null, min(note) filter (error_variance_then is null)) as note,
        min(place) as place
    from of_element
    group by therapist_id, instrument_id, role, domain, scale, option
),
of_either as (
    select *
    from of_element
    union all by name
    select
        *,
        error_variance_then <= (1 + 1e-9) * min(error_variance_then) over (
            partition by therapist_id, instrument_id, role, domain, scale
        ) as buys_most
    from of_domain
)
select
    therapist_id::varchar    as therapist_id,       -- therapist
    instrument_id::varchar   as instrument_id,      -- instrument
    role::varchar            as role,               -- role of the raters: observers only
    domain::varchar          as domain,             -- domain of the element
    element::varchar         as element,            -- element (about.element); null for the mean over the domain's elements
    scale::varchar           as scale,              -- scale (about.scale)
    option::varchar          as option,             -- what the hour goes to (about.code, list rating_option)
    by_new_rater::boolean    as by_new_rater,       -- true: by a rater who has not rated her yet; false: the lab has none
    session_id::varchar      as session_id,         -- session for the second rater; null for other options
    patient_id::varchar      as patient_id,         -- patient whose session would be rated; null for a new one, or when not known
    n_sessions::integer      as n_sessions,         -- her sessions now
    n_patients::integer      as n_patients,         -- her known patients now
    n_raters::integer        as n_raters,           -- her raters now
    n_ratings::integer       as n_ratings,          -- her ratings now
    round(reliability, 9)::double as reliability,   -- now
    round(reliability_then, 9)::double as reliability_then, -- with one rating more; null where note says why
    round(reliability_then - reliability, 9)::double as gain, -- the difference
    round(error_variance, 9)::double as error_variance, -- now, in squared points
    round(error_variance_then, 9)::double as error_variance_then, -- with one rating more
    coalesce(buys_most, false)::boolean as buys_most, -- true: no option that can be told buys more; several where they tie
    note::varchar            as note                -- what is to be known (about.code, list plan_note); null when nothing
from of_either
order by therapist_id, instrument_id, role, place, element nulls first, scale, option
