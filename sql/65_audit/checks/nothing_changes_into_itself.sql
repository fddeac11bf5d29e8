-- fail: What is told as a change changed something.
select session_id, rater_id, role, instrument_id, night_id, field, item, scale
from audit.change
where (old_state, old_value, old_said) is not distinct from (new_state, new_value, new_said)
    or (cause = 'withdrawn') <> (new_rating_id is null)
    or why is null
