-- quality.fact: what is in place for the cases of a service, and every other choice, counted over all that were rated.
-- grain: one row per instrument_id, role, assessment_point, item, scale, said
-- reads: measure.session, supervision.session_fact
-- why:   the programme is a fact of the service: how many cases have a crisis plan by which month. Counts only, nobody's name.
with
told as (
    select fact.*
    from supervision.session_fact as fact
    semi join (select session_id from measure.session where in_window) as counting on counting.session_id = fact.session_id
    where kind = 'choice' and said is not null
)
select
    instrument_id::varchar      as instrument_id,     -- instrument
    role::varchar               as role,              -- role of the raters (about.code, list role); roles are never pooled
    assessment_point::integer   as assessment_point,  -- month of treatment; null for sessions
    item::varchar               as item,              -- item of the instrument
    scale::varchar              as scale,             -- scale that is a choice
    said::varchar               as said,              -- the choice, in the instrument's words
    count(*)::integer           as n_ratings,         -- ratings in the window that made it
    count(distinct session_id)::integer as n_sessions -- sessions (or cases) that these are of
from told
group by instrument_id, role, assessment_point, item, scale, said
order by instrument_id, role, assessment_point nulls last, item, scale, said
