-- question: Which values were changed after they had counted, where do both stand, and why?
select
    changed_at, session_id, rater_id, coalesce(item || ', ' || scale, field) as what,
    coalesce(old_value::varchar, old_said, old_state, 'nothing') as before,
    coalesce(new_value::varchar, new_said, new_state, 'nothing') as after,
    concat_ws(' ', old_workbook, old_sheet, old_cell) as stood_in,
    concat_ws(' ', new_workbook, new_sheet, new_cell) as stands_in,
    why
from audit.change
order by changed_at, session_id, rater_id, role, instrument_id, field, item, scale;
