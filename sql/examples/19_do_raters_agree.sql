-- question: Do raters who saw the same session agree, and how sure is that?
select instrument_id, element, scale, round(icc_single, 2) as one_rater, round(low, 2) as low, round(high, 2) as high,
    round(icc_average, 2) as usual_raters, round(k, 1) as k, round(alpha, 2) as alpha, round(within_one, 2) as within_one, n_units, note
from quality.rater_agreement
where level = 'element' and icc_type = 'agreement'
order by instrument_id, element, scale;
