-- measure.estimate: what the model of variance says of a therapist on one element or domain, and the status that follows.
-- grain: one row per therapist_id, instrument_id, role, kind, name, scale
-- reads: current.rating, current.session_therapist, measure.element, measure.fit, measure.fit_therapist, measure.rating_therapist, measure.therapist_domain_score, measure.therapist_element_score, reference.instrument, reference.night, reference.scale
-- why:   status, the whole rule, the first that holds, stands here and nowhere else (docs/decisions/status.md):
--        not_covered where no item speaks to the element on this scale; null where the element is crosswalked or the scale has
--        no threshold; insufficient with fewer than the lab's fewest sessions, patients or raters; null for other roles than
--        observers, whose ratings are not modelled; insufficient where the estimate is not reliable enough, no variance
--        between therapists was found, or a colleague led exactly the same sessions; strength, adequate, below by the probability that the therapist is at or above the
--        threshold (strength: so many points above it); else uncertain. A group session is no one patient's: patients are not
--        asked for there. Who led with others may come out beyond the scale, when what a colleague does elsewhere
--        explains too little: her estimate is then told as the scale's end.
with
night as (
    select min_sessions, min_patients, min_raters, min_reliability, sure_above, sure_below
    from reference.night
),
groups as (
    select distinct instrument_id, true as is_group
    from reference.instrument
    where modality = 'group'
),
led_together as (
    select distinct one.therapist_id, true as is_led_together
    from current.session_therapist as one
    inner join current.session_therapist as other
        on one.session_id = other.session_id and one.therapist_id <> other.therapist_id
),
ends as (
    select instrument_id, scale, min(lowest) as lowest, max(highest) as highest
    from reference.scale
    group by instrument_id, scale
),
asked as (
    select distinct therapist_id, instrument_id, role
    from measure.rating_therapist
    inner join current.rating using (rating_id)
),
subjects as (
    select instrument_id, 'element' as kind, element as name, scale, threshold, is_covered, is_crosswalked
    from measure.element
    union all
    select instrument_id, 'domain', domain, scale, any_value(threshold), bool_or(is_covered), false
    from measure.element
    where not is_crosswalked
    group by instrument_id, domain, scale
),
scores as (
    select therapist_id, instrument_id, role, 'element' as kind, element as name, scale, n_sessions, n_patients, n_raters
    from measure.therapist_element_score
    union all
    select therapist_id, instrument_id, role, 'domain', domain, scale, n_sessions, n_patients, n_raters
    from measure.therapist_domain_score
),
fits as (
    select instrument_id, role, kind, name, scale, fit_therapist.*
    from measure.fit as fit
    inner join measure.fit_therapist as fit_therapist using (fit_id)
),
joined as (
    select
        asked.*,
        subjects.* exclude (instrument_id),
        scores.n_sessions,
        scores.n_patients,
        scores.n_raters,
        fits.* exclude (instrument_id, role, kind, name, scale, fit_id, therapist_id)
    from asked
    inner join subjects using (instrument_id)
    left join scores using (therapist_id, instrument_id, role, kind, name, scale)
    left join fits using (therapist_id, instrument_id, role, kind, name, scale)
),
told as (
    select
        joined.* exclude (estimate),
        coalesce(is_group, false) as is_group,
        if(is_led_together and estimate is not null, greatest(lowest, least(highest, estimate)), estimate) as estimate
    from joined
    left join ends using (instrument_id, scale)
    left join groups using (instrument_id)
    left join led_together using (therapist_id)
)
select
    therapist_id::varchar            as therapist_id,      -- therapist
    instrument_id::varchar           as instrument_id,     -- instrument
    role::varchar                    as role,              -- role of the raters
    kind::varchar                    as kind,              -- element or domain
    name::varchar                    as name,              -- which element or domain
    scale::varchar                   as scale,             -- scale
    round(estimate, 6)::double       as estimate,          -- mean + therapist, raters' severity taken off, partly pooled
    round(if(low is null, null, least(low, estimate)), 6)::double     as low,     -- lower end of its 95 % interval
    round(if(high is null, null, greatest(high, estimate)), 6)::double as high,    -- upper end of its 95 % interval
    round(p_adequate, 6)::double     as p_adequate,        -- probability of being at or above the threshold
    round(p_strength, 6)::double     as p_strength,        -- probability of being so far above it that it is a strength
    round(reliability, 6)::double    as reliability,       -- 1 - prediction error variance / variance between therapists
    round(trend, 6)::double          as trend,             -- points per 90 days
    round(trend_low, 6)::double      as trend_low,         -- lower end of its 95 % interval
    round(trend_high, 6)::double     as trend_high,        -- upper end of its 95 % interval
    sessions_to_50::integer          as sessions_to_50,    -- sessions more until reliability .50
    sessions_to_70::integer          as sessions_to_70,    -- sessions more until reliability .70
    sessions_to_80::integer          as sessions_to_80,    -- sessions more until reliability .80
    comparison_group::integer        as comparison_group,  -- therapists of one number are joined by raters in common
    case
        when note is not null then note
        when estimate is not null then null
        when role <> 'observer' then 'other_role'
        else 'not_rated'
    end::varchar                     as note,              -- why a number is empty or weak
    case
        when not is_covered then 'not_covered'
        when is_crosswalked or threshold is null then null
        when coalesce(n_sessions, 0) < min_sessions then 'insufficient'
        when coalesce(n_patients, 0) < min_patients and not is_group then 'insufficient'
        when coalesce(n_raters, 0) < min_raters then 'insufficient'
        when role <> 'observer' then null
        when reliability is null or reliability < min_reliability then 'insufficient'
        when note = 'led_together' then 'insufficient'
        when p_strength >= sure_above then 'strength'
        when p_adequate >= sure_above then 'adequate'
        when p_adequate <= sure_below then 'below'
        else 'uncertain'
    end::varchar                     as status             -- what the data settle
from told
cross join night
