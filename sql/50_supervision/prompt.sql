-- supervision.prompt: cautions of the field that a session (or case) brings to mind, as questions for a conversation.
-- grain: one row per session_id, rule
-- reads: current.rating, current.score, measure.rating_element, measure.session, reference.condition, reference.item_element,
--        reference.item_scale, reference.point, reference.rule
-- why:   a prompt is raised when every condition of its rule holds in one session, by any observer's rating of it. It is no score
--        and no finding about a person. The cell shown is the first that met a condition on a rating.
with
sessions as (
    select session_id, session_on, phase
    from measure.session
    where in_window
),
ratings as (
    select rating.rating_id, rating.session_id, rating.instrument_id, rating.instrument_version, rating.workbook, rating.sheet
    from current.rating as rating
    inner join sessions using (session_id)
    where role = 'observer'
),
points as (select instrument_id, version as instrument_version, scale, value, word from reference.point),
scored as (
    select ratings.*, score.item, score.scale, score.value, points.word, score.cell
    from current.score as score
    inner join ratings using (rating_id)
    left join points using (instrument_id, instrument_version, scale, value)
    where score.state = 'rated'
),
alone as (
    -- where several items speak to an element on a scale, no one cell tells what it is
    select instrument_id, version as instrument_version, element, scale, any_value(item) as item
    from reference.item_element
    inner join reference.item_scale using (instrument_id, version, item)
    group by instrument_id, version, element, scale
    having count(*) = 1
),
elements as (
    select ratings.*, told.domain, told.element, told.scale, told.value, coalesce(scored.cell, '') as cell
    from measure.rating_element as told
    inner join ratings using (rating_id)
    left join alone
        on alone.instrument_id = told.instrument_id
        and alone.instrument_version = told.instrument_version
        and alone.element = told.element
        and alone.scale = told.scale
    left join scored on scored.rating_id = told.rating_id and scored.item = alone.item and scored.scale = alone.scale
    where told.state = 'rated'
),
met as (
    select condition.rule, condition.place, sessions.session_id, null as workbook, null as sheet, null as cell
    from reference.condition as condition
    inner join sessions on sessions.phase = condition.phase
    union all
    select condition.rule, condition.place, elements.session_id, elements.workbook, elements.sheet, elements.cell
    from reference.condition as condition
    inner join elements
        on (elements.element = condition.element or elements.domain = condition.domain)
        and (len(condition.scales) = 0 or list_contains(condition.scales, elements.scale))
        and (elements.value >= condition.at_least or elements.value <= condition.at_most or elements.value > condition.more_than)
    union all
    select condition.rule, condition.place, scored.session_id, scored.workbook, scored.sheet, scored.cell
    from reference.condition as condition
    inner join scored
        on scored.item = condition.item
        and (len(condition.scales) = 0 or list_contains(condition.scales, scored.scale))
        and (
            scored.value >= condition.at_least or scored.value <= condition.at_most or scored.value > condition.more_than
            or scored.word = condition.said
        )
),
raised as (
    select
        rule,
        session_id,
        count(distinct place) as n_met,
        arg_min({workbook: workbook, sheet: sheet, cell: cell}, (place, workbook, sheet, cell)) filter (workbook is not null) as shown
    from met
    group by rule, session_id
)
select
    session_id::varchar    as session_id,  -- the rated session, or the case and month
    session_on::date       as session_on,  -- its date; null when no sheet says
    rule::varchar          as rule,        -- rule of guidance (schemas/guidance)
    rule.sentence::varchar as sentence,    -- the question
    rule.why::varchar      as why,         -- the caution of the field behind it
    shown.workbook::varchar as workbook,   -- workbook of a rating that met a condition; null where only the phase did
    shown.sheet::varchar   as sheet,       -- its worksheet
    shown.cell::varchar    as cell         -- its cell; empty where several cells make up the element
from raised
inner join reference.rule as rule using (rule)
inner join sessions using (session_id)
where n_met = n_conditions
order by session_on nulls last, session_id, rule
