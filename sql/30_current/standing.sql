-- current.standing: the rating that counts, after corrections, and likewise the log of events that does.
-- grain: one row per session_id, rater_id, role, instrument_id
-- reads: history.rating, history.event
-- why:   a corrected form replaces the whole earlier form, never single cells, so that a withdrawn score cannot survive.
--        A log of events in a file of its own stands here as a rating without scores does, under its instrument's id and
--        `/timeline`, so that it is corrected and withdrawn by the same rules; its rater_id is empty where it names none.
--        Copies that came later with a newer revision or rated-on date carry the version they repeat forward.
with
events as (
    select rating_id, bool_or(event = 'released') as is_released, bool_or(event = 'withdrawn') as is_withdrawn
    from history.event
    group by rating_id
),
ratings as (
    select
        rating.*,
        (rating.verdict = 'accepted' or coalesce(events.is_released, false)) as may_count
    from history.rating as rating
    left join events on events.rating_id = rating.rating_id
    where rating.is_valid
        and not coalesce(events.is_withdrawn, false)
        and (rating.verdict in ('accepted', 'duplicate') or events.is_released)
),
versions as (
    select
        *,
        min(received_at) over (
            partition by session_id, rater_id, role, instrument_id, values_hash, revision, rated_on
        ) as first_seen_at,
        bool_or(may_count) over (
            partition by session_id, rater_id, role, instrument_id, values_hash
        ) as may_stand
    from ratings
),
last_versions as (
    select session_id, rater_id, role, instrument_id, values_hash
    from versions
    where may_stand
    qualify row_number() over (
        partition by session_id, rater_id, role, instrument_id
        order by revision desc nulls last, rated_on desc nulls last, first_seen_at desc, values_hash
    ) = 1
),
counting as (
    select ratings.*
    from ratings
    join last_versions
        on last_versions.session_id = ratings.session_id
        and last_versions.rater_id = ratings.rater_id
        and last_versions.role = ratings.role
        and last_versions.instrument_id = ratings.instrument_id
        and last_versions.values_hash = ratings.values_hash
    where ratings.may_count
    qualify row_number() over (
        partition by ratings.session_id, ratings.rater_id, ratings.role, ratings.instrument_id
        order by ratings.received_at, ratings.workbook, ratings.rating_id
    ) = 1
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
