-- supervision.therapist_domain: where a therapist stands in one domain, by a model of all ratings of its elements.
-- grain: one row per therapist_id, instrument_id, role, domain, scale
-- reads: measure.element, measure.estimate, measure.therapist_domain_score
-- why:   the element is a fixed effect, so that a session in which only the harder elements had an opportunity does not pull the score
--        down, and several elements told by one rater of one session are not taken for several ratings. No overall score is made.
with
domains as (
    select
        instrument_id,
        domain,
        scale,
        any_value(threshold) as threshold,
        min(position) as position,
        min(scale_position) as scale_position
    from measure.element
    where not is_crosswalked and is_covered
    group by instrument_id, domain, scale
)
select
    estimate.therapist_id::varchar       as therapist_id,      -- therapist
    estimate.instrument_id::varchar      as instrument_id,     -- instrument; instruments are never pooled
    estimate.role::varchar               as role,              -- role of the raters (about.code, list role); roles are never pooled
    domains.domain::varchar              as domain,            -- domain
    domains.scale::varchar               as scale,             -- scale (about.scale)
    coalesce(n_sessions, 0)::integer     as n_sessions,        -- sessions in the window with a value for one of its elements
    coalesce(n_patients, 0)::integer     as n_patients,        -- patients of these sessions, as far as known
    coalesce(n_raters, 0)::integer       as n_raters,          -- raters who gave these values
    coalesce(n_rated, 0)::integer        as n_rated,           -- values
    estimate.estimate::double            as estimate,          -- points of the scale, over the domain's elements with equal weight
    estimate.low::double                 as low,               -- lower end of its 95 % interval
    estimate.high::double                as high,              -- upper end of its 95 % interval
    estimate.p_adequate::double          as p_adequate,        -- probability that she is at or above the threshold; null where there is none
    estimate.reliability::double         as reliability,       -- of the estimate, 0 to 1
    estimate.trend::double               as trend_per_90_days, -- points by which her sessions rise in 90 days
    estimate.trend_low::double           as trend_low,         -- lower end of its 95 % interval
    estimate.trend_high::double          as trend_high,        -- upper end of its 95 % interval
    estimate.comparison_group::integer   as comparison_group,  -- therapists with different numbers share no rater: they cannot be compared
    estimate.note::varchar               as estimate_note,     -- why a number is empty or weaker than it looks (about.code, list estimate_note)
    estimate.status::varchar             as status,            -- what the data settle (about.code, list status); null where it does not apply
    score.last_session_on::date          as last_session_on,   -- newest of these sessions that has a date
    domains.threshold::double            as threshold          -- point of the scale that is good enough; null where there is none
from measure.estimate as estimate
inner join domains
    on domains.instrument_id = estimate.instrument_id and domains.domain = estimate.name and domains.scale = estimate.scale
left join measure.therapist_domain_score as score
    on score.therapist_id = estimate.therapist_id
    and score.instrument_id = estimate.instrument_id
    and score.role = estimate.role
    and score.domain = estimate.name
    and score.scale = estimate.scale
where estimate.kind = 'domain'
order by estimate.therapist_id, estimate.instrument_id, estimate.role, domains.position, domains.scale_position
