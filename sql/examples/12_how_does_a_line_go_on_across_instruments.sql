-- question: How does one element go on from session to session, each mean in points of its own instrument's scale?
select
    therapist_id, session_on, instrument_id, instrument_version, instrument_change, mean, scale_lowest, scale_highest, threshold, stands, gap
from supervision.therapist_course
where role = 'observer' and modality = 'individual' and element = 'not_knowing' and scale = 'adherence'
order by therapist_id, position nulls last, instrument_id;
