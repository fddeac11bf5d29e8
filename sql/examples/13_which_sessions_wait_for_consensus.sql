-- question: Which sessions wait for a consensus or for its signature, since when, and whose ratings are concerned?
select session_id, session_on, therapist_id, instrument_id, waits_for, raters, since
from quality.waiting_session
order by since, session_id, instrument_id
