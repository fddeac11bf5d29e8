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
select 'waiting_session', concat_ws(' ', session_id, therapist_id, instrument_id)
from quality.waiting_session
group by session_id, therapist_id, instrument_id
having count(*) > 1
union all
select 'set_aside', concat_ws(' ', session_id, rater_id, instrument_id)
from quality.set_aside
group by session_id, rater_id, instrument_id
having count(*) > 1
union all
select 'team_chart', concat_ws(' ', team, instrument_id, role, domain, element, scale, session_id)
from quality.team_chart
group by team, instrument_id, role, domain, element, scale, session_id
having count(*) > 1
union all
select 'd_study', concat_ws(' ', instrument_id, role, element, scale, n_sessions, n_patients, raters_per_session, n_raters)
from quality.d_study
group by instrument_id, role, element, scale, n_sessions, n_patients, raters_per_session, n_raters
having count(*) > 1
union all
select 'next_rating', concat_ws(' ', therapist_id, instrument_id, role, domain, element, scale, option)
from quality.next_rating
group by therapist_id, instrument_id, role, domain, element, scale, option
having count(*) > 1
union all
select 'change', concat_ws(' ', team, instrument_id, role, domain, element, scale, period_after)
from quality.change
group by team, instrument_id, role, domain, element, scale, period_after
having count(*) > 1
union all
select 'rater_agreement', concat_ws(' ', instrument_id, role, level, element, item, scale, icc_type)
from quality.rater_agreement
group by instrument_id, role, level, element, item, scale, icc_type
having count(*) > 1
union all
select 'rater_severity', concat_ws(' ', rater_id, instrument_id, role, element, scale, period)
from quality.rater_severity
group by rater_id, instrument_id, role, element, scale, period
having count(*) > 1
union all
select 'rater_drift', concat_ws(' ', rater_id, instrument_id, role, level, element, scale, period, compared_with)
from quality.rater_drift
group by rater_id, instrument_id, role, level, element, scale, period, compared_with
having count(*) > 1
union all
select 'shared_drift', concat_ws(' ', instrument_id, role, scale, period)
from quality.shared_drift
group by instrument_id, role, scale, period
having count(*) > 1
