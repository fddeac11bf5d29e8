-- current.latest: the last version of each rating, after corrections.
-- grain: one row per session_id, rater_id, role, instrument_id
-- reads: current.standing
-- why:   logs of events are no ratings: nothing is scored in them, and what they note goes with ratings (current.step). Which
--        version numbers rest on, when a consensus settled it, is told by current.rating.
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
from current.standing
where instrument_id not like '%/timeline'
