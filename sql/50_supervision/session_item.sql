-- supervision.session_item: every cell of the ratings that count, with the place it was read from.
-- grain: one row per session_id, rater_id, role, instrument_id, item, scale
-- reads: current.rating, current.score, measure.session
-- why:   behind every number stands a cell that a person can open. Corrected and held ratings are not here.
-- view:  it is as long as the scores, and is written once, into the published file.
with
ratings as (
    select
        rating.rating_id,
        rating.session_id,
        case when len(rating.therapist_ids) = 1 then rating.therapist_ids[1] end as therapist_id,
        session.session_on,
        session.patient_id,
        rating.rater_id,
        rating.role,
        rating.instrument_id,
        rating.instrument_version,
        rating.workbook,
        rating.sheet,
        row_number() over (order by rating.instrument_id, rating.session_id, rating.role, rating.rater_id) as place
    from current.rating as rating
    left join measure.session as session using (session_id)
)
select
    session_id::varchar         as session_id,          -- the rated session (or case)
    session_on::date            as session_on,          -- date of the session; null when no sheet says
    therapist_id::varchar       as therapist_id,        -- who led it; null where several did (see session_therapist)
    patient_id::varchar         as patient_id,          -- its patient; null when no sheet says
    rater_id::varchar           as rater_id,            -- who rated it
    role::varchar               as role,                -- role of the rater (about.code, list role); roles are never pooled
    instrument_id::varchar      as instrument_id,       -- instrument
    instrument_version::varchar as instrument_version,  -- version of the instrument that the rating was made with
    item::varchar               as item,                -- item of the instrument; item_element says what it speaks to
    scale::varchar              as scale,               -- scale, such as adherence or competence
    state::varchar              as state,               -- what the cell says (about.code, list state)
    value::double               as value,               -- point of the scale; null unless the state is rated
    workbook::varchar           as workbook,            -- sheet as it was sent: its path below the inbox
    sheet::varchar              as sheet,               -- its worksheet
    cell::varchar               as cell                 -- cell of the rating; empty where the sheet has none
from current.score
inner join ratings using (rating_id)
order by place, item, scale
