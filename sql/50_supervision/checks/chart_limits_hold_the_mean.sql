-- fail: A chart has its points from 1 to their number, and its mean lies between its limits.
select chart_of, subject_id, instrument_id, role, element, scale, session_id
from measure.chart
where not mean between near_lower and near_upper
    or not near_lower >= lower
    or not near_upper <= upper
    or not position between 1 and n_sessions
