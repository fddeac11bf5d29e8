-- supervision.session_fact: what raters say on scales that are a choice, a count or a date, in words.
-- grain: one row per session_id, rater_id, role, instrument_id, item, scale
-- reads: current.rating, current.score, measure.session, reference.instrument, reference.point, reference.scale
-- why:   such values have no mean: they are told one by one here, and counted in therapist_fact and in quality.fact. A case that is
--        assessed at a month of its treatment has the session_id `case @ month`.
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
        instrument.unit,
        rating.workbook,
        rating.sheet
    from current.rating as rating
    inner join reference.instrument as instrument
        on instrument.instrument_id = rating.instrument_id
        and instrument.version = rating.instrument_version
    left join measure.session as session using (session_id)
),
scales as (
    select instrument_id, version as instrument_version, scale, kind
    from reference.scale
    where kind <> 'rating'
),
points as (select instrument_id, version as instrument_version, scale, value, word from reference.point)
select
    session_id::varchar         as session_id,          -- the rated session, or the case and month
    (case when unit = 'case' then split_part(session_id, ' @ ', 1) end)::varchar as case_id, -- the case; null for a session
    (case when unit = 'case' then try_cast(nullif(split_part(session_id, ' @ ', 2), '') as integer) end)::integer as assessment_point, -- month of its treatment
    session_on::date            as session_on,          -- date of the session or assessment; null when no sheet says
    therapist_id::varchar       as therapist_id,        -- therapist; null where there are several (see session_therapist)
    patient_id::varchar         as patient_id,          -- patient; null when no sheet says
    rater_id::varchar           as rater_id,            -- who rated it
    role::varchar               as role,                -- role of the rater (about.code, list role); roles are never pooled
    instrument_id::varchar      as instrument_id,       -- instrument
    instrument_version::varchar as instrument_version,  -- its version
    item::varchar               as item,                -- item of the instrument
    scale::varchar              as scale,               -- scale
    kind::varchar               as kind,                -- choice, count or date
    state::varchar              as state,               -- what the cell says (about.code, list state)
    (case
        when kind = 'date' then strftime(strptime(value::integer::varchar, '%Y%m%d'), '%Y-%m-%d')
        when kind = 'choice' then word
        else value::integer::varchar
    end)::varchar               as said,                -- the answer in words: a choice, a whole number or a date; null unless rated
    workbook::varchar           as workbook,            -- sheet as it was sent: its path below the inbox
    sheet::varchar              as sheet,               -- its worksheet
    cell::varchar               as cell                 -- cell of the answer; empty where the sheet has none
from current.score
inner join ratings using (rating_id)
inner join scales using (instrument_id, instrument_version, scale)
left join points using (instrument_id, instrument_version, scale, value)
where state <> 'not_rated_by_design'
order by instrument_id, session_id, role, rater_id, item, scale
