-- current.session: the rated sessions, with what their ratings agree on.
-- grain: one row per session_id
-- reads: current.rating
-- why:   patient and date are facts of the session, not of a rating; a rating that says nothing of them disputes nothing.
select
    session_id::varchar       as session_id,  -- the rated session
    max(patient_id)::varchar  as patient_id,  -- its patient; null when no rating says
    max(session_on)::date     as session_on,  -- its date; null when no rating says
    coalesce(max(selection) filter (where selection <> 'unknown'), 'unknown')::varchar as selection -- how it came to be rated
from current.rating
group by session_id
