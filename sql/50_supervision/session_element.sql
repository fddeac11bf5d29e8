-- supervision.session_element: what the raters of one session say about one element.
-- grain: one row per session_id, instrument_id, role, element, scale
-- reads: measure.element, measure.rating_element, measure.session
-- why:   the mean over raters of one session is the unit of a therapist's numbers: a session seen by three counts once.
--        Elements that the instrument does not rate on a scale have no row.
with
sessions as (
    select
        session_id,
        instrument_id,
        role,
        element,
        scale,
        count(value) as n_rated,
        avg(value) as mean,
        min(value) as lowest,
        max(value) as highest,
        count(*) filter (state = 'no_opportunity') as n_no_opportunity,
        count(*) filter (state = 'unjudgeable') as n_unjudgeable,
        count(*) filter (state = 'not_delivered') as n_not_delivered,
        count(*) filter (state = 'missing') as n_missing
    from measure.rating_element
    where state <> 'not_rated_by_design'
    group by session_id, instrument_id, role, element, scale
)
select
    session_id::varchar       as session_id,        -- the rated session (or case)
    session_on::date          as session_on,        -- date of the session; null when no sheet says
    instrument_id::varchar    as instrument_id,     -- instrument
    role::varchar             as role,              -- role of the raters (about.code, list role); roles are never pooled
    domain::varchar           as domain,            -- domain of the element
    element::varchar          as element,           -- element (about.element)
    scale::varchar            as scale,             -- scale (about.scale)
    n_rated::integer          as n_raters,          -- raters behind the mean: those who gave a value
    round(mean, 9)::double    as mean,              -- mean of these raters' values; null when none gave one
    lowest::double            as lowest,            -- lowest of them
    highest::double           as highest,           -- highest of them
    n_rated::integer          as n_rated,           -- ratings with a value
    n_no_opportunity::integer as n_no_opportunity,  -- ratings that say nothing in the session called for it
    n_unjudgeable::integer    as n_unjudgeable,     -- ratings whose rater could not tell
    n_not_delivered::integer  as n_not_delivered,   -- ratings that say it was not done, so its competence is not rated
    n_missing::integer        as n_missing          -- ratings in which it was left blank
from sessions
inner join (select instrument_id, element, scale, domain, position, scale_position from measure.element) as elements
    using (instrument_id, element, scale)
left join (select session_id, session_on from measure.session) as dates using (session_id)
order by session_on nulls last, session_id, instrument_id, role, position, scale_position
