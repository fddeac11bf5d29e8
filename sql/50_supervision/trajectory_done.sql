-- supervision.trajectory_done: what was done in a therapist's sessions, what it was followed by, and how often arousal was high.
-- grain: one row per therapist_id, instrument_id, role, done_as, done
-- reads: current.rating, measure.rating_therapist, measure.session, measure.trajectory_event
-- why:   aim and outcome of an intervention matter more than its type. Lines are counted as raters noted them: a session followed by
--        two raters is told by both. A line of a log that names no rater is one observation, however many rated the session, and
--        counts once. A line that names a step and an intervention counts once under each.
with
ratings as (select rating_id, session_id, role, instrument_id from current.rating),
events as (
    select *
    from measure.trajectory_event
    inner join ratings using (rating_id)
    qualify not is_shared or rating_id = min(rating_id) over (partition by session_id, role, instrument_id, is_shared)
),
lines as (
    select rating_id, session_id, role, instrument_id, 'step' as done_as, step as done, is_high_arousal, followed
    from events
    where step is not null
    union all
    select rating_id, session_id, role, instrument_id, 'intervention', intervention, is_high_arousal, followed
    from events
    where intervention is not null
)
select
    therapist_id::varchar  as therapist_id,    -- therapist
    instrument_id::varchar as instrument_id,   -- instrument; instruments are never pooled
    role::varchar          as role,            -- role of the raters (about.code, list role); roles are never pooled
    done_as::varchar       as done_as,         -- step or intervention
    done::varchar          as done,            -- the step (about.element) or intervention (about.code, list intervention)
    count(distinct session_id)::integer as n_sessions, -- sessions in the window in which it was noted
    count(*)::integer      as n_lines,         -- lines that note it
    (count(*) filter (is_high_arousal))::integer as n_while_high, -- of these, those while arousal was flooding
    (count(*) filter (followed = 'mentalizing_back'))::integer as n_mentalizing_back, -- lines that were followed by mentalizing back
    (count(*) filter (followed = 'no_change'))::integer as n_no_change, -- lines that were followed by no change
    (count(*) filter (followed = 'lost_further'))::integer as n_lost_further, -- lines that were followed by mentalizing lost further
    (count(*) filter (followed is null))::integer as n_not_noted -- lines of which it is not noted what followed
from lines
inner join measure.rating_therapist using (rating_id)
inner join (select session_id, in_window from measure.session) as sessions using (session_id)
where in_window
group by therapist_id, instrument_id, role, done_as, done
order by therapist_id, instrument_id, role, done_as desc, done
