-- fail: The severities of an element rest on every rating with a value in the window, as its agreement does.
with
agreements as (
    select distinct instrument_id, role, element, scale, n_rated
    from quality.rater_agreement
    where level = 'element'
),
severities as (
    select instrument_id, role, element, scale, sum(n_rated) filter (period = 'all') as n_rated
    from quality.rater_severity
    group by instrument_id, role, element, scale
),
ratings as (
    select instrument_id, role, element, scale, count(value) as n_rated
    from measure.judged
    where level = 'element'
    group by instrument_id, role, element, scale
)
select instrument_id, element, scale
from ratings
left join agreements using (instrument_id, role, element, scale)
left join severities using (instrument_id, role, element, scale)
where ratings.n_rated is distinct from agreements.n_rated or ratings.n_rated <> coalesce(severities.n_rated, 0)
