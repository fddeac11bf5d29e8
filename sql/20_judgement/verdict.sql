-- judgement.verdict: the first judgement of every rating that arrived tonight.
-- grain: one row per rating_id
-- reads: judgement.arriving, judgement.dispute, judgement.top, judgement.version
-- why:   found = accepted + held + duplicate; each rating is exactly one of the three, once. One that says what was
--        withdrawn was known already.
with
earlier as (
    -- copies that came before: known before tonight, or earlier in tonight's order
    select
        copy.rating_id,
        bool_or(
            original.is_settled
            or (original.revision, original.rated_on) >= (copy.revision, copy.rated_on)
        ) as is_known
    from judgement.version as copy
    join judgement.version as original
        on original.rating_key = copy.rating_key
        and original.values_hash = copy.values_hash
        and original.rating_id <> copy.rating_id
        and (
            not original.is_new
            or (original.revision, original.rated_on, original.received_at, original.workbook, original.rating_id)
            < (copy.revision, copy.rated_on, copy.received_at, copy.workbook, copy.rating_id)
        )
    where copy.is_new
    group by copy.rating_id
),
tied as (
    select version.rating_id
    from judgement.version as version
    join judgement.top as top
        on top.rating_key = version.rating_key
        and top.is_tied
    where version.is_new
    qualify rank() over (
        partition by version.rating_key
        order by version.revision desc, version.rated_on desc, version.first_seen_at desc
    ) = 1
),
judged as (
    select
        arriving.rating_id,
        case
            when not arriving.is_valid then 'held'
            when arriving.is_withdrawn then 'duplicate'
            when earlier.is_known then 'duplicate'
            when tied.rating_id is not null then 'held'
            when dispute.rating_id is not null then 'held'
            else 'accepted'
        end as verdict,
        case
            when not arriving.is_valid then arriving.first_code
            when earlier.is_known then null
            when tied.rating_id is not null then 'two_ratings'
            when dispute.rating_id is not null then 'session_disagrees'
        end as first_code,
        case when not coalesce(earlier.is_known, false) and tied.rating_id is null then dispute.field end as field
    from judgement.arriving as arriving
    left join earlier on earlier.rating_id = arriving.rating_id
    left join tied on tied.rating_id = arriving.rating_id
    left join judgement.dispute as dispute on dispute.rating_id = arriving.rating_id
)
select
    rating_id::varchar   as rating_id,   -- the rating
    verdict::varchar     as verdict,     -- accepted, held or duplicate
    first_code::varchar  as first_code,  -- the finding that holds it; null unless held
    field::varchar       as field        -- what its session's ratings disagree about, when that holds it
from judged
