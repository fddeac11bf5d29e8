-- quality.team_chart: whether the sessions of a team change over time, or vary as they always did (XmR chart).
-- grain: one row per team, instrument_id, role, domain, element, scale, session_id
-- reads: measure.chart
-- why:   most ups and downs from session to session mean nothing; the rules of the chart tell which may. From 8 dated sessions on.
--        Raters' severity is not taken out of the points. A session led by two therapists of the team is
--        one point. Therapists whom the roster gives no team are in no chart.
select
    subject_id::varchar    as team,           -- team in the roster
    instrument_id::varchar as instrument_id,  -- instrument; instruments are never pooled
    role::varchar          as role,           -- role of the raters: observers only
    domain::varchar        as domain,         -- domain of the element
    element::varchar       as element,        -- element (about.element); null for the mean of all elements of the domain
    scale::varchar         as scale,          -- scale (about.scale)
    position::integer      as position,       -- place of the session in the chart, from 1, by date
    session_id::varchar    as session_id,     -- session
    session_on::date       as session_on,     -- its date
    value::double          as value,          -- mean of its observers' values
    mean::double           as mean,           -- mean of all points of the chart
    lower::double          as lower,          -- lower limit: mean minus 2.66 times the screened mean moving range
    upper::double          as upper,          -- upper limit: mean plus as much
    near_lower::double     as near_lower,     -- two thirds of the way from the mean to the lower limit
    near_upper::double     as near_upper,     -- two thirds of the way from the mean to the upper limit
    rules::varchar         as rules,          -- rules that the point fires (about.code, list chart_rule), by `; `; null when none
    n_sessions::integer    as n_sessions      -- points of the chart
from measure.chart
where chart_of = 'team'
order by team, instrument_id, role, place, element nulls first, scale, position
