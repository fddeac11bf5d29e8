-- measure.chart: the XmR charts of therapists and teams: limits, and the rules that each point fires.
-- grain: one row per chart_of, subject_id, instrument_id, role, element, domain, scale, session_id
-- reads: measure.chart_value
-- why:   the rules are those of the NHS's Making Data Count as the R package NHSRplotthedots (0.2.2) has them: the mean moving range
--        without the ranges above 3.267 times the mean of all (Nelson 1982, Journal of Quality Technology 14, 172-173), screened once;
--        limits at the mean plus and minus 2.66 times that; a point outside them; seven on one side of the mean; seven that all rise
--        or all fall; two of three, all three on one side, that lie beyond two thirds of the way to a limit and within it. Every point
--        that is part of a pattern fires its rule. Charts begin with eight sessions: fewer give no limits worth the name.
with
moved as (
    select
        *,
        lag(value) over series as before
    from measure.chart_value
    where n_sessions >= 8
    window series as (partition by chart_of, subject_id, instrument_id, role, domain, element, scale order by position)
),
ranged as (
    select
        *,
        round(avg(value) over series, 9) as mean,
        abs(value - before) as moving_range,
        avg(abs(value - before)) over series as mean_range
    from moved
    window series as (partition by chart_of, subject_id, instrument_id, role, domain, element, scale)
),
limited as (
    select
        *,
        avg(moving_range) filter (moving_range <= 3.267 * mean_range) over series as screened_range
    from ranged
    window series as (partition by chart_of, subject_id, instrument_id, role, domain, element, scale)
),
placed as (
    select
        *,
        round(mean - 2.66 * screened_range, 9) as lower,
        round(mean + 2.66 * screened_range, 9) as upper,
        round(mean - 2.66 * screened_range * 2 / 3, 9) as near_lower,
        round(mean + 2.66 * screened_range * 2 / 3, 9) as near_upper,
        sign(round(value - mean, 9)) as side,
        sign(value - before) as step
    from limited
),
told as (
    select
        *,
        value > upper or value < lower as is_outside,
        value between lower and upper and (value > near_upper or value < near_lower) as is_near
    from placed
),
ended as (
    -- whether a pattern ends at this point
    select
        *,
        abs(sum(side) over (series rows between 6 preceding and current row)) = 7 as ends_run,
        abs(sum(step) over (series rows between 5 preceding and current row)) = 6 as ends_trend,
        abs(sum(side) over (series rows between 2 preceding and current row)) = 3
        and count(*) filter (is_near) over (series rows between 2 preceding and current row) >= 2 as ends_pair
    from told
    window series as (partition by chart_of, subject_id, instrument_id, role, domain, element, scale order by position)
),
fired as (
    select
        *,
        coalesce(bool_or(ends_run) over (series rows between current row and 6 following), false) as in_run,
        coalesce(bool_or(ends_trend) over (series rows between current row and 6 following), false) as in_trend,
        is_near and bool_or(ends_pair) over (series rows between current row and 2 following) as in_pair
    from ended
    window series as (partition by chart_of, subject_id, instrument_id, role, domain, element, scale order by position)
)
select
    chart_of::varchar      as chart_of,       -- therapist or team
    subject_id::varchar    as subject_id,     -- therapist_id, or the name of the team
    instrument_id::varchar as instrument_id,  -- instrument
    role::varchar          as role,           -- role of the raters: observers only
    domain::varchar        as domain,         -- domain of the element
    element::varchar       as element,        -- element; null for all elements of the domain together
    scale::varchar         as scale,          -- scale
    place::integer         as place,          -- place of the element in the instrument
    position::integer      as position,       -- place of the session in the chart, from 1
    n_sessions::integer    as n_sessions,     -- points of the chart
    session_id::varchar    as session_id,     -- session
    session_on::date       as session_on,     -- its date
    value::double          as value,          -- mean of its observers' values
    mean::double           as mean,           -- mean of the points
    lower::double          as lower,          -- lower limit
    upper::double          as upper,          -- upper limit
    near_lower::double     as near_lower,     -- two thirds of the way from the mean to the lower limit
    near_upper::double     as near_upper,     -- two thirds of the way from the mean to the upper limit
    nullif(concat_ws(
        '; ', case when is_outside then 'outside' end, case when in_run then 'run' end, case when in_trend then 'trend' end,
        case when in_pair then 'near_limit' end
    ), '')::varchar        as rules           -- rules that the point fires; null when none
from fired
