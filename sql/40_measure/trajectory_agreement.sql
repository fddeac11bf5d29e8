-- measure.trajectory_agreement: whether raters of one session agree on where its order came to its end.
-- grain: one row per instrument_id, role, basis
-- reads: current.step, measure.trajectory_chance, measure.trajectory_episode
-- why:   raters cut sessions into episodes differently, so each rater's session stands for the episode that gets furthest (the first
--        of several). Krippendorff's alpha for nominal data (Krippendorff 2011, Computing Krippendorff's alpha-reliability, E):
--        any number of raters a session, each pair weighed by one over the raters less one. It has no value when everyone
--        always says the same. A log of events that names no rater is one observation, whoever rated, and agrees with nobody. Until it reaches .60 what is told of where sessions break is shown as experimental.
with
labels as (
    select session_id, rater_id, instrument_id, role, basis, label
    from (
        select
            chance.session_id,
            chance.rater_id,
            chance.instrument_id,
            chance.role,
            chance.basis,
            chance.episode,
            episode.n_in_order,
            any_value(chance.breaks_at) filter (chance.is_break) as label
        from measure.trajectory_chance as chance
        inner join measure.trajectory_episode as episode using (rating_id, basis, episode)
        where chance.is_known
            and not (
                chance.basis = 'timeline'
                and chance.rating_id in (select step.rating_id from current.step as step where step.is_shared)
            )
        group by all
    )
    qualify row_number() over (
        partition by session_id, rater_id, instrument_id, role, basis
        order by n_in_order desc, episode
    ) = 1
),
units as (
    select *, count(*) over (partition by session_id, instrument_id, role, basis) as m
    from labels
),
counted as (
    select instrument_id, role, basis, session_id, label, any_value(m) as m, count(*) as n
    from units
    where m >= 2
    group by instrument_id, role, basis, session_id, label
),
values_ as (
    select instrument_id, role, basis, sum(n * (n - 1)) as n_alike
    from (select instrument_id, role, basis, label, sum(n) as n from counted group by all)
    group by instrument_id, role, basis
),
totals as (
    select
        instrument_id,
        role,
        basis,
        count(distinct session_id) as n_sessions,
        sum(n) as n,
        sum(n * (m - 1)) / 2 as n_pairs,
        sum(n * (n - 1)) / 2 as n_agreeing,
        sum(n * (n - 1) / (m - 1)) as alike
    from counted
    group by instrument_id, role, basis
),
shares as (
    select *, alike / nullif(n, 0) as observed, n_alike / nullif(n * (n - 1), 0) as expected
    from totals
    inner join values_ using (instrument_id, role, basis)
)
select
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the raters
    basis::varchar         as basis,          -- timeline or scores (reference.code, list basis)
    n_sessions::integer    as n_sessions,     -- sessions in the window followed by two raters or more
    n_pairs::integer       as n_pairs,        -- pairs of raters of one session
    round(n_agreeing / nullif(n_pairs, 0), 9)::double as exact, -- share of pairs that name the same step
    round((observed - expected) / nullif(1 - expected, 0), 9)::double as alpha, -- Krippendorff's alpha; null when everyone always says the same
    (coalesce((observed - expected) / nullif(1 - expected, 0), 0) < 0.6)::boolean as is_experimental -- it has not reached .60
from shares
