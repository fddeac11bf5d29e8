-- judgement.candidate: the rating of each rater that would count if its session's ratings agree.
-- grain: one row per rating_id
-- reads: judgement.fallen, judgement.top, judgement.version
-- why:   a session has one set of therapists, one patient and one date; what the ratings say is compared over these.
with
last_versions as (
    select version.*
    from judgement.top as top
    join judgement.version as version on version.rating_id = top.rating_id
),
kept as (
    -- a tie or a dispute holds the newcomers, not the rating that counted before them: it goes on counting, and has its say
    select version.*
    from judgement.top as top
    join judgement.version as version
        on version.rating_key = top.rating_key
        and version.is_settled
    where top.is_tied or top.rating_key in (select fallen.rating_key from judgement.fallen as fallen)
),
candidates as (
    select * from last_versions
    union by name
    select * from kept
)
select
    rating_key::varchar                                     as rating_key,  -- who rated what, as whom, with what
    rating_id::varchar                                      as rating_id,   -- the rating
    session_id::varchar                                     as session_id,  -- the rated session
    is_settled::boolean                                     as is_settled,  -- it counted before tonight
    (case when len(therapist_ids) > 0 then array_to_string(therapist_ids, ', ') end)::varchar as therapists, -- who treated; null: not said
    patient_id::varchar                                     as patient_id,  -- who was treated; null: not said
    session_on::date                                        as session_on   -- when; null: not said
from candidates
