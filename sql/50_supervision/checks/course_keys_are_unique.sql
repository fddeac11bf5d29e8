-- fail: Every table about a course across instruments has one row per what its header says, and every line tells every session.
select
    'therapist_course' as table_name,
    concat_ws(' ', therapist_id, role, modality, unit, domain, element, scale, session_id, instrument_id, instrument_version) as key
from supervision.therapist_course
group by therapist_id, role, modality, unit, domain, element, scale, session_id, instrument_id, instrument_version
having count(*) > 1
union all
select
    'course_change',
    concat_ws(' ', therapist_id, role, modality, unit, session_id, instrument_id, instrument_version, instrument_change, instruments_before)
from supervision.course_change
group by
    therapist_id, role, modality, unit, session_id, instrument_id, instrument_version, instrument_change, instruments_before
having count(*) > 1
union all
-- a mean or a gap, never both and never neither
select 'therapist_course', concat_ws(' ', therapist_id, element, scale, session_id, instrument_id)
from supervision.therapist_course
where (mean is null) <> (gap is not null)
