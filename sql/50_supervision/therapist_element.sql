-- supervision.therapist_element: where a therapist stands on one element, how sure that is, and how much it rests on.
-- grain: one row per therapist_id, instrument_id, role, element, scale
-- reads: measure.element, measure.estimate, measure.therapist_element_score
-- why:   counted (n_sessions to share_high) and modelled (estimate to estimate_note) stand side by side: the first is what the
--        sheets say, the second what can be concluded. The status follows from the second (measure.estimate has the rule).
--        Every element of the instrument has its row, also those that no item speaks to.
select
    estimate.therapist_id::varchar         as therapist_id,      -- therapist
    estimate.instrument_id::varchar        as instrument_id,     -- instrument; instruments are never pooled
    estimate.role::varchar                 as role,              -- role of the raters (about.code, list role); roles are never pooled
    element.domain::varchar                as domain,            -- domain of the element
    element.element::varchar               as element,           -- element (about.element)
    element.scale::varchar                 as scale,             -- scale (about.scale)
    coalesce(n_sessions, 0)::integer       as n_sessions,        -- sessions in the window with a value: what raw_mean rests on
    coalesce(n_patients, 0)::integer       as n_patients,        -- patients of these sessions, as far as known
    coalesce(n_raters, 0)::integer         as n_raters,          -- raters who gave these values
    raw_mean::double                       as raw_mean,          -- mean of session means in the window; null when nothing was rated
    share_adequate::double                 as share_adequate,    -- share of these sessions whose mean reaches the threshold; null where there is none
    share_low::double                      as share_low,         -- lower end of its 95 % interval (Wilson)
    share_high::double                     as share_high,        -- upper end of its 95 % interval (Wilson)
    estimate.estimate::double              as estimate,          -- points of the scale: partly pooled towards the mean of all therapists, raters' severity taken off
    estimate.low::double                   as low,               -- lower end of its 95 % interval, which carries the uncertainty of mean and variances too
    estimate.high::double                  as high,              -- upper end of its 95 % interval
    estimate.p_adequate::double            as p_adequate,        -- probability that she is at or above the threshold; null where there is none
    estimate.reliability::double           as reliability,       -- of the estimate, 0 to 1: 1 - prediction error variance / variance between therapists
    estimate.trend::double                 as trend_per_90_days, -- points by which her sessions rise in 90 days; null for too few or too short
    estimate.trend_low::double             as trend_low,         -- lower end of its 95 % interval
    estimate.trend_high::double            as trend_high,        -- upper end of its 95 % interval
    if(
        estimate.sessions_to_50 is null,
        null,
        {'to_50': estimate.sessions_to_50, 'to_70': estimate.sessions_to_70, 'to_80': estimate.sessions_to_80}
    )::struct(to_50 integer, to_70 integer, to_80 integer) as sessions_to_dependable, -- sessions more, each with a new patient, until reliability .50, .70 and .80 (sessions_to_dependable.to_70 is the second); null without a reliability, or above 9999
    estimate.comparison_group::integer     as comparison_group,  -- therapists with different numbers share no rater: they cannot be compared
    estimate.note::varchar                 as estimate_note,     -- why a number is empty or weaker than it looks (about.code, list estimate_note)
    coalesce(n_rated, 0)::integer          as n_rated,           -- ratings in the window with a value
    coalesce(n_no_opportunity, 0)::integer as n_no_opportunity,  -- ratings that say nothing in the session called for it
    coalesce(n_unjudgeable, 0)::integer    as n_unjudgeable,     -- ratings whose rater could not tell
    coalesce(n_not_delivered, 0)::integer  as n_not_delivered,   -- ratings that say it was not done, so its competence is not rated
    coalesce(n_missing, 0)::integer        as n_missing,         -- ratings in which it was left blank
    estimate.status::varchar               as status,            -- what the data settle (about.code, list status); null where it does not apply
    is_crosswalked::boolean                as crosswalked,       -- true: another instrument's element, told by items of this one; it gets no status
    last_session_on::date                  as last_session_on,   -- newest of these sessions that has a date
    element.threshold::double              as threshold          -- point of the scale that is good enough, in the newest version that was rated; null where there is none
from measure.estimate as estimate
inner join measure.element as element
    on element.instrument_id = estimate.instrument_id and element.element = estimate.name and element.scale = estimate.scale
left join measure.therapist_element_score as score
    on score.therapist_id = estimate.therapist_id
    and score.instrument_id = estimate.instrument_id
    and score.role = estimate.role
    and score.element = estimate.name
    and score.scale = estimate.scale
where estimate.kind = 'element'
order by estimate.therapist_id, estimate.instrument_id, estimate.role, element.position, element.scale_position
