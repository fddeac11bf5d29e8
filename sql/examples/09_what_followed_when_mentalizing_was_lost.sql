-- question: When mentalizing was lost, how far did the session get, and which minutes are worth watching?
select therapist_id, session_id, session_on, rater_id, episode, modes, lost_minute, minutes_to_validation, minutes_to_restoring,
    last_in_order, breaks_at, break_kind
from supervision.trajectory_session
where role = 'observer'
order by modes is null, therapist_id, session_on desc nulls last, session_id, rater_id, episode;
