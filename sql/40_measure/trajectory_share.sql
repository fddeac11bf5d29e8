-- measure.trajectory_share: where the expected order comes to its end, and how often a step is reached once the one before it was.
-- grain: one row per therapist_id, instrument_id, role, basis, breaks_at
-- reads: measure.rating_therapist, measure.trajectory_agreement, measure.trajectory_chance, measure.trajectory_order
-- why:   a row without a therapist is the whole lab's, in which a session of two therapists counts once. Intervals are Wilson's (1927,
--        JASA 22, 209-212); z = 1.959963984540054, so z * z = 3.841458820694124. Episodes of one session are not strangers to
--        each other, so with several a session the intervals are rather too narrow.
with
steps as (
    select instrument_id, element as breaks_at, max(position) as position
    from measure.trajectory_order
    group by instrument_id, element
    union all
    select instrument_id, 'complete', max(position) + 1
    from measure.trajectory_order
    group by instrument_id
),
told as (
    select therapist_id, chance.*
    from measure.trajectory_chance as chance
    inner join measure.rating_therapist using (rating_id)
    union all by name
    select null::varchar as therapist_id, *
    from measure.trajectory_chance
),
subjects as (
    select
        therapist_id,
        instrument_id,
        role,
        basis,
        count(distinct session_id) filter (weight is not null) as n_sessions,
        count(distinct rater_id) filter (weight is not null) as n_raters,
        count(*) filter (is_known) as n_episodes,
        count(*) filter (not is_known) as n_unknown,
        sum(weight) filter (is_known) as episodes
    from told
    where breaks_at = 'complete'
    group by therapist_id, instrument_id, role, basis
),
counts as (
    select
        therapist_id,
        instrument_id,
        role,
        basis,
        breaks_at,
        sum(weight) filter (is_known and is_break) as breaks,
        sum(weight) filter (is_reached is not null) as opportunities,
        sum(weight) filter (is_reached) as reached
    from told
    group by therapist_id, instrument_id, role, basis, breaks_at
),
shares as (
    select
        subjects.*,
        steps.breaks_at,
        steps.position,
        case when episodes is not null then coalesce(breaks, 0) end as breaks,
        case when steps.breaks_at <> 'complete' then coalesce(opportunities, 0) end as opportunities,
        case when steps.breaks_at <> 'complete' then coalesce(reached, 0) end as reached
    from subjects
    inner join steps using (instrument_id)
    left join counts
        on counts.therapist_id is not distinct from subjects.therapist_id
        and counts.instrument_id = subjects.instrument_id
        and counts.role = subjects.role
        and counts.basis = subjects.basis
        and counts.breaks_at = steps.breaks_at
),
intervals as (
    select
        *,
        (breaks + 3.841458820694124 / 2) / (episodes + 3.841458820694124) as breaks_middle,
        1.959963984540054 / (episodes + 3.841458820694124)
        * sqrt(breaks * greatest(episodes - breaks, 0) / nullif(episodes, 0) + 3.841458820694124 / 4) as breaks_half,
        (reached + 3.841458820694124 / 2) / (nullif(opportunities, 0) + 3.841458820694124) as reached_middle,
        1.959963984540054 / (opportunities + 3.841458820694124)
        * sqrt(reached * greatest(opportunities - reached, 0) / nullif(opportunities, 0) + 3.841458820694124 / 4) as reached_half
    from shares
)
select
    therapist_id::varchar               as therapist_id,     -- therapist; null for the whole lab
    intervals.instrument_id::varchar    as instrument_id,    -- instrument
    intervals.role::varchar             as role,             -- role of the raters
    intervals.basis::varchar            as basis,            -- timeline or scores (reference.code, list basis)
    breaks_at::varchar                  as breaks_at,        -- step; complete for the end of the order
    position::integer                   as position,         -- its place in the order
    intervals.n_sessions::integer       as n_sessions,       -- sessions in the window behind the row
    n_raters::integer                   as n_raters,         -- raters who followed them
    n_episodes::integer                 as n_episodes,       -- episodes of which it is known where the order came to its end
    n_unknown::integer                  as n_unknown,        -- episodes of which it is not
    round(coalesce(episodes, 0), 9)::double as episodes,     -- the known episodes, raters of one session sharing its weight
    round(coalesce(breaks, 0), 9)::double as breaks,         -- of these, those whose order came to its end at this step
    round(breaks / nullif(episodes, 0), 9)::double as share_breaks, -- their share
    round(case when breaks_middle - breaks_half < 0 then 0 else breaks_middle - breaks_half end, 9)::double as breaks_low, -- lower end of its 95 % interval (Wilson)
    round(case when breaks_middle + breaks_half > 1 then 1 else breaks_middle + breaks_half end, 9)::double as breaks_high, -- upper end of its 95 % interval (Wilson)
    round(opportunities, 9)::double     as opportunities,    -- episodes that reached the step before this one, and in which it was called for
    round(reached, 9)::double           as reached,          -- of these, those that reached this one in order
    round(reached / nullif(opportunities, 0), 9)::double as share_reached, -- their share; null without an opportunity
    round(case when reached_middle - reached_half < 0 then 0 else reached_middle - reached_half end, 9)::double as reached_low, -- lower end of its 95 % interval (Wilson)
    round(case when reached_middle + reached_half > 1 then 1 else reached_middle + reached_half end, 9)::double as reached_high, -- upper end of its 95 % interval (Wilson)
    coalesce(is_experimental, true)::boolean as is_experimental -- raters are not yet known to agree on where sessions break (quality.trajectory_agreement)
from intervals
left join (select instrument_id, role, basis, is_experimental from measure.trajectory_agreement) as agreement using (instrument_id, role, basis)
