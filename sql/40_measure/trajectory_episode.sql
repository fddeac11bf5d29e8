-- measure.trajectory_episode: how far each episode gets down the expected order, where that ends, and what came of losing mentalizing.
-- grain: one row per rating_id, basis, episode
-- reads: measure.trajectory_event, measure.trajectory_place
-- why:   described, never scored: the source calls no departure from the order a fault. An inversion is a pair of steps of which the
--        later expected one was noted first. Minutes run from the first noted mode to the first validation and the first restoring
--        noted from then on; they are known only when both minutes are. docs/decisions/trajectory.md
with
places as (select * from measure.trajectory_place),
ends as (
    select
        rating_id,
        basis,
        episode,
        any_value(n_expected) as n_expected,
        count(first_line) as n_noted,
        coalesce(min(place) filter (broken is not null) - 1, any_value(n_expected)) as n_in_order,
        arg_min(element, place) filter (broken is not null) as breaks_at,
        coalesce(arg_min(broken, place) filter (broken is not null), 'complete') as break_kind,
        arg_max(element, place) filter (first_line is not null or (basis = 'scores' and broken is null)) as furthest
    from places
    group by rating_id, basis, episode
),
inversions as (
    select later.rating_id, later.episode, count(*) as n_inversions
    from places as later
    inner join places as sooner
        on sooner.rating_id = later.rating_id
        and sooner.episode = later.episode
        and sooner.place < later.place
        and sooner.first_line > later.first_line
    group by later.rating_id, later.episode
),
losses as (
    select rating_id, episode, min(line) as line, arg_min(coalesce(minute, -1), line) as minute
    from measure.trajectory_event
    where mode is not null
    group by rating_id, episode
),
answers as (
    select
        losses.rating_id,
        losses.episode,
        nullif(any_value(losses.minute), -1) as lost_minute,
        arg_min(coalesce(event.minute, -1), event.line) filter (event.step = 'validation') as validation_minute,
        arg_min(coalesce(event.minute, -1), event.line) filter (event.step = 'restoring') as restoring_minute
    from losses
    left join measure.trajectory_event as event
        on event.rating_id = losses.rating_id
        and event.episode = losses.episode
        and event.line >= losses.line
    group by losses.rating_id, losses.episode
),
lines as (
    select
        rating_id,
        episode,
        string_agg(mode, '; ' order by line) as modes,
        string_agg(concat_ws(': ', step, intervention), '; ' order by line) filter (
            is_high_arousal and coalesce(step, intervention) is not null
        ) as done_while_high,
        count(*) filter (followed = 'mentalizing_back') as n_mentalizing_back,
        count(*) filter (followed = 'no_change') as n_no_change,
        count(*) filter (followed = 'lost_further') as n_lost_further
    from measure.trajectory_event
    group by rating_id, episode
)
select
    ends.rating_id::varchar  as rating_id,   -- rating
    ends.basis::varchar      as basis,       -- timeline or scores (reference.code, list basis)
    ends.episode::integer    as episode,     -- run through the steps; 0 where the scores stand for the session
    ends.n_expected::integer as n_expected,  -- steps expected of the session: those for which its rater saw an opportunity
    (case when not (break_kind = 'unknown' and n_in_order = 0) then n_in_order end)::integer as n_in_order, -- how many of these, from the first on, came in the expected order; null when not known
    (select element from places where (places.rating_id, places.basis, places.episode, places.place) = (ends.rating_id, ends.basis, ends.episode, ends.n_in_order))::varchar as last_in_order, -- the last of them; null when there is none
    ends.furthest::varchar   as furthest,    -- the step furthest down the order that came at all; null when none did
    (case when break_kind <> 'unknown' then breaks_at end)::varchar as breaks_at, -- the first step that did not come in its place; null when all did, or it is not known
    ends.break_kind::varchar as break_kind,  -- how the order came to its end (reference.code, list break_kind)
    (case when n_noted >= 2 then coalesce(n_inversions, 0) end)::integer as n_inversions, -- pairs of noted steps in reverse order; null where fewer than two were noted
    (case when n_noted >= 2 then coalesce(n_inversions, 0) = 0 end)::boolean as order_held, -- no pair is; null where fewer than two were noted
    lines.modes::varchar     as modes,       -- non-mentalizing modes noted, in order; null when none is
    answers.lost_minute::double as lost_minute, -- minute of the first of them; null when it is not noted
    (nullif(validation_minute, -1) - lost_minute)::double as minutes_to_validation, -- from there to the next validation; null when one of the two minutes is not noted
    (nullif(restoring_minute, -1) - lost_minute)::double as minutes_to_restoring, -- from there to the next restoring; null when one of the two minutes is not noted
    lines.done_while_high::varchar as done_while_high, -- steps and interventions noted while arousal was flooding, in order; null when none is
    coalesce(n_mentalizing_back, 0)::integer as n_mentalizing_back, -- lines followed by mentalizing back
    coalesce(n_no_change, 0)::integer as n_no_change, -- lines followed by no change
    coalesce(n_lost_further, 0)::integer as n_lost_further -- lines followed by mentalizing lost further
from ends
left join inversions on inversions.rating_id = ends.rating_id and inversions.episode = ends.episode and ends.basis = 'timeline'
left join answers on answers.rating_id = ends.rating_id and answers.episode = ends.episode
left join lines on lines.rating_id = ends.rating_id and lines.episode = ends.episode
