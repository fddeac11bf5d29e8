-- question: What stands out for each therapist, and which session should we watch?
select therapist_id, kind, title as element, scale, reason, session_id, session_on, workbook, sheet, cell
from supervision.focus
join about.element using (instrument_id, element)
order by therapist_id, kind, focus.position;
