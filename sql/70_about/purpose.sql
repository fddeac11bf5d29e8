-- about.purpose: what this file may be used for, and what not.
-- grain: one row per topic
-- reads: reference.sentence
-- why:   the sentence stands on every output.
select
    topic::varchar    as topic,    -- purpose, scope, roles or blanks
    sentence::varchar as sentence  -- what to know before using a number
from reference.sentence
order by position
