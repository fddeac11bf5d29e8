-- judgement.dispute: ratings that wait because their session's ratings name different therapists, patients or dates.
-- grain: one row per rating_id
-- reads: judgement.candidate
-- why:   the one that stands against two or more that agree is held; otherwise all newcomers are; what counted stays.
with
disputed as (
    select *
    from judgement.candidate
    where differ_therapist or differ_patient or differ_date
),
camps as (
    select
        session_id,
        count(distinct facts) filter (where n_agree >= 2) as n_camps,
        min(facts) filter (where n_agree >= 2) as camp,
        count(distinct facts) filter (where is_settled) as n_settled,
        min(facts) filter (where is_settled) as settled
    from disputed
    group by session_id
)
select
    disputed.rating_id::varchar as rating_id,   -- the rating that waits
    disputed.session_id::varchar as session_id, -- its session
    concat_ws(
        ', ',
        case when disputed.differ_therapist then 'the therapist' end,
        case when disputed.differ_patient then 'the patient' end,
        case when disputed.differ_date then 'the session''s date' end
    )::varchar                  as field        -- what the ratings disagree about, in words
from disputed
join camps on camps.session_id = disputed.session_id
where not disputed.is_settled
    and not (
        camps.n_camps = 1
        and (camps.n_settled = 0 or (camps.n_settled = 1 and camps.settled = camps.camp))
        and disputed.facts = camps.camp
    )
