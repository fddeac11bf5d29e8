-- current.rating: the rating that counts: after corrections, and as it stood before a consensus settled it.
-- grain: one row per session_id, rater_id, role, instrument_id
-- reads: current.consensus, current.latest, current.settled, history.event, history.rating
-- why:   an observer who has taken part in a consensus is not independent any more, so a version that came, or was rated, after it
--        does not count: the last one from before does. Where none had come by then, the first that came late counts unless it was
--        rated afterwards; else none. Therapists, patient and date are facts, not judgements: they follow the last version always.
--        A consensus that a later one replaced does not count. docs/decisions/consensus.md
with
settled as (
    select session_id, instrument_id, rater_id, min(settled_at) as settled_at, min(agreed_on) as agreed_on
    from current.settled
    group by session_id, instrument_id, rater_id
),
events as (
    select rating_id, bool_or(event = 'released') as is_released, bool_or(event = 'withdrawn') as is_withdrawn
    from history.event
    group by rating_id
),
ratings as (
    select
        rating.*,
        settled.settled_at,
        settled.agreed_on,
        coalesce(events.is_withdrawn, false) as is_withdrawn,
        (rating.verdict = 'accepted' or coalesce(events.is_released, false)) as may_count
    from history.rating as rating
    inner join settled
        on settled.session_id = rating.session_id
        and settled.instrument_id = rating.instrument_id
        and settled.rater_id = rating.rater_id
    left join events on events.rating_id = rating.rating_id
    where rating.role = 'observer'
        and rating.is_valid
        and (rating.verdict in ('accepted', 'duplicate') or events.is_released)
),
seen as (
    -- a form sent again, as it was or newly dated, is no other judgement: the values are as old as their first copy
    select
        *,
        min(received_at) over (partition by session_id, rater_id, instrument_id, values_hash) as values_seen_at,
        min(received_at) over (partition by session_id, rater_id, instrument_id) as key_seen_at,
        min(received_at) over (
            partition by session_id, rater_id, instrument_id, values_hash, revision, rated_on
        ) as first_seen_at
    from ratings
),
eligible as (
    select
        *,
        bool_or(may_count) over (partition by session_id, rater_id, instrument_id, values_hash) as may_stand
    from seen
    where not is_withdrawn
        and coalesce(rated_on <= agreed_on, true)
        and (values_seen_at <= settled_at or (key_seen_at > settled_at and values_seen_at = key_seen_at))
),
last_versions as (
    select session_id, rater_id, instrument_id, values_hash
    from eligible
    where may_stand
    qualify row_number() over (
        partition by session_id, rater_id, instrument_id
        order by revision desc nulls last, rated_on desc nulls last, first_seen_at desc, values_hash
    ) = 1
),
individual as (
    select eligible.*
    from eligible
    inner join last_versions
        on last_versions.session_id = eligible.session_id
        and last_versions.rater_id = eligible.rater_id
        and last_versions.instrument_id = eligible.instrument_id
        and last_versions.values_hash = eligible.values_hash
    where eligible.may_count
    qualify row_number() over (
        partition by eligible.session_id, eligible.rater_id, eligible.instrument_id
        order by eligible.received_at, eligible.workbook, eligible.rating_id
    ) = 1
),
counting as (
    select latest.*
    from current.latest as latest
    left join settled
        on settled.session_id = latest.session_id
        and settled.instrument_id = latest.instrument_id
        and settled.rater_id = latest.rater_id
        and latest.role = 'observer'
    where settled.session_id is null
        and latest.rating_id not in (select rating_id from current.consensus where standing = 'superseded')
    union all by name
    select
        latest.* replace (
            individual.rating_id as rating_id,
            individual.rated_on as rated_on,
            individual.revision as revision,
            individual.instrument_version as instrument_version,
            individual.received_at as received_at,
            individual.workbook as workbook,
            individual.sheet as sheet,
            individual.cell as cell
        )
    from current.latest as latest
    inner join individual
        on individual.session_id = latest.session_id
        and individual.rater_id = latest.rater_id
        and individual.instrument_id = latest.instrument_id
    where latest.role = 'observer'
)
select
    rating_id::varchar          as rating_id,           -- the rating
    session_id::varchar         as session_id,          -- the rated session
    therapist_ids::varchar[]    as therapist_ids,       -- its therapists
    patient_id::varchar         as patient_id,          -- its patient; null when the sheet has none
    rater_id::varchar           as rater_id,            -- who rated it
    session_on::date            as session_on,          -- date of the session; null when the sheet has none
    rated_on::date              as rated_on,            -- date of the rating; null when the sheet has none
    revision::integer           as revision,            -- revision of the form; null when none is given
    role::varchar               as role,                -- role of the rater
    selection::varchar          as selection,           -- how the session came to be rated
    phase::varchar              as phase,               -- phase of the treatment; null when the sheet does not say
    diagnosis::varchar          as diagnosis,           -- diagnosis group; null when the sheet does not say
    setting::varchar            as setting,             -- setting; null when the sheet does not say
    instrument_id::varchar      as instrument_id,       -- instrument
    instrument_version::varchar as instrument_version,  -- version of the instrument
    received_at::timestamp      as received_at,         -- UTC; when its workbook was first seen
    workbook::varchar           as workbook,            -- workbook it was found in
    sheet::varchar              as sheet,               -- its sheet
    cell::varchar               as cell                 -- its first cell
from counting
