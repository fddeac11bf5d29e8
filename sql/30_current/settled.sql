-- current.settled: which observers' ratings each version of a consensus settles, and from when on they are settled.
-- grain: one row per session_id, instrument_id, written_by, values_hash, rater_id
-- reads: history.event, history.rating
-- why:   a consensus names raters; one that names nobody settles the observers' ratings that had come when it came. The first copy
--        of a version says when, so that a table sent every week settles no rating that came later. What was withdrawn settles
--        nothing. docs/decisions/consensus.md
with
withdrawn as (
    select rating_id, min(event_at) as withdrawn_at from history.event where event = 'withdrawn' group by rating_id
),
released as (
    select distinct rating_id from history.event where event = 'released'
),
taken_in as (
    select rating.*, withdrawn.withdrawn_at
    from history.rating as rating
    left join withdrawn on withdrawn.rating_id = rating.rating_id
    left join released on released.rating_id = rating.rating_id
    where rating.is_valid
        and rating.role in ('consensus', 'observer')
        and (rating.verdict in ('accepted', 'duplicate') or released.rating_id is not null)
),
versions as (
    select
        session_id,
        instrument_id,
        rater_id as written_by,
        values_hash,
        min(received_at) as settled_at,
        min(rated_on) as agreed_on,
        any_value(settles) as settles
    from taken_in
    where role = 'consensus' and withdrawn_at is null
    group by session_id, instrument_id, rater_id, values_hash
),
named as (
    select * exclude (settles), unnest(settles) as rater_id
    from versions
),
unnamed as (
    select distinct versions.* exclude (settles), observers.rater_id
    from versions
    inner join taken_in as observers
        on observers.session_id = versions.session_id
        and observers.instrument_id = versions.instrument_id
        and observers.role = 'observer'
        and observers.received_at <= versions.settled_at
        and coalesce(observers.withdrawn_at > versions.settled_at, true)
    where coalesce(len(versions.settles), 0) = 0
),
settled as (
    select *, true as is_named from named
    union all by name
    select *, false as is_named from unnamed
)
select
    session_id::varchar    as session_id,    -- the rated session
    instrument_id::varchar as instrument_id, -- instrument
    written_by::varchar    as written_by,    -- who wrote the consensus down: its rater_id
    values_hash::varchar   as values_hash,   -- what this version of it says
    rater_id::varchar      as rater_id,      -- observer whose rating it settles
    settled_at::timestamp  as settled_at,    -- UTC; when this version was first seen
    agreed_on::date        as agreed_on,     -- when it was agreed; null when no sheet says
    is_named::boolean      as is_named       -- true: the consensus names the rater
from settled
