-- judgement.version: every valid rating of the sessions that tonight's sheets touch, known before or arriving tonight.
-- grain: one row per rating_id
-- reads: history.rating, history.event, judgement.arriving, judgement.settled, judgement.touched
-- why:   a rating counts by what it says and by its revision, rated-on date and night; equal values with equal dates are
--        one version, first seen when the first of them was, so that an old form sent again does not become new. One
--        exception: who sends one of two tied ratings again, alone, has said which counts; the tied ones then step back.
--        What was withdrawn is no version of anything, and neither is a sheet that only says it again.
with
touched as (
    select session_id from judgement.touched
),
withdrawn as (
    select distinct rating_id from history.event where event = 'withdrawn'
),
tied as (
    select rating_id, session_id, rater_id, role, instrument_id, values_hash
    from history.rating
    where verdict = 'held'
        and first_code = 'two_ratings'
        and session_id in (select session_id from touched)
        and rating_id not in (select rating_id from history.event)
),
decided as (
    select tied.session_id, tied.rater_id, tied.role, tied.instrument_id
    from tied
    inner join judgement.arriving as again using (session_id, rater_id, role, instrument_id, values_hash)
    where again.is_valid and not again.is_withdrawn
    group by all
    having count(distinct tied.values_hash) = 1
),
stepped_back as (
    select rating_id from tied inner join decided using (session_id, rater_id, role, instrument_id)
),
known as (
    select
        rating_id, workbook, session_id, therapist_ids, patient_id, rater_id, session_on, rated_on, revision, role,
        instrument_id, received_at, values_hash, false as is_new, verdict
    from history.rating
    where is_valid
        and session_id in (select session_id from touched)
        and rating_id not in (select rating_id from withdrawn)
        and rating_id not in (select rating_id from judgement.arriving)
        and rating_id not in (select rating_id from stepped_back)
),
arriving as (
    select
        rating_id, workbook, session_id, therapist_ids, patient_id, rater_id, session_on, rated_on, revision, role,
        instrument_id, received_at, values_hash, true as is_new, null::varchar as verdict
    from judgement.arriving
    where is_valid and not is_withdrawn
),
versions as (
    select * from known
    union all by name
    select * from arriving
)
select
    rating_id::varchar                                                 as rating_id,      -- the rating
    workbook::varchar                                                  as workbook,       -- where it was found
    md5(concat_ws('|', session_id, rater_id, role, instrument_id))::varchar as rating_key, -- who rated what, as whom, with what
    session_id::varchar                                                as session_id,     -- the rated session
    rater_id::varchar                                                  as rater_id,       -- who rated it
    therapist_ids::varchar[]                                           as therapist_ids,  -- its therapists
    patient_id::varchar                                                as patient_id,     -- its patient
    session_on::date                                                   as session_on,     -- its date
    values_hash::varchar                                               as values_hash,    -- what it says
    coalesce(revision, -1)::integer                                    as revision,       -- revision; -1 when none is given
    coalesce(rated_on, date '0001-01-01')::date                        as rated_on,       -- when it was rated; year 1 when not said
    (min(received_at) over (
        partition by session_id, rater_id, role, instrument_id, values_hash, revision, rated_on
    ))::timestamp                                                      as first_seen_at,  -- UTC; when this version was first seen
    received_at::timestamp                                             as received_at,    -- UTC; when this copy of it was seen
    is_new::boolean                                                    as is_new,         -- it arrived tonight
    verdict::varchar                                                   as verdict,        -- first judgement, for those known before
    (rating_id in (select rating_id from judgement.settled))::boolean  as is_settled      -- it counted before tonight
from versions
