-- quality.coverage: whether enough of a therapist's sessions are rated.
-- grain: one row per therapist_id, period
-- reads: current.rating, measure.session, quality.waiting_session, reference.instrument, reference.night, reference.plan, reference.therapist
-- why:   periods are those of the lab's plan; a session in none of them is counted in its calendar quarter, and one without a
--        date as undated, so that no rated session is lost from sight. Observers' ratings of sessions only. Two observers
--        who used different instruments have not rated a session twice: their scores are never held against each other.
--        Which sessions wait for a consensus or its signature stands in quality.waiting_session.
with
night as (select night_on from reference.night),
plan as (select * from reference.plan),
rated_with as (
    select therapist_id, session_id, instrument_id, count(distinct rater_id) as n_raters
    from (
        select unnest(therapist_ids) as therapist_id, session_id, instrument_id, rater_id
        from current.rating as rating
        semi join reference.instrument as instrument
            on instrument.instrument_id = rating.instrument_id
            and instrument.version = rating.instrument_version
            and instrument.unit = 'session'
        where role = 'observer'
    )
    group by therapist_id, session_id, instrument_id
),
rated as (
    select therapist_id, session_id, session_on, max(n_raters) as n_raters
    from rated_with
    inner join measure.session using (session_id)
    group by therapist_id, session_id, session_on
),
waiting as (
    select
        therapist_id,
        session_id,
        any_value(session_on) as session_on,
        bool_or(waits_for <> 'signature') as for_consensus,
        bool_or(waits_for = 'signature') as for_signature
    from quality.waiting_session
    group by therapist_id, session_id
),
sessions as (
    -- a session may wait of which no observer's rating counts
    select
        coalesce(rated.therapist_id, waiting.therapist_id) as therapist_id,
        coalesce(rated.session_on, waiting.session_on) as session_on,
        coalesce(n_raters, 0) as n_raters,
        coalesce(for_consensus, false) as for_consensus,
        coalesce(for_signature, false) as for_signature
    from rated
    full join waiting on waiting.therapist_id = rated.therapist_id and waiting.session_id = rated.session_id
),
placed as (
    select
        sessions.therapist_id,
        coalesce(plan.period, year(session_on) || '-Q' || quarter(session_on), 'undated') as period,
        n_raters > 0 as is_rated,
        n_raters >= coalesce(plan.raters, 2) and n_raters > 0 as is_double,
        for_consensus,
        for_signature
    from sessions
    left join plan
        on plan.therapist_id = sessions.therapist_id
        and sessions.session_on between plan.starts_on and plan.ends_on
),
counted as (
    select
        therapist_id,
        period,
        count(*) filter (is_rated) as rated,
        count(*) filter (is_double) as double_rated,
        count(*) filter (for_consensus) as for_consensus,
        count(*) filter (for_signature) as for_signature
    from placed
    group by therapist_id, period
),
expected as (
    select
        coalesce(plan.therapist_id, counted.therapist_id) as therapist_id,
        coalesce(plan.period, counted.period) as period,
        plan.starts_on,
        plan.ends_on,
        plan.sessions as planned,
        coalesce(counted.rated, 0) as rated,
        coalesce(counted.double_rated, 0) as double_rated,
        coalesce(counted.for_consensus, 0) as for_consensus,
        coalesce(counted.for_signature, 0) as for_signature,
        case
            when plan.sessions is null then null
            when plan.ends_on < night_on then greatest(plan.sessions - coalesce(counted.rated, 0), 0)
            else 0
        end as overdue,
        case
            when plan.sessions is not null then null
            when counted.period = 'undated' then 'The sheets give no date for these sessions, so they belong to no period.'
            else 'The roster has no plan for this period, so no number of sessions is expected.'
        end as note
    from plan
    full join counted on counted.therapist_id = plan.therapist_id and counted.period = plan.period
    cross join night
)
select
    therapist_id::varchar as therapist_id,   -- therapist
    team::varchar         as team,           -- her team; null when the roster does not say
    supervisor_id::varchar as supervisor_id, -- her supervisor; null when the roster does not say
    period::varchar       as period,         -- 2026, 2026-H1 or 2026-Q1; undated for sessions without a date
    planned::integer      as planned,        -- sessions to be rated; null when there is no plan (note says so)
    rated::integer        as rated,          -- sessions with an observer's rating that counts
    double_rated::integer as double_rated,   -- of these, rated by as many observers as planned, with one instrument; by two when there is no plan
    overdue::integer      as overdue,        -- sessions planned and not rated once the period is over; null when there is no plan
    for_consensus::integer as waits_for_consensus, -- sessions that wait for a consensus, or for the ratings that it settles
    for_signature::integer as waits_for_signature, -- sessions whose consensus is not signed off as it stands
    note::varchar         as note            -- why planned and overdue are empty, where they are
from expected
left join reference.therapist using (therapist_id)
order by therapist_id, starts_on nulls last, period
