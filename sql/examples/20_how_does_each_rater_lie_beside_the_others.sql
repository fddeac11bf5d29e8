-- question: How does each rater lie beside the others on the same sessions, quarter by quarter, and did she move?
select rater_id, instrument_id, element, scale, period, round(severity, 2) as points, round(low, 2) as low, round(high, 2) as high,
    n_corated, is_drifting, note
from quality.rater_severity
order by rater_id, instrument_id, element, scale, period;
