-- question: Which therapist's sessions came to be rated with another instrument, when, and which elements are told on both sides?
select therapist_id, role, modality, session_on, instrument_change, instruments_before, instrument_id, instrument_version, going_on
from supervision.course_change
order by therapist_id, role, modality, session_on, instrument_id;
