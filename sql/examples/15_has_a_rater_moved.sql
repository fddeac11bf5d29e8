-- question: Has a rater moved, and in which elements?
select rater_id, instrument_id, scale, period, compared_with, round(movement, 2) as points, round(low, 2) as low, round(high, 2) as high, causes, note
from quality.rater_drift
where level = 'all' and is_drifting
order by rater_id, instrument_id, scale, period;
