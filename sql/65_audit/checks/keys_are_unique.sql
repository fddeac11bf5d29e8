-- fail: Every change of a value is told once.
select session_id, rater_id, role, instrument_id, night_id, field, item, scale
from audit.change
group by all
having count(*) > 1
