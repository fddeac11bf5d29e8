-- fail: The ratings of a session name the same therapists, patient and date.
select session_id
from current.rating
group by session_id
having count(distinct therapist_ids) > 1 or count(distinct patient_id) > 1 or count(distinct session_on) > 1
