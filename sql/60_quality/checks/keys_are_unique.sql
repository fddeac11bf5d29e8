-- fail: Every quality table has one row per what its header says.
select 'held_rating' as table_name, rating_id as key
from quality.held_rating
group by all
having count(*) > 1
union all
select 'finding', finding_id
from quality.finding
group by all
having count(*) > 1
union all
select 'workbook', concat_ws(' ', workbook, sha256)
from quality.workbook
group by workbook, sha256
having count(*) > 1
union all
select 'coverage', concat_ws(' ', therapist_id, period)
from quality.coverage
group by therapist_id, period
having count(*) > 1
union all
select 'team_chart', concat_ws(' ', team, instrument_id, role, domain, element, scale, session_id)
from quality.team_chart
group by team, instrument_id, role, domain, element, scale, session_id
having count(*) > 1
