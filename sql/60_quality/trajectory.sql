-- quality.trajectory: where the order of steps comes to its end in the lab's sessions, and which steps are reached.
-- grain: one row per instrument_id, role, basis, breaks_at
-- reads: measure.trajectory_share
-- why:   the lab as a whole, without names. Described, never scored: no departure from the order is a fault.
select
    instrument_id::varchar   as instrument_id,    -- instrument; instruments are never pooled
    role::varchar            as role,             -- role of the raters (about.code, list role); roles are never pooled
    basis::varchar           as basis,            -- timeline or scores (about.code, list basis); never counted together
    breaks_at::varchar       as breaks_at,        -- step (about.element); complete where every step was reached in order
    position::integer        as position,         -- its place in the order
    n_sessions::integer      as n_sessions,       -- sessions in the window behind the row
    n_raters::integer        as n_raters,         -- raters who followed them
    n_episodes::integer      as n_episodes,       -- episodes, as noted, of which it is known where the order came to its end
    n_unknown::integer       as n_unknown,        -- further episodes of which it is not
    episodes::double         as episodes,         -- the known episodes, raters of one session sharing its weight; without second raters n_episodes
    breaks::double           as breaks,           -- of these, those whose order came to its end at this step
    share_breaks::double     as share_breaks,     -- the share of these; null when nothing is known
    breaks_low::double       as breaks_low,       -- lower end of its 95 % interval (Wilson)
    breaks_high::double      as breaks_high,      -- upper end of its 95 % interval (Wilson)
    opportunities::double    as opportunities,    -- episodes that reached the step before this one, and in which it was called for; null for complete
    reached::double          as reached,          -- of these, those that reached this one in order; null for complete
    share_reached::double    as share_reached,    -- the share of these; null without an opportunity
    reached_low::double      as reached_low,      -- lower end of its 95 % interval (Wilson)
    reached_high::double     as reached_high,     -- upper end of its 95 % interval (Wilson)
    is_experimental::boolean as is_experimental   -- raters are not yet known to agree on where sessions break
from measure.trajectory_share
where therapist_id is null
order by instrument_id, role, basis desc, position
