-- measure.session: a rated session, and whether it counts tonight.
-- grain: one row per session_id
-- reads: current.session, reference.night
-- why:   the window is applied here and nowhere else; a session without a date cannot be too old, so it counts.
with
sessions as (select * from current.session),
night as (select window_start, night_on from reference.night),
placed as (
    select
        sessions.*,
        session_on is null or (session_on > window_start and session_on <= night_on) as in_window
    from sessions
    cross join night
)
select
    session_id::varchar as session_id,  -- the rated session (or case)
    patient_id::varchar as patient_id,  -- its patient; null when no sheet says
    session_on::date    as session_on,  -- its date; null when no sheet says
    selection::varchar  as selection,   -- how it came to be rated
    phase::varchar      as phase,       -- phase of the treatment; null when not said
    diagnosis::varchar  as diagnosis,   -- diagnosis group; null when not said
    setting::varchar    as setting,     -- setting; null when not said
    in_window::boolean  as in_window    -- true: it lies in the window and counts
from placed
