-- question: Is enough being rated?
select team, therapist_id, period, planned, rated, double_rated, overdue, note
from quality.coverage
order by overdue desc nulls last, team, therapist_id, period;
