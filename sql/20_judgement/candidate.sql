-- judgement.candidate: the rating of each rater that would count if its session's ratings agree.
-- grain: one row per rating_key
-- reads: judgement.top, judgement.version
-- why:   a session has one set of therapists, one patient and one date; what the ratings say is compared here.
with
last_versions as (
    select version.*
    from judgement.top as top
    join judgement.version as version on version.rating_id = top.rating_id
),
kept as (
    -- a tie holds the newcomers, not the rating that counted before them
    select version.*
    from judgement.top as top
    join judgement.version as version
        on version.rating_key = top.rating_key
        and version.is_settled
    where top.is_tied
),
candidates as (
    select * from last_versions
    union all by name
    select * from kept
),
said as (
    select
        *,
        md5(concat_ws('|', therapist_ids::varchar, coalesce(patient_id, ''), coalesce(session_on::varchar, ''))) as facts
    from candidates
)
select
    rating_key::varchar             as rating_key,       -- who rated what, as whom, with what
    rating_id::varchar              as rating_id,        -- the rating
    session_id::varchar             as session_id,       -- the rated session
    is_settled::boolean             as is_settled,       -- it counted before tonight
    facts::varchar                  as facts,            -- therapists, patient and date in one hash
    (count(*) over (
        partition by session_id, facts
    ))::integer                     as n_agree,          -- ratings of the session that say the same, this one included
    (count(distinct therapist_ids) over (partition by session_id) > 1)::boolean as differ_therapist, -- therapists differ
    (count(distinct patient_id) over (partition by session_id) > 1)::boolean    as differ_patient,   -- patients differ
    (count(distinct session_on) over (partition by session_id) > 1)::boolean    as differ_date       -- dates differ
from said
