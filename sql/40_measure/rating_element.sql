-- measure.rating_element: what one rating says about one element on one scale.
-- grain: one row per rating_id, element, scale
-- reads: current.rating, current.score, reference.element, reference.item_element, reference.scale
-- why:   several items of one element become one weighted mean per rating, never replicates. Where none is rated, the state is
--        the first of missing, unjudgeable, no_opportunity, not_delivered, not_rated_by_design among them: what can
--        still be chased comes before what is settled. Means are rounded to nine places, so that neither the order in which
--        threads add up nor a weight such as 0.1 decides whether a mean of 4 reaches the threshold of 4. An item that is reversed for
--        an element is turned round before: 2 of 1 to 7 tells 6. What the rater entered stays in current.score as it is.
with
speaks as (
    select
        instrument_id,
        version as instrument_version,
        item,
        item_element.element,
        element.domain,
        weight,
        is_reversed,
        count(*) over (partition by instrument_id, version, item_element.element) = 1 as is_alone
    from reference.item_element
    inner join reference.element using (instrument_id, version, element)
),
thresholds as (
    select instrument_id, version as instrument_version, scale, threshold, lowest + highest as ends
    from reference.scale
    where kind = 'rating'
),
spoken as (
    select
        rating_id,
        session_id,
        rater_id,
        role,
        instrument_id,
        instrument_version,
        domain,
        element,
        scale,
        state,
        if(is_reversed, round(ends - value, 9), value) as value,
        threshold,
        weight,
        is_alone,
        case state
            when 'rated' then 0
            when 'missing' then 1
            when 'unjudgeable' then 2
            when 'no_opportunity' then 3
            when 'not_delivered' then 4
            else 5
        end as precedence
    from current.score
    inner join current.rating using (rating_id)
    inner join speaks using (instrument_id, instrument_version, item)
    inner join thresholds using (instrument_id, instrument_version, scale)
),
told as (
    -- most elements have one item; not grouping their scores halves the time
    select * exclude (weight, is_alone, precedence)
    from spoken
    where is_alone
    union all by name
    select
        rating_id,
        element,
        scale,
        any_value(session_id) as session_id,
        any_value(rater_id) as rater_id,
        any_value(role) as role,
        any_value(instrument_id) as instrument_id,
        any_value(instrument_version) as instrument_version,
        any_value(domain) as domain,
        any_value(threshold) as threshold,
        arg_min(state, precedence) as state,
        round(sum(weight * value) filter (state = 'rated') / nullif(sum(weight) filter (state = 'rated'), 0), 9) as value
    from spoken
    where not is_alone
    group by rating_id, element, scale
)
select
    rating_id::varchar          as rating_id,           -- rating
    session_id::varchar         as session_id,          -- rated session
    rater_id::varchar           as rater_id,            -- who rated it
    role::varchar               as role,                -- role of the rater
    instrument_id::varchar      as instrument_id,       -- instrument
    instrument_version::varchar as instrument_version,  -- its version
    domain::varchar             as domain,              -- domain of the element
    element::varchar            as element,             -- element
    scale::varchar              as scale,               -- scale
    state::varchar              as state,               -- state of the element in this rating
    value::double               as value,               -- weighted mean of its rated items; null unless rated
    threshold::double           as threshold            -- adequacy threshold of the scale in that version; null where it has none
from told
