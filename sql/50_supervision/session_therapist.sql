-- supervision.session_therapist: who led a rated session.
-- grain: one row per session_id, therapist_id
-- reads: current.session_therapist, measure.session
-- why:   a group has two therapists; joining through this table counts the session for each of them.
select
    session_id::varchar   as session_id,    -- the rated session (or case)
    therapist_id::varchar as therapist_id,  -- who led it; a session led by two has two rows
    session_on::date      as session_on,    -- date of the session; null when no sheet says
    patient_id::varchar   as patient_id,    -- its patient; null when no sheet says, or for a group
    selection::varchar    as selection,     -- how the session came to be rated (about.code, list selection)
    phase::varchar        as phase,         -- phase of the treatment (about.code, list phase); null when no sheet says
    diagnosis::varchar    as diagnosis,     -- diagnosis group (about.code, list diagnosis); null when no sheet says
    setting::varchar      as setting,       -- setting (about.code, list setting); null when no sheet says
    in_window::boolean    as in_window      -- true: it counts in therapist_element tonight; without a date it always does
from current.session_therapist
inner join measure.session using (session_id)
order by session_on nulls last, session_id, therapist_id
