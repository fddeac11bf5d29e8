-- fail: Every session with an observer's rating is counted in some period of each of its therapists.
with
rated as (
    select therapist_id, count(distinct session_id) as n
    from supervision.session_therapist
    semi join (
        select session_id
        from current.rating
        inner join (select instrument_id, version as instrument_version, unit from reference.instrument)
            using (instrument_id, instrument_version)
        where role = 'observer' and unit = 'session'
    ) using (session_id)
    group by therapist_id
),
covered as (
    select therapist_id, sum(rated) as n, count(*) filter (double_rated > rated) as n_impossible
    from quality.coverage
    group by therapist_id
)
select therapist_id
from rated
left join covered using (therapist_id)
where coalesce(covered.n, 0) < rated.n or covered.n_impossible > 0
