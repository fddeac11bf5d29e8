-- question: Which cautions of the field does a session or case bring to mind?
select session_id, session_on, sentence, why, workbook, sheet, cell
from supervision.prompt
order by session_on nulls last, session_id, sentence;
