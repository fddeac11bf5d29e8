-- quality.waiting_session: rated sessions that wait for a consensus, for the ratings that it settles, or for its signature.
-- grain: one row per session_id, therapist_id, instrument_id
-- reads: current.consensus, current.latest, current.session_therapist, measure.session, reference.instrument, reference.night
-- why:   only labs that agree consensus ratings wait for one: by the setting `consensus`, always, never, or (when_used) for an
--        instrument with which at least one consensus was sent. One that is there waits for its signature in any case. Sessions in
--        the window only, and no cases.
with
night as (select consensus as asked from reference.night),
units as (
    select instrument_id, version as instrument_version from reference.instrument where unit = 'session'
),
sessions as (
    select session_id, session_on from measure.session where in_window
),
observers as (
    select
        session_id,
        instrument_id,
        list(rater_id order by rater_id) as raters,
        list_sort(list(received_at))[2] as since
    from current.latest
    inner join units using (instrument_id, instrument_version)
    where role = 'observer'
    group by session_id, instrument_id
    having count(*) >= 2
),
agreed as (
    select consensus.*
    from current.consensus as consensus
    inner join current.latest as latest using (rating_id)
    inner join units on units.instrument_id = latest.instrument_id and units.instrument_version = latest.instrument_version
    where standing <> 'superseded'
),
waiting as (
    select session_id, instrument_id, 'consensus' as waits_for, raters, since
    from observers
    cross join night
    where (session_id, instrument_id) not in (select (session_id, instrument_id) from agreed)
        and (asked = 'always' or (asked = 'when_used' and instrument_id in (select instrument_id from current.consensus)))
    union all by name
    select
        session_id,
        instrument_id,
        if(standing = 'waits_for_ratings', 'ratings', 'signature') as waits_for,
        if(standing = 'waits_for_ratings' and len(absent) > 0, absent, settles) as raters,
        since
    from agreed
    where standing <> 'signed'
)
select
    session_id::varchar    as session_id,    -- the rated session
    session_on::date       as session_on,    -- its date; null when no sheet says
    therapist_id::varchar  as therapist_id,  -- a therapist of it
    instrument_id::varchar as instrument_id, -- instrument
    waits_for::varchar     as waits_for,     -- what it waits for (about.code, list waits_for)
    nullif(array_to_string(raters, '; '), '')::varchar as raters, -- observers: to agree, settled, or without the rating waited for
    since::timestamp       as since          -- UTC; when the second observer's rating, or what the consensus says, was first seen
from waiting
inner join sessions using (session_id)
inner join current.session_therapist using (session_id)
order by since, session_id, instrument_id, therapist_id
