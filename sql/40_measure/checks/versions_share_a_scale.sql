-- warn: Versions of one instrument in use differ in a scale's range or threshold, so that means over both mix two scales.
select instrument_id, scale
from reference.scale as scale
semi join current.rating as rating
    on rating.instrument_id = scale.instrument_id
    and rating.instrument_version = scale.version
group by instrument_id, scale
having count(distinct (lowest, highest, coalesce(threshold, -1))) > 1
