-- current.session: the rated sessions, with what their ratings agree on.
-- grain: one row per session_id
-- reads: current.latest
-- why:   patient and date are facts of the session, not of a rating; a rating that says nothing of them disputes nothing. Phase,
--        diagnosis group and setting are optional: where ratings name two, neither is taken.
select
    session_id::varchar       as session_id,  -- the rated session
    max(patient_id)::varchar  as patient_id,  -- its patient; null when no rating says
    max(session_on)::date     as session_on,  -- its date; null when no rating says
    coalesce(max(selection) filter (where selection <> 'unknown'), 'unknown')::varchar as selection, -- how it came to be rated
    (case when count(distinct phase) = 1 then max(phase) end)::varchar as phase, -- phase of the treatment; null when not said
    (case when count(distinct diagnosis) = 1 then max(diagnosis) end)::varchar as diagnosis, -- diagnosis group; null when not said
    (case when count(distinct setting) = 1 then max(setting) end)::varchar as setting -- setting; null when not said
from current.latest
group by session_id
