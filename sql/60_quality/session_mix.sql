-- quality.session_mix: what kind of sessions were rated: phase of treatment, diagnosis group, setting, how they were chosen.
-- grain: one row per instrument_id, role, fact, said
-- reads: current.rating, measure.session
-- why:   scores describe the sessions that were sent in, so it must be seen which those were. Counts only: no score is split by
--        any of these.
with
rated as (
    select distinct instrument_id, role, session_id
    from current.rating
),
told as (
    select instrument_id, role, session_id, unnest(facts).fact as fact, unnest(facts).said as said
    from rated
    inner join (
        select
            session_id,
            [
                {fact: 'phase', said: phase},
                {fact: 'diagnosis', said: diagnosis},
                {fact: 'setting', said: setting},
                {fact: 'selection', said: selection}
            ] as facts
        from measure.session
        where in_window
    ) using (session_id)
)
select
    instrument_id::varchar  as instrument_id,  -- instrument
    role::varchar           as role,           -- role of the raters (about.code, list role); roles are never pooled
    fact::varchar           as fact,           -- what is told of the sessions: phase, diagnosis, setting or selection
    said::varchar           as said,           -- which (about.code, the list of that name); null: no sheet says
    count(*)::integer       as n_sessions      -- sessions (or cases) in the window
from told
group by instrument_id, role, fact, said
order by instrument_id, role, fact, said nulls last
