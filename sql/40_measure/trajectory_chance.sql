-- measure.trajectory_chance: for each episode in the window, each step that could be reached or at which the order could end.
-- grain: one row per rating_id, basis, episode, breaks_at
-- reads: current.rating, measure.session, measure.trajectory_episode, measure.trajectory_place
-- why:   a step had its opportunity when the steps expected before it were reached in order and nothing says that it was not called
--        for. Raters of one session share its weight, so that a session followed by two does not count twice; an episode of which
--        nothing is known has none, and is counted apart.
with
windowed as (
    select episode.*, rating.session_id, rating.rater_id, rating.role, rating.instrument_id
    from measure.trajectory_episode as episode
    inner join current.rating as rating using (rating_id)
    inner join measure.session as session using (session_id)
    where session.in_window
),
weights as (
    select session_id, role, instrument_id, basis, 1.0 / nullif(count(distinct rater_id), 0) as weight
    from windowed
    where n_in_order is not null
    group by session_id, role, instrument_id, basis
),
weighted as (
    select windowed.*, case when windowed.n_in_order is not null then weight end as weight
    from windowed
    left join weights using (session_id, role, instrument_id, basis)
),
chances as (
    select weighted.*, place.element as step, place.place <= weighted.n_in_order as is_reached
    from weighted
    inner join measure.trajectory_place as place using (rating_id, basis, episode)
    where place.place <= weighted.n_in_order
        or (place.place = weighted.n_in_order + 1 and place.broken <> 'unknown')
    union all by name
    select *, 'complete' as step, null::boolean as is_reached
    from weighted
)
select
    rating_id::varchar     as rating_id,      -- rating
    session_id::varchar    as session_id,     -- rated session
    rater_id::varchar      as rater_id,       -- who rated it
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the rater
    basis::varchar         as basis,          -- timeline or scores (reference.code, list basis)
    episode::integer       as episode,        -- run through the steps; 0 where the scores stand for the session
    step::varchar          as breaks_at,      -- a step that had its opportunity; complete for the end of the order
    weight::double         as weight,         -- of the episode: one over the raters who followed the session; null when it tells nothing
    (break_kind <> 'unknown')::boolean as is_known, -- it is known where the order came to its end
    is_reached::boolean    as is_reached,     -- the step was reached in order; null for the end of the order
    (if(step = 'complete', break_kind = 'complete', not is_reached))::boolean as is_break -- the order came to its end here
from chances
