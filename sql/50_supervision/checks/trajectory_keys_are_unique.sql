-- fail: Every table about trajectories has one row per what its header says.
select 'trajectory_session' as table_name, concat_ws(' ', session_id, therapist_id, rater_id, role, instrument_id, episode) as key
from supervision.trajectory_session
group by all
having count(*) > 1
union all
select 'trajectory_step', concat_ws(' ', session_id, therapist_id, rater_id, role, instrument_id, line)
from supervision.trajectory_step
group by all
having count(*) > 1
union all
select 'trajectory_therapist', concat_ws(' ', therapist_id, instrument_id, role, basis, breaks_at)
from supervision.trajectory_therapist
group by all
having count(*) > 1
union all
select 'trajectory_done', concat_ws(' ', therapist_id, instrument_id, role, done_as, done)
from supervision.trajectory_done
group by all
having count(*) > 1
