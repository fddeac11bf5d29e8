-- quality.shared_drift: what can be seen, quarter by quarter, of a drift that all raters share.
-- grain: one row per instrument_id, role, scale, period
-- reads: measure.rater_group, measure.rater_shared
-- why:   raters who all move together still agree with each other; only recordings rated both before and in the quarter show it.
--        Where there are none, the note says that it cannot be seen, so that nobody takes silence for steadiness.
with
families as (select distinct family, instrument_id, role, scale from measure.rater_group where family is not null),
figures as (select * from measure.rater_shared)
select
    instrument_id::varchar     as instrument_id,  -- instrument
    role::varchar              as role,           -- role of the raters: observer
    scale::varchar             as scale,          -- scale; all its elements together
    period::varchar            as period,         -- quarter in which the ratings were made
    round(movement, 9)::double as movement,       -- points that ratings of the same recordings rose (+) or fell (-) from before the quarter to it; null where note says why
    round(low, 9)::double      as low,            -- lower end of its 95 % interval
    round(high, 9)::double     as high,           -- upper end of it
    n_references::integer      as n_references,   -- reference recordings: sessions with ratings made both before and in the quarter
    is_drifting::boolean       as is_drifting,    -- true: further than the lab's set amount and beyond its interval; null where it cannot be seen
    note::varchar              as note            -- why nothing can be seen
from figures
inner join families on families.family = figures.fingerprint
order by instrument_id, role, scale, period
