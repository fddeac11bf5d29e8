-- supervision.trajectory_session: how far each episode of a session gets down the expected order of steps, and where that ends.
-- grain: one row per session_id, therapist_id, rater_id, role, instrument_id, episode
-- reads: current.rating, measure.rating_therapist, measure.session, measure.trajectory_episode
-- why:   described, never scored: the source calls no departure from the order a fault. What is read from a rater's timeline and
--        what the scores alone can say stand apart by basis.
select
    session_id::varchar           as session_id,             -- the rated session
    session_on::date              as session_on,             -- date of the session; null when no sheet says
    therapist_id::varchar         as therapist_id,           -- who led it; a session led by two has rows for each
    rater_id::varchar             as rater_id,               -- who rated it
    role::varchar                 as role,                   -- role of the rater (about.code, list role); roles are never pooled
    instrument_id::varchar        as instrument_id,          -- instrument
    basis::varchar                as basis,                  -- timeline or scores (about.code, list basis); never counted together
    (case when basis = 'timeline' then episode end)::integer as episode, -- run through the steps, from 1; null where the scores stand for the session
    n_expected::integer           as n_expected,             -- steps expected of the session: all but those its rater marks as not called for
    n_in_order::integer           as n_in_order,             -- how many of these, from the first on, came in the expected order; null when not known
    last_in_order::varchar        as last_in_order,          -- the last of them (about.element); null when there is none
    furthest::varchar             as furthest,               -- the step furthest down the order that came at all; null when none did
    breaks_at::varchar            as breaks_at,              -- the first step that did not come in its place; null when all did, or it is not known
    break_kind::varchar           as break_kind,             -- how the order came to its end (about.code, list break_kind)
    n_inversions::integer         as n_inversions,           -- pairs of steps in reverse order; null where fewer than two were noted
    order_held::boolean           as order_held,             -- no pair is in reverse order; null where fewer than two were noted
    modes::varchar                as modes,                  -- non-mentalizing modes noted, in order (about.code, list mode); null when none is
    lost_minute::double           as lost_minute,            -- minute of the first of them; null when it is not noted
    minutes_to_validation::double as minutes_to_validation,  -- minutes from there to the next validation; null when not known
    minutes_to_restoring::double  as minutes_to_restoring,   -- minutes from there to the next restoring; null when not known
    done_while_high::varchar      as done_while_high,        -- steps and interventions noted while arousal was flooding, in order; null when none is
    n_mentalizing_back::integer   as n_mentalizing_back,     -- lines that were followed by mentalizing back
    n_no_change::integer          as n_no_change,            -- lines that were followed by no change
    n_lost_further::integer       as n_lost_further          -- lines that were followed by mentalizing lost further
from measure.trajectory_episode
inner join (select rating_id, session_id, rater_id, role, instrument_id from current.rating) as ratings using (rating_id)
inner join measure.rating_therapist using (rating_id)
inner join (select session_id, session_on from measure.session) as sessions using (session_id)
order by session_on nulls last, session_id, therapist_id, instrument_id, role, rater_id, episode
