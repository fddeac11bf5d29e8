-- supervision.focus: the one or two elements of a therapist that stand out, and the one or two to work on.
-- grain: one row per therapist_id, kind, element
-- reads: current.rating, current.score, reference.item_element, supervision.session_element, supervision.session_therapist, supervision.therapist_element
-- why:   none is a fine answer: an element is named only where its status is settled, so crosswalked and uncovered ones never are. Of what
--        is named to work on, at most one in ten may in truth be good enough: the elements surest to be below come first, as long as the
--        mean of their probabilities of being good enough stays at or below .10 (the posterior expected false discovery rate: Newton,
--        Noueiry, Sarkar & Ahlquist 2004, Biostatistics 5, 155-176). Two of each kind at most, one scale an element. The session
--        that shows it is the one rated lowest (for a strength, highest) on that element and scale, the newest of equals, and the
--        cell is that of the lowest (highest) observer's rating in it.
with
settled as (
    select
        *,
        if(status = 'below', 'work_on', 'strength') as kind,
        round(n_sessions * share_adequate) as n_adequate,
        if(status = 'below', p_adequate, 1 - p_adequate) as p_false,
        (threshold - estimate) / nullif(high - low, 0) * if(status = 'below', 1, -1) as sureness
    from supervision.therapist_element
    where role = 'observer' and status in ('below', 'strength') and not crosswalked
),
one_scale as (
    select *
    from settled
    qualify row_number() over (
        partition by therapist_id, kind, element order by p_false, sureness desc nulls last, instrument_id, scale
    ) = 1
),
ordered as (
    select
        *,
        row_number() over surest as position,
        avg(p_false) over surest as share_false
    from one_scale
    window surest as (
        partition by therapist_id, kind order by p_false, sureness desc nulls last, instrument_id, element
        rows between unbounded preceding and current row
    )
),
named as (
    select *
    from ordered
    where position <= 2 and share_false <= 0.10
),
shown as (
    select
        named.therapist_id,
        named.kind,
        named.instrument_id,
        named.element,
        named.scale,
        session_element.session_id,
        session_element.session_on,
        session_element.mean
    from named
    inner join supervision.session_therapist as led using (therapist_id)
    inner join supervision.session_element as session_element
        on session_element.session_id = led.session_id
        and session_element.instrument_id = named.instrument_id
        and session_element.role = named.role
        and session_element.element = named.element
        and session_element.scale = named.scale
    where led.in_window and session_element.mean is not null
    qualify row_number() over (
        partition by named.therapist_id, named.kind, named.element
        order by
            session_element.mean * if(named.kind = 'work_on', 1, -1), session_element.session_on desc nulls last,
            session_element.session_id
    ) = 1
),
cells as (
    select
        shown.*,
        rating.workbook,
        rating.sheet,
        score.cell
    from shown
    inner join current.rating as rating
        on rating.session_id = shown.session_id and rating.instrument_id = shown.instrument_id and rating.role = 'observer'
    inner join reference.item_element as speaks
        on speaks.instrument_id = shown.instrument_id
        and speaks.version = rating.instrument_version
        and speaks.element = shown.element
    inner join current.score as score
        on score.rating_id = rating.rating_id and score.item = speaks.item and score.scale = shown.scale
    where score.state = 'rated'
    qualify row_number() over (
        partition by shown.therapist_id, shown.kind, shown.element
        order by
            speaks.is_reversed, score.value * if((shown.kind = 'work_on') = speaks.is_reversed, -1, 1), rating.workbook, rating.sheet, length(score.cell), score.cell
    ) = 1
),
told as (
    select
        named.*,
        cells.session_id,
        cells.session_on,
        cells.workbook,
        cells.sheet,
        cells.cell,
        case
            when kind = 'work_on' then 'rated below good enough in ' || (n_sessions - n_adequate)::integer
            else 'rated good enough in ' || n_adequate::integer
        end || ' of ' || n_sessions || if(n_sessions = 1, ' session seen', ' sessions seen')
        || if(
            kind = 'work_on' and 2 * n_adequate > n_sessions,
            '; the raters who saw these sessions rate higher than others, which is taken into account', ''
        ) as reason
    from named
    inner join cells using (therapist_id, kind, instrument_id, element, scale)
)
select
    therapist_id::varchar  as therapist_id,   -- therapist
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the raters: observers only
    kind::varchar          as kind,           -- strength, or to work on (about.code, list focus)
    position::integer      as position,       -- 1 or 2, the surest first
    domain::varchar        as domain,         -- domain of the element
    element::varchar       as element,        -- element (about.element)
    scale::varchar         as scale,          -- scale on which it shows (about.scale)
    reason::varchar        as reason,         -- what was seen, in counts of sessions
    p_adequate::double     as p_adequate,     -- probability that her work on it is at or above the threshold, as in therapist_element
    session_id::varchar    as session_id,     -- session that shows it best
    session_on::date       as session_on,     -- its date; null when no sheet says
    workbook::varchar      as workbook,       -- sheet as it was sent: its path below the inbox
    sheet::varchar         as sheet,          -- its worksheet
    cell::varchar          as cell            -- cell of the rating to look at; empty where the sheet has none
from told
order by therapist_id, kind, position
