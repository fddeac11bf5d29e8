-- quality.change: what moved a team's mean from one quarter, or half-year, to the next: therapists, raters' severity, or who was rated.
-- grain: one row per team, instrument_id, role, domain, element, scale, period_after
-- reads: measure.change, measure.element
-- why:   a team's mean can fall although nobody's work changed. The three parts add up to the difference (Kitagawa 1955, JASA 50,
--        1168-1194, on means that raters' severity was first taken out of). Severity is what sessions in common show; a drift that all
--        raters share cannot be seen, and counts as therapists. A therapist seen in one of the periods only counts as who was rated; other
--        patients of the same therapist count as therapists. An element that is null is the mean over the domain's elements.
with
domains as (
    select instrument_id, element, domain, min(position) as place
    from measure.element
    group by instrument_id, element, domain
),
of_element as (
    select change.*, domain, place
    from measure.change as change
    inner join domains using (instrument_id, element)
),
of_domain as (
    select
        team,
        instrument_id,
        role,
        domain,
        scale,
        period_before,
        period_after,
        max(sessions_before) as sessions_before,
        max(sessions_after) as sessions_after,
        max(n_therapists) as n_therapists,
        max(therapists_in_both) as therapists_in_both,
        avg(mean_before) as mean_before,
        avg(mean_after) as mean_after,
        if(count(by_severity) = count(*), avg(by_therapists), null) as by_therapists,
        if(count(by_severity) = count(*), avg(by_severity), null) as by_severity,
        if(count(by_severity) in (0, count(*)), avg(by_who_was_rated), null) as by_who_was_rated,
        min(note) as note,
        min(place) as place
    from of_element
    group by team, instrument_id, role, domain, scale, period_before, period_after
),
of_either as (
    from of_element
    union all by name
    from of_domain
)
select
    team::varchar               as team,                -- team in the roster
    instrument_id::varchar      as instrument_id,       -- instrument
    role::varchar               as role,                -- role of the raters: observers only
    domain::varchar             as domain,              -- domain of the element
    element::varchar            as element,             -- element (about.element); null for the mean over the domain's elements
    scale::varchar              as scale,               -- scale (about.scale)
    period_before::varchar      as period_before,       -- quarter, such as 2026-Q1, or half-year, such as 2026-H1, of the sessions before
    period_after::varchar       as period_after,        -- the next such period in which the team was rated
    sessions_before::integer    as sessions_before,     -- sessions before
    sessions_after::integer     as sessions_after,      -- sessions after
    n_therapists::integer       as n_therapists,        -- therapists of these sessions; two who led one together are one more
    therapists_in_both::integer as therapists_in_both,  -- of these, rated in both periods
    round(mean_before, 9)::double as mean_before,       -- mean of session means before
    round(mean_after, 9)::double as mean_after,         -- mean of session means after
    round(mean_after - mean_before, 9)::double as difference, -- after minus before
    round(by_therapists, 9)::double as by_therapists,   -- part of it that is what the therapists did; null where note says why
    round(by_severity, 9)::double as by_severity,       -- part of it that is raters' severity; null where note says why
    round(by_who_was_rated, 9)::double as by_who_was_rated, -- part of it that is who was rated, and how often
    note::varchar               as note                 -- what is to be known (about.code, list plan_note); null when nothing
from of_either
order by team, instrument_id, role, place, element nulls first, scale, period_after
