-- about.scale: the scales that ratings are made on.
-- grain: one row per instrument_id, instrument_version, scale
-- reads: reference.instrument, reference.scale
-- why:   range, anchors and threshold belong to the instrument's version, and a mean means nothing without them.
select
    instrument_id::varchar  as instrument_id,       -- instrument
    version::varchar        as instrument_version,  -- its version
    scale::varchar          as scale,               -- scale
    scale.title::varchar    as title,               -- its name
    kind::varchar           as kind,                -- rating, choice, count or date; only ratings have means
    lowest::double          as lowest,              -- lowest point; a date is written as the number 20260324
    highest::double         as highest,             -- highest point
    step::double            as step,                -- distance between points
    threshold::double       as threshold,           -- point that is good enough; null where more is not better
    threshold_word::varchar as threshold_word,      -- what the instrument calls that point
    anchors::varchar        as anchors              -- points that have words, and the words
from reference.scale as scale
inner join (select instrument_id, version, version_order from reference.instrument) as versions using (instrument_id, version)
order by instrument_id, version_order, position
