-- supervision.therapist_fact: how often each choice was made about a therapist's sessions (or cases).
-- grain: one row per therapist_id, instrument_id, role, item, scale, said
-- reads: current.rating, measure.rating_therapist, measure.session, supervision.session_fact
-- why:   a choice has no mean and no threshold; it is counted, and two raters of one session who differ are both shown.
with
told as (
    select therapist_id, fact.instrument_id, fact.role, item, scale, said, fact.session_id
    from (select * exclude (therapist_id) from supervision.session_fact where kind = 'choice' and said is not null) as fact
    inner join current.rating as rating
        on rating.session_id = fact.session_id
        and rating.rater_id = fact.rater_id
        and rating.role = fact.role
        and rating.instrument_id = fact.instrument_id
    inner join measure.rating_therapist using (rating_id)
    semi join (select session_id from measure.session where in_window) as counting on counting.session_id = fact.session_id
)
select
    therapist_id::varchar   as therapist_id,   -- therapist
    instrument_id::varchar  as instrument_id,  -- instrument
    role::varchar           as role,           -- role of the raters (about.code, list role); roles are never pooled
    item::varchar           as item,           -- item of the instrument
    scale::varchar          as scale,          -- scale that is a choice
    said::varchar           as said,           -- the choice, in the instrument's words
    count(*)::integer       as n_ratings,      -- ratings in the window that made it
    count(distinct session_id)::integer as n_sessions -- sessions (or cases) that these are of
from told
group by therapist_id, instrument_id, role, item, scale, said
order by therapist_id, instrument_id, role, item, scale, said
