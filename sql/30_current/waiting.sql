-- current.waiting: held ratings that still wait for a person.
-- grain: one row per rating_id
-- reads: history.rating, history.event
-- why:   a held rating stops waiting when it is released or withdrawn, or when a later rating of the same session by the
--        same rater is taken in; where the sheet did not say who or what, when the same place of the same workbook does, or
--        that of the copy that was sent back for it (its name ends in ~mend- and the first of the workbook's hash).
with
ended as (
    select distinct rating_id from history.event where event in ('released', 'withdrawn')
),
held as (
    select * from history.rating
    where verdict = 'held'
        and rating_id not in (select rating_id from ended)
),
taken_in as (
    -- what was withdrawn ends no waiting of its own kind that came after it, but still names who was not named
    select rating.*, rating.rating_id in (select rating_id from history.event where event = 'withdrawn') as is_withdrawn
    from history.rating as rating
    where rating.is_valid
        and (
            rating.verdict = 'accepted'
            or rating.rating_id in (select rating_id from history.event where event = 'released')
        )
),
answers as (
    select *, regexp_extract(workbook, '~mend-([0-9a-f]{12})', 1) as sha256_begins
    from taken_in
    where workbook like '%~mend-%'
),
mended as (
    select distinct held.rating_id
    from held
    join taken_in
        on taken_in.session_id = held.session_id
        and taken_in.rater_id = held.rater_id
        and taken_in.role = held.role
        and taken_in.instrument_id = held.instrument_id
        and not taken_in.is_withdrawn
        and (coalesce(taken_in.revision, -1), coalesce(taken_in.rated_on, date '0001-01-01'), taken_in.received_at)
        > (coalesce(held.revision, -1), coalesce(held.rated_on, date '0001-01-01'), held.received_at)
    union
    select distinct held.rating_id
    from held
    join taken_in
        on taken_in.workbook = held.workbook
        and taken_in.sheet = held.sheet
        and taken_in.cell = held.cell
        and taken_in.received_at > held.received_at
        and coalesce(held.session_id, taken_in.session_id) = taken_in.session_id
        and coalesce(held.patient_id, taken_in.patient_id, '') = coalesce(taken_in.patient_id, '')
    where held.first_code in ('session_missing', 'rater_missing', 'rater_unknown', 'id_unreadable')
    union
    select distinct held.rating_id
    from held
    join answers
        on answers.sha256_begins = left(held.sha256, 12)
        and answers.cell = held.cell
        and answers.received_at > held.received_at
        and held.sheet in (answers.sheet, '')
        and coalesce(held.session_id, answers.session_id) = answers.session_id
        and coalesce(held.patient_id, answers.patient_id, '') = coalesce(answers.patient_id, '')
    where held.first_code in ('session_missing', 'rater_missing', 'rater_unknown', 'id_unreadable')
)
select
    rating_id::varchar        as rating_id,      -- the rating
    workbook::varchar         as workbook,       -- workbook it stands in
    sheet::varchar            as sheet,          -- its sheet
    cell::varchar             as cell,           -- its first cell
    session_id::varchar       as session_id,     -- the session, where the sheet says
    therapist_ids::varchar[]  as therapist_ids,  -- the therapists, as the sheet says
    patient_id::varchar       as patient_id,     -- the patient, where the sheet says
    rater_id::varchar         as rater_id,       -- the rater, where the sheet says
    role::varchar             as role,           -- role of the rater
    instrument_id::varchar    as instrument_id,  -- instrument
    first_code::varchar       as first_code,     -- first finding that holds it
    received_at::timestamp    as since           -- UTC; when it was first seen
from held
where rating_id not in (select rating_id from mended)
