-- quality.rater_drift: how far a rater moved, into a quarter from the quarters before it, and which elements cause it.
-- grain: one row per rater_id, instrument_id, role, level, element, scale, period, compared_with
-- reads: measure.element, measure.rater_drift, measure.rater_group, reference.night
-- why:   a rater who moves away from the co-raters of the same sessions moves every therapist she rates. Seen early it is a
--        matter for calibration, not for blame. For the quality lead and that rater alone. A drift is further than the lab's
--        set amount, its interval leaves out zero, and it stands when at most one in twenty of those told may be false.
with
families as (select distinct family, instrument_id, role, scale from measure.rater_group where family is not null),
figures as (select * from measure.rater_drift),
night as (select drift_points from reference.night)
select
    rater_id::varchar               as rater_id,       -- rater
    families.instrument_id::varchar as instrument_id,  -- instrument
    role::varchar                   as role,           -- role of the rater: observer
    figures.level::varchar          as level,          -- all: over all elements together; element: in one of them
    figures.element::varchar        as element,        -- element; null for all together
    families.scale::varchar         as scale,          -- scale
    period::varchar                 as period,         -- quarter into which she moved, by the dates of the ratings
    compared_with::varchar          as compared_with,  -- what she is held against (about.code, list compared_with)
    round(movement, 9)::double      as movement,       -- points: + rates higher than before, - lower, beyond what the others did
    round(low, 9)::double           as low,            -- lower end of its 95 % interval
    round(high, 9)::double          as high,           -- upper end of it
    n_before::integer               as n_before,       -- her co-rated sessions before the quarter
    n_since::integer                as n_since,        -- her co-rated sessions in it
    drift_points::double            as drift_points,   -- movement beyond which a drift may be told; the lab's setting
    is_drifting::boolean            as is_drifting,    -- true: it is told as a drift
    causes::varchar                 as causes,         -- of a drift over all elements: those in which it shows, separated by commas; null where none stands out
    note::varchar                   as note            -- how it is to be read
from figures
inner join families on families.family = figures.fingerprint
cross join night
left join measure.element as element
    on element.instrument_id = families.instrument_id and element.element = figures.element and element.scale = families.scale
order by rater_id, families.instrument_id, role, families.scale, period, figures.level, position, compared_with
