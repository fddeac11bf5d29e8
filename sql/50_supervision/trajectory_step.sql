-- supervision.trajectory_step: every line of the timelines that count, with the place it was read from.
-- grain: one row per session_id, therapist_id, rater_id, role, instrument_id, line
-- reads: current.rating, measure.rating_therapist, measure.session, measure.trajectory_event
-- why:   behind every word about a session's trajectory stands a cell, and a minute of the recording, that a person can open.
select
    session_id::varchar       as session_id,       -- the rated session
    session_on::date          as session_on,       -- date of the session; null when no sheet says
    therapist_id::varchar     as therapist_id,     -- who led it; a session led by two has rows for each
    rater_id::varchar         as rater_id,         -- who rated it
    role::varchar             as role,             -- role of the rater (about.code, list role); roles are never pooled
    instrument_id::varchar    as instrument_id,    -- instrument
    episode::integer          as episode,          -- run through the steps, from 1
    line::integer             as line,             -- place among the lines of the timeline, from 1
    minute::double            as minute,           -- minutes from the beginning of the recording; null when not noted
    step::varchar             as element,          -- step (about.element); null when none is noted
    mode::varchar             as mode,             -- non-mentalizing mode (about.code, list mode); null when none is noted
    arousal::varchar          as arousal,          -- arousal (about.code, list arousal); null when it is not noted
    is_high_arousal::boolean  as is_high_arousal,  -- the last arousal noted in the episode up to this line is flooding
    intervention::varchar     as intervention,     -- what was done (about.code, list intervention); null when it is not noted
    followed::varchar         as followed,         -- what it was followed by (about.code, list followed); null when it is not noted
    workbook::varchar         as workbook,         -- sheet as it was sent: its path below the inbox
    sheet::varchar            as sheet,            -- its worksheet
    cell::varchar             as cell              -- cell that stands for the line
from measure.trajectory_event
inner join (select rating_id, session_id, rater_id, role, instrument_id from current.rating) as ratings using (rating_id)
inner join measure.rating_therapist using (rating_id)
inner join (select session_id, session_on from measure.session) as sessions using (session_id)
order by session_on nulls last, session_id, therapist_id, instrument_id, role, rater_id, line
