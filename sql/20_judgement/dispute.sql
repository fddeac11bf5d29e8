-- judgement.dispute: ratings that wait because their session's ratings name different therapists, patients or dates.
-- grain: one row per rating_id
-- reads: judgement.candidate, judgement.fallen
-- why:   the one that stands against two or more that agree is held; otherwise all newcomers are; what counted stays.
--        Each of the three is disputed by itself, and a rating that says nothing of one disputes nothing. A correction that
--        waits leaves what it would have replaced; that then has its say too (flows/load/judge.py asks until nothing changes).
with
said as (
    select session_id, rating_id, is_settled, 1 as place, 'the therapist' as field, therapists as fact
    from judgement.candidate
    union all
    select session_id, rating_id, is_settled, 2, 'the patient', patient_id
    from judgement.candidate
    union all
    select session_id, rating_id, is_settled, 3, 'the session''s date', session_on::varchar
    from judgement.candidate
),
counted as (
    select *, count(*) over (partition by session_id, field, fact) as n_agree
    from said
    where fact is not null
),
camps as (
    select
        session_id,
        field,
        count(distinct fact) filter (where n_agree >= 2) as n_camps,
        min(fact) filter (where n_agree >= 2) as camp,
        count(distinct fact) filter (where is_settled) as n_settled,
        min(fact) filter (where is_settled) as settled
    from counted
    group by session_id, field
    having count(distinct fact) > 1
),
disputed as (
    select
        counted.rating_id,
        any_value(counted.session_id) as session_id,
        string_agg(counted.field, ', ' order by counted.place) as field
    from counted
    join camps on camps.session_id = counted.session_id and camps.field = counted.field
    where not counted.is_settled
        and not (
            camps.n_camps = 1
            and (camps.n_settled = 0 or (camps.n_settled = 1 and camps.settled = camps.camp))
            and counted.fact = camps.camp
        )
    group by counted.rating_id
),
waiting as (
    select rating_id, session_id, field from judgement.fallen
    union all
    select rating_id, session_id, field from disputed
    where rating_id not in (select fallen.rating_id from judgement.fallen as fallen)
)
select
    rating_id::varchar  as rating_id,   -- the rating that waits
    session_id::varchar as session_id,  -- its session
    field::varchar      as field        -- what the ratings disagree about, in words
from waiting
