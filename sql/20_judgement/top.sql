-- judgement.top: for each rater, session, role and instrument touched tonight, the version that comes last.
-- grain: one row per rating_key
-- reads: judgement.version
-- why:   two versions that say different things and are equal in revision, rated-on date and night cannot be put in
--        order by anything but guessing; then both wait for a person, and what counted before goes on counting.
with
ranked as (
    select
        *,
        rank() over (
            partition by rating_key
            order by revision desc, rated_on desc, first_seen_at desc
        ) as place
    from judgement.version
),
last_of_key as (
    select
        rating_key,
        any_value(session_id) as session_id,
        count(distinct values_hash) as n_versions,
        min(values_hash) as values_hash
    from ranked
    where place = 1
    group by rating_key
),
chosen as (
    select
        version.rating_key,
        version.rating_id,
        row_number() over (
            partition by version.rating_key
            order by version.is_settled desc, version.place, version.is_new, version.received_at, version.rating_id
        ) as choice
    from ranked as version
    join last_of_key as top
        on top.rating_key = version.rating_key
        and top.values_hash = version.values_hash
        and top.n_versions = 1
)
select
    top.rating_key::varchar         as rating_key,  -- who rated what, as whom, with what
    top.session_id::varchar         as session_id,  -- the rated session
    (top.n_versions > 1)::boolean   as is_tied,     -- nothing orders the last versions
    chosen.rating_id::varchar       as rating_id    -- the rating that stands for the last version; null when tied
from last_of_key as top
left join chosen
    on chosen.rating_key = top.rating_key
    and chosen.choice = 1
