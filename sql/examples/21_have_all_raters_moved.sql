-- question: Have all raters moved together, as far as recordings rated again can show?
select instrument_id, scale, period, round(movement, 2) as points, round(low, 2) as low, round(high, 2) as high, n_references, note
from quality.shared_drift
order by instrument_id, scale, period;
