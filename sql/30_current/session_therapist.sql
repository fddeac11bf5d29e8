-- current.session_therapist: who treated in which session.
-- grain: one row per session_id, therapist_id
-- reads: current.latest
-- why:   a group session has two therapists; each of them gets the session.
select distinct
    session_id::varchar            as session_id,   -- the rated session
    unnest(therapist_ids)::varchar as therapist_id  -- a therapist of it
from current.latest
