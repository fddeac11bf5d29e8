-- supervision.session_feedback: what the feedback on a session shows of each element: the signed consensus, or else the observers.
-- grain: one row per session_id, instrument_id, element, scale
-- reads: current.consensus, measure.element, measure.rating_element, measure.session, supervision.session_element
-- why:   a consensus that nobody has signed as it stands is no feedback: the observers' ratings are shown until it is, and role says
--        whose are. Every mean of a therapist rests on the observers' ratings, whatever is shown here.
with
standing as (
    select rating_id, session_id, instrument_id, standing, signed_by, signed_on
    from current.consensus
    where standing <> 'superseded'
),
agreed as (
    select
        told.session_id,
        told.instrument_id,
        'consensus' as role,
        told.element,
        told.scale,
        1 as n_raters,
        told.value as mean,
        told.value as lowest,
        told.value as highest,
        told.state
    from measure.rating_element as told
    inner join standing on standing.rating_id = told.rating_id
    where standing.standing = 'signed' and told.state <> 'not_rated_by_design'
),
observed as (
    select session_id, instrument_id, role, element, scale, n_raters, mean, lowest, highest, null as state
    from supervision.session_element
    where role = 'observer'
        and (session_id, instrument_id) not in (select (session_id, instrument_id) from standing where standing = 'signed')
),
shown as (
    select * from agreed
    union all by name
    select * from observed
)
select
    session_id::varchar    as session_id,    -- the rated session (or case)
    session_on::date       as session_on,    -- its date; null when no sheet says
    instrument_id::varchar as instrument_id, -- instrument
    role::varchar          as role,          -- whose ratings are shown: consensus when it is signed, else observer
    domain::varchar        as domain,        -- domain of the element
    element::varchar       as element,       -- element (about.element)
    scale::varchar         as scale,         -- scale (about.scale)
    n_raters::integer      as n_raters,      -- raters with a value among those shown; a consensus is one rating
    mean::double           as mean,          -- the consensus' value, or the mean of the observers'; null when there is none
    lowest::double         as lowest,        -- lowest of the values shown
    highest::double        as highest,       -- highest of the values shown
    state::varchar         as state,         -- what the consensus says of the element (about.code, list state); null for observers
    standing.standing::varchar  as consensus, -- how far the session's consensus has come (about.code, list consensus); null: none
    standing.signed_by::varchar as signed_by, -- supervisor who signed it; null unless it is signed
    standing.signed_on::date    as signed_on  -- when she signed; null unless it is signed
from shown
inner join (select instrument_id, element, scale, domain, position, scale_position from measure.element) as elements
    using (instrument_id, element, scale)
left join standing using (session_id, instrument_id)
left join (select session_id, session_on from measure.session) as dates using (session_id)
order by session_on nulls last, session_id, instrument_id, position, scale_position
