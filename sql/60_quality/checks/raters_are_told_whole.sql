-- fail: A figure about raters has its interval around it, and what is missing is explained.
select 'rater_agreement' as table_name, concat_ws(' ', instrument_id, level, element, item, scale, icc_type) as key
from quality.rater_agreement
where not icc_single between coalesce(low, icc_single) and coalesce(high, icc_single)
    or not icc_average between coalesce(average_low, icc_average) and coalesce(average_high, icc_average)
    or icc_single is null and note is null
union all
select 'rater_severity', concat_ws(' ', rater_id, instrument_id, element, scale, period)
from quality.rater_severity
where not severity between coalesce(low, severity) and coalesce(high, severity)
    or n_corated > n_rated
    or severity is null and note is null
union all
select 'rater_drift', concat_ws(' ', rater_id, instrument_id, element, scale, period, compared_with)
from quality.rater_drift
where not movement between low and high or is_drifting and (abs(movement) <= drift_points or low <= 0 and high >= 0)
union all
select 'shared_drift', concat_ws(' ', instrument_id, scale, period)
from quality.shared_drift
where (movement is null) <> (note is not null)
