-- quality.d_study: how dependable a therapist's mean would be over so many sessions, patients and raters (decision study).
-- grain: one row per instrument_id, role, element, scale, n_sessions, n_patients, raters_per_session, n_raters
-- reads: measure.d_study, measure.element
-- why:   a plan of rating is chosen by what it buys. From the fitted variances, taken as known (Brennan 2001, Generalizability Theory):
--        error = patient / n_patients + session / n_sessions + rater by therapist / n_raters + residual / (n_sessions *
--        raters_per_session), and for dependability + rater / n_raters; reliability = therapist / (therapist + error). Raters per session
--        and distinct raters are different things: twelve ratings as twelve sessions by one rater each, or as six by two.
--        Sessions led alone are meant; the note says so where some were led by several.
select
    instrument_id::varchar       as instrument_id,       -- instrument
    role::varchar                as role,                -- role of the raters: observers only
    domain::varchar              as domain,              -- domain of the element
    element::varchar             as element,             -- element (about.element)
    scale::varchar               as scale,               -- scale (about.scale)
    n_sessions::integer          as n_sessions,          -- sessions of one therapist, evenly spread over patients and raters
    n_patients::integer          as n_patients,          -- patients of these sessions
    raters_per_session::integer  as raters_per_session,  -- raters of each session
    n_raters::integer            as n_raters,            -- distinct raters of all these sessions
    round(relative, 9)::double   as reliability,         -- for comparing with other sessions' therapists, severity removed (E rho²); null where note says why
    round(absolute, 9)::double   as dependability,       -- of the mean as it stands, severity left in (Phi); null also where only one rater was ever seen
    round(relative_error, 9)::double as error_variance,  -- error variance behind reliability, in squared points
    note::varchar                as note                 -- what is to be known (about.code, list plan_note); null when nothing
from measure.d_study
inner join (
    select distinct instrument_id, element, domain, position
    from measure.element
) using (instrument_id, element)
order by instrument_id, role, position, scale, n_sessions, n_patients, raters_per_session, n_raters
