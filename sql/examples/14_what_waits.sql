-- question: What waits for a person, and what is to be done about it?
select since, workbook, sheet, cell, session_id, therapist_ids, rater_id, first_code, message
from quality.held_rating
order by since, workbook, sheet, cell;
